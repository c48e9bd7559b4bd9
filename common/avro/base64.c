/* Base64 of RFC 4648 section 4, strict. */
#include "common/avro/base64.h"

#include <stdlib.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 0..63, or -1 for what is no digit. */
static int digit_of(char c)
{
    const char *found = c == '\0' ? NULL : strchr(alphabet, c);
    return found == NULL ? -1 : (int)(found - alphabet);
}

bool base64_decode(const char *text, size_t size, struct arena *arena, struct bytes *out)
{
    size_t padding = 0;

    while (padding < 2 && padding < size && text[size - 1 - padding] == '=')
        padding++;
    if (size % 4 != 0)
        return false;
    uint8_t *data = arena_alloc(arena, size / 4 * 3 + 1, 1);
    size_t used = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < size; i++) {
        int digit = i < size - padding ? digit_of(text[i]) : 0;
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 3)
            continue;
        for (int shift = 16; shift >= 0; shift -= 8)
            data[used++] = (uint8_t)(bits >> shift);
        bits = 0;
    }
    for (; padding > 0; padding--)
        if (data[--used] != 0)
            return false; /* bits that no encoder writes: another text for the same bytes */
    *out = (struct bytes){.data = data, .size = used};
    return true;
}

char *base64_encode(struct bytes bytes)
{
    size_t groups = (bytes.size + 2) / 3;
    char *text = malloc(groups * 4 + 1);

    if (text == NULL)
        abort();
    for (size_t i = 0; i < groups; i++) {
        uint32_t bits = 0;
        size_t left = bytes.size - 3 * i;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (j < left ? bytes.data[3 * i + j] : 0);
        for (size_t j = 0; j < 4; j++) {
            const char *digit = j <= left ? &alphabet[bits >> (18 - 6 * j) & 0x3f] : "=";
            text[4 * i + j] = *digit;
        }
    }
    text[groups * 4] = '\0';
    return text;
}
