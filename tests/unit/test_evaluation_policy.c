/* The policy file of evaluation: defaults, every member, every mistake. */
#include "services/evaluation/policy.h"

#include <stdio.h>

#include "tests/support/policy_examples.h"

#define DEFAULT(members) "{'version': '1', 'default': {" members "}}"

/* clang-format off */
static const struct broken_policy broken[] = {
    {"an unknown member", DEFAULT("'minimalAge': 18"), {"default.minimalAge: is not known"}},
    {"scores out of range", DEFAULT("'scoreNokBelow': -1, 'scoreWaitBelow': 10.1"),
     {"default.scoreNokBelow: must be in 0..10", "default.scoreWaitBelow: must be in 0..10"}},
    {"a score as text", DEFAULT("'scoreNokBelow': '4'"), {"default.scoreNokBelow: must be a number"}},
    {"NOK above WAIT", DEFAULT("'scoreNokBelow': 7.5"), {"default.scoreNokBelow: must not be above scoreWaitBelow"}},
    {"NOK above WAIT by a process type", "{'version': '1', 'processTypes': {'loan': {'scoreWaitBelow': 3}}}",
     {"processTypes.loan.scoreNokBelow: must not be above scoreWaitBelow"}},
    {"an age below 0", DEFAULT("'minimumAge': -1"), {"default.minimumAge: must be in 0..150"}},
    {"an age of half a year", DEFAULT("'minimumAge': 17.5"), {"default.minimumAge: must be a whole number"}},
    {"no time for a case", DEFAULT("'caseExpiryHours': 0"), {"default.caseExpiryHours: must be in 1..8760"}},
    {"a year and more for a case", DEFAULT("'caseExpiryHours': 8761"),
     {"default.caseExpiryHours: must be in 1..8760"}},
    {"too many days", DEFAULT("'validDays': 3651"), {"default.validDays: must be in 0..3650"}},
    {"an unknown document", DEFAULT("'documents': [['ID_CARD'], ['VISA']]"),
     {"default.documents[1][0]: must be one of ID_CARD, PASSPORT, DRIVING_LICENSE"}},
    {"a document without its group", DEFAULT("'documents': ['ID_CARD']"), {"default.documents[0]: must be a list"}},
    {"an empty group", DEFAULT("'documents': [[]]"), {"default.documents[0]: is empty: nothing could fulfil it"}},
    {"nine groups", DEFAULT("'documents': [['ID_CARD'],['ID_CARD'],['ID_CARD'],['ID_CARD'],['ID_CARD'],['ID_CARD'],['ID_CARD'],['ID_CARD'],['ID_CARD']]"),
     {"default.documents: must have at most 8 items"}},
    {"an unknown image", DEFAULT("'images': ['FACE', 'SELFIE']"),
     {"default.images[1]: must be one of FACE, DOCUMENT_FRONT_SIDE, DOCUMENT_BACK_SIDE"}},
    {"a country by two letters", DEFAULT("'countries': {'refused': ['CZE', 'SK', 'pol']}"),
     {"default.countries.refused[1]: must be a country by ISO 3166 alpha-3",
      "default.countries.refused[2]: must be a country by ISO 3166 alpha-3"}},
    {"a country twice", DEFAULT("'nationalities': {'accepted': ['CZE', 'CZE']}"),
     {"default.nationalities.accepted[1]: stands there twice"}},
    {"a country accepted and refused", DEFAULT("'countries': {'accepted': ['CZE', 'SVK'], 'refused': ['SVK']}"),
     {"default.countries.refused[0]: is accepted as well"}},
    {"nothing accepted", DEFAULT("'countries': {'accepted': []}"),
     {"default.countries.accepted: is empty: leave it out to accept all"}},
    {"countries as a list", DEFAULT("'countries': ['CZE']"), {"default.countries: must be an object"}},
    {"an unknown list of countries", DEFAULT("'countries': {'forbidden': ['CZE']}"), {"default.countries.forbidden: is not known"}},
};
/* clang-format on */

static void lists_the_mistakes(void **state)
{
    assert_mistakes(evaluation_policy_format.parse, *state);
}

static struct policy *good(const char *text)
{
    return parse_good(evaluation_policy_format.parse, text);
}

static void assert_defaults(const struct evaluation_policy *rules)
{
    assert_true(rules->score_nok_below == 4);
    assert_true(rules->score_wait_below == 7);
    assert_int_equal(rules->minimum_age, 18);
    assert_int_equal(rules->valid_days, 0);
    assert_int_equal(rules->documents.count, 1);
    assert_int_equal(rules->documents.kinds[0], KIND_BIT(DOCUMENT_KIND_ID_CARD) |
                                                    KIND_BIT(DOCUMENT_KIND_PASSPORT) |
                                                    KIND_BIT(DOCUMENT_KIND_DRIVING_LICENSE));
    assert_true(rules->countries.all && rules->countries.refused.count == 0);
    assert_true(rules->nationalities.all && rules->nationalities.refused.count == 0);
    assert_int_equal(rules->images, 0);
    assert_int_equal(rules->case_expiry_hours, 72);
}

static void has_defaults(void **state)
{
    struct policy *policy = good("{'version': '1'}");

    (void)state;
    assert_defaults(policy_rules(policy, "any"));
    evaluation_policy_format.free(policy);
}

static void fills_every_member(void **state)
{
    struct policy *policy =
        good("{'version': '2', 'processTypes': {'loan': {'scoreNokBelow': 5, 'scoreWaitBelow': 5,"
             " 'minimumAge': 21, 'validDays': 30, 'documents': [['PASSPORT'], ['ID_CARD']],"
             " 'countries': {'accepted': ['CZE'], 'refused': ['SVK']},"
             " 'nationalities': {'refused': ['POL', 'CZE']}, 'images': ['FACE'],"
             " 'caseExpiryHours': 1}}}");
    const struct evaluation_policy *rules = policy_rules(policy, "loan");

    (void)state;
    assert_defaults(policy_rules(policy, "other"));
    assert_string_equal(evaluation_policy_format.version(policy), "2");
    assert_true(rules->score_nok_below == 5 && rules->score_wait_below == 5);
    assert_int_equal(rules->minimum_age, 21);
    assert_int_equal(rules->valid_days, 30);
    assert_int_equal(rules->documents.count, 2);
    assert_int_equal(rules->documents.kinds[0], KIND_BIT(DOCUMENT_KIND_PASSPORT));
    assert_int_equal(rules->documents.kinds[1], KIND_BIT(DOCUMENT_KIND_ID_CARD));
    assert_false(rules->countries.all);
    assert_string_equal(rules->countries.accepted.items[0], "CZE");
    assert_string_equal(rules->countries.refused.items[0], "SVK");
    assert_true(rules->nationalities.all);
    assert_string_equal(rules->nationalities.refused.items[1], "CZE");
    assert_int_equal(rules->images, KIND_BIT(IMAGE_KIND_FACE));
    assert_int_equal(rules->case_expiry_hours, 1);
    evaluation_policy_format.free(policy);
}

static void a_process_type_may_accept_all_again(void **state)
{
    struct policy *policy = good("{'version': '1', 'default': {'countries': {'accepted': ['CZE']}},"
                                 " 'processTypes': {'loan': {'countries': {}}}}");

    (void)state;
    assert_false(((const struct evaluation_policy *)policy_rules(policy, "other"))->countries.all);
    assert_true(((const struct evaluation_policy *)policy_rules(policy, "loan"))->countries.all);
    evaluation_policy_format.free(policy);
}

static void the_file_that_ships_says_the_defaults(void **state)
{
    static char text[10000];
    FILE *file = fopen("services/evaluation/policy.json", "r");
    struct problems problems = {0};
    struct policy *policy;

    (void)state;
    assert_non_null(file);
    policy = evaluation_policy_format.parse(text, fread(text, 1, sizeof text, file), &problems);
    fclose(file);
    assert_int_equal(problems.count, 0);
    assert_defaults(policy_rules(policy, "any"));
    evaluation_policy_format.free(policy);
}

static void free_takes_null(void **state)
{
    (void)state;
    evaluation_policy_format.free(NULL);
}

enum { SINGLE = 5 };

int main(void)
{
    struct CMUnitTest tests[COUNT(broken) + SINGLE] = {
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(fills_every_member),
        cmocka_unit_test(a_process_type_may_accept_all_again),
        cmocka_unit_test(the_file_that_ships_says_the_defaults),
        cmocka_unit_test(free_takes_null),
    };

    for (size_t i = 0; i < COUNT(broken); i++)
        tests[SINGLE + i] = EXAMPLE(lists_the_mistakes, &broken[i]);
    return cmocka_run_group_tests_name("evaluation_policy", tests, NULL, NULL);
}
