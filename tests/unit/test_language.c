/* Languages by codes and by tags. */
#include "common/core/language.h"

#include "tests/support/test.h"

static const struct tag_example {
    const char *name; /* the tag */
    const char *language;
} tags[] = {
    {"cs", "cs"},       {"CS", "cs"},  {"en-US", "en"}, {"sr_Latn_RS", "sr"}, {"gsw", "gsw"},
    {"", NULL},         {"c", NULL},   {"czech", NULL}, {"c2", NULL},         {"en/us", NULL},
    {"-en", NULL},      {" en", NULL}, {"en ", NULL},   {"čs", NULL},         {"en'--", NULL},
    {"en-'; --", "en"}, {"e-n", NULL},
};

static void reads_language_tags(void **state)
{
    const struct tag_example *example = *state;
    struct arena arena = {0};
    const char *language = language_of(example->name, &arena);

    if (example->language == NULL)
        assert_null(language);
    else
        assert_string_equal(language, example->language);
    arena_done(&arena);
}

static void no_tag_is_no_language(void **state)
{
    struct arena arena = {0};

    (void)state;
    assert_null(language_of(NULL, &arena));
    arena_done(&arena);
}

static const struct code_example {
    const char *name; /* the text */
    bool is_code;
} codes[] = {
    {"cs", true},  {"gsw", true}, {"", false},   {"c", false},   {"engl", false},
    {"EN", false}, {"c2", false}, {"čs", false}, {"cs ", false}, {"en-US", false},
};

static void tells_codes(void **state)
{
    const struct code_example *example = *state;

    assert_int_equal(language_is_code(example->name), example->is_code);
}

enum { SINGLE = 1 };

int main(void)
{
    struct CMUnitTest tests[SINGLE + COUNT(tags) + COUNT(codes)] = {
        cmocka_unit_test(no_tag_is_no_language),
    };

    for (size_t i = 0; i < COUNT(tags); i++)
        tests[SINGLE + i] = EXAMPLE(reads_language_tags, &tags[i]);
    for (size_t i = 0; i < COUNT(codes); i++)
        tests[SINGLE + COUNT(tags) + i] = EXAMPLE(tells_codes, &codes[i]);
    return cmocka_run_group_tests_name("language", tests, NULL, NULL);
}
