/* Decisions: how they are loaded and changed, and which of a user's may still change. */
#include "services/approval/known.h"

#include <string.h>

#include "approval_sql.h"
#include "services/approval/facts.h"
#include "services/links/links.h"
#include "services/review/case.h"
#include "services/review/words.h"
#include "topics.h"

enum { MS_PER_MINUTE = 60 * 1000 };

static void read_awaiting(const struct row *row, struct arena *arena, void *out)
{
    *(struct awaiting *)out = (struct awaiting){row_text(row, 1, arena)};
}

static void follow_awaiting(const void *state, struct keys *keys)
{
    keys_add_text(keys, &decision_kind, ((const struct awaiting *)state)->identity_verification_id);
}

const struct state_kind awaiting_kind = {
    .name = "awaiting",
    .load = &sql_load_awaiting,
    .size = sizeof(struct awaiting),
    .read = read_awaiting,
    .follow = follow_awaiting,
};

static const double *read_score(const struct row *row, int column, struct arena *arena)
{
    double *score;

    if (row_is_null(row, column))
        return NULL;
    score = arena_alloc(arena, sizeof *score, _Alignof(double));
    *score = row_double(row, column);
    return score;
}

static void read_decision(const struct row *row, struct arena *arena, void *out)
{
    *(struct decision *)out = (struct decision){
        .identity_verification_id = row_text(row, 0, arena),
        .version = row_int(row, 1),
        .process_id = row_text(row, 2, arena),
        .process_type = row_text(row, 3, arena),
        .user_id = row_text(row, 4, arena),
        .result = (enum approval_result)row_choice(row, 5, approval_result_text,
                                                   APPROVAL_RESULT_COUNT, APPROVAL_RESULT_WAIT),
        .code = row_text(row, 6, arena),
        .reason = row_text(row, 7, arena),
        .policy_version = row_text(row, 8, arena),
        .presence =
            {
                .failed = row_bool(row, 9),
                .score = read_score(row, 10, arena),
                .frame = row_bool(row, 11),
                .frame_in_use = row_bool(row, 12),
                .process_attempt = row_int(row, 13),
                .day_attempt = row_int(row, 14),
            },
        .awaits_facts = row_bool(row, 15),
        .event_date = row_int(row, 16),
        .requested_at_ms = row_time_ms(row, 17),
        .decided_at_ms = row_time_ms(row, 18),
        .sealed_words = row_bytes(row, 19, arena),
    };
}

/* What a decision that is looked at again is decided by. */
static void follow_decision(const void *state, struct keys *keys)
{
    const struct decision *decision = state;

    keys_add_text(keys, &case_kind, decision->identity_verification_id);
    keys_add_text(keys, &evaluation_kind, decision->identity_verification_id);
    keys_add_text(keys, &consent_kind, decision->user_id);
    keys_add_text(keys, &link_kind, decision->user_id);
    if (decision->sealed_words.size != 0)
        keys_add_subject(keys, decision->user_id);
}

const struct state_kind decision_kind = {
    .name = "decision",
    .load = &sql_load_decision,
    .size = sizeof(struct decision),
    .read = read_decision,
    .follow = follow_decision,
};

static void read_attempts(const struct row *row, struct arena *arena, void *out)
{
    (void)arena;
    *(struct attempts *)out = (struct attempts){row_int(row, 1)};
}

const struct state_kind process_attempts_kind = {
    .name = "process_attempts",
    .load = &sql_load_process_attempts,
    .size = sizeof(struct attempts),
    .read = read_attempts,
};

static void read_day_attempts(const struct row *row, struct arena *arena, void *out)
{
    (void)arena;
    *(struct day_attempts *)out = (struct day_attempts){row_int(row, 1), row_int(row, 2)};
}

const struct state_kind day_attempts_kind = {
    .name = "day_attempts",
    .load = &sql_load_day_attempts,
    .size = sizeof(struct day_attempts),
    .read = read_day_attempts,
};

struct decision *decision_find(const struct turn *turn, const char *identity_verification_id)
{
    struct state_list list = state_find_text(turn, &decision_kind, identity_verification_id);

    return list.count == 0 ? NULL : list.items[0];
}

int64_t decision_awaits_until(const struct decision *decision, const struct approval_policy *policy)
{
    return decision->requested_at_ms + policy->facts_awaited_min * MS_PER_MINUTE;
}

static void note_awaiting(const struct turn *turn, const struct decision *decision)
{
    struct state_list list = state_find_text(turn, &awaiting_kind, decision->user_id);
    struct awaiting *awaiting;

    for (size_t i = 0; i < list.count; i++)
        if (strcmp(((struct awaiting *)list.items[i])->identity_verification_id,
                   decision->identity_verification_id) == 0)
            return;
    awaiting = state_add_text(turn, &awaiting_kind, decision->user_id);
    awaiting->identity_verification_id = decision->identity_verification_id;
}

static struct words_place place_of(const struct decision *decision,
                                   const char *identity_verification_id)
{
    return (struct words_place){decision->user_id, identity_verification_id, decision->version};
}

void decision_save(const struct turn *turn, struct outcome *out, struct decision decision)
{
    struct decision *known = decision_find(turn, decision.identity_verification_id);
    const struct presence *presence = &decision.presence;
    struct words_place place;
    struct value by, words;

    if (known == NULL) {
        known = state_add_text(turn, &decision_kind, decision.identity_verification_id);
        if (decision.awaits_facts)
            note_awaiting(turn, &decision);
    }
    decision.version = known->version + 1;
    decision.sealed_words = (struct bytes){0};
    *known = decision;
    place = place_of(&decision, decision.identity_verification_id);
    by = words_seal(turn, place, WORDS_REVIEWED_BY, decision.reviewed_by);
    words = words_seal(turn, place, WORDS_OF_REVIEWER, decision.words);
    outcome_row(
        out, &sql_insert_decision, TEXT(decision.identity_verification_id), INT(decision.version),
        TEXT(decision.process_id), TEXT(decision.process_type), TEXT(decision.user_id),
        TEXT(approval_result_text[decision.result]), TEXT(decision.code), TEXT(decision.reason),
        decision.rule == 0 ? NOTHING : INT(decision.rule), TEXT(decision.policy_version),
        BOOL(presence->failed), presence->score == NULL ? NOTHING : DOUBLE(*presence->score),
        BOOL(presence->frame), BOOL(presence->frame_in_use), INT(presence->process_attempt),
        INT(presence->day_attempt), BOOL(decision.awaits_facts), INT(decision.event_date),
        TIME_MS(decision.requested_at_ms), by, words, TIME_MS(decision.decided_at_ms));
}

void decision_publish(const struct turn *turn, struct outcome *out,
                      const char *identity_verification_id, const char *process_id)
{
    const struct decision *decision = decision_find(turn, identity_verification_id);
    const char *words = words_read(turn, place_of(decision, identity_verification_id),
                                   decision->words, decision->sealed_words);

    if (words != NULL)
        outcome_subject(out, decision->user_id);
    outcome_event(out, &topic_approval_completed, process_id,
                  &(struct approval_completed){
                      .processId = process_id,
                      .userId = decision->user_id,
                      .identityVerificationId = identity_verification_id,
                      .result = decision->result,
                      .code = decision->code,
                      .resultReason = words != NULL ? words : decision->reason,
                      .policyVersion = decision->policy_version,
                      .decidedAt = decision->decided_at_ms,
                  });
}

int64_t attempts_count(const struct turn *turn, const char *process_id)
{
    struct state_list list = state_find_text(turn, &process_attempts_kind, process_id);
    struct attempts *attempts =
        list.count == 0 ? state_add_text(turn, &process_attempts_kind, process_id) : list.items[0];

    return ++attempts->count;
}

static struct day_attempts *find_day(const struct turn *turn, const char *user_id, int64_t day)
{
    struct state_list list = state_find_text(turn, &day_attempts_kind, user_id);

    for (size_t i = 0; i < list.count; i++)
        if (((struct day_attempts *)list.items[i])->day == day)
            return list.items[i];
    return NULL;
}

int64_t attempts_count_day(const struct turn *turn, const char *user_id, int64_t day)
{
    struct id_list ids = links_ids(turn, user_id);
    struct day_attempts *own = find_day(turn, user_id, day);
    int64_t count = 0;

    if (own == NULL) {
        own = state_add_text(turn, &day_attempts_kind, user_id);
        own->day = day;
    }
    own->count++;
    for (size_t i = 0; i < ids.count; i++) {
        const struct day_attempts *attempts = find_day(turn, ids.items[i], day);

        if (attempts != NULL)
            count += attempts->count;
    }
    return count;
}
