/* Bytes for tests, written so that people can read them. */
#include "hex.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static unsigned digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, c);

    if (found == NULL)
        abort();
    return (unsigned)(found - digits);
}

static const char *put_text(const char *text, uint8_t *out, size_t *used)
{
    const char *end = strchr(text, '\'');

    if (end == NULL || end - text > 63)
        abort();
    size_t size = (size_t)(end - text);
    out[(*used)++] = (uint8_t)(size * 2);
    memcpy(out + *used, text, size);
    *used += size;
    return end + 1;
}

struct bytes hex_bytes(const char *text, struct arena *arena)
{
    uint8_t *out = arena_alloc(arena, strlen(text) + 1, 1);
    size_t used = 0;

    while (*text != '\0') {
        if (isspace((unsigned char)*text)) {
            text++;
        } else if (*text == '\'') {
            text = put_text(text + 1, out, &used);
        } else {
            unsigned high = digit_of(text[0]);
            out[used++] = (uint8_t)(high << 4 | digit_of(text[1]));
            text += 2;
        }
    }
    return (struct bytes){.data = out, .size = used};
}
