/* Who a person is and whether a consent is due: tables, the first line that fires decides. */
#include "services/lookup/lookup.h"

#include <string.h>

#include "common/core/base.h"

static bool one(const struct lookup_facts *facts, const struct lookup_policy *policy)
{
    (void)policy;
    return facts->complete && facts->users == 1;
}

static bool several(const struct lookup_facts *facts, const struct lookup_policy *policy)
{
    (void)policy;
    return facts->complete && facts->users > 1;
}

static bool none_and_refuse(const struct lookup_facts *facts, const struct lookup_policy *policy)
{
    return facts->complete && facts->users == 0 && policy->prospects == PROSPECTS_REFUSE;
}

static bool none_and_create(const struct lookup_facts *facts, const struct lookup_policy *policy)
{
    return facts->complete && facts->users == 0 && policy->prospects == PROSPECTS_CREATE;
}

/* clang-format off */
static const struct rule {
    enum lookup_code code;
    bool (*fires)(const struct lookup_facts *facts, const struct lookup_policy *policy);
} rules[] = {
    {LOOKUP_CODE_FOUND,     one},
    {LOOKUP_CODE_AMBIGUOUS, several},
    {LOOKUP_CODE_NOT_FOUND, none_and_refuse},
    {LOOKUP_CODE_PROSPECT,  none_and_create},
};
/* clang-format on */

enum lookup_code lookup_decide(const struct lookup_facts *facts, const struct lookup_policy *policy)
{
    for (size_t i = 0; i < COUNT(rules); i++)
        if (rules[i].fires(facts, policy))
            return rules[i].code;
    return LOOKUP_CODE_INSUFFICIENT;
}

static bool is_approved(const char *type, const struct consent_fact *const *facts, size_t count)
{
    const struct consent_fact *latest = NULL;

    for (size_t i = 0; i < count; i++)
        if (strcmp(facts[i]->type, type) == 0 &&
            (latest == NULL || facts[i]->recorded_at_ms >= latest->recorded_at_ms))
            latest = facts[i];
    return latest != NULL && latest->approved;
}

static bool all_approved(const struct lookup_policy *policy,
                         const struct consent_fact *const *facts, size_t count)
{
    for (size_t i = 0; i < policy->consent_types.count; i++)
        if (!is_approved(policy->consent_types.items[i], facts, count))
            return false;
    return true;
}

enum consent consent_decide(const struct consent_fact *const *facts, size_t count,
                            const struct lookup_policy *policy)
{
    static const enum consent answers[] = {
        [CONSENT_RULE_REQUIRED] = CONSENT_REQUIRED,
        [CONSENT_RULE_NOT_REQUIRED] = CONSENT_NOT_REQUIRED,
        [CONSENT_RULE_NOT_EVALUATED] = CONSENT_NOT_EVALUATED,
    };

    if (policy->consent == CONSENT_RULE_REQUIRED && all_approved(policy, facts, count))
        return CONSENT_NOT_REQUIRED;
    return answers[policy->consent];
}
