/* Facts from other workers' topics, and whose faces were seen: loaded, kept, looked up. */
#include "services/approval/facts.h"

#include <string.h>

#include "approval_sql.h"
#include "services/links/links.h"

static void read_evaluation(const struct row *row, struct arena *arena, void *out)
{
    *(struct evaluation_fact *)out = (struct evaluation_fact){
        .user_id = row_text(row, 1, arena),
        .result = (enum evaluation_result)row_choice(
            row, 2, evaluation_result_text, EVALUATION_RESULT_COUNT, EVALUATION_RESULT_WAIT),
        .decided_at_ms = row_time_ms(row, 3),
    };
}

const struct state_kind evaluation_kind = {
    .name = "evaluation",
    .load = &sql_load_evaluation,
    .size = sizeof(struct evaluation_fact),
    .read = read_evaluation,
};

static void read_consent(const struct row *row, struct arena *arena, void *out)
{
    *(struct consent_fact *)out = (struct consent_fact){
        .type = row_text(row, 1, arena),
        .approved = row_bool(row, 2),
        .recorded_at_ms = row_time_ms(row, 3),
    };
}

const struct state_kind consent_kind = {
    .name = "consent",
    .load = &sql_load_consent,
    .size = sizeof(struct consent_fact),
    .read = read_consent,
};

static void read_face_use(const struct row *row, struct arena *arena, void *out)
{
    *(struct face_use *)out = (struct face_use){row_text(row, 1, arena)};
}

const struct state_kind face_use_kind = {
    .name = "face_use",
    .load = &sql_load_face_use,
    .size = sizeof(struct face_use),
    .read = read_face_use,
};

/* A case that waits is decided later; within one millisecond only that tells the order. */
static bool is_later(const struct evaluation_fact *a, const struct evaluation_fact *b)
{
    if (a->decided_at_ms != b->decided_at_ms)
        return a->decided_at_ms > b->decided_at_ms;
    return a->result != EVALUATION_RESULT_WAIT && b->result == EVALUATION_RESULT_WAIT;
}

bool evaluation_keep(const struct turn *turn, struct outcome *out,
                     const char *identity_verification_id, struct evaluation_fact fact)
{
    struct state_list list = state_find_text(turn, &evaluation_kind, identity_verification_id);
    struct evaluation_fact *known = list.count == 0 ? NULL : list.items[0];

    if (known == NULL)
        known = state_add_text(turn, &evaluation_kind, identity_verification_id);
    else if (!is_later(&fact, known))
        return false;
    *known = fact;
    outcome_row(out, &sql_put_evaluation, TEXT(identity_verification_id), TEXT(fact.user_id),
                TEXT(evaluation_result_text[fact.result]), TIME_MS(fact.decided_at_ms));
    return true;
}

bool consent_keep(const struct turn *turn, struct outcome *out, const char *user_id,
                  struct consent_fact fact)
{
    struct state_list list = state_find_text(turn, &consent_kind, user_id);
    struct consent_fact *known = NULL;

    for (size_t i = 0; i < list.count && known == NULL; i++)
        if (strcmp(((struct consent_fact *)list.items[i])->type, fact.type) == 0)
            known = list.items[i];
    if (known == NULL)
        known = state_add_text(turn, &consent_kind, user_id);
    else if (known->recorded_at_ms >= fact.recorded_at_ms)
        return false;
    *known = fact;
    outcome_row(out, &sql_put_consent, TEXT(user_id), TEXT(fact.type), BOOL(fact.approved),
                TIME_MS(fact.recorded_at_ms));
    return true;
}

struct approval_facts facts_of(const struct turn *turn, const char *identity_verification_id,
                               const char *user_id)
{
    struct state_list evaluations =
        state_find_text(turn, &evaluation_kind, identity_verification_id);
    struct state_list consents = state_find_text(turn, &consent_kind, user_id);
    const struct evaluation_fact *evaluation = evaluations.count == 0 ? NULL : evaluations.items[0];
    struct consent_answer *answers =
        arena_alloc(turn->arena, consents.count * sizeof *answers, _Alignof(struct consent_answer));

    for (size_t i = 0; i < consents.count; i++) {
        const struct consent_fact *fact = consents.items[i];

        answers[i] = (struct consent_answer){fact->type, fact->approved};
    }
    /* A decision on one user's documents must not pass for another's. */
    if (evaluation != NULL && !links_same(turn, user_id, evaluation->user_id))
        evaluation = NULL;
    return (struct approval_facts){
        .evaluation = evaluation == NULL ? NULL : &evaluation->result,
        .consents = answers,
        .consent_count = consents.count,
    };
}

void face_ask(struct keys *keys, const struct digest *face)
{
    keys_add(keys, &face_use_kind, digest_bytes(face));
}

bool face_note(const struct turn *turn, struct outcome *out, const struct digest *face,
               const char *user_id, const char *identity_verification_id)
{
    struct state_list list = state_find(turn, &face_use_kind, digest_bytes(face));
    bool own = false, others = false;
    struct face_use *use;

    for (size_t i = 0; i < list.count; i++) {
        const char *other = ((struct face_use *)list.items[i])->user_id;

        own |= strcmp(other, user_id) == 0;
        others |= !links_same(turn, user_id, other);
    }
    if (!own) {
        use = state_add(turn, &face_use_kind, digest_bytes(face));
        use->user_id = user_id;
        outcome_row(out, &sql_put_face_use, BYTES(digest_bytes(face)), TEXT(user_id),
                    TEXT(identity_verification_id), TIME_MS(turn->now_ms));
    }
    return others;
}
