/* The policy file of lookup: defaults, every member, every mistake. */
#include "services/lookup/policy.h"

#include <stdio.h>

#include "tests/support/policy_examples.h"

#define DEFAULT(members) "{'version': '1', 'default': {" members "}}"

/* clang-format off */
static const struct broken_policy broken[] = {
    {"an unknown member", DEFAULT("'prospect': 'create'"), {"default.prospect: is not known"}},
    {"an unknown rule for prospects", DEFAULT("'prospects': 'maybe'"), {"default.prospects: must be one of refuse, create"}},
    {"an unknown rule for consent", DEFAULT("'consent': true"),
     {"default.consent: must be one of required, not-required, not-evaluated"}},
    {"consent required, to nothing", DEFAULT("'consent': 'required'"),
     {"default.consentTypes: is empty, though consent is required"}},
    {"no sets", DEFAULT("'identifierSets': []"), {"default.identifierSets: must have 1..16 items"}},
    {"an empty set", DEFAULT("'identifierSets': [['email'], []]"), {"default.identifierSets[1]: must have 1..8 items"}},
    {"a set of nine", DEFAULT("'identifierSets': [['a','b','c','d','e','f','g','h','i']]"),
     {"default.identifierSets[0]: must have 1..8 items"}},
    {"an identifier without its set", DEFAULT("'identifierSets': ['email']"), {"default.identifierSets[0]: must be a list"}},
    {"an identifier twice in a set", DEFAULT("'identifierSets': [['email', 'email']]"),
     {"default.identifierSets[0][1]: stands there twice"}},
    {"an identifier that is not listed", DEFAULT("'identifierSets': [['email'], ['shoeSize']]"),
     {"default.identifierSets[1]: names what stands not in identifiers"}},
    {"an identifier that is listed no more", "{'version': '1', 'identifiers': {'clientNumber': 'code', 'birthDate': 'date', 'personalNumber': 'code', 'email': 'text'}}",
     {"default.identifierSets[2]: names what stands not in identifiers"}},
    {"a set twice, in another order", DEFAULT("'identifierSets': [['email', 'birthDate'], ['birthDate', 'email']]"),
     {"default.identifierSets[1]: stands there twice"}},
    {"an unknown kind of identifier", "{'version': '1', 'identifiers': {'clientNumber': 'number'}, 'default': {'identifierSets': [['clientNumber']]}}",
     {"identifiers.clientNumber: must be one of text, code, date"}},
    {"identifiers as a list", "{'version': '1', 'identifiers': []}", {"identifiers: must be an object"}},
};
/* clang-format on */

static void lists_the_mistakes(void **state)
{
    assert_mistakes(lookup_policy_format.parse, *state);
}

static struct policy *good(const char *text)
{
    return parse_good(lookup_policy_format.parse, text);
}

static void has_defaults(void **state)
{
    struct policy *policy = good("{'version': '1'}");
    const struct lookup_policy *rules = policy_rules(policy, "any");
    const struct lookup_common *common = lookup_policy_common(policy);

    (void)state;
    assert_int_equal(rules->prospects, PROSPECTS_REFUSE);
    assert_int_equal(rules->consent, CONSENT_RULE_NOT_EVALUATED);
    assert_int_equal(rules->sets.count, 3);
    assert_string_equal(rules->sets.items[0].name, "birthDate+clientNumber");
    assert_string_equal(rules->sets.items[1].name, "personalNumber");
    assert_string_equal(rules->sets.items[2].name, "email+phoneNumber");
    assert_int_equal(common->identifiers.count, 5);
    assert_int_equal(common->all_sets.count, 3);
    lookup_policy_format.free(policy);
}

static void the_order_in_a_set_does_not_matter(void **state)
{
    struct policy *one =
        good(DEFAULT("'identifierSets': [['email', 'birthDate', 'clientNumber']]"));
    struct policy *other =
        good(DEFAULT("'identifierSets': [['clientNumber', 'email', 'birthDate']]"));
    const struct identifier_set *a = lookup_policy_common(one)->all_sets.items;
    const struct identifier_set *b = lookup_policy_common(other)->all_sets.items;

    (void)state;
    assert_string_equal(a->name, "birthDate+clientNumber+email");
    assert_string_equal(b->name, a->name);
    assert_memory_equal(b->parts, a->parts, sizeof a->parts);
    lookup_policy_format.free(one);
    lookup_policy_format.free(other);
}

static void gathers_the_sets_of_all_process_types(void **state)
{
    struct policy *policy = good(
        "{'version': '2', 'identifiers': {'passport': 'code', 'name': 'text', 'born': 'date'},"
        " 'default': {'identifierSets': [['passport'], ['name', 'born']]}, 'processTypes': {"
        "  'loan': {'identifierSets': [['born', 'name'], ['name', 'passport']],"
        "           'prospects': 'create', 'consent': 'required', 'consentTypes': ['GDPR']}}}");
    const struct lookup_common *common = lookup_policy_common(policy);
    const struct lookup_policy *loan = policy_rules(policy, "loan");

    (void)state;
    assert_string_equal(lookup_policy_format.version(policy), "2");
    assert_int_equal(common->all_sets.count, 3);
    assert_string_equal(common->all_sets.items[0].name, "passport");
    assert_string_equal(common->all_sets.items[1].name, "born+name");
    assert_string_equal(common->all_sets.items[2].name, "name+passport");
    assert_int_equal(loan->sets.count, 2);
    assert_string_equal(loan->sets.items[0].name, "born+name");
    assert_int_equal(loan->prospects, PROSPECTS_CREATE);
    assert_int_equal(loan->consent, CONSENT_RULE_REQUIRED);
    assert_string_equal(loan->consent_types.items[0], "GDPR");
    assert_int_equal(common->identifiers.items[2].kind, IDENTIFIER_DATE);
    lookup_policy_format.free(policy);
}

static void the_file_that_ships_is_good(void **state)
{
    static char text[10000];
    FILE *file = fopen("services/lookup/policy.json", "r");
    struct problems problems = {0};
    struct policy *policy;

    (void)state;
    assert_non_null(file);
    policy = lookup_policy_format.parse(text, fread(text, 1, sizeof text, file), &problems);
    fclose(file);
    assert_int_equal(problems.count, 0);
    assert_int_equal(lookup_policy_common(policy)->all_sets.count, 3);
    lookup_policy_format.free(policy);
}

enum { SINGLE = 4 };

int main(void)
{
    struct CMUnitTest tests[COUNT(broken) + SINGLE] = {
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(the_order_in_a_set_does_not_matter),
        cmocka_unit_test(gathers_the_sets_of_all_process_types),
        cmocka_unit_test(the_file_that_ships_is_good),
    };

    for (size_t i = 0; i < COUNT(broken); i++)
        tests[SINGLE + i] = EXAMPLE(lists_the_mistakes, &broken[i]);
    return cmocka_run_group_tests_name("lookup_policy", tests, NULL, NULL);
}
