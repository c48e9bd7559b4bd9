/* Names that stand in policies, tables and keys, so that none needs quoting anywhere. */
#include "services/consent/names.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyz"

static bool consists_of(const char *text, const char *characters, size_t min, size_t max)
{
    size_t size = strlen(text);

    return size >= min && size <= max && strspn(text, characters) == size;
}

bool consent_is_name(const char *text)
{
    return consists_of(text, LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", 1,
                       CONSENT_NAME_BYTES_MAX);
}

bool consent_is_language(const char *text)
{
    return consists_of(text, LETTERS, LANGUAGE_BYTES_MIN, LANGUAGE_BYTES_MAX);
}
