#ifndef COMMON_CORE_DATE_H
#define COMMON_CORE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/base.h"

/*
 * Dates as days since 1970-01-01 (Avro's and PostgreSQL's way, but for the epoch), Gregorian.
 * Years 1900..9999: nobody alive was born before, and nulls of other systems (0001-01-01,
 * 1899-12-31) are told from dates.
 */
enum { DATE_YEAR_MIN = 1900, DATE_YEAR_MAX = 9999, DATE_TEXT_SIZE = 11 };

struct date {
    int year, month, day; /* from 1 */
};

/* False when there is no such day (2023-02-29) or the year is out of bounds. */
MUST_CHECK bool date_make(struct date date, int32_t *out_days);
struct date date_split(int32_t days);

/*
 * The three forms in which dates come: "1990-01-01", "631152000000" (Unix milliseconds, in UTC,
 * may be negative) and "[1990,1,1]". Nothing around them. "19900101" is refused, though it would
 * do as milliseconds: eight digits that are no whole minute are a date without dashes.
 */
MUST_CHECK bool date_parse(const char *text, int32_t *out_days);

/* YYYY-MM-DD; `days` must be in bounds. */
void date_format(int32_t days, char out[static DATE_TEXT_SIZE]);

/* The last `digits` of a number >= 0, with zeros before it; no NUL. */
void date_put_digits(char *out, int number, int digits);

int32_t date_of_ms(int64_t unix_ms); /* in UTC, rounded down; 0 <= year <= 9999 */

/* Whole years; who was born on 29 February turns a year older on 1 March. Negative: unborn. */
int date_age(int32_t born, int32_t at);

#endif
