/* What closes a job's cases beside its rules: reviewers, time, and the end of a process. */
#include "services/review/case_job.h"

#include <assert.h>

#include "process_expired.h"
#include "review_decided.h"
#include "review_expired.h"
#include "review_sql.h"

/* Each event has an enum of its own. */
static_assert((int)EXPIRED_JOB_EVALUATION == (int)REVIEW_JOB_EVALUATION &&
                  (int)EXPIRED_JOB_APPROVAL == (int)REVIEW_JOB_APPROVAL,
              "jobs are numbered alike");

static bool is_ours(const struct review_decided *event)
{
    return event->job == case_job.job;
}

static bool expires_ours(const struct review_expired *event)
{
    return (enum review_job)event->job == case_job.job;
}

static void ask_case(struct keys *keys, const char *identity_verification_id)
{
    keys_add_text(keys, case_job.decision_kind, identity_verification_id);
    keys_add_text(keys, &case_kind, identity_verification_id);
}

/* Closes the case, which is open. */
static void conclude(const struct turn *turn, struct outcome *out,
                     const char *identity_verification_id, const struct conclusion *conclusion)
{
    case_close(turn, out, identity_verification_id, conclusion->closing);
    case_job.conclude(turn, out, identity_verification_id, conclusion);
}

/* The reviewer's name and words are sealed for the user whose case it is. */
void case_load_reviewed(const struct turn *turn, struct keys *keys)
{
    const struct review_decided *event = turn->event;

    if (!is_ours(event))
        return;
    ask_case(keys, event->identityVerificationId);
    keys_add_subject(keys, event->userId);
}

/* The open case that a review decides; NULL: there is none, and the reviewer was told so. */
static const struct review_case *find_case(const struct turn *turn, struct outcome *out)
{
    const struct review_decided *event = turn->event;
    struct case_decided decided;
    bool found = case_job.find(turn, event->identityVerificationId, &decided);

    return case_to_resolve(turn, out, found ? &decided : NULL);
}

void case_handle_reviewed(const struct turn *turn, struct outcome *out)
{
    const struct review_decided *event = turn->event;
    const char *fault = case_review_fault(event);

    if (!is_ours(event))
        outcome_ignore(out);
    else if (fault != NULL)
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
    else if (find_case(turn, out) != NULL)
        conclude(turn, out, event->identityVerificationId,
                 &(struct conclusion){
                     .closing = {case_job.job, CASE_RESOLVED, event->decision, CASE_CODE_REVIEWED},
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
                 .closing = {case_job.job, CASE_EXPIRED, REVIEW_DECISION_NOK, code},
                 .reason = case_expiry_reason(code),
             });
}

void case_load_expired(const struct turn *turn, struct keys *keys)
{
    const struct review_expired *event = turn->event;

    if (expires_ours(event))
        ask_case(keys, event->identityVerificationId);
}

void case_handle_expired(const struct turn *turn, struct outcome *out)
{
    const struct review_expired *event = turn->event;

    if (!expires_ours(event))
        outcome_ignore(out);
    else if (case_to_expire(turn, out) != NULL)
        expire(turn, out, event->identityVerificationId, CASE_CODE_EXPIRED);
}

static void read_process_case(const struct row *row, struct arena *arena, void *out)
{
    *(struct process_case *)out = (struct process_case){row_text(row, 1, arena)};
}

static void follow_process_case(const void *state, struct keys *keys)
{
    ask_case(keys, ((const struct process_case *)state)->identity_verification_id);
}

const struct state_kind process_case_kind = {
    .name = "process_case",
    .load = &sql_load_process_case,
    .size = sizeof(struct process_case),
    .read = read_process_case,
    .follow = follow_process_case,
};

void case_load_process_expired(const struct turn *turn, struct keys *keys)
{
    const struct process_expired *event = turn->event;

    keys_add_text(keys, &process_case_kind, event->processId);
}

void case_handle_process_expired(const struct turn *turn, struct outcome *out)
{
    const struct process_expired *event = turn->event;
    struct state_list cases = state_find_text(turn, &process_case_kind, event->processId);

    for (size_t i = 0; i < cases.count; i++) {
        const struct process_case *item = cases.items[i];

        if (case_find(turn, item->identity_verification_id)->state == CASE_OPEN)
            expire(turn, out, item->identity_verification_id, CASE_CODE_PROCESS_EXPIRED);
    }
}
