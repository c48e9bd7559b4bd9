/* Every mistake is counted, the first hundred are told. */
#include "common/core/problems.h"

#include <string.h>

#include "tests/support/test.h"

static void says_where_and_what(void **state)
{
    static struct problems problems;

    (void)state;
    problems_add(&problems, "rules[2].min", "is above %d", 10);
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.items[0], "rules[2].min: is above 10");
}

static void keeps_the_first_and_counts_all(void **state)
{
    static struct problems problems;

    (void)state;
    for (int i = 0; i < PROBLEMS_MAX + 7; i++)
        problems_add(&problems, "place", "%d", i);
    assert_int_equal(problems.count, PROBLEMS_MAX + 7);
    assert_string_equal(problems.items[PROBLEMS_MAX - 1], "place: 99");
}

static void cuts_what_is_too_long(void **state)
{
    static struct problems problems;
    static char where[2 * PROBLEM_TEXT_SIZE];

    (void)state;
    memset(where, 'w', sizeof where - 1);
    problems_add(&problems, where, "unseen");
    problems_add(&problems, "where", "%s", where);
    assert_int_equal(strlen(problems.items[0]), PROBLEM_TEXT_SIZE - 1);
    assert_int_equal(strlen(problems.items[1]), PROBLEM_TEXT_SIZE - 1);
    assert_memory_equal(problems.items[1], "where: w", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_where_and_what),
        cmocka_unit_test(keeps_the_first_and_counts_all),
        cmocka_unit_test(cuts_what_is_too_long),
    };

    return cmocka_run_group_tests_name("problems", tests, NULL, NULL);
}
