#ifndef COMMON_CORE_CLOCK_H
#define COMMON_CORE_CLOCK_H

#include <stdint.h>

int64_t clock_unix_ms(void);      /* wall clock: may jump; only for people and ids */
int64_t clock_monotonic_ms(void); /* for time-outs and durations; since the machine's start */
int64_t clock_monotonic_us(void);
void clock_sleep_ms(int64_t ms); /* for back-off only; a signal does not shorten it */

#endif
