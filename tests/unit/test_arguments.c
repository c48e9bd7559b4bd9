/* Command lines by a table: what is taken, and every refusal. */
#include "services/cli/arguments.h"

#include <string.h>

#include "test.h"

enum { WORDS_MAX = 8 };

#define MINUTE_MS INT64_C(60000)
#define DAY_MS    INT64_C(86400000)

struct given {
    const char *place;
    const char *text;
    int64_t count;
    int64_t age_ms;
    bool flag;
    struct argument_list list;
};

#define AT(member) offsetof(struct given, member)

static const struct argument table[] = {
    {"PLACE", ARGUMENT_TEXT, AT(place), true, NULL, "the first", 0, 0},
    {"--text", ARGUMENT_TEXT, AT(text), false, "TEXT", "a text", 0, 0},
    {"-n", ARGUMENT_COUNT, AT(count), false, "COUNT", "a number", 1, 100},
    {"--age", ARGUMENT_AGE, AT(age_ms), false, "AGE", "an age", 90 * MINUTE_MS, 1000 * DAY_MS},
    {"--flag", ARGUMENT_FLAG, AT(flag), false, NULL, "a flag", 0, 0},
    {"MORE", ARGUMENT_LIST, AT(list), false, NULL, "the rest", 0, 0},
};

static bool parse(const char *const *words, struct given *given, struct error *error)
{
    char *argv[WORDS_MAX + 1] = {NULL};
    int argc = 0;

    for (; words[argc] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    return arguments_read(table, COUNT(table), argc, argv, given, error);
}

static void takes_places_options_and_a_list(void **state)
{
    const char *const words[] = {"here", "--text", "some", "-n=7", "--flag", "a", "b", NULL};
    struct given given = {0};
    struct error error;

    (void)state;
    assert_true(parse(words, &given, &error));
    assert_string_equal(given.place, "here");
    assert_string_equal(given.text, "some");
    assert_int_equal(given.count, 7);
    assert_true(given.flag);
    assert_int_equal(given.list.count, 2);
}

static void list_holds_the_words(void **state)
{
    char a[] = "a";
    char b[] = "b";
    char place[] = "p";
    char *const argv[] = {place, a, b, NULL};
    struct given given = {0};
    struct error error;

    (void)state;
    assert_true(arguments_read(table, COUNT(table), 3, argv, &given, &error));
    assert_int_equal(given.list.count, 2);
    assert_string_equal(given.list.items[0], "a");
    assert_string_equal(given.list.items[1], "b");
}

static void what_is_not_given_stays(void **state)
{
    const char *const words[] = {"here", NULL};
    struct given given = {.text = "before", .count = 5};
    struct error error;

    (void)state;
    assert_true(parse(words, &given, &error));
    assert_string_equal(given.text, "before");
    assert_int_equal(given.count, 5);
    assert_false(given.flag);
}

static void two_dashes_end_the_options(void **state)
{
    const char *const words[] = {"--", "--flag", NULL};
    struct given given = {0};
    struct error error;

    (void)state;
    assert_true(parse(words, &given, &error));
    assert_string_equal(given.place, "--flag");
    assert_false(given.flag);
}

static const struct {
    const char *text;
    int64_t age_ms;
} ages[] = {{"7d", 7 * DAY_MS},
            {"1000d", 1000 * DAY_MS},
            {"36h", 36 * 60 * MINUTE_MS},
            {"90m", 90 * MINUTE_MS}};

static void ages_have_units(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ages); i++) {
        const char *const words[] = {"here", "--age", ages[i].text, NULL};
        struct given given = {0};
        struct error error;
        char text[AGE_TEXT_SIZE];

        assert_true(parse(words, &given, &error));
        assert_int_equal(given.age_ms, ages[i].age_ms);
        age_format(given.age_ms, text);
        assert_string_equal(text, ages[i].text);
    }
}

static const struct refusal {
    const char *name;
    const char *words[WORDS_MAX];
    const char *told;
} refusals[] = {
    {"nothing given", {NULL}, "PLACE is missing"},
    {"unknown option", {"p", "--other"}, "unknown option --other"},
    {"part of an option", {"p", "--tex", "x"}, "unknown option --tex"},
    {"option without its value", {"p", "--text"}, "--text wants a value"},
    {"empty text", {"p", "--text="}, "--text is empty"},
    {"empty place", {""}, "PLACE is empty"},
    {"flag with a value", {"p", "--flag=yes"}, "--flag takes no value"},
    {"number too small", {"p", "-n", "0"}, "-n is no number in 1..100"},
    {"number too large", {"p", "-n", "101"}, "-n is no number in 1..100"},
    {"number beyond 64 bits", {"p", "-n", "9999999999999999999999"}, "-n is no number in 1..100"},
    {"number with a sign", {"p", "-n", "+1"}, "-n is no number in 1..100"},
    {"no number", {"p", "-n", "1x"}, "-n is no number in 1..100"},
    {"age too small", {"p", "--age", "89m"}, "--age is no age, as 36h or 7d, in 90m..1000d"},
    {"age too large", {"p", "--age", "1001d"}, "--age is no age, as 36h or 7d, in 90m..1000d"},
    {"age beyond 64 bits",
     {"p", "--age", "999999999999999999d"},
     "--age is no age, as 36h or 7d, in 90m..1000d"},
    {"age of more digits",
     {"p", "--age", "9999999999999999999d"},
     "--age is no age, as 36h or 7d, in 90m..1000d"},
    {"age without a unit", {"p", "--age", "90"}, "--age is no age, as 36h or 7d, in 90m..1000d"},
    {"age without a number", {"p", "--age", "d"}, "--age is no age, as 36h or 7d, in 90m..1000d"},
    {"age with a fraction", {"p", "--age", "1.5d"}, "--age is no age, as 36h or 7d, in 90m..1000d"},
    {"age with more behind",
     {"p", "--age", "7days"},
     "--age is no age, as 36h or 7d, in 90m..1000d"},
    {"age with a sign", {"p", "--age", "-7d"}, "--age is no age, as 36h or 7d, in 90m..1000d"},
    {"option inside the list", {"p", "a", "--flag", "b"}, "options go before MORE"},
};

static void refuses(void **state)
{
    const struct refusal *refusal = *state;
    struct given given = {0};
    struct error error;

    assert_false(parse(refusal->words, &given, &error));
    assert_string_equal(error.text, refusal->told);
}

static void too_many_places_are_refused(void **state)
{
    char a[] = "a";
    char *const argv[] = {a, a, NULL};
    struct given given = {0};
    struct error error;

    (void)state;
    assert_false(arguments_read(table, COUNT(table) - 1, 2, argv, &given, &error));
    assert_string_equal(error.text, "too many arguments");
}

int main(void)
{
    struct CMUnitTest tests[COUNT(refusals) + 6] = {
        cmocka_unit_test(takes_places_options_and_a_list),
        cmocka_unit_test(list_holds_the_words),
        cmocka_unit_test(ages_have_units),
        cmocka_unit_test(what_is_not_given_stays),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(too_many_places_are_refused),
    };

    for (size_t i = 0; i < COUNT(refusals); i++)
        tests[6 + i] = EXAMPLE(refuses, &refusals[i]);
    return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
