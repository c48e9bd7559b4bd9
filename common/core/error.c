/* Errors as values: a kind named by its cure, a reason for dead letters, a text for people. */
#include "common/core/error.h"

#include <stdarg.h>
#include <stdio.h>

const char *const reason_text[REASON_COUNT] = {
    [REASON_NONE] = "NONE",
    [REASON_MALFORMED] = "MALFORMED",
    [REASON_SCHEMA_UNKNOWN] = "SCHEMA_UNKNOWN",
    [REASON_SCHEMA_INCOMPATIBLE] = "SCHEMA_INCOMPATIBLE",
    [REASON_HEADERS_INVALID] = "HEADERS_INVALID",
    [REASON_KEY_INVALID] = "KEY_INVALID",
    [REASON_CONTRACT] = "CONTRACT",
    [REASON_ID_CONFLICT] = "ID_CONFLICT",
    [REASON_TOO_LARGE] = "TOO_LARGE",
    [REASON_DATA_REFUSED] = "DATA_REFUSED",
    [REASON_CRASH_SUSPECT] = "CRASH_SUSPECT",
};

static void fill(struct error *error, const char *format, va_list args)
{
    if (vsnprintf(error->text, sizeof error->text, format, args) < 0)
        error->text[0] = '\0';
}

bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
    va_list args;

    error->kind = kind;
    error->reason = REASON_NONE;
    va_start(args, format);
    fill(error, format, args);
    va_end(args);
    return false;
}

bool error_poison(struct error *error, enum reason reason, const char *format, ...)
{
    va_list args;

    error->kind = ERROR_POISON;
    error->reason = reason;
    va_start(args, format);
    fill(error, format, args);
    va_end(args);
    return false;
}

bool error_within(struct error *error, const char *format, ...)
{
    struct error inner = *error;
    va_list args;

    va_start(args, format);
    int used = vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    if (used < 0 || (size_t)used >= sizeof error->text)
        return false; /* the context alone fills the text */

    size_t room = sizeof error->text - (size_t)used;
    if (snprintf(error->text + used, room, ": %s", inner.text) < 0)
        error->text[used] = '\0';
    return false;
}
