#ifndef COMMON_WORKER_EFFECT_RULES_H
#define COMMON_WORKER_EFFECT_RULES_H

#include "common/effects/provider.h"
#include "common/worker/service.h"

/* When an effect is tried, tried again, and given up: pure. */

enum {
    EFFECT_REPEATS_MAX = 1,      /* after an answer was lost, see service.h */
    EFFECT_TRIES_MAX = 2000,     /* more than a day at the longest back-off */
    EFFECT_RETRY_FIRST_MS = 500, /* somebody may wait for a code */
    EFFECT_RETRY_MAX_MS = 60000,
};

struct effect_try {
    int attempts;    /* made so far */
    int unknowns;    /* of them: those whose answer was lost */
    int64_t left_ms; /* until it expires; negative: it has */
};

struct effect_step {
    enum {
        EFFECT_GO,    /* ask the provider now */
        EFFECT_LATER, /* after delay_ms */
        EFFECT_END    /* as `state` and `failure` say */
    } what;
    int64_t delay_ms;
    enum effect_state state;
    enum effect_failure failure;
};

/* EFFECT_GO or EFFECT_END; lease_effects.sql tells the same from the same, to note what begins. */
struct effect_step effect_before_try(const struct effect_try *try);

/* EFFECT_END, of what nobody can read any more. */
struct effect_step effect_erased(const struct effect_try *try);

/*
 * EFFECT_LATER or EFFECT_END. `unknowns` counts this answer too, if it was lost. `random`:
 * random_bits().
 */
struct effect_step effect_after_try(const struct effect_try *try, enum provider_verdict verdict,
                                    int64_t retry_after_ms, uint64_t random);

#endif
