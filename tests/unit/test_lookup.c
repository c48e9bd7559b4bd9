/* The answers to lookups and to the question for consent. */
#include "services/lookup/lookup.h"

#include "common/core/base.h"
#include "tests/support/test.h"

/* clang-format off */
static const struct found {
    const char *name;
    bool complete;
    size_t users;
    enum prospect_rule prospects;
    enum lookup_code code;
} found[] = {
    {"one user", true, 1, PROSPECTS_REFUSE, LOOKUP_CODE_FOUND},
    {"one user, though prospects are made", true, 1, PROSPECTS_CREATE, LOOKUP_CODE_FOUND},
    {"two users", true, 2, PROSPECTS_REFUSE, LOOKUP_CODE_AMBIGUOUS},
    {"many users, though prospects are made", true, 9, PROSPECTS_CREATE, LOOKUP_CODE_AMBIGUOUS},
    {"nobody, prospects are refused", true, 0, PROSPECTS_REFUSE, LOOKUP_CODE_NOT_FOUND},
    {"nobody, prospects are made", true, 0, PROSPECTS_CREATE, LOOKUP_CODE_PROSPECT},
    {"no set, prospects are refused", false, 0, PROSPECTS_REFUSE, LOOKUP_CODE_INSUFFICIENT},
    {"no set, prospects are made", false, 0, PROSPECTS_CREATE, LOOKUP_CODE_INSUFFICIENT},
};

#define GDPR(at)      {"GDPR", true, (at)}
#define SCORING(at)   {"SCORING", true, (at)}
#define NO_GDPR(at)   {"GDPR", false, (at)}

enum { FACTS_MAX = 4 };

static const struct consented {
    const char *name;
    enum consent_rule rule;
    enum consent consent;
    size_t count;
    struct consent_fact facts[FACTS_MAX];
} consented[] = {
    {"not evaluated", CONSENT_RULE_NOT_EVALUATED, CONSENT_NOT_EVALUATED, 2, {GDPR(1), SCORING(1)}},
    {"not required", CONSENT_RULE_NOT_REQUIRED, CONSENT_NOT_REQUIRED, 1, {NO_GDPR(1)}},
    {"required, no answer", CONSENT_RULE_REQUIRED, CONSENT_REQUIRED, 0, {{0}}},
    {"required, one of two types", CONSENT_RULE_REQUIRED, CONSENT_REQUIRED, 1, {GDPR(1)}},
    {"required, both types", CONSENT_RULE_REQUIRED, CONSENT_NOT_REQUIRED, 2, {GDPR(1), SCORING(2)}},
    {"required, one refused", CONSENT_RULE_REQUIRED, CONSENT_REQUIRED, 2, {NO_GDPR(1), SCORING(1)}},
    {"withdrawn later", CONSENT_RULE_REQUIRED, CONSENT_REQUIRED, 3, {GDPR(1), SCORING(1), NO_GDPR(2)}},
    {"withdrawn later, listed before", CONSENT_RULE_REQUIRED, CONSENT_REQUIRED, 3, {NO_GDPR(2), SCORING(1), GDPR(1)}},
    {"approved again", CONSENT_RULE_REQUIRED, CONSENT_NOT_REQUIRED, 4, {GDPR(1), NO_GDPR(2), GDPR(3), SCORING(1)}},
    {"another type", CONSENT_RULE_REQUIRED, CONSENT_REQUIRED, 2, {GDPR(1), {"scoring", true, 1}}},
};
/* clang-format on */

static void finds(void **state)
{
    const struct found *example = *state;
    struct lookup_policy policy = {.prospects = (int)example->prospects};
    struct lookup_facts facts = {.complete = example->complete, .users = example->users};

    assert_int_equal(lookup_decide(&facts, &policy), example->code);
}

static void consents(void **state)
{
    static const char *const types[] = {"GDPR", "SCORING"};
    const struct consented *example = *state;
    struct lookup_policy policy = {.consent = (int)example->rule, .consent_types = {types, 2}};
    const struct consent_fact *facts[FACTS_MAX];

    for (size_t i = 0; i < example->count; i++)
        facts[i] = &example->facts[i];
    assert_int_equal(consent_decide(facts, example->count, &policy), example->consent);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(found) + COUNT(consented)];
    size_t count = 0;

    for (size_t i = 0; i < COUNT(found); i++)
        tests[count++] = EXAMPLE(finds, &found[i]);
    for (size_t i = 0; i < COUNT(consented); i++)
        tests[count++] = EXAMPLE(consents, &consented[i]);
    return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
