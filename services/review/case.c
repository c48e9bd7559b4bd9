/* Cases: how they are loaded, opened and closed, and what reviewers are told. */
#include "services/review/case.h"

#include <assert.h>
#include <string.h>

#include "common/core/text.h"
#include "review_completed.h"
#include "review_expired.h"
#include "review_sql.h"
#include "services/review/callback.h"
#include "topics.h"

enum {
    MS_PER_HOUR = 60 * 60 * 1000,
    /* The schedule may have asked another server than we do, after a failover. */
    CLOCKS_APART_MS_MAX = 60 * 1000,
};

static const char *const state_text[CASE_STATES] = {"OPEN", "RESOLVED", "SUPERSEDED", "EXPIRED"};

static void read_case(const struct row *row, struct arena *arena, void *out)
{
    *(struct review_case *)out = (struct review_case){
        .version = row_int(row, 1),
        .state = (enum case_state)row_choice(row, 2, state_text, CASE_STATES, CASE_EXPIRED),
        .process_id = row_text(row, 3, arena),
        .process_type = row_text(row, 4, arena),
        .user_id = row_text(row, 5, arena),
        .code = row_text(row, 6, arena),
        .reason = row_text(row, 7, arena),
        .opened_ms = row_time_ms(row, 8),
        .facts_until_ms = row_is_null(row, 9) ? 0 : row_time_ms(row, 9),
        .expires_ms = row_time_ms(row, 10),
        .result = (enum review_decision)row_choice(row, 11, review_decision_text,
                                                   REVIEW_DECISION_COUNT, REVIEW_DECISION_NOK),
        .closed_code = row_text(row, 12, arena),
        .closed_ms = row_is_null(row, 13) ? 0 : row_time_ms(row, 13),
    };
}

const struct state_kind case_kind = {
    .name = "review_case",
    .load = &sql_load_case,
    .size = sizeof(struct review_case),
    .read = read_case,
};

/* A decision that nobody stands for is none. */
const char *case_review_fault(const struct review_decided *event)
{
    return text_is_blank(event->decidedBy) ? "decidedBy is blank" : NULL;
}

const char *case_review_reason(const struct review_decided *event)
{
    return event->decision == REVIEW_DECISION_OK ? "Accepted by a reviewer."
                                                 : "Refused by a reviewer.";
}

const char *case_review_words(const struct review_decided *event)
{
    return text_is_blank(event->reason) ? NULL : event->reason;
}

const char *case_expiry_reason(const char *code)
{
    return strcmp(code, CASE_CODE_PROCESS_EXPIRED) == 0 ? "The onboarding was not finished in time."
                                                        : "Nobody could look at the case in time.";
}

struct review_case *case_find(const struct turn *turn, const char *identity_verification_id)
{
    struct state_list list = state_find_text(turn, &case_kind, identity_verification_id);

    return list.count == 0 ? NULL : list.items[0];
}

int64_t case_expiry(const struct turn *turn, int64_t hours)
{
    return turn->now_ms + hours * MS_PER_HOUR;
}

/* The next version, as a row and for later events of the batch. */
static void save(const struct turn *turn, struct outcome *out, const char *identity_verification_id,
                 struct review_case next)
{
    struct review_case *known = case_find(turn, identity_verification_id);
    bool closed = next.state != CASE_OPEN;

    if (known == NULL)
        known = state_add_text(turn, &case_kind, identity_verification_id);
    next.version = known->version + 1;
    *known = next;
    outcome_row(
        out, &sql_insert_case, TEXT(identity_verification_id), INT(next.version),
        TEXT(state_text[next.state]), TEXT(next.process_id), TEXT(next.process_type),
        TEXT(next.user_id), TEXT(next.code), TEXT(next.reason), TIME_MS(next.opened_ms),
        next.facts_until_ms == 0 ? NOTHING : TIME_MS(next.facts_until_ms), TIME_MS(next.expires_ms),
        closed ? TEXT(review_decision_text[next.result]) : NOTHING,
        closed ? TEXT(next.closed_code) : NOTHING, closed ? TIME_MS(next.closed_ms) : NOTHING);
}

/* A case that an event of this batch opens is one of its process for later ones. */
static void note_process_case(const struct turn *turn, const char *identity_verification_id,
                              const char *process_id)
{
    struct process_case *added = state_add_text(turn, &process_case_kind, process_id);

    added->identity_verification_id = identity_verification_id;
}

void case_open(const struct turn *turn, struct outcome *out, const char *identity_verification_id,
               struct review_case opening)
{
    const struct review_case *known = case_find(turn, identity_verification_id);
    bool open = known != NULL && known->state == CASE_OPEN;

    assert(opening.reason != NULL);
    if (!open)
        note_process_case(turn, identity_verification_id, opening.process_id);
    opening.state = CASE_OPEN;
    opening.opened_ms = open ? known->opened_ms : turn->now_ms;
    save(turn, out, identity_verification_id, opening);
}

static void tell(const struct turn *turn, struct outcome *out, enum review_outcome result,
                 const struct case_decided *decided)
{
    const struct review_decided *event = turn->event;
    struct review_completed told = {
        .processId = event->processId,
        .identityVerificationId = event->identityVerificationId,
        .userId = event->userId,
        .job = (enum reviewed_job)event->job,
        .outcome = result,
    };
    enum reviewed_result holds;

    if (decided != NULL) {
        holds = (enum reviewed_result)decided->result;
        told.result = &holds;
        told.code = decided->code;
        told.decidedAt = &decided->decided_ms;
    }
    outcome_event(out, &topic_review_completed, event->processId, &told);
}

static struct case_decided as_decided(const struct review_case *closed)
{
    return (struct case_decided){
        .process_id = closed->process_id,
        .user_id = closed->user_id,
        .result = closed->result,
        .code = closed->closed_code,
        .decided_ms = closed->closed_ms,
    };
}

void case_close(const struct turn *turn, struct outcome *out, const char *identity_verification_id,
                struct case_closing closing)
{
    const struct review_case *known = case_find(turn, identity_verification_id);
    struct review_case closed;
    struct case_decided decided;

    assert(known != NULL && known->state == CASE_OPEN && closing.state != CASE_OPEN);
    closed = *known;
    closed.state = closing.state;
    closed.result = closing.result;
    closed.closed_code = closing.code;
    closed.closed_ms = turn->now_ms;
    save(turn, out, identity_verification_id, closed);
    callback_ask(turn, out,
                 &(struct callback){
                     .job = closing.job,
                     .result = closing.result,
                     .process_id = closed.process_id,
                     .user_id = closed.user_id,
                     .identity_verification_id = identity_verification_id,
                 });
    if (closing.state != CASE_RESOLVED)
        return;
    decided = as_decided(&closed);
    tell(turn, out, REVIEW_OUTCOME_RESOLVED, &decided);
}

const struct review_case *case_to_resolve(const struct turn *turn, struct outcome *out,
                                          const struct case_decided *decided)
{
    const struct review_decided *event = turn->event;
    const struct review_case *known = case_find(turn, event->identityVerificationId);
    struct case_decided closed;

    if (known != NULL) {
        closed = as_decided(known);
        decided = &closed;
    }
    /* Whoever names another user or process learns nothing of this one's case. */
    if (decided == NULL || strcmp(decided->user_id, event->userId) != 0 ||
        strcmp(decided->process_id, event->processId) != 0) {
        tell(turn, out, REVIEW_OUTCOME_NO_SUCH_CASE, NULL);
        return NULL;
    }
    if (known != NULL && known->state == CASE_OPEN)
        return known;
    tell(turn, out, REVIEW_OUTCOME_ALREADY_DECIDED, decided);
    return NULL;
}

const struct review_case *case_to_expire(const struct turn *turn, struct outcome *out)
{
    const struct review_expired *event = turn->event;
    const struct review_case *known = case_find(turn, event->identityVerificationId);

    if (known != NULL && known->state == CASE_OPEN &&
        strcmp(known->process_id, event->processId) == 0 &&
        known->expires_ms <= turn->now_ms + CLOCKS_APART_MS_MAX)
        return known;
    outcome_ignore(out); /* decided meanwhile, or an old word of a case that was opened again */
    return NULL;
}
