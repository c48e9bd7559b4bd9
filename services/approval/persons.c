/* What is told of users, who may have several ids: their answers, and which ids are one person's.
 */
#include "services/approval/persons.h"

#include <string.h>

#include "approval_sql.h"
#include "common/core/text.h"
#include "consent_completed.h"
#include "services/approval/cases.h"
#include "services/approval/facts.h"
#include "services/links/links.h"

static void read_link(const struct row *row, struct arena *arena, void *out)
{
    *(struct link *)out = (struct link){row_text(row, 1, arena)};
}

static void ask_user(struct keys *keys, const char *user_id)
{
    keys_add_text(keys, &link_kind, user_id);
    keys_add_text(keys, &awaiting_kind, user_id);
    keys_add_text(keys, &consent_kind, user_id);
}

static void follow_link(const void *state, struct keys *keys)
{
    ask_user(keys, ((const struct link *)state)->user_id);
}

const struct state_kind link_kind = {
    .name = "customer_link",
    .load = &sql_load_link,
    .size = sizeof(struct link),
    .read = read_link,
    .follow = follow_link,
};

/* --- The ids of a person */

struct ids {
    const char **items;
    size_t count, capacity;
};

static bool has(const struct ids *ids, const char *id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (strcmp(ids->items[i], id) == 0)
            return true;
    return false;
}

static void add(struct ids *ids, const char *id, struct arena *arena)
{
    if (has(ids, id))
        return;
    if (ids->count == ids->capacity) {
        size_t capacity = ids->capacity == 0 ? 8 : 2 * ids->capacity;
        const char **items = arena_alloc(arena, capacity * sizeof *items, _Alignof(char *));

        if (ids->count != 0)
            memcpy(items, ids->items, ids->count * sizeof *items);
        ids->items = items;
        ids->capacity = capacity;
    }
    ids->items[ids->count++] = id;
}

/* The user's ids, the given one first; further ones may have been found while theirs were read. */
static struct ids ids_of(const struct turn *turn, const char *user_id)
{
    struct ids ids = {0};

    add(&ids, user_id, turn->arena);
    for (size_t i = 0; i < ids.count; i++) {
        struct state_list links = state_find_text(turn, &link_kind, ids.items[i]);

        for (size_t k = 0; k < links.count; k++)
            add(&ids, ((const struct link *)links.items[k])->user_id, turn->arena);
    }
    return ids;
}

bool person_is_same(const struct turn *turn, const char *user_id, const char *other_id)
{
    struct ids ids = ids_of(turn, user_id);

    return has(&ids, other_id);
}

/* --- Answers to consents */

static bool keep_for_all(const struct turn *turn, struct outcome *out, const struct ids *ids,
                         struct consent_fact fact)
{
    bool news = false;

    for (size_t i = 0; i < ids->count; i++)
        news |= consent_keep(turn, out, ids->items[i], fact);
    return news;
}

static void look_again(const struct turn *turn, struct outcome *out, const struct ids *ids)
{
    for (size_t i = 0; i < ids->count; i++) {
        struct state_list awaiting = state_find_text(turn, &awaiting_kind, ids->items[i]);

        for (size_t k = 0; k < awaiting.count; k++)
            decision_look_again(
                turn, out, ((const struct awaiting *)awaiting.items[k])->identity_verification_id);
    }
}

static const char *find_consented_fault(const struct consent_completed *event)
{
    if (!text_is_id(event->userId))
        return "userId is blank or too long";
    if (!text_is_id(event->consentType))
        return "consentType is blank or too long";
    return NULL;
}

void person_load_consented(const struct turn *turn, struct keys *keys)
{
    const struct consent_completed *event = turn->event;

    if (find_consented_fault(event) == NULL)
        ask_user(keys, event->userId);
}

void person_handle_consented(const struct turn *turn, struct outcome *out)
{
    const struct consent_completed *event = turn->event;
    const char *fault = find_consented_fault(event);
    struct ids ids;

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    ids = ids_of(turn, event->userId);
    if (keep_for_all(turn, out, &ids,
                     (struct consent_fact){
                         .type = event->consentType,
                         .approved = event->approved,
                         .recorded_at_ms = event->recordedAt,
                     }))
        look_again(turn, out, &ids);
}

/* --- Links */

void person_load_linked(const struct turn *turn, struct keys *keys)
{
    const struct customer_linked *event = turn->event;

    if (links_find_fault(event) != NULL)
        return;
    ask_user(keys, event->userId);
    ask_user(keys, event->firstId);
}

static void link_to(const struct turn *turn, const char *user_id, const char *other_id)
{
    struct link *link = state_add_text(turn, &link_kind, user_id);

    link->user_id = other_id;
}

void person_handle_linked(const struct turn *turn, struct outcome *out)
{
    const struct customer_linked *event = turn->event;
    const char *fault = links_find_fault(event);
    struct ids ids;

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    if (person_is_same(turn, event->userId, event->firstId))
        return;
    links_record(turn, out, event);
    link_to(turn, event->userId, event->firstId);
    link_to(turn, event->firstId, event->userId);
    ids = ids_of(turn, event->userId);
    for (size_t i = 0; i < ids.count; i++) {
        struct state_list known = state_find_text(turn, &consent_kind, ids.items[i]);

        for (size_t k = 0; k < known.count; k++)
            (void)keep_for_all(turn, out, &ids, *(const struct consent_fact *)known.items[k]);
    }
    look_again(turn, out, &ids);
}
