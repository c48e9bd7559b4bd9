/* Decisions and their cases: opened by WAIT, closed by the rules, by reviewers or by time. */
#include "services/approval/cases.h"

#include <string.h>

#include "services/approval/approval.h"
#include "services/approval/facts.h"
#include "services/review/case_job.h"

static enum review_decision as_reviewed(enum approval_result result)
{
    return result == APPROVAL_RESULT_OK ? REVIEW_DECISION_OK : REVIEW_DECISION_NOK;
}

static void open_case(const struct turn *turn, struct outcome *out, const struct decision *decision)
{
    const struct approval_policy *policy = approval_rules(turn->policy, decision->process_type);
    const struct review_case *known = case_find(turn, decision->identity_verification_id);

    case_open(
        turn, out, decision->identity_verification_id,
        (struct review_case){
            .process_id = decision->process_id,
            .process_type = decision->process_type,
            .user_id = decision->user_id,
            .code = decision->code,
            .reason = decision->reason,
            .facts_until_ms = decision->awaits_facts ? decision_awaits_until(decision, policy) : 0,
            .expires_ms =
                known != NULL ? known->expires_ms : case_expiry(turn, policy->case_expiry_hours),
        });
}

/* Before it is saved: the case that the former decision opened. */
static void settle_case(const struct turn *turn, struct outcome *out,
                        const struct decision *decision)
{
    const struct review_case *known = case_find(turn, decision->identity_verification_id);

    if (decision->result == APPROVAL_RESULT_WAIT)
        open_case(turn, out, decision);
    else if (known != NULL && known->state == CASE_OPEN)
        case_close(turn, out, decision->identity_verification_id,
                   (struct case_closing){REVIEW_JOB_APPROVAL, CASE_SUPERSEDED,
                                         as_reviewed(decision->result), decision->code});
}

void decision_decide(const struct turn *turn, struct outcome *out, struct decision decision)
{
    struct approval_facts facts =
        facts_of(turn, decision.identity_verification_id, decision.user_id);
    struct approval approval =
        approve(&decision.presence, &facts, approval_rules(turn->policy, decision.process_type));

    if (decision.code != NULL && strcmp(decision.code, approval.code) == 0)
        return;
    decision.result = approval.result;
    decision.code = approval.code;
    decision.reason = approval.reason;
    decision.rule = approval.rule;
    decision.awaits_facts = approval.awaits_facts;
    decision.policy_version = approval_policy_format.version(turn->policy);
    decision.decided_at_ms = turn->now_ms;
    settle_case(turn, out, &decision);
    decision_save(turn, out, decision);
}

void decision_look_again(const struct turn *turn, struct outcome *out,
                         const char *identity_verification_id)
{
    const struct decision *decision = decision_find(turn, identity_verification_id);
    int64_t version;

    if (decision == NULL || !decision->awaits_facts)
        return;
    if (turn->now_ms >
        decision_awaits_until(decision, approval_rules(turn->policy, decision->process_type)))
        return;
    version = decision->version;
    decision_decide(turn, out, *decision);
    if (decision->version > version)
        decision_publish(turn, out, decision->identity_verification_id, decision->process_id);
}

static void conclude(const struct turn *turn, struct outcome *out,
                     const char *identity_verification_id, const struct conclusion *conclusion)
{
    struct decision decision = *decision_find(turn, identity_verification_id);
    bool accepted = conclusion->closing.result == REVIEW_DECISION_OK;

    decision.result = accepted ? APPROVAL_RESULT_OK : APPROVAL_RESULT_NOK;
    decision.code = conclusion->closing.code;
    decision.reason = conclusion->reason;
    decision.rule = 0;
    decision.awaits_facts = false;
    decision.reviewed_by = conclusion->reviewed_by;
    decision.words = conclusion->words;
    decision.decided_at_ms = turn->now_ms;
    decision_save(turn, out, decision);
    decision_publish(turn, out, identity_verification_id, decision.process_id);
}

static bool find_decided(const struct turn *turn, const char *identity_verification_id,
                         struct case_decided *out)
{
    const struct decision *decision = decision_find(turn, identity_verification_id);

    if (decision == NULL)
        return false;
    *out = (struct case_decided){
        .process_id = decision->process_id,
        .user_id = decision->user_id,
        .result = as_reviewed(decision->result),
        .code = decision->code,
        .decided_ms = decision->decided_at_ms,
    };
    return true;
}

const struct case_job case_job = {
    .job = REVIEW_JOB_APPROVAL,
    .decision_kind = &decision_kind,
    .find = find_decided,
    .conclude = conclude,
};
