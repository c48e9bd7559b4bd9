#ifndef COMMON_CORE_TIMESTAMP_H
#define COMMON_CORE_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/base.h"

/* Moments as Unix milliseconds, in text as RFC 3339; years 1970..9999. */
enum { TIME_TEXT_SIZE = 25 };

/*
 * "2026-01-31T23:59:59.123Z", offsets allowed, the zone required; digits beyond milliseconds are
 * cut. The leap second 60 is the first of the next minute.
 */
MUST_CHECK bool time_parse(const char *text, int64_t *out_ms);

/* Always UTC, with milliseconds; moments outside the years are written as the nearest inside. */
void time_format(int64_t unix_ms, char out[static TIME_TEXT_SIZE]);

#endif
