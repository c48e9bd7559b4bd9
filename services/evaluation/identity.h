#ifndef EVALUATION_IDENTITY_H
#define EVALUATION_IDENTITY_H

#include <stddef.h>

#include "common/core/arena.h"
#include "common/core/digest.h"
#include "customer_registered.h"
#include "evaluation_requested.h"

/*
 * What stands for one person only, as keyed digests: a personal number, and a document by type,
 * country and number. ours: a document without a country counts with an empty one, since older
 * callers send none.
 */
struct identities {
    const struct digest *items; /* may repeat */
    size_t count;
};

struct identities identities_of_event(const struct evaluation_requested *event,
                                      const struct key *key, struct arena *arena);
struct identities identities_of_customer(const struct customer_registered *event,
                                         const struct key *key, struct arena *arena);

/* Stored as one bytea, digest after digest. */
struct bytes identities_pack(const struct identities *identities);
struct identities
identities_unpack(struct bytes packed); /* a view; a rest below 32 bytes is left */

bool identities_contain(const struct identities *identities, const struct digest *digest);

#endif
