/* What is WAIT: its case, and the decision that closes it. */
#include "services/evaluation/waiting.h"

#include <string.h>

#include "review_decided.h"
#include "review_expired.h"
#include "review_sql.h"
#include "services/evaluation/evaluation.h"
#include "services/evaluation/known.h"
#include "services/evaluation/policy.h"
#include "services/review/case.h"

void waiting_open(const struct turn *turn, struct outcome *out,
                  const char *identity_verification_id)
{
    const struct decision *decision = decision_find(turn, identity_verification_id);
    const struct evaluation_policy *policy = policy_rules(turn->policy, decision->process_type);
    struct process_case *added = state_add_text(turn, &process_case_kind, decision->process_id);

    /* So that an end of the process later in this batch finds it. */
    added->identity_verification_id = identity_verification_id;
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

static void ask_case(struct keys *keys, const char *identity_verification_id)
{
    keys_add_text(keys, &decision_kind, identity_verification_id);
    keys_add_text(keys, &case_kind, identity_verification_id);
}

static void follow_process_case(const void *state, struct keys *keys)
{
    ask_case(keys, ((const struct process_case *)state)->identity_verification_id);
}

const struct state_kind process_case_kind = {
    .name = "process_case",
    .load = &sql_load_process_case,
    .size = sizeof(struct process_case),
    .read = process_case_read,
    .follow = follow_process_case,
};

/* What closes a case, and who: NULL for time. */
struct conclusion {
    struct case_closing closing;
    const char *reason; /* the text of the code */
    const char *words;  /* a reviewer's own; NULL: none */
    const char *reviewed_by;
};

/* Closes the case, which is open, and decides as it was closed. */
static void conclude(const struct turn *turn, struct outcome *out,
                     const char *identity_verification_id, const struct conclusion *conclusion)
{
    struct decision decision = *decision_find(turn, identity_verification_id);
    struct identities identities = identities_unpack(decision.identities), none = {0};
    bool accepted = conclusion->closing.result == REVIEW_DECISION_OK;

    case_close(turn, out, identity_verification_id, conclusion->closing);
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

/* The reviewer's name and words are sealed for the user whose case it is. */
static void ask_reviewed(struct keys *keys, const struct review_decided *event)
{
    keys_add_text(keys, &process_case_kind, event->processId);
    ask_case(keys, event->identityVerificationId);
    keys_add_subject(keys, event->userId);
}

void waiting_load_reviewed(const struct turn *turn, struct keys *keys)
{
    const struct review_decided *event = turn->event;

    if (event->job == REVIEW_JOB_EVALUATION)
        ask_reviewed(keys, event);
}

/* The open case that a review decides; NULL: there is none, and the reviewer was told so. */
static const struct review_case *find_case(const struct turn *turn, struct outcome *out)
{
    const struct review_decided *event = turn->event;
    const struct decision *decision = decision_find(turn, event->identityVerificationId);
    struct case_decided decided;

    if (decision == NULL)
        return case_to_resolve(turn, out, NULL);
    if (decision->result == EVALUATION_RESULT_WAIT) {
        /* During a rollout programs may still say WAIT that open no cases. Only the process that
         * the review names is locked, and another is none of its business. */
        if (case_find(turn, event->identityVerificationId) == NULL &&
            strcmp(decision->process_id, event->processId) == 0)
            waiting_open(turn, out, event->identityVerificationId);
        return case_to_resolve(turn, out, NULL);
    }
    decided = (struct case_decided){
        .process_id = decision->process_id,
        .user_id = decision->user_id,
        .result =
            decision->result == EVALUATION_RESULT_OK ? REVIEW_DECISION_OK : REVIEW_DECISION_NOK,
        .code = decision->code,
        .decided_ms = decision->decided_at_ms,
    };
    return case_to_resolve(turn, out, &decided);
}

void waiting_handle_reviewed(const struct turn *turn, struct outcome *out)
{
    const struct review_decided *event = turn->event;
    const char *fault = case_review_fault(event);

    if (event->job != REVIEW_JOB_EVALUATION)
        outcome_ignore(out);
    else if (fault != NULL)
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
    else if (find_case(turn, out) != NULL)
        conclude(turn, out, event->identityVerificationId,
                 &(struct conclusion){
                     .closing = {REVIEW_JOB_EVALUATION, CASE_RESOLVED, event->decision,
                                 CASE_CODE_REVIEWED},
                     .reason = case_review_reason(event),
                     .words = case_review_words(event),
                     .reviewed_by = event->decidedBy,
                 });
}

static void expire(const struct turn *turn, struct outcome *out,
                   const char *identity_verification_id, const char *code)
{
    conclude(turn, out, identity_verification_id,
             &(struct conclusion){
                 .closing = {REVIEW_JOB_EVALUATION, CASE_EXPIRED, REVIEW_DECISION_NOK, code},
                 .reason = case_expiry_reason(code),
             });
}

void waiting_load_expired(const struct turn *turn, struct keys *keys)
{
    const struct review_expired *event = turn->event;

    if (event->job == EXPIRED_JOB_EVALUATION)
        ask_case(keys, event->identityVerificationId);
}

void waiting_handle_expired(const struct turn *turn, struct outcome *out)
{
    const struct review_expired *event = turn->event;

    if (event->job != EXPIRED_JOB_EVALUATION)
        outcome_ignore(out);
    else if (case_to_expire(turn, out) != NULL)
        expire(turn, out, event->identityVerificationId, CASE_CODE_EXPIRED);
}

void waiting_handle_process_expired(const struct turn *turn, struct outcome *out)
{
    process_case_expire(turn, out, expire);
}
