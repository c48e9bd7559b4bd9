/* The policy file of approval: defaults, every member, every mistake. */
#include "services/approval/policy.h"

#include <stdio.h>

#include "tests/support/policy_examples.h"

#define DEFAULT(members) "{'version': '1', 'default': {" members "}}"

/* clang-format off */
static const struct broken_policy broken[] = {
    {"an unknown member", DEFAULT("'score': 4"), {"default.score: is not known"}},
    {"scores out of range", DEFAULT("'scoreNokBelow': -1, 'scoreWaitBelow': 10.1"),
     {"default.scoreNokBelow: must be in 0..10", "default.scoreWaitBelow: must be in 0..10"}},
    {"NOK above WAIT", DEFAULT("'scoreNokBelow': 7.5"), {"default.scoreNokBelow: must not be above scoreWaitBelow"}},
    {"NOK above WAIT by a process type", "{'version': '1', 'processTypes': {'loan': {'scoreWaitBelow': 3}}}",
     {"processTypes.loan.scoreNokBelow: must not be above scoreWaitBelow"}},
    {"yes and no as something else", DEFAULT("'frame': 1, 'evaluation': 'no'"),
     {"default.frame: must be true or false", "default.evaluation: must be true or false"}},
    {"a consent that is no list", DEFAULT("'consents': 'GDPR'"), {"default.consents: must be a list"}},
    {"a consent twice", DEFAULT("'consents': ['GDPR', 'GDPR']"), {"default.consents[1]: stands there twice"}},
    {"time out of range", DEFAULT("'factsAwaitedMinutes': 10081"), {"default.factsAwaitedMinutes: must be in 0..10080"}},
    {"half a minute", DEFAULT("'factsAwaitedMinutes': 0.5"), {"default.factsAwaitedMinutes: must be a whole number"}},
    {"no attempt at all", DEFAULT("'attemptsPerProcess': 0, 'attemptsPerDay': 0"),
     {"default.attemptsPerProcess: must be in 1..1000", "default.attemptsPerDay: must be in 1..1000"}},
    {"a case that never expires", DEFAULT("'caseExpiryHours': 0"), {"default.caseExpiryHours: must be in 1..8760"}},
};
/* clang-format on */

static void lists_the_mistakes(void **state)
{
    assert_mistakes(approval_policy_format.parse, *state);
}

static struct policy *good(const char *text)
{
    return parse_good(approval_policy_format.parse, text);
}

static void assert_defaults(const struct approval_policy *rules)
{
    assert_true(rules->score_nok_below == 4);
    assert_true(rules->score_wait_below == 7);
    assert_false(rules->frame);
    assert_true(rules->evaluation);
    assert_int_equal(rules->consents.count, 0);
    assert_int_equal(rules->facts_awaited_min, 10);
    assert_int_equal(rules->attempts_per_process, 5);
    assert_int_equal(rules->attempts_per_day, 5);
    assert_int_equal(rules->case_expiry_hours, 72);
}

static void has_defaults(void **state)
{
    struct policy *policy = good("{'version': '1'}");

    (void)state;
    assert_defaults(approval_rules(policy, "any"));
    approval_policy_format.free(policy);
}

static void fills_every_member(void **state)
{
    struct policy *policy =
        good("{'version': '2', 'processTypes': {'loan': {'scoreNokBelow': 5, 'scoreWaitBelow': 5,"
             " 'frame': true, 'evaluation': false, 'consents': ['GDPR', 'SCORING'],"
             " 'factsAwaitedMinutes': 0, 'attemptsPerProcess': 1, 'attemptsPerDay': 1000,"
             " 'caseExpiryHours': 8760}}}");
    const struct approval_policy *rules = approval_rules(policy, "loan");

    (void)state;
    assert_defaults(approval_rules(policy, "other"));
    assert_string_equal(approval_policy_format.version(policy), "2");
    assert_true(rules->score_nok_below == 5 && rules->score_wait_below == 5);
    assert_true(rules->frame);
    assert_false(rules->evaluation);
    assert_int_equal(rules->consents.count, 2);
    assert_string_equal(rules->consents.items[1], "SCORING");
    assert_int_equal(rules->facts_awaited_min, 0);
    assert_int_equal(rules->attempts_per_process, 1);
    assert_int_equal(rules->attempts_per_day, 1000);
    assert_int_equal(rules->case_expiry_hours, 8760);
    approval_policy_format.free(policy);
}

static void no_process_type_has_the_default(void **state)
{
    struct policy *policy = good("{'version': '1', 'default': {'frame': true}}");

    (void)state;
    assert_true(approval_rules(policy, NULL)->frame);
    approval_policy_format.free(policy);
}

static void the_file_that_ships_says_the_defaults(void **state)
{
    static char text[10000];
    FILE *file = fopen("services/approval/policy.json", "r");
    struct problems problems = {0};
    struct policy *policy;

    (void)state;
    assert_non_null(file);
    policy = approval_policy_format.parse(text, fread(text, 1, sizeof text, file), &problems);
    fclose(file);
    assert_int_equal(problems.count, 0);
    assert_defaults(approval_rules(policy, "any"));
    approval_policy_format.free(policy);
}

static void free_takes_null(void **state)
{
    (void)state;
    approval_policy_format.free(NULL);
}

enum { SINGLE = 5 };

int main(void)
{
    struct CMUnitTest tests[COUNT(broken) + SINGLE] = {
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(fills_every_member),
        cmocka_unit_test(no_process_type_has_the_default),
        cmocka_unit_test(the_file_that_ships_says_the_defaults),
        cmocka_unit_test(free_takes_null),
    };

    for (size_t i = 0; i < COUNT(broken); i++)
        tests[SINGLE + i] = EXAMPLE(lists_the_mistakes, &broken[i]);
    return cmocka_run_group_tests_name("approval_policy", tests, NULL, NULL);
}
