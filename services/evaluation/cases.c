/* What is WAIT: its case, and the decision that closes it. */
#include "services/evaluation/cases.h"

#include "services/evaluation/evaluation.h"
#include "services/evaluation/known.h"
#include "services/evaluation/policy.h"
#include "services/review/case_job.h"

void decision_open_case(const struct turn *turn, struct outcome *out,
                        const char *identity_verification_id)
{
    const struct decision *decision = decision_find(turn, identity_verification_id);
    const struct evaluation_policy *policy = policy_rules(turn->policy, decision->process_type);

    case_open(turn, out, identity_verification_id,
              (struct review_case){
                  .process_id = decision->process_id,
                  .process_type = decision->process_type,
                  .user_id = decision->user_id,
                  .code = decision->code,
                  .reason = decision->reason,
                  .expires_ms = case_expiry(turn, policy->case_expiry_hours),
              });
}

static void conclude(const struct turn *turn, struct outcome *out,
                     const char *identity_verification_id, const struct conclusion *conclusion)
{
    struct decision decision = *decision_find(turn, identity_verification_id);
    struct identities identities = identities_unpack(decision.identities), none = {0};
    bool accepted = conclusion->closing.result == REVIEW_DECISION_OK;

    decision.result = accepted ? EVALUATION_RESULT_OK : EVALUATION_RESULT_NOK;
    decision.code = conclusion->closing.code;
    decision.reason = conclusion->reason;
    decision.identities = (struct bytes){0};
    decision.decided_at_ms = turn->now_ms;
    decision.rule = 0;
    decision.score = NULL;
    decision.summary = NULL;
    decision.reviewed_by = conclusion->reviewed_by;
    decision.words = conclusion->words;
    decision_save(turn, out, identity_verification_id, decision);
    if (accepted)
        identities_tie(turn, out, &identities, decision.user_id, true, identity_verification_id);
    else
        identities_release(turn, out, &identities, &none, decision.user_id,
                           identity_verification_id);
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
        .result =
            decision->result == EVALUATION_RESULT_OK ? REVIEW_DECISION_OK : REVIEW_DECISION_NOK,
        .code = decision->code,
        .decided_ms = decision->decided_at_ms,
    };
    return true;
}

const struct case_job case_job = {
    .job = REVIEW_JOB_EVALUATION,
    .decision_kind = &decision_kind,
    .find = find_decided,
    .conclude = conclude,
};
