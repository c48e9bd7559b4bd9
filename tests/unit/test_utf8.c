/* UTF-8: every character, and every sequence of three bytes, against the Unicode standard. */
#include "common/avro/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "common/core/base.h"
#include "test.h"

/* Writes a code point as it must be written; bytes used. */
static size_t put(uint32_t point, uint8_t out[static 4])
{
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, point >>= 6)
        out[i] = (uint8_t)(0x80 | (point & 0x3f));
    out[0] = (uint8_t)((0xf00u >> size) | point);
    return size;
}

static void every_character_is_valid(void **state)
{
    uint8_t text[4];
    (void)state;

    for (uint32_t point = 1; point <= 0x10ffff; point++) {
        bool surrogate = point >= 0xd800 && point <= 0xdfff;
        assert_int_equal(utf8_valid(text, put(point, text)), !surrogate);
    }
    assert_false(utf8_valid(text, put(0, text)));
    assert_false(utf8_valid(text, put(0x110000, text)));
    assert_true(utf8_valid(NULL, 0));
}

/* As many sequences of three bytes are valid as there are texts of three bytes. */
static void nothing_else_is_valid(void **state)
{
    size_t ones = 0x7f;
    size_t twos = 0x800 - 0x80;
    size_t threes = 0x10000 - 0x800 - 0x800;
    size_t wanted = ones * ones * ones + 2 * ones * twos + threes;
    size_t found = 0;
    (void)state;

    for (uint32_t i = 0; i < 1u << 24; i++) {
        uint8_t text[] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        found += utf8_valid(text, sizeof text);
    }
    assert_int_equal(found, wanted);
}

/* Wherever in a longer text the bad byte stands, and the text is cut. */
static void place_does_not_matter(void **state)
{
    uint8_t text[40];
    (void)state;

    for (size_t i = 0; i < sizeof text; i++) {
        memset(text, 'a', sizeof text);
        assert_true(utf8_valid(text, sizeof text));
        text[i] = 0;
        assert_false(utf8_valid(text, sizeof text));
        text[i] = 0xff;
        assert_false(utf8_valid(text, sizeof text));
        text[i] = 0xc3;
        assert_false(utf8_valid(text, sizeof text));
        if (i + 1 < sizeof text) {
            text[i + 1] = 0xa9;
            assert_true(utf8_valid(text, sizeof text));
            assert_false(utf8_valid(text, i + 1));
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_is_valid),
        cmocka_unit_test(nothing_else_is_valid),
        cmocka_unit_test(place_does_not_matter),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
