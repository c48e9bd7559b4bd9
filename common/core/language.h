#ifndef COMMON_CORE_LANGUAGE_H
#define COMMON_CORE_LANGUAGE_H

#include <stdbool.h>

#include "common/core/arena.h"
#include "common/core/json_form.h"

enum {
    LANGUAGE_BYTES_MIN = 2, /* ISO 639-1 */
    LANGUAGE_BYTES_MAX = 3, /* ISO 639-2, for languages that 639-1 lacks */
};

/* Two or three lower-case letters. */
bool language_is_code(const char *text);

/* The first part of a language tag in lower case ("en-US": "en"); NULL: it is none. */
const char *language_of(const char *tag, struct arena *arena);

/* For tables of policies: const char *, a code. */
void json_read_language(const json_t *value, const struct json_at *at,
                        const struct json_member *member, void *target);

#endif
