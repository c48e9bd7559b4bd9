#ifndef COMMON_CORE_BACKOFF_H
#define COMMON_CORE_BACKOFF_H

#include <stdint.h>

/* Doubling from 100 ms: short enough for a failover, up to 10 s, long enough for a broken peer. */
enum { BACKOFF_FIRST_MS = 100, BACKOFF_MAX_MS = 10000 };

/* Start with zeros. */
struct backoff {
    unsigned failures; /* in a row */
};

/*
 * How long to wait after one more failure: full jitter, that is anything from 0 to the current
 * bound, so that workers do not return in step. `random`: random_bits().
 */
int64_t backoff_next_ms(struct backoff *backoff, uint64_t random);
void backoff_reset(struct backoff *backoff); /* after a success */

#endif
