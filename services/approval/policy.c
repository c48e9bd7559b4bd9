/* The policy file of approval: its members, their ranges and what they must fulfil together. */
#include "services/approval/policy.h"

#include "common/core/base.h"
#include "services/review/case.h"

enum {
    SCORE_MAX = 10,
    FACTS_AWAITED_MAX_MIN = 7 * 24 * 60, /* as long as topics keep the facts */
    ATTEMPTS_MAX = 1000,                 /* nobody looks into a camera more often */
};

const struct approval_policy approval_policy_builtin = {
    .score_nok_below = 4,
    .score_wait_below = 7,
    .frame = false,
    .evaluation = true,
    .facts_awaited_min = 10,
    .attempts_per_process = 5,
    .attempts_per_day = 5,
    .case_expiry_hours = CASE_EXPIRY_HOURS_DEFAULT,
};

/* clang-format off */
#define AT(field) .offset = offsetof(struct approval_policy, field)
static const struct json_member members[] = {
    {"scoreNokBelow",       json_read_double,  AT(score_nok_below),      .max = SCORE_MAX},
    {"scoreWaitBelow",      json_read_double,  AT(score_wait_below),     .max = SCORE_MAX},
    {"frame",               json_read_bool,    AT(frame)},
    {"evaluation",          json_read_bool,    AT(evaluation)},
    {"consents",            json_read_texts,   AT(consents)},
    {"factsAwaitedMinutes", json_read_integer, AT(facts_awaited_min),    .max = FACTS_AWAITED_MAX_MIN},
    {"attemptsPerProcess",  json_read_integer, AT(attempts_per_process), .min = 1, .max = ATTEMPTS_MAX},
    {"attemptsPerDay",      json_read_integer, AT(attempts_per_day),     .min = 1, .max = ATTEMPTS_MAX},
    {"caseExpiryHours",     json_read_integer, AT(case_expiry_hours),    .min = 1, .max = CASE_EXPIRY_HOURS_MAX},
};
/* clang-format on */

static void finish(void *rules, const void *shared, const struct json_at *at)
{
    const struct approval_policy *policy = rules;
    struct json_at here = json_at_member(at, "scoreNokBelow");

    (void)shared;
    if (policy->score_nok_below > policy->score_wait_below)
        json_problem(&here, "must not be above scoreWaitBelow");
}

static const struct policy_table table = {
    .members = members,
    .member_count = COUNT(members),
    .builtin = &approval_policy_builtin,
    .size = sizeof(struct approval_policy),
    .finish = finish,
};

static void *parse(const char *text, size_t size, struct problems *problems)
{
    return policy_parse(text, size, &table, problems);
}

const struct policy_format approval_policy_format = {
    .parse = parse,
    .free = policy_free,
    .version = policy_version,
};

const struct approval_policy *approval_rules(const void *policy, const char *process_type)
{
    const struct policy *all = policy;

    return process_type == NULL ? all->fallback : policy_rules(all, process_type);
}
