#ifndef CLI_FORGET_AGES_H
#define CLI_FORGET_AGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/avro/topic.h"
#include "common/core/base.h"
#include "common/core/error.h"

/* How old what is forgotten has to be. */
struct forget_ages {
    int64_t results_ms; /* stored results, days' keys; 0: as long as topics keep events */
    int64_t ids_ms;     /* ids of events, dead letters; 0: the least that is safe */
    int64_t effects_ms; /* since they ended; 0: as ids without a word */
};

/*
 * Fills in what is 0. An error for the user where ids would go that a record on a topic, or one
 * that an operator puts back from its dead letters, could still come with.
 */
MUST_CHECK bool forget_ages_complete(const struct topic *const *list, size_t count,
                                     struct forget_ages *ages, struct error *error);

#endif
