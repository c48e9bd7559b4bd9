#ifndef COMMON_LEDGER_VAULT_H
#define COMMON_LEDGER_VAULT_H

#include "common/core/seal.h"
#include "common/ledger/results.h"
#include "common/postgres/db.h"

/* What stored results hold of persons, sealed under the keys in table subject_key. */

/* The partition that a batch's results answer; part of what a sealed result is bound to. */
struct stored_place {
    int16_t group_id;
    const char *topic;
    int16_t generation;
    int32_t partition;
};

/* Sets `sealed` and `subject`; what is published stays as it is. */
void vault_seal(const struct key *data_key, const struct digest *subject,
                const struct stored_place *place, int64_t offset, struct result *result,
                struct arena *arena);

/*
 * Opens what is sealed in `items`, with the keys that are there; `erased` counts those whose
 * subject was erased, which the caller is to skip. Asks nothing where nothing is sealed. FATAL:
 * the ring is another than it was, or the rows are.
 */
MUST_CHECK bool vault_open(struct db *db, const struct key_ring *ring,
                           const struct stored_place *place, struct stored_item *items,
                           size_t count, struct arena *arena, size_t *erased, struct error *error);

/* Queues the search for subjects' keys (BYTES each); a row comes for each. */
void vault_find_keys(struct db *db, const struct value *subjects, size_t count);

struct subject_row {
    struct digest subject;
    struct bytes wrapped; /* data NULL: there is no key */
    int16_t key_id;
    bool erased; /* at least once; there may be a newer key */
};

struct subject_row subject_row_read(const struct row *row, struct arena *arena);

#endif
