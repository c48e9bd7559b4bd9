/* The decision on a presence check: a table of rules, the first that fires decides. */
#include "services/approval/approval.h"

#include <string.h>

#include "common/core/base.h"

/* What a rule may look at. */
struct matter {
    const struct presence *presence;
    const struct approval_facts *facts;
    const struct approval_policy *policy;
};

typedef bool rule_fires(const struct matter *matter);

static rule_fires provider_failure, evaluation_not_ok, consent_refused, too_many_attempts,
    score_too_low, face_in_use, frame_missing, evaluation_pending, consent_pending, score_uncertain;

/* clang-format off */
static const struct rule {
    const char *code;
    enum approval_result result;
    rule_fires *fires;
    const char *reason;
    bool awaits_facts;
} rules[] = {
    {"PROVIDER_FAILURE",   APPROVAL_RESULT_NOK,  provider_failure,
     .reason = "The presence check failed."},
    {"EVALUATION_NOT_OK",  APPROVAL_RESULT_NOK,  evaluation_not_ok,
     .reason = "The documents were not accepted."},
    {"CONSENT_REFUSED",    APPROVAL_RESULT_NOK,  consent_refused,
     .reason = "A required consent was refused or withdrawn."},
    {"TOO_MANY_ATTEMPTS",  APPROVAL_RESULT_NOK,  too_many_attempts,
     .reason = "There were too many attempts."},
    {"SCORE_TOO_LOW",      APPROVAL_RESULT_NOK,  score_too_low,
     .reason = "The presence check is not trustworthy enough."},
    {"FACE_IN_USE",        APPROVAL_RESULT_WAIT, face_in_use,
     .reason = "A person will look at the picture."},
    {"FRAME_MISSING",      APPROVAL_RESULT_WAIT, frame_missing,
     .reason = "The picture is missing; a person will look at the case."},
    {"EVALUATION_PENDING", APPROVAL_RESULT_WAIT, evaluation_pending,
     .reason = "The documents are not decided on yet.", .awaits_facts = true},
    {"CONSENT_PENDING",    APPROVAL_RESULT_WAIT, consent_pending,
     .reason = "A required consent is not given yet.", .awaits_facts = true},
    {"SCORE_UNCERTAIN",    APPROVAL_RESULT_WAIT, score_uncertain,
     .reason = "The presence check is uncertain; a person will look at it."},
};
/* clang-format on */

struct approval approve(const struct presence *presence, const struct approval_facts *facts,
                        const struct approval_policy *policy)
{
    const struct matter matter = {presence, facts, policy};

    for (size_t i = 0; i < COUNT(rules); i++)
        if (rules[i].fires(&matter))
            return (struct approval){.result = rules[i].result,
                                     .code = rules[i].code,
                                     .reason = rules[i].reason,
                                     .rule = (int)i + 1,
                                     .awaits_facts = rules[i].awaits_facts};
    return (struct approval){
        .result = APPROVAL_RESULT_OK, .code = "ACCEPTED", .reason = "Accepted."};
}

static bool provider_failure(const struct matter *matter)
{
    return matter->presence->failed;
}

static bool evaluated_as(const struct matter *matter, enum evaluation_result result)
{
    return matter->facts->evaluation != NULL && *matter->facts->evaluation == result;
}

/* ours: also where the process needs no evaluation; there was one, and it said no. */
static bool evaluation_not_ok(const struct matter *matter)
{
    return evaluated_as(matter, EVALUATION_RESULT_NOK);
}

/* The user's answer to a type of consent; NULL: none yet. */
static const struct consent_answer *answer_to(const struct matter *matter, const char *type)
{
    for (size_t i = 0; i < matter->facts->consent_count; i++)
        if (strcmp(matter->facts->consents[i].type, type) == 0)
            return &matter->facts->consents[i];
    return NULL;
}

static bool consent_refused(const struct matter *matter)
{
    const struct json_texts *required = &matter->policy->consents;

    for (size_t i = 0; i < required->count; i++) {
        const struct consent_answer *answer = answer_to(matter, required->items[i]);

        if (answer != NULL && !answer->approved)
            return true;
    }
    return false;
}

static bool too_many_attempts(const struct matter *matter)
{
    return matter->presence->process_attempt > matter->policy->attempts_per_process ||
           matter->presence->day_attempt > matter->policy->attempts_per_day;
}

static bool score_too_low(const struct matter *matter)
{
    const double *score = matter->presence->score;

    return score != NULL && *score < matter->policy->score_nok_below;
}

static bool face_in_use(const struct matter *matter)
{
    return matter->presence->frame_in_use;
}

static bool frame_missing(const struct matter *matter)
{
    return matter->policy->frame && !matter->presence->frame;
}

static bool evaluation_pending(const struct matter *matter)
{
    return matter->policy->evaluation && !evaluated_as(matter, EVALUATION_RESULT_OK);
}

static bool consent_pending(const struct matter *matter)
{
    const struct json_texts *required = &matter->policy->consents;

    for (size_t i = 0; i < required->count; i++)
        if (answer_to(matter, required->items[i]) == NULL)
            return true;
    return false;
}

/* ours: no score at all is no certainty either. */
static bool score_uncertain(const struct matter *matter)
{
    const double *score = matter->presence->score;

    return score == NULL || *score < matter->policy->score_wait_below;
}
