/* The one parser of dates, and the little arithmetic that rules need. */
#include "common/core/date.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum { MS_PER_MINUTE = 60000, MS_PER_DAY = 86400000, MS_DIGITS_MAX = 15 };

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/*
 * Howard Hinnant's days_from_civil: years begin in March, so that the leap day is the last, and
 * are counted in eras of 400, which all have 146,097 days.
 */
bool date_make(struct date date, int32_t *out_days)
{
    if (date.year < DATE_YEAR_MIN || date.year > DATE_YEAR_MAX || date.month < 1 ||
        date.month > 12 || date.day < 1 || date.day > month_days(date.year, date.month))
        return false;

    int year = date.month <= 2 ? date.year - 1 : date.year;
    int era = year / 400;
    int year_of_era = year % 400;
    int day_of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    *out_days = era * 146097 + day_of_era - 719468;
    return true;
}

struct date date_split(int32_t days)
{
    int since_march_0 = days + 719468;
    int era = since_march_0 / 146097;
    int day_of_era = since_march_0 % 146097;
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (5 * day_of_year + 2) / 153;
    int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;

    assert(since_march_0 >= 0);
    return (struct date){
        .year = year_of_era + era * 400 + (month <= 2 ? 1 : 0),
        .month = month,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
    };
}

/* Up to `digits_max` digits, at least one; NULL when there is none. */
static const char *take_number(const char *text, int digits_max, int64_t *out)
{
    int digits = 0;
    int64_t number = 0;

    for (; digits < digits_max && text[digits] >= '0' && text[digits] <= '9'; digits++)
        number = number * 10 + (text[digits] - '0');
    *out = number;
    return digits == 0 ? NULL : text + digits;
}

static const char *take_char(const char *text, char c)
{
    return text != NULL && *text == c ? text + 1 : NULL;
}

static bool take_date(const char *text, char separator, struct date *out, const char **end)
{
    int64_t year, month = 0, day = 0;
    const char *rest = take_number(text, 4, &year);

    rest = take_char(rest, separator);
    if (rest != NULL)
        rest = take_number(rest, 2, &month);
    rest = take_char(rest, separator);
    if (rest != NULL)
        rest = take_number(rest, 2, &day);
    *out = (struct date){.year = (int)year, .month = (int)month, .day = (int)day};
    *end = rest;
    return rest != NULL;
}

static bool parse_array(const char *text, int32_t *out_days)
{
    struct date date;
    const char *end;

    return take_date(text + 1, ',', &date, &end) && strcmp(end, "]") == 0 &&
           date_make(date, out_days);
}

static bool parse_iso(const char *text, int32_t *out_days)
{
    struct date date;
    const char *end;

    return take_date(text, '-', &date, &end) && *end == '\0' && date_make(date, out_days);
}

static bool parse_ms(const char *text, int32_t *out_days)
{
    bool negative = *text == '-';
    const char *digits = negative ? text + 1 : text;
    int64_t ms;
    const char *end = take_number(digits, MS_DIGITS_MAX, &ms);

    if (end == NULL || *end != '\0' || (*digits == '0' && end > digits + 1))
        return false;
    if (end == digits + 8 && ms % MS_PER_MINUTE != 0)
        return false;

    int32_t days = date_of_ms(negative ? -ms : ms);
    int32_t first, last;
    if (!date_make((struct date){DATE_YEAR_MIN, 1, 1}, &first) ||
        !date_make((struct date){DATE_YEAR_MAX, 12, 31}, &last) || days < first || days > last)
        return false;
    *out_days = days;
    return true;
}

bool date_parse(const char *text, int32_t *out_days)
{
    if (text[0] == '[')
        return parse_array(text, out_days);
    if (strlen(text) == DATE_TEXT_SIZE - 1 && text[4] == '-')
        return parse_iso(text, out_days);
    return parse_ms(text, out_days);
}

void date_put_digits(char *out, int number, int digits)
{
    for (; digits-- > 0; number /= 10)
        out[digits] = (char)('0' + number % 10);
}

void date_format(int32_t days, char out[static DATE_TEXT_SIZE])
{
    struct date date = date_split(days);

    assert(date.year <= DATE_YEAR_MAX);
    date_put_digits(out, date.year, 4);
    out[4] = '-';
    date_put_digits(out + 5, date.month, 2);
    out[7] = '-';
    date_put_digits(out + 8, date.day, 2);
    out[10] = '\0';
}

int32_t date_of_ms(int64_t unix_ms)
{
    int64_t days = unix_ms / MS_PER_DAY;

    return (int32_t)(unix_ms % MS_PER_DAY < 0 ? days - 1 : days);
}

int date_age(int32_t born, int32_t at)
{
    struct date from = date_split(born);
    struct date to = date_split(at);
    bool before_birthday = to.month < from.month || (to.month == from.month && to.day < from.day);

    return to.year - from.year - (before_birthday ? 1 : 0);
}
