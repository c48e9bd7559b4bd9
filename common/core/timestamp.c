/* RFC 3339 to Unix milliseconds and back, without the C library's zones and locales. */
#include "common/core/timestamp.h"

#include "common/core/date.h"

enum { FRACTION_DIGITS_MAX = 9 }; /* nanoseconds are the finest that anybody writes */

static const int64_t ms_per_day = 86400000;

/* `digits` decimal digits; -1 when there is anything else. Stops at a NUL. */
static int number_at(const char *text, int digits)
{
    int number = 0;

    for (int i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

/* 'd' is a digit, 't' is T or t, all else itself; false at the first difference. */
static bool has_shape(const char *text, const char *shape)
{
    for (; *shape != '\0'; text++, shape++) {
        bool same = *shape == 'd'   ? *text >= '0' && *text <= '9'
                    : *shape == 't' ? *text == 'T' || *text == 't'
                                    : *text == *shape;
        if (!same)
            return false;
    }
    return true;
}

static bool parse_fraction(const char **text, int *out_ms)
{
    int digits = 0;
    int ms = 0;

    if (**text != '.') {
        *out_ms = 0;
        return true;
    }
    for (++*text; number_at(*text, 1) >= 0; ++*text, digits++)
        if (digits < 3)
            ms = ms * 10 + number_at(*text, 1);
    if (digits == 0 || digits > FRACTION_DIGITS_MAX)
        return false;
    for (; digits < 3; digits++)
        ms *= 10;
    *out_ms = ms;
    return true;
}

static bool parse_zone(const char *text, int *out_minutes)
{
    if ((text[0] == 'Z' || text[0] == 'z') && text[1] == '\0') {
        *out_minutes = 0;
        return true;
    }
    if (!has_shape(text, "+dd:dd") && !has_shape(text, "-dd:dd"))
        return false;

    int hours = number_at(text + 1, 2);
    int minutes = number_at(text + 4, 2);
    if (text[6] != '\0' || hours > 23 || minutes > 59)
        return false;
    *out_minutes = (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

bool time_parse(const char *text, int64_t *out_ms)
{
    int32_t days;
    int fraction, zone;

    if (!has_shape(text, "dddd-dd-ddtdd:dd:dd"))
        return false;
    struct date date = {number_at(text, 4), number_at(text + 5, 2), number_at(text + 8, 2)};
    int hour = number_at(text + 11, 2);
    int minute = number_at(text + 14, 2);
    int second = number_at(text + 17, 2);
    const char *rest = text + 19;
    if (!date_make(date, &days) || hour > 23 || minute > 59 || second > 60)
        return false;
    if (!parse_fraction(&rest, &fraction) || !parse_zone(rest, &zone))
        return false;

    int64_t ms = days * ms_per_day +
                 ((INT64_C(60) * (hour * 60 + minute - zone) + second) * 1000 + fraction);
    if (ms < 0 || ms > TIME_MS_MAX)
        return false;
    *out_ms = ms;
    return true;
}

int64_t time_clamp(int64_t unix_ms)
{
    return unix_ms < 0 ? 0 : unix_ms > TIME_MS_MAX ? TIME_MS_MAX : unix_ms;
}

void time_format(int64_t unix_ms, char out[static TIME_TEXT_SIZE])
{
    int64_t ms = time_clamp(unix_ms);
    int of_day = (int)(ms % ms_per_day);

    date_format((int32_t)(ms / ms_per_day), out);
    out[10] = 'T';
    date_put_digits(out + 11, of_day / 3600000, 2);
    out[13] = ':';
    date_put_digits(out + 14, of_day / 60000 % 60, 2);
    out[16] = ':';
    date_put_digits(out + 17, of_day / 1000 % 60, 2);
    out[19] = '.';
    date_put_digits(out + 20, of_day % 1000, 3);
    out[23] = 'Z';
    out[24] = '\0';
}
