/* Views of bytes: made of texts, compared, copied. */
#include "common/core/bytes.h"

#include <string.h>

struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

struct bytes bytes_copy(struct bytes bytes, struct arena *arena)
{
    if (bytes.data == NULL)
        return (struct bytes){0};
    bytes.data = (const uint8_t *)arena_copy(arena, (const char *)bytes.data, bytes.size);
    return bytes;
}
