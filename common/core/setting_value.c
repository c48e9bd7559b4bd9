/* Parsers of single settings: numbers with units, choices, URLs. */
#include "common/core/setting_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

enum { UNITS_MAX = 4 };

static const struct unit no_units[UNITS_MAX] = {{"", 1}};
static const struct unit durations[UNITS_MAX] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
static const struct unit sizes[UNITS_MAX] = {
    {"B", 1}, {"KiB", INT64_C(1) << 10}, {"MiB", INT64_C(1) << 20}, {"GiB", INT64_C(1) << 30}};

static const struct notation {
    const struct unit *units;
    const char *example;
} notations[] = {
    [SETTING_INT] = {no_units, "a whole number"},
    [SETTING_DURATION_MS] = {durations, "a number with a unit, as 250ms, 5s, 10m or 2h"},
    [SETTING_SIZE] = {sizes, "a number with a unit, as 512B, 64KiB, 16MiB or 1GiB"},
};

static const struct unit *unit_of(const struct unit *units, const char *name)
{
    for (int i = 0; i < UNITS_MAX && units[i].name != NULL; i++)
        if (strcmp(units[i].name, name) == 0)
            return &units[i];
    return NULL;
}

/* The digits up to `end`; false on overflow. */
static bool take_digits(const char *text, bool negative, const char *end, int64_t *out)
{
    int64_t number = 0;

    for (; text < end; text++) {
        int digit = negative ? '0' - *text : *text - '0';

        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digit, &number))
            return false;
    }
    *out = number;
    return true;
}

/* As one would write it in the environment, in the largest unit that divides it. */
static void format_number(const struct unit *units, int64_t number,
                          char out[static PROBLEM_TEXT_SIZE / 4])
{
    const struct unit *best = &units[0];

    for (int i = 1; i < UNITS_MAX && units[i].name != NULL; i++)
        if (number != 0 && number % units[i].factor == 0)
            best = &units[i];
    if (snprintf(out, PROBLEM_TEXT_SIZE / 4, "%" PRId64 "%s", number / best->factor, best->name) <
        0)
        out[0] = '\0';
}

static void say_range(const struct setting *setting, const struct unit *units,
                      char fault[static PROBLEM_TEXT_SIZE])
{
    char min[PROBLEM_TEXT_SIZE / 4], max[PROBLEM_TEXT_SIZE / 4];

    format_number(units, setting->min, min);
    format_number(units, setting->max, max);
    if (snprintf(fault, PROBLEM_TEXT_SIZE, "is out of range, which is %s to %s", min, max) < 0)
        fault[0] = '\0';
}

bool value_number(const struct setting *setting, const char *text, int64_t *out,
                  char fault[static PROBLEM_TEXT_SIZE])
{
    const struct notation *notation = &notations[setting->kind];
    bool negative = *text == '-';
    const char *digits = negative ? text + 1 : text;
    const char *end = digits + strspn(digits, "0123456789");
    const struct unit *unit = unit_of(notation->units, end);
    int64_t number;

    if (end == digits || unit == NULL) {
        if (snprintf(fault, PROBLEM_TEXT_SIZE, "is not %s", notation->example) < 0)
            fault[0] = '\0';
        return false;
    }
    if (!take_digits(digits, negative, end, &number) ||
        __builtin_mul_overflow(number, unit->factor, &number) || number < setting->min ||
        number > setting->max) {
        say_range(setting, notation->units, fault);
        return false;
    }
    *out = number;
    return true;
}

bool value_bool(const char *text, bool *out)
{
    bool is_true = strcmp(text, "true") == 0;

    if (!is_true && strcmp(text, "false") != 0)
        return false;
    *out = is_true;
    return true;
}

bool value_choice(const char *choices, const char *text, int *out)
{
    size_t size = strlen(text);
    int index = 0;

    for (const char *choice = choices; choice != NULL; index++) {
        const char *end = strchrnul(choice, '|');

        if ((size_t)(end - choice) == size && memcmp(choice, text, size) == 0) {
            *out = index;
            return true;
        }
        choice = *end == '\0' ? NULL : end + 1;
    }
    return false;
}

static bool is_port(const char *text, size_t size)
{
    int port = 0;

    if (size == 0 || size > 5)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (text[i] - '0');
    }
    return port >= 1 && port <= 65535;
}

/* "host", "host:port", "[::1]:port" */
static bool is_host_port(const char *text, size_t size)
{
    const char *host_end;

    if (size > 0 && *text == '[') {
        host_end = memchr(text, ']', size);
        if (host_end == NULL || host_end == text + 1)
            return false;
        host_end++;
    } else {
        host_end = memchr(text, ':', size);
        if (host_end == NULL)
            host_end = text + size;
    }

    size_t host_size = (size_t)(host_end - text);
    if (host_size == 0)
        return false;
    return host_size == size || (*host_end == ':' && is_port(host_end + 1, size - host_size - 1));
}

/* PostgreSQL takes several, with commas between. */
static bool is_authority(const char *text, size_t size)
{
    const char *comma;

    while ((comma = memchr(text, ',', size)) != NULL) {
        if (!is_host_port(text, (size_t)(comma - text)))
            return false;
        size -= (size_t)(comma + 1 - text);
        text = comma + 1;
    }
    return is_host_port(text, size);
}

static bool is_plain_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= 0x20 || *text >= 0x7f) /* char may be signed: not ASCII either way */
            return false;
    return true;
}

const char *hosts_fault(const char *text)
{
    return is_plain_ascii(text) && strpbrk(text, "/@\\") == NULL && is_authority(text, strlen(text))
               ? NULL
               : "is not host:port, separated by commas";
}

const char *url_fault(const char *schemes, const char *text)
{
    char scheme[16] = "";
    const char *separator = strstr(text, "://");
    int index;

    if (!is_plain_ascii(text) || strchr(text, '\\') != NULL)
        return "has characters that a URL cannot hold";
    if (separator == NULL || separator == text)
        return "is not a URL";
    if ((size_t)(separator - text) < sizeof scheme)
        memcpy(scheme, text, (size_t)(separator - text));
    if (!value_choice(schemes, scheme, &index))
        return "has a scheme that is not allowed here";

    const char *authority = separator + 3;
    size_t size = strcspn(authority, "/?#");
    const char *at = memchr(authority, '@', size);
    if ((at != NULL && memchr(authority, ':', (size_t)(at - authority)) != NULL) ||
        strstr(authority, "password=") != NULL)
        return "must not hold a password";
    return is_authority(authority, size) ? NULL : "has no valid host and port";
}
