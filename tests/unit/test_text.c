/* What is an id; what normalises to the same, what does not, and that twice changes nothing. */
#include "common/core/text.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "common/core/base.h"
#include "tests/support/arena.h"
#include "tests/support/test.h"

enum { UNICODE_END = 0x110000, SURROGATES = 0xd800, SURROGATES_END = 0xe000 };

/* clang-format off */
static const struct example {
    const char *name, *text, *normal, *code;
} examples[] = {
    {"empty", "", "", ""},
    {"only spaces", " \t\n ", "", ""},
    {"trimmed, inner spaces one", "  Jan \t\r\n  Nov\xc3\xa1k ", "jan novak", "jannovak"},
    {"NFC", "\xc5\xbdlu\xc5\xa5ou\xc4\x8dk\xc3\xbd K\xc5\xaf\xc5\x88", "zlutoucky kun", "zlutouckykun"},
    {"NFD", "Z\xcc\x8clut\xcc\x8couc\xcc\x8cky\xcc\x81 Ku\xcc\x8an\xcc\x8c", "zlutoucky kun", "zlutouckykun"},
    {"capitals of NFC", "\xc5\xbdLU\xc5\xa4OU\xc4\x8cK\xc3\x9d K\xc5\xae\xc5\x87", "zlutoucky kun", "zlutouckykun"},
    {"stroked letters", "\xc5\x81ukasz \xc3\x98rsted \xc4\x90or\xc4\x91" "e", "lukasz orsted dorde", "lukaszorsteddorde"},
    {"ligatures", "\xc3\x86gir C\xc5\x93ur Stra\xc3\x9f" "e", "aegir coeur strasse", "aegircoeurstrasse"},
    {"capital sharp s", "STRA\xe1\xba\x9e" "E", "strasse", "strasse"},
    {"stroke and accent", "\xc7\xbe\xc7\xbc", "oae", "oae"},
    {"dotted capital I", "\xc4\xb0stanbul", "istanbul", "istanbul"},
    {"compatibility forms", "\xef\xbc\xa1\xef\xbc\xa2 \xef\xac\x81 \xe2\x91\xa0 \xe2\x84\xaa", "ab fi 1 k", "abfi1k"},
    {"no-break and ideographic spaces", "a\xc2\xa0\xe3\x80\x80" "b", "a b", "ab"},
    {"line and paragraph ends", "a\xe2\x80\xa8\xe2\x80\xa9" "b", "a b", "ab"},
    {"right-to-left override", "\xe2\x80\xaeJan\xe2\x80\xac", "jan", "jan"},
    {"zero width", "J\xe2\x80\x8b" "a\xe2\x80\x8c\xe2\x80\x8d\xef\xbb\xbfn", "jan", "jan"},
    {"annotation marks", "\xef\xbf\xb9" "a\xef\xbf\xba" "b\xef\xbf\xbb", "ab", "ab"},
    {"soft hyphen", "No\xc2\xadvak", "novak", "novak"},
    {"controls", "a\x01" "b\x7f\xc2\x80" "c", "abc", "abc"},
    {"Hangul filler", "a\xe3\x85\xa4" "b", "ab", "ab"},
    {"emoji of a family", "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9", "\xf0\x9f\x91\xa8\xf0\x9f\x91\xa9", "\xf0\x9f\x91\xa8\xf0\x9f\x91\xa9"},
    {"emoji with a selector", "\xe2\x9d\xa4\xef\xb8\x8f", "\xe2\x9d\xa4", "\xe2\x9d\xa4"},
    {"Greek, both sigmas apart", "\xce\x9f\xce\xb4\xcf\x8c\xcf\x82", "\xce\xbf\xce\xb4\xce\xbf\xcf\x82", "\xce\xbf\xce\xb4\xce\xbf\xcf\x82"},
    {"Cyrillic", "\xd0\x9d\xd0\xbe\xd0\xb2\xd1\x91", "\xd0\xbd\xd0\xbe\xd0\xb2\xd0\xb5", "\xd0\xbd\xd0\xbe\xd0\xb2\xd0\xb5"},
    {"quotes and semicolons", "O'Neil\"; DROP", "o'neil\"; drop", "o'neil\";drop"},
    {"separators of codes", "AB-12.34/56 78", "ab-12.34/56 78", "ab12345678"},
    {"other dashes and dots", "1\xe2\x80\x93" "2\xe2\x80\x91" "3\xe2\x88\x92" "4\xe2\x80\xa6" "5\\6\xc2\xb7" "7", "1\xe2\x80\x93" "2\xe2\x80\x90" "3\xe2\x88\x92" "4...5\\6\xc2\xb7" "7", "1234567"},
    {"fraction", "1\xc2\xbd", "11\xe2\x81\x84" "2", "112"},
    {"no UTF-8", "a\xff\xc0\x80" "b", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" "b", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" "b"},
    {"an accent alone", "\xcc\x81", "", ""},
    {"an accent with its own space", "\xc2\xb4", "", ""},
};
/* clang-format on */

static void normalizes(void **state)
{
    const struct example *example = *state;

    assert_string_equal(text_normalize(example->text, &arena), example->normal);
    assert_string_equal(text_normalize_code(example->text, &arena), example->code);
}

/* Each code point between letters: whatever Unicode has, twice is as once, and it is UTF-8. */
static void is_idempotent(void **state)
{
    (void)state;
    for (utf8proc_int32_t c = 1; c < UNICODE_END; c++) {
        char text[16] = "a";

        if (c >= SURROGATES && c < SURROGATES_END)
            continue;
        size_t size = 1 + (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)text + 1);
        memcpy(text + size, "b", 2);

        const char *once = text_normalize(text, &arena);
        const char *code = text_normalize_code(text, &arena);
        if (strcmp(text_normalize(once, &arena), once) != 0 ||
            strcmp(text_normalize_code(code, &arena), code) != 0 ||
            strcmp(text_normalize_code(once, &arena), code) != 0)
            fail_msg("U+%04X: '%s' becomes '%s', as a code '%s'", (unsigned)c, text, once, code);
        if (c % 1024 == 0)
            arena_reset(&arena);
    }
}

/* Case and composition do not matter, letter by letter. */
static void takes_case_and_composition_alike(void **state)
{
    (void)state;
    for (utf8proc_int32_t c = 0xc0; c < 0x250; c++) {
        char lower[8] = "", upper[8] = "";

        utf8proc_encode_char(utf8proc_tolower(c), (utf8proc_uint8_t *)lower);
        utf8proc_encode_char(c, (utf8proc_uint8_t *)upper);
        utf8proc_uint8_t *composed = utf8proc_NFC((const utf8proc_uint8_t *)upper);
        utf8proc_uint8_t *decomposed = utf8proc_NFD((const utf8proc_uint8_t *)upper);
        const char *expected = text_normalize(lower, &arena);
        assert_string_equal(text_normalize((const char *)composed, &arena), expected);
        assert_string_equal(text_normalize((const char *)decomposed, &arena), expected);
        free(composed);
        free(decomposed);
    }
}

static utf8proc_bool is_utf8(const char *text)
{
    utf8proc_int32_t codepoint;

    while (*text != '\0') {
        utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &codepoint);

        if (size <= 0)
            return 0;
        text += size;
    }
    return 1;
}

static void cuts_between_characters(void **state)
{
    static char text[100000];

    (void)state;
    for (size_t i = 0; i + 4 < sizeof text; i += 4) { /* characters of 1 and 3 bytes */
        text[i] = 'a';
        utf8proc_encode_char(0x2764, (utf8proc_uint8_t *)text + i + 1);
    }
    const char *cut = text_normalize(text, &arena);
    assert_int_equal(strlen(cut), TEXT_NORMAL_MAX);
    cut = text_normalize(text + 1, &arena);
    assert_in_range(strlen(cut), TEXT_NORMAL_MAX - 3, TEXT_NORMAL_MAX);
    assert_true(is_utf8(cut));
    assert_string_equal(text_normalize(cut, &arena), cut);
}

/* Not even in the midst of what one character becomes: of "m/s" only the m fits. */
static void cuts_once(void **state)
{
    char text[TEXT_NORMAL_MAX + 8] = "";

    (void)state;
    memset(text, 'a', TEXT_NORMAL_MAX - 2);
    memcpy(text + TEXT_NORMAL_MAX - 2, "\xe3\x8e\xa7", 4);
    const char *cut = text_normalize(text, &arena);
    assert_int_equal(strlen(cut), TEXT_NORMAL_MAX - 1);
    assert_int_equal(cut[TEXT_NORMAL_MAX - 2], 'm');
}

/* A space at the cut is not left behind. */
static void cuts_no_space(void **state)
{
    char text[TEXT_NORMAL_MAX + 2];

    (void)state;
    memset(text, 'a', sizeof text);
    text[TEXT_NORMAL_MAX - 1] = ' ';
    text[TEXT_NORMAL_MAX + 1] = '\0';
    assert_int_equal(strlen(text_normalize(text, &arena)), TEXT_NORMAL_MAX - 1);
    text[TEXT_NORMAL_MAX - 1] = 'a';
    text[TEXT_NORMAL_MAX] = '\0';
    assert_int_equal(strlen(text_normalize(text, &arena)), TEXT_NORMAL_MAX);
}

static void an_id_is_not_blank(void **state)
{
    (void)state;
    assert_true(text_is_blank("") && text_is_blank(" \t\r\n"));
    assert_false(text_is_blank(" \tx\n"));
    assert_false(text_is_id("") || text_is_id(" \t\r\n"));
    assert_true(text_is_id(" 4711"));
}

static void an_id_is_short(void **state)
{
    char text[TEXT_ID_MAX + 2];

    (void)state;
    memset(text, 'i', sizeof text);
    text[TEXT_ID_MAX + 1] = '\0';
    assert_false(text_is_id(text));
    text[TEXT_ID_MAX] = '\0';
    assert_true(text_is_id(text));
}

static const struct CMUnitTest singles[] = {
    cmocka_unit_test(an_id_is_not_blank),
    cmocka_unit_test(an_id_is_short),
    cmocka_unit_test_teardown(is_idempotent, drop_arena),
    cmocka_unit_test_teardown(takes_case_and_composition_alike, drop_arena),
    cmocka_unit_test_teardown(cuts_between_characters, drop_arena),
    cmocka_unit_test_teardown(cuts_once, drop_arena),
    cmocka_unit_test_teardown(cuts_no_space, drop_arena),
};

int main(void)
{
    struct CMUnitTest tests[COUNT(singles) + COUNT(examples)];

    memcpy(tests, singles, sizeof singles);
    for (size_t i = 0; i < COUNT(examples); i++) {
        tests[COUNT(singles) + i] = EXAMPLE(normalizes, &examples[i]);
        tests[COUNT(singles) + i].teardown_func = drop_arena;
    }
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
