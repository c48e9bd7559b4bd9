#ifndef COMMON_CORE_HEX_H
#define COMMON_CORE_HEX_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Eight digits of base 16, small letters only, into four bytes; false, with `out` as it was, if
 * one is none. All eight at once, for ids are most of what events consist of: byte for byte it
 * takes three times as long. First byte lowest, as on every machine that this runs on.
 */
static inline bool hex_read(const char *digits, uint8_t out[static 4])
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t text;

    memcpy(&text, digits, sizeof text);
    uint64_t letters = text >> 6 & ones;
    uint64_t values = (text & 0x0f * ones) + 9 * letters;
    if (text != values + '0' * ones + ('a' - '0' - 10) * letters || (values & 0x10 * ones) != 0 ||
        ((values + 6 * ones) >> 4 & ones) != letters) /* 0 to 9 are digits, 10 to 15 letters */
        return false;
    values = (values << 4 | values >> 8) & UINT64_C(0x00ff00ff00ff00ff);
    values = (values | values >> 8) & UINT64_C(0x0000ffff0000ffff);
    uint32_t bytes = (uint32_t)(values | values >> 16);
    memcpy(out, &bytes, sizeof bytes);
    return true;
}

/* A byte as two digits, small letters. */
static inline void hex_put(uint8_t byte, char out[static 2])
{
    static const char digits[] = "0123456789abcdef";

    out[0] = digits[byte >> 4];
    out[1] = digits[byte & 0x0f];
}

#endif
