#ifndef COMMON_CORE_SEAL_H
#define COMMON_CORE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/arena.h"
#include "common/core/digest.h"
#include "common/core/error.h"
#include "common/core/setting.h"

/*
 * Values that only who holds the key can read: AES-256-GCM. A sealed value is a version byte, a
 * random nonce of 12 bytes, the ciphertext (as long as the clear value) and a tag of 16 bytes.
 *
 * Values of a person are sealed under a data key of that person; data keys are stored wrapped,
 * which is sealed under a key of the ring. Deleting a data key makes noise of all it sealed.
 */
enum {
    SEAL_OVERHEAD = 1 + 12 + 16,
    WRAPPED_KEY_SIZE = SEAL_OVERHEAD + 32,
};

/* Where a sealed value stands; it opens nowhere else. */
struct seal_place {
    const char *column; /* "TABLE.COLUMN" */
    struct bytes row;   /* what the row is known by */
};

struct bytes seal(const struct key *key, const struct seal_place *place, struct bytes clear,
                  struct arena *arena);

/* False: another key, another place, or other bytes than were sealed; `clear` is left alone. */
MUST_CHECK bool seal_open(const struct key *key, const struct seal_place *place,
                          struct bytes sealed, struct arena *arena, struct bytes *clear);

/*
 * Whose data key it is: a keyed digest, under the digest key of the ledger. A person is known by
 * the bank's user id. What belongs to nobody known goes under a key of the day ("2026-11-22").
 */
struct digest subject_of_user(const struct key *digest_key, const char *user_id);
struct digest subject_of_day(const struct key *digest_key, const char *day);

/* A new data key. */
struct key data_key_new(void);

/*
 * Takes what was read anew in place of the ring, whoever wraps and unwraps meanwhile. NULL, or what
 * is wrong, and the ring stays: a number that stands for another key than before.
 */
const char *key_ring_replace(struct key_ring *ring, const struct key_ring *read);

/* Under the newest key of the ring; gives that key's id. */
struct bytes data_key_wrap(const struct key_ring *ring, const struct digest *subject,
                           const struct key *data_key, struct arena *arena, int16_t *key_id);

/* FATAL: the ring has no key of this id, or another than it was wrapped with. */
MUST_CHECK bool data_key_unwrap(const struct key_ring *ring, int16_t key_id,
                                const struct digest *subject, struct bytes wrapped, struct key *out,
                                struct error *error);

#endif
