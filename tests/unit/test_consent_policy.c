/* The policy file of consent: defaults, every member, every mistake. */
#include <stdio.h>

#include "services/consent/policy.h"
#include "tests/support/policy_examples.h"

#define FILE_OF(types, members) "{'version': '1', 'types': " types ", 'default': {" members "}}"
#define LONG                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* clang-format off */
static const struct broken_policy broken[] = {
    {"no types", "{'version': '1'}", {"types: is missing"}},
    {"types as a text", FILE_OF("'GDPR'", ""), {"types: must be a list"}},
    {"a type with a slash", FILE_OF("['GDPR', 'a/b']", ""),
     {"types[1]: must be 1..64 letters, digits, dots, dashes, underscores"}},
    {"a type of 65 bytes", FILE_OF("['" LONG "a']", ""),
     {"types[0]: must be 1..64 letters, digits, dots, dashes, underscores"}},
    {"a type twice", FILE_OF("['GDPR', 'GDPR']", ""), {"types[1]: stands there twice"}},
    {"a number for a type", FILE_OF("[1]", ""), {"types[0]: must be a text"}},
    {"an unknown member", FILE_OF("['GDPR']", "'require': []"), {"default.require: is not known"}},
    {"a language with its country", FILE_OF("['GDPR']", "'language': 'en-US'"),
     {"default.language: must be a language by ISO 639-1"}},
    {"a language in capitals", FILE_OF("['GDPR']", "'language': 'EN'"),
     {"default.language: must be a language by ISO 639-1"}},
    {"a language of one letter", FILE_OF("['GDPR']", "'language': 'e'"),
     {"default.language: must be a language by ISO 639-1"}},
    {"a language of four letters", FILE_OF("['GDPR']", "'language': 'engl'"),
     {"default.language: must be a language by ISO 639-1"}},
    {"required, but unknown", FILE_OF("['GDPR']", "'required': ['GDPR', 'SCORING']"),
     {"default.required[1]: stands not in types"}},
    {"required of a process type, but unknown",
     "{'version': '1', 'types': ['GDPR'], 'processTypes': {'loan': {'required': ['SCORING']}}}",
     {"processTypes.loan.required[0]: stands not in types"}},
};
/* clang-format on */

static void lists_the_mistakes(void **state)
{
    assert_mistakes(consent_policy_format.parse, *state);
}

static struct policy *good(const char *text)
{
    return parse_good(consent_policy_format.parse, text);
}

static void has_defaults(void **state)
{
    struct policy *policy = good("{'version': '1', 'types': ['GDPR']}");
    const struct consent_policy *rules = policy_rules(policy, "any");

    (void)state;
    assert_string_equal(rules->language, "en");
    assert_int_equal(rules->required.count, 0);
    consent_policy_format.free(policy);
}

static void a_process_type_changes_the_default(void **state)
{
    struct policy *policy =
        good("{'version': '7', 'types': ['GDPR', '" LONG "', 'a.b-c_D1'],"
             " 'default': {'language': 'cs', 'required': ['GDPR']},"
             " 'processTypes': {'loan': {'required': ['a.b-c_D1']}, 'card': {'language': 'gsw'}}}");
    const struct consent_policy *loan = policy_rules(policy, "loan");
    const struct consent_policy *card = policy_rules(policy, "card");

    (void)state;
    assert_string_equal(consent_policy_format.version(policy), "7");
    assert_string_equal(loan->language, "cs");
    assert_true(consent_is_required(loan, "a.b-c_D1"));
    assert_false(consent_is_required(loan, "GDPR"));
    assert_string_equal(card->language, "gsw");
    assert_true(consent_is_required(card, "GDPR"));
    assert_true(consent_is_known(policy, LONG));
    assert_false(consent_is_known(policy, "gdpr"));
    assert_false(consent_is_known(policy, ""));
    consent_policy_format.free(policy);
}

static void the_file_that_ships_is_good(void **state)
{
    static char text[10000];
    FILE *file = fopen("services/consent/policy.json", "r");
    struct problems problems = {0};
    struct policy *policy;

    (void)state;
    assert_non_null(file);
    policy = consent_policy_format.parse(text, fread(text, 1, sizeof text, file), &problems);
    fclose(file);
    assert_int_equal(problems.count, 0);
    assert_true(consent_is_known(policy, "GDPR"));
    consent_policy_format.free(policy);
}

enum { SINGLE = 3 };

int main(void)
{
    struct CMUnitTest tests[COUNT(broken) + SINGLE] = {
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(a_process_type_changes_the_default),
        cmocka_unit_test(the_file_that_ships_is_good),
    };

    for (size_t i = 0; i < COUNT(broken); i++)
        tests[SINGLE + i] = EXAMPLE(lists_the_mistakes, &broken[i]);
    return cmocka_run_group_tests_name("consent_policy", tests, NULL, NULL);
}
