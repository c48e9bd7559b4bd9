/*
 * approval: approval.requested.v1 and review.decided.v1 → approval.completed.v1.
 *
 * A request is decided once, by the rules in approval.c; a repeated request gets the decision that
 * holds. What the rules look at beside it, evaluation.completed.v1 and consent.completed.v1 tell
 * (and customer.linked.v1, which ids are one person's), before the request or after: a decision
 * that awaits a fact is made again when one comes, within the time that the policy gives. What is
 * WAIT opens a case, which a reviewer resolves, or time.
 */
#include <string.h>

#include "approval_requested.h"
#include "common/core/date.h"
#include "common/core/text.h"
#include "common/worker/retention.h"
#include "services/approval/approval.h"
#include "services/approval/cases.h"
#include "services/approval/facts.h"
#include "services/approval/known.h"
#include "services/approval/persons.h"
#include "services/links/links.h"
#include "services/review/case_job.h"
#include "services/review/config.h"
#include "topics.h"

static const char *find_frame_fault(const struct presence_frame *frame)
{
    if (frame == NULL)
        return NULL;
    if (frame->data.data != NULL)
        return frame->data.size == 0 ? "frame is empty" : NULL;
    if (frame->digest.data == NULL)
        return "frame has neither data nor digest";
    return frame->digest.size == DIGEST_SIZE ? NULL : "digest of the frame is not of 32 bytes";
}

/* What the contract demands; NULL, or what is wrong. */
static const char *find_fault(const struct approval_requested *event)
{
    if (!text_is_id(event->processId))
        return "processId is blank or too long";
    if (!text_is_id(event->userId))
        return "userId is blank or too long";
    if (!text_is_id(event->identityVerificationId))
        return "identityVerificationId is blank or too long";
    if (event->score != NULL && !(*event->score >= 0 && *event->score <= 10)) /* NaN is neither */
        return "score is not in 0..10";
    return find_frame_fault(event->frame);
}

/* Equal pictures have equal digests, inline or by reference. */
static struct digest digest_of_face(const struct turn *turn, const struct presence_frame *frame)
{
    struct digest digest;

    if (frame->data.data != NULL)
        return digest_of(&((const struct review_config *)turn->config)->index_key, frame->data);
    memcpy(digest.bytes, frame->digest.data, sizeof digest.bytes);
    return digest;
}

static void load_requested(const struct turn *turn, struct keys *keys)
{
    const struct approval_requested *event = turn->event;
    struct digest face;

    if (find_fault(event) != NULL)
        return;
    keys_add_text(keys, &process_case_kind, event->processId);
    link_follow(keys, event->userId);
    keys_add_text(keys, &decision_kind, event->identityVerificationId);
    keys_add_text(keys, &case_kind, event->identityVerificationId);
    keys_add_text(keys, &evaluation_kind, event->identityVerificationId);
    keys_add_text(keys, &process_attempts_kind, event->processId);
    if (event->frame == NULL)
        return;
    face = digest_of_face(turn, event->frame);
    face_ask(keys, &face);
}

static struct presence presence_of(const struct turn *turn, struct outcome *out)
{
    const struct approval_requested *event = turn->event;
    struct presence presence = {
        .failed = event->status == PRESENCE_STATUS_FAILURE,
        .score = event->score,
        .frame = event->frame != NULL,
        .process_attempt = attempts_count(turn, event->processId),
        .day_attempt = attempts_count_day(turn, event->userId, date_of_ms(turn->meta->time_ms)),
    };
    struct digest face;

    if (!presence.frame)
        return presence;
    face = digest_of_face(turn, event->frame);
    presence.frame_in_use =
        face_note(turn, out, &face, event->userId, event->identityVerificationId);
    return presence;
}

static void decide(const struct turn *turn, struct outcome *out)
{
    const struct approval_requested *event = turn->event;

    decision_decide(turn, out,
                    (struct decision){
                        .identity_verification_id = event->identityVerificationId,
                        .process_id = event->processId,
                        .process_type = event->processType,
                        .user_id = event->userId,
                        .presence = presence_of(turn, out),
                        .event_date = date_of_ms(turn->meta->time_ms),
                        .requested_at_ms = turn->now_ms,
                    });
}

static void handle_requested(const struct turn *turn, struct outcome *out)
{
    const struct approval_requested *event = turn->event;
    const char *fault = find_fault(event);
    const struct decision *decision;

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    if (decision_find(turn, event->identityVerificationId) == NULL)
        decide(turn, out);
    decision = decision_find(turn, event->identityVerificationId);
    /* A decision on one user's face must not pass for another's. */
    if (!links_same(turn, event->userId, decision->user_id))
        outcome_reject(out, REASON_CONTRACT, "identityVerificationId is of another user");
    else
        decision_publish(turn, out, event->identityVerificationId, event->processId);
}

static const char *find_evaluated_fault(const struct evaluation_completed *event)
{
    if (!text_is_id(event->userId))
        return "userId is blank or too long";
    if (!text_is_id(event->identityVerificationId))
        return "identityVerificationId is blank or too long";
    return NULL;
}

static void load_evaluated(const struct turn *turn, struct keys *keys)
{
    const struct evaluation_completed *event = turn->event;

    if (find_evaluated_fault(event) != NULL)
        return;
    keys_add_text(keys, &decision_kind, event->identityVerificationId);
    keys_add_text(keys, &case_kind, event->identityVerificationId);
    keys_add_text(keys, &evaluation_kind, event->identityVerificationId);
}

static void handle_evaluated(const struct turn *turn, struct outcome *out)
{
    const struct evaluation_completed *event = turn->event;
    const char *fault = find_evaluated_fault(event);

    if (fault != NULL)
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
    else if (evaluation_keep(turn, out, event->identityVerificationId,
                             (struct evaluation_fact){
                                 .user_id = event->userId,
                                 .result = event->result,
                                 .decided_at_ms = event->decidedAt,
                             }))
        decision_look_again(turn, out, event->identityVerificationId);
}

static const struct route routes[] = {
    {&topic_approval_requested, load_requested, handle_requested},
    {&topic_evaluation_completed, load_evaluated, handle_evaluated},
    {&topic_consent_completed, person_load_consented, person_handle_consented},
    {&topic_customer_linked, links_load, person_handle_linked},
    {&topic_review_decided, case_load_reviewed, case_handle_reviewed},
    {&topic_review_expired, case_load_expired, case_handle_expired},
    {&topic_process_expired, case_load_process_expired, case_handle_process_expired},
    RETENTION_ROUTE,
};

/*
 * Other ids lead to what waits under them, that to its decisions, those to the facts they await and
 * back to their users' ids.
 */
static const struct state_kind *const states[] = {
    &process_case_kind, &link_kind,    &awaiting_kind, &decision_kind,         &case_kind,
    &evaluation_kind,   &consent_kind, &face_use_kind, &process_attempts_kind, &day_attempts_kind,
};

static const struct topic *const outputs[] = {&topic_approval_completed, &topic_review_completed};

const struct service service = {
    .name = "approval",
    .routes = routes,
    .route_count = COUNT(routes),
    .states = states,
    .state_count = COUNT(states),
    .outputs = outputs,
    .output_count = COUNT(outputs),
    .effects = review_effects,
    .effect_count = REVIEW_EFFECT_COUNT,
    .settings = review_settings,
    .setting_count = REVIEW_SETTING_COUNT,
    .config = &review_config,
    .check = review_config_check,
    .policy = &approval_policy_format,
};
