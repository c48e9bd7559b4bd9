/* Languages of texts: codes in policies, tags in events. */
#include "common/core/language.h"

#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool is_size(size_t size)
{
    return size >= LANGUAGE_BYTES_MIN && size <= LANGUAGE_BYTES_MAX;
}

bool language_is_code(const char *text)
{
    size_t size = strspn(text, LOWER);

    return is_size(size) && text[size] == '\0';
}

const char *language_of(const char *tag, struct arena *arena)
{
    size_t size = tag == NULL ? 0 : strspn(tag, LOWER UPPER);
    char *language;

    if (!is_size(size) || (tag[size] != '\0' && tag[size] != '-' && tag[size] != '_'))
        return NULL;
    language = arena_copy(arena, tag, size);
    for (size_t i = 0; i < size; i++)
        language[i] = (char)(language[i] | 0x20); /* ASCII letters to lower case */
    return language;
}

void json_read_language(const json_t *value, const struct json_at *at,
                        const struct json_member *member, void *target)
{
    const char *text = json_text_of(value, at);

    (void)member;
    if (text != NULL && !language_is_code(text))
        json_problem(at, "must be a language by ISO 639-1");
    else if (text != NULL)
        memcpy(target, &text, sizeof text);
}
