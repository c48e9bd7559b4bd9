#ifndef COMMON_CORE_TIMESTAMP_H
#define COMMON_CORE_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/base.h"

/* Moments as Unix milliseconds, in text as RFC 3339; years 1970..9999. */
enum { TIME_TEXT_SIZE = 25 };
#define TIME_MS_MAX INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/*
 * "2026-01-31T23:59:59.123Z", offsets allowed, the zone required; digits beyond milliseconds are
 * cut. The leap second 60 is the first of the next minute.
 */
MUST_CHECK bool time_parse(const char *text, int64_t *out_ms);

/* The nearest moment inside the years. */
int64_t time_clamp(int64_t unix_ms);

/* Always UTC, with milliseconds; of time_clamp(). */
void time_format(int64_t unix_ms, char out[static TIME_TEXT_SIZE]);

#endif
