#ifndef LOOKUP_IDENTIFICATION_H
#define LOOKUP_IDENTIFICATION_H

#include "common/core/arena.h"
#include "common/core/digest.h"
#include "customer_registered.h"
#include "lookup_requested.h"
#include "services/lookup/policy.h"

/*
 * What a person is found by: the identifiers that the policy knows, normalised. Blank texts and
 * unreadable dates are missing; identifiers that the policy does not know are left out.
 */
struct identification {
    const char *values[IDENTIFIERS_MAX]; /* by index in the identifier_list; NULL: missing */
};

struct identification identification_of_map(const struct text_map *map,
                                            const struct identifier_list *list,
                                            struct arena *arena);

/* A customer's own fields by their names, and the map of others; a field comes before the map. */
struct identification identification_of_customer(const struct customer_registered *event,
                                                 const struct identifier_list *list,
                                                 struct arena *arena);

/* Keyed digests of the sets that are complete, in the order of `sets`. */
struct indexes {
    struct digest *items;
    size_t count;
};

struct indexes identification_indexes(const struct identification *identification,
                                      const struct identifier_sets *sets, const struct key *key,
                                      struct arena *arena);

#endif
