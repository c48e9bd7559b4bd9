/* When an effect is tried, tried again, and given up. */
#include "common/worker/effect_rules.h"

static struct effect_step end(enum effect_state state, enum effect_failure failure)
{
    return (struct effect_step){.what = EFFECT_END, .state = state, .failure = failure};
}

/*
 * Given up. Whoever lost an answer cannot say that nothing was done, nor does a provider that
 * refuses the repeat: it may refuse a key that it has met, and mail servers know no keys.
 */
static struct effect_step give_up(const struct effect_try *try, enum effect_failure failure)
{
    return try->unknowns > 0 ? end(EFFECT_UNKNOWN, EFFECT_FAILURE_NONE)
                             : end(EFFECT_FAILED, failure);
}

struct effect_step effect_before_try(const struct effect_try *try)
{
    if (try->unknowns > EFFECT_REPEATS_MAX)
        return end(EFFECT_UNKNOWN, EFFECT_FAILURE_NONE);
    if (try->left_ms <= 0)
        return give_up(try, try->attempts > 0 ? EFFECT_EXHAUSTED : EFFECT_EXPIRED);
    if (try->attempts >= EFFECT_TRIES_MAX)
        return give_up(try, EFFECT_EXHAUSTED);
    return (struct effect_step){.what = EFFECT_GO};
}

struct effect_step effect_erased(const struct effect_try *try)
{
    return give_up(try, EFFECT_ERASED);
}

/* Doubling, the upper half of it by chance, so that what failed together does not return so. */
static int64_t back_off_ms(int attempts, uint64_t random)
{
    int64_t bound_ms = EFFECT_RETRY_FIRST_MS;

    for (int i = 1; i < attempts && bound_ms < EFFECT_RETRY_MAX_MS; i++)
        bound_ms *= 2;
    if (bound_ms > EFFECT_RETRY_MAX_MS)
        bound_ms = EFFECT_RETRY_MAX_MS;
    return bound_ms / 2 + (int64_t)(random % (uint64_t)(bound_ms / 2 + 1));
}

static struct effect_step again(const struct effect_try *try, int64_t retry_after_ms,
                                uint64_t random)
{
    int64_t delay_ms = back_off_ms(try->attempts, random);

    if (delay_ms < retry_after_ms)
        delay_ms = retry_after_ms;
    if (try->attempts >= EFFECT_TRIES_MAX || delay_ms >= try->left_ms)
        return give_up(try, EFFECT_EXHAUSTED);
    return (struct effect_step){.what = EFFECT_LATER, .delay_ms = delay_ms};
}

struct effect_step effect_after_try(const struct effect_try *try, enum provider_verdict verdict,
                                    int64_t retry_after_ms, uint64_t random)
{
    switch (verdict) {
    case PROVIDER_ACCEPTED: return end(EFFECT_SENT, EFFECT_FAILURE_NONE);
    case PROVIDER_REFUSED: return give_up(try, EFFECT_REFUSED);
    case PROVIDER_UNKNOWN:
        if (try->unknowns > EFFECT_REPEATS_MAX)
            return end(EFFECT_UNKNOWN, EFFECT_FAILURE_NONE);
        break;
    case PROVIDER_RETRY: break;
    }
    return again(try, retry_after_ms, random);
}
