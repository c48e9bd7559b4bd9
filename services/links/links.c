/* Which ids are one person's: what is told of it, checked, written down and looked up. */
#include "services/links/links.h"

#include <string.h>

#include "common/core/text.h"
#include "links_sql.h"

static void read_link(const struct row *row, struct arena *arena, void *out)
{
    *(struct link *)out = (struct link){row_text(row, 1, arena)};
}

static void follow(const void *state, struct keys *keys)
{
    link_follow(keys, ((const struct link *)state)->user_id);
}

const struct state_kind link_kind = {
    .name = "customer_link",
    .load = &sql_load_link,
    .size = sizeof(struct link),
    .read = read_link,
    .follow = follow,
};

static bool has(const struct id_list *ids, const char *id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (strcmp(ids->items[i], id) == 0)
            return true;
    return false;
}

static void add(struct id_list *ids, const char *id, struct arena *arena)
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

/* Further ones may be found while those of another are read. */
struct id_list links_ids(const struct turn *turn, const char *user_id)
{
    struct id_list ids = {0};

    add(&ids, user_id, turn->arena);
    for (size_t i = 0; i < ids.count; i++) {
        struct state_list links = state_find_text(turn, &link_kind, ids.items[i]);

        for (size_t k = 0; k < links.count; k++)
            add(&ids, ((const struct link *)links.items[k])->user_id, turn->arena);
    }
    return ids;
}

bool links_same(const struct turn *turn, const char *user_id, const char *other_id)
{
    struct id_list ids;

    if (strcmp(user_id, other_id) == 0)
        return true;
    ids = links_ids(turn, user_id);
    return has(&ids, other_id);
}

/* What the contract demands; NULL, or what is wrong. */
static const char *find_fault(const struct customer_linked *event)
{
    if (!text_is_id(event->userId))
        return "userId is blank or too long";
    if (!text_is_id(event->firstId))
        return "firstId is blank or too long";
    return strcmp(event->userId, event->firstId) == 0 ? "userId and firstId are one" : NULL;
}

static void link_to(const struct turn *turn, const char *user_id, const char *other_id)
{
    struct link *link = state_add_text(turn, &link_kind, user_id);

    link->user_id = other_id;
}

void links_load(const struct turn *turn, struct keys *keys)
{
    const struct customer_linked *event = turn->event;

    if (find_fault(event) != NULL)
        return;
    link_follow(keys, event->userId);
    link_follow(keys, event->firstId);
}

bool links_join(const struct turn *turn, struct outcome *out)
{
    const struct customer_linked *event = turn->event;
    const char *fault = find_fault(event);

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return false;
    }
    if (links_same(turn, event->userId, event->firstId))
        return false;
    outcome_row(out, &sql_insert_link, TEXT(event->userId), TEXT(event->firstId),
                TIME_MS(turn->now_ms));
    link_to(turn, event->userId, event->firstId);
    link_to(turn, event->firstId, event->userId);
    return true;
}

void links_handle(const struct turn *turn, struct outcome *out)
{
    (void)links_join(turn, out);
}
