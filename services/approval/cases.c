/* Decisions and their cases: opened by WAIT, closed by the rules, by reviewers or by time. */
#include "services/approval/cases.h"

#include <string.h>

#include "review_decided.h"
#include "review_expired.h"
#include "review_sql.h"
#include "services/approval/approval.h"
#include "services/approval/facts.h"
#include "services/review/case.h"

static enum review_decision as_reviewed(enum approval_result result)
{
    return result == APPROVAL_RESULT_OK ? REVIEW_DECISION_OK : REVIEW_DECISION_NOK;
}

static void follow_process_case(const void *state, struct keys *keys)
{
    keys_add_text(keys, &decision_kind,
                  ((const struct process_case *)state)->identity_verification_id);
}

const struct state_kind process_case_kind = {
    .name = "process_case",
    .load = &sql_load_process_case,
    .size = sizeof(struct process_case),
    .read = process_case_read,
    .follow = follow_process_case,
};

/* A case that an event of this batch opens is one of its process for later ones. */
static void note_process_case(const struct turn *turn, const struct decision *decision)
{
    struct process_case *added = state_add_text(turn, &process_case_kind, decision->process_id);

    added->identity_verification_id = decision->identity_verification_id;
}

static void open_case(const struct turn *turn, struct outcome *out, const struct decision *decision)
{
    const struct approval_policy *policy = approval_rules(turn->policy, decision->process_type);
    const struct review_case *known = case_find(turn, decision->identity_verification_id);

    if (known == NULL)
        note_process_case(turn, decision);
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

static void ask_case(struct keys *keys, const char *identity_verification_id)
{
    keys_add_text(keys, &decision_kind, identity_verification_id);
    keys_add_text(keys, &case_kind, identity_verification_id);
}

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
    bool accepted = conclusion->closing.result == REVIEW_DECISION_OK;

    case_close(turn, out, identity_verification_id, conclusion->closing);
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

/* The reviewer's name and words are sealed for the user whose case it is. */
static void ask_reviewed(struct keys *keys, const struct review_decided *event)
{
    ask_case(keys, event->identityVerificationId);
    keys_add_subject(keys, event->userId);
}

void case_load_reviewed(const struct turn *turn, struct keys *keys)
{
    const struct review_decided *event = turn->event;

    if (event->job == REVIEW_JOB_APPROVAL)
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
    decided = (struct case_decided){
        .process_id = decision->process_id,
        .user_id = decision->user_id,
        .result = as_reviewed(decision->result),
        .code = decision->code,
        .decided_ms = decision->decided_at_ms,
    };
    return case_to_resolve(turn, out, &decided);
}

void case_handle_reviewed(const struct turn *turn, struct outcome *out)
{
    const struct review_decided *event = turn->event;
    const char *fault = case_review_fault(event);

    if (event->job != REVIEW_JOB_APPROVAL)
        outcome_ignore(out);
    else if (fault != NULL)
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
    else if (find_case(turn, out) != NULL)
        conclude(turn, out, event->identityVerificationId,
                 &(struct conclusion){
                     .closing = {REVIEW_JOB_APPROVAL, CASE_RESOLVED, event->decision,
                                 CASE_CODE_REVIEWED},
                     .reason = case_review_reason(event),
                     .words = case_review_words(event),
                     .reviewed_by = event->decidedBy,
                 });
}

void case_load_expired(const struct turn *turn, struct keys *keys)
{
    const struct review_expired *event = turn->event;

    if (event->job == EXPIRED_JOB_APPROVAL)
        ask_case(keys, event->identityVerificationId);
}

static void expire(const struct turn *turn, struct outcome *out,
                   const char *identity_verification_id, const char *code)
{
    conclude(turn, out, identity_verification_id,
             &(struct conclusion){
                 .closing = {REVIEW_JOB_APPROVAL, CASE_EXPIRED, REVIEW_DECISION_NOK, code},
                 .reason = case_expiry_reason(code),
             });
}

void case_handle_expired(const struct turn *turn, struct outcome *out)
{
    const struct review_expired *event = turn->event;

    if (event->job != EXPIRED_JOB_APPROVAL)
        outcome_ignore(out);
    else if (case_to_expire(turn, out) != NULL)
        expire(turn, out, event->identityVerificationId, CASE_CODE_EXPIRED);
}

void case_handle_process_expired(const struct turn *turn, struct outcome *out)
{
    process_case_expire(turn, out, expire);
}
