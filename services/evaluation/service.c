/*
 * evaluation: evaluation.requested.v1 and review.decided.v1 → evaluation.completed.v1.
 *
 * A request is decided once, by the rules in evaluation.c; a repeated request gets the decision
 * that holds. What is WAIT opens a case, which a reviewer resolves, or time (review.expired.v1,
 * process.expired.v1). customer.registered.v1 tells what the documents are compared with,
 * customer.linked.v1 which ids are one person's.
 */
#include <string.h>

#include "common/core/date.h"
#include "common/core/text.h"
#include "common/worker/retention.h"
#include "evaluation_sql.h"
#include "services/evaluation/cases.h"
#include "services/evaluation/evaluation.h"
#include "services/evaluation/known.h"
#include "services/evaluation/summary.h"
#include "services/links/links.h"
#include "services/review/case_job.h"
#include "services/review/config.h"
#include "topics.h"

enum {
    DOCUMENTS_MAX = 20, /* bounds the locks that one event takes; people show one to three */
};

static const struct key *index_key(const struct turn *turn)
{
    return &((const struct review_config *)turn->config)->index_key;
}

static bool is_score(const double *score)
{
    return score == NULL || (*score >= 0 && *score <= 10); /* so NaN is none */
}

/* What the contract demands; NULL, or what is wrong. */
static const char *find_fault(const struct evaluation_requested *event)
{
    if (!text_is_id(event->processId))
        return "processId is blank or too long";
    if (!text_is_id(event->userId))
        return "userId is blank or too long";
    if (!text_is_id(event->identityVerificationId))
        return "identityVerificationId is blank or too long";
    if (event->documents.count > DOCUMENTS_MAX)
        return "too many documents";
    if (!is_score(event->score))
        return "score is not in 0..10";
    for (size_t i = 0; i < event->documents.count; i++)
        if (!is_score(event->documents.items[i].score))
            return "score of a document is not in 0..10";
    return NULL;
}

static void load_requested(const struct turn *turn, struct keys *keys)
{
    const struct evaluation_requested *event = turn->event;
    struct identities identities;

    if (find_fault(event) != NULL)
        return;
    identities = identities_of_event(event, index_key(turn), turn->arena);
    keys_add_text(keys, &process_case_kind, event->processId);
    keys_add_text(keys, &decision_kind, event->identityVerificationId);
    keys_add_text(keys, &case_kind, event->identityVerificationId);
    link_follow(keys, event->userId);
    identities_ask(keys, &identities);
}

/* The bank may have registered the person under several ids: all that it knows counts. */
static void compare_customers(const struct turn *turn, const struct evidence *evidence,
                              struct evaluation_facts *facts)
{
    const struct evaluation_requested *event = turn->event;
    struct id_list ids = links_ids(turn, event->userId);

    for (size_t i = 0; i < ids.count; i++) {
        const struct customer *customer = customer_find(turn, ids.items[i]);

        if (customer != NULL)
            customer_compare(&customer->marks, evidence, index_key(turn), turn->arena, facts);
    }
}

/* What the rules say of this event. */
static struct evaluation apply_rules(const struct turn *turn, const struct evidence *evidence,
                                     const struct identities *identities)
{
    const struct evaluation_requested *event = turn->event;
    struct evaluation_facts facts = {
        .today = date_of_ms(turn->meta->time_ms),
        .identity_in_use = identities_used_by_other(turn, identities, event->userId),
    };

    compare_customers(turn, evidence, &facts);
    return evaluate(evidence, &facts, policy_rules(turn->policy, event->processType));
}

/*
 * Decides and keeps the decision. ours: what a case that is OK or WAIT shows is tied to its user;
 * a refused one ties nothing, else whoever shows somebody's document could bar that person.
 */
static void decide(const struct turn *turn, struct outcome *out)
{
    const struct evaluation_requested *event = turn->event;
    struct evidence evidence = evidence_read(event, turn->arena);
    struct identities identities = identities_of_event(event, index_key(turn), turn->arena);
    struct evaluation evaluation = apply_rules(turn, &evidence, &identities);

    decision_save(turn, out, event->identityVerificationId,
                  (struct decision){
                      .process_id = event->processId,
                      .process_type = event->processType,
                      .user_id = event->userId,
                      .result = evaluation.result,
                      .code = evaluation.code,
                      .reason = evaluation.reason,
                      .policy_version = evaluation_policy_format.version(turn->policy),
                      .event_date = date_of_ms(turn->meta->time_ms),
                      .identities = identities_pack(&identities),
                      .decided_at_ms = turn->now_ms,
                      .rule = evaluation.rule,
                      .score = evidence.score,
                      .summary = evidence_summary(&evidence, turn->arena),
                  });
    if (evaluation.result != EVALUATION_RESULT_NOK)
        identities_tie(turn, out, &identities, event->userId,
                       evaluation.result == EVALUATION_RESULT_OK, event->identityVerificationId);
    if (evaluation.result == EVALUATION_RESULT_WAIT)
        decision_open_case(turn, out, event->identityVerificationId);
}

static void handle_requested(const struct turn *turn, struct outcome *out)
{
    const struct evaluation_requested *event = turn->event;
    const char *fault = find_fault(event);

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    if (decision_find(turn, event->identityVerificationId) == NULL)
        decide(turn, out);

    const struct decision *decision = decision_find(turn, event->identityVerificationId);

    /* A decision on one user's documents must not pass for another's. */
    if (!links_same(turn, event->userId, decision->user_id))
        outcome_reject(out, REASON_CONTRACT, "identityVerificationId is of another user");
    else
        decision_publish(turn, out, event->identityVerificationId, event->processId);
}

static const char *find_customer_fault(const struct customer_registered *event)
{
    if (!text_is_id(event->userId))
        return "userId is blank or too long";
    return event->documents.count > DOCUMENTS_MAX ? "too many documents" : NULL;
}

static void load_registered(const struct turn *turn, struct keys *keys)
{
    const struct customer_registered *event = turn->event;
    struct identities identities;

    if (find_customer_fault(event) != NULL)
        return;
    identities = identities_of_customer(event, index_key(turn), turn->arena);
    keys_add_text(keys, &customer_kind, event->userId);
    identities_ask(keys, &identities);
}

static void handle_registered(const struct turn *turn, struct outcome *out)
{
    const struct customer_registered *event = turn->event;
    const char *fault = find_customer_fault(event);
    const struct customer *known;
    struct identities identities, former;

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    identities = identities_of_customer(event, index_key(turn), turn->arena);
    known = customer_find(turn, event->userId);
    if (known != NULL) {
        former = identities_unpack(known->identities);
        identities_release(turn, out, &former, &identities, event->userId, NULL);
    }
    identities_tie(turn, out, &identities, event->userId, true, NULL);
    customer_save(turn, out, event->userId,
                  (struct customer){
                      .marks = customer_marks_of(event, index_key(turn), turn->arena),
                      .identities = identities_pack(&identities),
                  });
}

static const struct route routes[] = {
    {&topic_evaluation_requested, load_requested, handle_requested},
    {&topic_review_decided, case_load_reviewed, case_handle_reviewed},
    {&topic_review_expired, case_load_expired, case_handle_expired},
    {&topic_process_expired, case_load_process_expired, case_handle_process_expired},
    {&topic_customer_registered, load_registered, handle_registered},
    {&topic_customer_linked, links_load, links_handle},
    RETENTION_ROUTE,
};

/*
 * Processes lead to their decisions, ids to the person's others and what the bank knows of those,
 * decisions and customers to the identities that they tied.
 */
static const struct state_kind *const states[] = {
    &process_case_kind, &decision_kind, &case_kind, &link_kind, &customer_kind, &identity_use_kind,
};

static const struct topic *const outputs[] = {&topic_evaluation_completed, &topic_review_completed};

const struct service service = {
    .name = "evaluation",
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
    .policy = &evaluation_policy_format,
};
