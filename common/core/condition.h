#ifndef COMMON_CORE_CONDITION_H
#define COMMON_CORE_CONDITION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Condition variables that go by the monotonic clock: one that is set right moves no time-out. */

void condition_init(pthread_cond_t *condition); /* pthread_cond_destroy() ends it */

/*
 * Waits until it is signalled; false: clock_monotonic_ms() came to until_ms before. The caller
 * holds the lock, and looks for what it waits for: as any condition it may wake for nothing.
 */
bool condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_ms);

#endif
