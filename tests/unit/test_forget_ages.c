/* Ages for `onboarding forget`: what they are without a word, and which are refused. */
#include "services/cli/forget_ages.h"

#include <string.h>

#include "test.h"

#define DAY INT64_C(86400000)

static const struct topic short_one = {.retention_ms = DAY / 96,
                                       .dead_letter_retention_ms = DAY / 96};
static const struct topic usual = {
    .retention_ms = 7 * DAY, .segment_ms = DAY, .dead_letter_retention_ms = 30 * DAY};
static const struct topic plain = {.retention_ms = 40 * DAY};

static const struct topic *const some[] = {&short_one, &usual, &short_one};
static const struct topic *const without_dead_letters[] = {&plain, &short_one};

static void ages_follow_from_the_topics(void **state)
{
    struct forget_ages ages = {0};
    struct forget_ages longer = {0};
    struct error error;

    (void)state;
    assert_true(forget_ages_complete(some, COUNT(some), &ages, &error));
    assert_int_equal(ages.results_ms, 7 * DAY);
    assert_int_equal(ages.ids_ms, 32 * DAY);
    assert_int_equal(ages.effects_ms, 32 * DAY);
    assert_true(
        forget_ages_complete(without_dead_letters, COUNT(without_dead_letters), &longer, &error));
    assert_int_equal(longer.results_ms, 40 * DAY);
    assert_int_equal(longer.ids_ms, 41 * DAY);
}

/* --help says 7d and 32d; who changes schemas/topics.json beyond that changes it too. */
static void ages_are_as_told(void **state)
{
    struct forget_ages ages = {0};
    struct error error;

    (void)state;
    assert_true(forget_ages_complete(topics, topic_count, &ages, &error));
    assert_int_equal(ages.results_ms, 7 * DAY);
    assert_int_equal(ages.ids_ms, 32 * DAY);
    assert_int_equal(ages.effects_ms, 32 * DAY);
}

struct example {
    const char *name;
    struct forget_ages given;
    const char *refused; /* how the error begins; NULL: it is fine */
};

static const struct example examples[] = {
    {"all as given", {DAY, 32 * DAY, DAY}, NULL},
    {"results as long as ids", {32 * DAY, 32 * DAY, 90 * DAY}, NULL},
    {"longer ids", {50 * DAY, 90 * DAY, 0}, NULL},
    {"ids a moment too short", {0, 32 * DAY - 1, 0}, "--ids-older must be 32d at least"},
    {"ids without a day to spare", {0, 31 * DAY, 0}, "--ids-older must be 32d at least"},
    {"results beyond ids", {33 * DAY, 0, 0}, "--results-older exceeds --ids-older (32d without)"},
    {"results beyond given ids", {91 * DAY, 90 * DAY, 0}, "--results-older exceeds"},
};

static void judges(void **state)
{
    const struct example *example = *state;
    struct forget_ages ages = example->given;
    struct error error;

    assert_int_equal(forget_ages_complete(some, COUNT(some), &ages, &error),
                     example->refused == NULL);
    if (example->refused != NULL)
        assert_memory_equal(error.text, example->refused, strlen(example->refused));
    else
        assert_int_equal(ages.ids_ms, example->given.ids_ms);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(examples) + 2] = {
        cmocka_unit_test(ages_follow_from_the_topics),
        cmocka_unit_test(ages_are_as_told),
    };

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[2 + i] = EXAMPLE(judges, &examples[i]);
    return cmocka_run_group_tests_name("forget_ages", tests, NULL, NULL);
}
