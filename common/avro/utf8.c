/* Well-formed UTF-8 after the Unicode standard's table 3-7; eight bytes of ASCII at a time. */
#include "common/avro/utf8.h"

#include <string.h>

#include "common/core/base.h"

/* What may follow a lead byte: how many, and the range of the first of them. */
static const struct lead {
    uint8_t first, last;
    uint8_t followers;
    uint8_t low, high;
} leads[] = {
    {0x01, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf},
    {0xe1, 0xec, 2, 0x80, 0xbf}, {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f},
};

/* Bytes of the character at the start of text; 0: malformed. */
static size_t character_size(const uint8_t *text, size_t size)
{
    for (size_t i = 0; i < COUNT(leads); i++) {
        const struct lead *lead = &leads[i];
        if (text[0] < lead->first || text[0] > lead->last)
            continue;
        if (lead->followers == 0)
            return 1;
        if (size <= lead->followers || text[1] < lead->low || text[1] > lead->high)
            return 0;
        for (size_t n = 2; n <= lead->followers; n++)
            if ((text[n] & 0xc0) != 0x80)
                return 0;
        return 1 + (size_t)lead->followers;
    }
    return 0;
}

bool utf8_valid(const uint8_t *text, size_t size)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    static const uint64_t tops = UINT64_C(0x8080808080808080);

    while (size > 0) {
        uint64_t eight;
        if (size >= sizeof eight) {
            memcpy(&eight, text, sizeof eight);
            if (((eight | (eight - ones)) & tops) == 0) { /* no byte over 7f, and none of zero */
                text += sizeof eight;
                size -= sizeof eight;
                continue;
            }
        }
        size_t step = character_size(text, size);
        if (step == 0)
            return false;
        text += step;
        size -= step;
    }
    return true;
}
