/* Headers that an operator adds to requests. */
#include "common/effects/header_list.h"

#include <string.h>
#include <strings.h>

enum { NAME_MAX_BYTES = 100 };

/* What is ours or curl's to say: a second one would be read by some and not by others. */
static const char *const reserved[] = {
    "Content-Type", "Content-Length",    "Connection",   "Expect",
    "Host",         "Transfer-Encoding", "X-Request-Id",
};

bool header_is_name(const char *text, size_t size)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return size > 0 && size <= NAME_MAX_BYTES && strspn(text, token) >= size;
}

bool header_is_value(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

static bool is_same(const char *name, size_t size, const char *other)
{
    return strlen(other) == size && strncasecmp(other, name, size) == 0;
}

bool header_is_reserved(const char *name, size_t size)
{
    for (size_t i = 0; i < COUNT(reserved); i++)
        if (is_same(name, size, reserved[i]))
            return true;
    return false;
}

bool header_list_next(const char **at, struct bytes *out)
{
    const char *line = *at + strspn(*at, "\r\n");
    size_t size = strcspn(line, "\r\n");

    *at = line + size;
    *out = (struct bytes){(const uint8_t *)line, size};
    return size > 0;
}

const char *header_list_fault(const char *text)
{
    struct bytes line;

    while (header_list_next(&text, &line)) {
        const char *name = (const char *)line.data;
        const char *colon = memchr(name, ':', line.size);
        size_t size = colon == NULL ? 0 : (size_t)(colon - name);

        if (!header_is_name(name, size) || !header_is_value(name, line.size))
            return "has a line that is not a header as Name: value";
        if (colon + 1 + strspn(colon + 1, " ") == name + line.size)
            return "has a header without a value";
        if (header_is_reserved(name, size))
            return "has a header that is set by the program";
    }
    return NULL;
}

bool header_list_has(const char *text, const char *name)
{
    struct bytes line;

    while (header_list_next(&text, &line)) {
        const char *begin = (const char *)line.data;

        if (is_same(begin, strcspn(begin, ":"), name))
            return true;
    }
    return false;
}
