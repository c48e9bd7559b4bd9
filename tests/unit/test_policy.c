/* The policy in force: read anew on demand, refused when bad, kept while anybody holds it. */
#include "common/worker/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/test.h"

static char path[] = "/tmp/onboarding-policy-XXXXXX";
static int alive; /* policies parsed and not yet freed */

static void *parse_word(const char *text, size_t size, struct problems *problems)
{
    if (size == 0 || memchr(text, '!', size) != NULL) {
        problems_add(problems, "default.word", "is bad");
        problems_add(problems, "default.other", "is bad, too");
        return NULL;
    }
    alive++;
    return strndup(text, size);
}

static void free_word(void *policy)
{
    alive--;
    free(policy);
}

static const char *version_of_word(const void *policy)
{
    return policy;
}

static const struct policy_format words = {parse_word, free_word, version_of_word};

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct policies *read_first(void)
{
    struct problems problems = {0};
    struct policies *policies = policies_new(&words, path);

    write_file("one");
    policies_load(policies, &problems);
    assert_int_equal(problems.count, 0);
    return policies;
}

static void read_again(struct policies *policies, const char *text)
{
    struct problems problems = {0};

    write_file(text);
    policies_load(policies, &problems);
}

static void the_newest_is_in_force(void **state)
{
    struct policies *policies = read_first();
    const void *held;

    (void)state;
    read_again(policies, "two");
    held = policies_hold(policies);
    assert_string_equal(held, "two");
    policies_release(policies, held);
    policies_free(policies);
    assert_int_equal(alive, 0);
}

static void a_bad_one_is_refused_with_all_mistakes(void **state)
{
    struct policies *policies = read_first();
    struct problems problems = {0};
    const void *held;

    (void)state;
    write_file("bad!");
    policies_load(policies, &problems);
    assert_int_equal(problems.count, 2);
    assert_string_equal(problems.items[0], "ONBOARDING_POLICY_FILE: default.word: is bad");
    assert_string_equal(problems.items[1], "ONBOARDING_POLICY_FILE: default.other: is bad, too");
    held = policies_hold(policies);
    assert_string_equal(held, "one");
    policies_release(policies, held);
    policies_free(policies);
}

static void a_file_that_went_is_a_mistake(void **state)
{
    struct policies *policies = read_first();
    struct problems problems = {0};

    (void)state;
    unlink(path);
    policies_load(policies, &problems);
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.items[0], "ONBOARDING_POLICY_FILE: cannot be opened");
    policies_free(policies);
}

static void an_old_one_lives_while_it_is_held(void **state)
{
    struct policies *policies = read_first();
    const void *one = policies_hold(policies), *two;

    (void)state;
    assert_ptr_equal(policies_hold(policies), one);
    read_again(policies, "two");
    two = policies_hold(policies);
    read_again(policies, "three");
    assert_int_equal(alive, 3);
    policies_release(policies, one);
    assert_string_equal(one, "one"); /* held once more */
    policies_release(policies, two);
    assert_int_equal(alive, 2);
    policies_release(policies, one);
    assert_int_equal(alive, 1);
    policies_free(policies);
}

static void old_ones_that_nobody_holds_are_freed(void **state)
{
    struct policies *policies = read_first();

    (void)state;
    for (int i = 0; i < 10; i++)
        read_again(policies, "again");
    assert_int_equal(alive, 1);
    policies_free(policies);
    assert_int_equal(alive, 0);
}

static void a_service_without_policy_holds_nothing(void **state)
{
    (void)state;
    assert_null(policies_hold(NULL));
    policies_release(NULL, NULL);
    policies_free(NULL);
}

static int make_file(void **state)
{
    int file = mkstemp(path);

    (void)state;
    return file < 0 ? -1 : close(file);
}

static int remove_file(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_is_in_force),
        cmocka_unit_test(a_bad_one_is_refused_with_all_mistakes),
        cmocka_unit_test(a_file_that_went_is_a_mistake),
        cmocka_unit_test(an_old_one_lives_while_it_is_held),
        cmocka_unit_test(old_ones_that_nobody_holds_are_freed),
        cmocka_unit_test(a_service_without_policy_holds_nothing),
    };

    return cmocka_run_group_tests_name("policy", tests, make_file, remove_file);
}
