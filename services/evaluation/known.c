/* Decisions, customers and identities in use: how they are loaded and changed. */
#include "services/evaluation/known.h"

#include <string.h>

#include "common/core/bytes.h"
#include "evaluation_sql.h"
#include "services/links/links.h"
#include "services/review/words.h"
#include "topics.h"

static void read_decision(const struct row *row, struct arena *arena, void *out)
{
    *(struct decision *)out = (struct decision){
        .version = row_int(row, 1),
        .process_id = row_text(row, 2, arena),
        .process_type = row_text(row, 3, arena),
        .user_id = row_text(row, 4, arena),
        .result = (enum evaluation_result)row_choice(
            row, 5, evaluation_result_text, EVALUATION_RESULT_COUNT, EVALUATION_RESULT_WAIT),
        .code = row_text(row, 6, arena),
        .reason = row_text(row, 7, arena),
        .policy_version = row_text(row, 8, arena),
        .event_date = row_int(row, 9),
        .identities = row_bytes(row, 10, arena),
        .decided_at_ms = row_time_ms(row, 11),
        .sealed_words = row_bytes(row, 12, arena),
    };
}

static void follow_decision(const void *state, struct keys *keys)
{
    const struct decision *decision = state;
    struct identities identities = identities_unpack(decision->identities);

    identities_ask(keys, &identities);
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

static void read_customer(const struct row *row, struct arena *arena, void *out)
{
    *(struct customer *)out = (struct customer){
        .version = row_int(row, 1),
        .marks =
            {
                .surname = row_bytes(row, 2, arena),
                .birth_date = row_bytes(row, 3, arena),
                .personal_number = row_bytes(row, 4, arena),
            },
        .identities = row_bytes(row, 5, arena),
    };
}

static void follow_customer(const void *state, struct keys *keys)
{
    struct identities identities = identities_unpack(((const struct customer *)state)->identities);

    identities_ask(keys, &identities);
}

const struct state_kind customer_kind = {
    .name = "customer",
    .load = &sql_load_customer,
    .size = sizeof(struct customer),
    .read = read_customer,
    .follow = follow_customer,
};

void link_follow(struct keys *keys, const char *user_id)
{
    keys_add_text(keys, &link_kind, user_id);
    keys_add_text(keys, &customer_kind, user_id);
}

static void read_identity_use(const struct row *row, struct arena *arena, void *out)
{
    *(struct identity_use *)out = (struct identity_use){
        .version = row_int(row, 1),
        .user_id = row_text(row, 2, arena),
        .firm = row_bool(row, 3),
        .identity_verification_id = row_text(row, 4, arena),
    };
}

const struct state_kind identity_use_kind = {
    .name = "identity_use",
    .load = &sql_load_identity_use,
    .size = sizeof(struct identity_use),
    .read = read_identity_use,
};

struct decision *decision_find(const struct turn *turn, const char *identity_verification_id)
{
    struct state_list list = state_find_text(turn, &decision_kind, identity_verification_id);

    return list.count == 0 ? NULL : list.items[0];
}

struct customer *customer_find(const struct turn *turn, const char *user_id)
{
    struct state_list list = state_find_text(turn, &customer_kind, user_id);

    return list.count == 0 ? NULL : list.items[0];
}

static struct words_place place_of(const struct decision *decision,
                                   const char *identity_verification_id)
{
    return (struct words_place){decision->user_id, identity_verification_id, decision->version};
}

void decision_save(const struct turn *turn, struct outcome *out,
                   const char *identity_verification_id, struct decision decision)
{
    struct decision *known = decision_find(turn, identity_verification_id);
    struct words_place place;
    struct value by, words;

    if (known == NULL)
        known = state_add_text(turn, &decision_kind, identity_verification_id);
    decision.version = known->version + 1;
    decision.sealed_words = (struct bytes){0};
    *known = decision;
    place = place_of(&decision, identity_verification_id);
    by = words_seal(turn, place, WORDS_REVIEWED_BY, decision.reviewed_by);
    words = words_seal(turn, place, WORDS_OF_REVIEWER, decision.words);
    outcome_row(
        out, &sql_insert_decision, TEXT(identity_verification_id), INT(decision.version),
        TEXT(decision.process_id), TEXT(decision.process_type), TEXT(decision.user_id),
        TEXT(evaluation_result_text[decision.result]), TEXT(decision.code), TEXT(decision.reason),
        decision.rule == 0 ? NOTHING : INT(decision.rule), TEXT(decision.policy_version),
        decision.score == NULL ? NOTHING : DOUBLE(*decision.score), INT(decision.event_date),
        TEXT(decision.summary), decision.version == 1 ? BYTES(decision.identities) : NOTHING, by,
        words, TIME_MS(decision.decided_at_ms));
}

void decision_publish(const struct turn *turn, struct outcome *out,
                      const char *identity_verification_id, const char *process_id)
{
    const struct decision *decision = decision_find(turn, identity_verification_id);
    const char *words = words_read(turn, place_of(decision, identity_verification_id),
                                   decision->words, decision->sealed_words);

    if (words != NULL)
        outcome_subject(out, decision->user_id);
    outcome_event(out, &topic_evaluation_completed, process_id,
                  &(struct evaluation_completed){
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

static bool tells_the_same(const struct customer *a, const struct customer *b)
{
    return bytes_equal(a->marks.surname, b->marks.surname) &&
           bytes_equal(a->marks.birth_date, b->marks.birth_date) &&
           bytes_equal(a->marks.personal_number, b->marks.personal_number) &&
           bytes_equal(a->identities, b->identities);
}

void customer_save(const struct turn *turn, struct outcome *out, const char *user_id,
                   struct customer customer)
{
    struct customer *known = customer_find(turn, user_id);

    if (known == NULL)
        known = state_add_text(turn, &customer_kind, user_id);
    else if (tells_the_same(known, &customer))
        return;
    customer.version = known->version + 1;
    *known = customer;
    outcome_row(out, &sql_insert_customer, TEXT(user_id), INT(customer.version),
                BYTES_OR_NULL(customer.marks.surname), BYTES_OR_NULL(customer.marks.birth_date),
                BYTES_OR_NULL(customer.marks.personal_number), BYTES(customer.identities),
                TIME_MS(turn->now_ms));
}

void identities_ask(struct keys *keys, const struct identities *identities)
{
    for (size_t i = 0; i < identities->count; i++)
        keys_add(keys, &identity_use_kind, digest_bytes(&identities->items[i]));
}

static struct identity_use *find_use(const struct turn *turn, const struct digest *digest)
{
    struct state_list list = state_find(turn, &identity_use_kind, digest_bytes(digest));

    return list.count == 0 ? NULL : list.items[0];
}

bool identities_used_by_other(const struct turn *turn, const struct identities *identities,
                              const char *user_id)
{
    for (size_t i = 0; i < identities->count; i++) {
        const struct identity_use *use = find_use(turn, &identities->items[i]);

        if (use != NULL && use->user_id != NULL && !links_same(turn, user_id, use->user_id))
            return true;
    }
    return false;
}

/* The next version, as a row and for later events of the batch. */
static void change(const struct turn *turn, struct outcome *out, const struct digest *digest,
                   struct identity_use *use, struct identity_use to)
{
    if (use == NULL)
        use = state_add(turn, &identity_use_kind, digest_bytes(digest));
    to.version = use->version + 1;
    *use = to;
    outcome_row(out, &sql_insert_identity_use, BYTES(digest_bytes(digest)), INT(use->version),
                TEXT(use->user_id), BOOL(use->firm), TEXT(use->identity_verification_id),
                TIME_MS(turn->now_ms));
}

static bool may_tie(const struct identity_use *use, bool firm)
{
    return use == NULL || use->user_id == NULL || (firm && !use->firm);
}

void identities_tie(const struct turn *turn, struct outcome *out,
                    const struct identities *identities, const char *user_id, bool firm,
                    const char *identity_verification_id)
{
    for (size_t i = 0; i < identities->count; i++) {
        struct identity_use *use = find_use(turn, &identities->items[i]);

        if (may_tie(use, firm))
            change(turn, out, &identities->items[i], use,
                   (struct identity_use){
                       .user_id = user_id,
                       .firm = firm,
                       .identity_verification_id = identity_verification_id,
                   });
    }
}

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

void identities_release(const struct turn *turn, struct outcome *out,
                        const struct identities *identities, const struct identities *kept,
                        const char *user_id, const char *identity_verification_id)
{
    for (size_t i = 0; i < identities->count; i++) {
        const struct digest *digest = &identities->items[i];
        struct identity_use *use = find_use(turn, digest);

        if (use != NULL && use->user_id != NULL && strcmp(use->user_id, user_id) == 0 &&
            same(use->identity_verification_id, identity_verification_id) &&
            !identities_contain(kept, digest))
            change(turn, out, digest, use,
                   (struct identity_use){.identity_verification_id = identity_verification_id});
    }
}
