/* Which ids are one person's: loaded, kept, compared. */
#include "services/evaluation/links.h"

#include <string.h>

#include "evaluation_sql.h"
#include "services/links/links.h"

static void read_link(const struct row *row, struct arena *arena, void *out)
{
    *(struct link *)out = (struct link){row_text(row, 1, arena)};
}

const struct state_kind link_kind = {
    .name = "customer_link",
    .load = &sql_load_link,
    .size = sizeof(struct link),
    .read = read_link,
};

static const char *first_of(const struct turn *turn, const char *user_id)
{
    struct state_list list = state_find_text(turn, &link_kind, user_id);

    return list.count == 0 ? user_id : ((const struct link *)list.items[0])->first_id;
}

bool link_is_same(const struct turn *turn, const char *user_id, const char *other_id)
{
    return strcmp(user_id, other_id) == 0 ||
           strcmp(first_of(turn, user_id), first_of(turn, other_id)) == 0;
}

void link_load(const struct turn *turn, struct keys *keys)
{
    const struct customer_linked *event = turn->event;

    if (links_find_fault(event) == NULL)
        keys_add_text(keys, &link_kind, event->userId);
}

void link_handle(const struct turn *turn, struct outcome *out)
{
    const struct customer_linked *event = turn->event;
    const char *fault = links_find_fault(event);
    struct link *link;

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    if (state_find_text(turn, &link_kind, event->userId).count > 0)
        return;
    link = state_add_text(turn, &link_kind, event->userId);
    link->first_id = event->firstId;
    links_record(turn, out, event);
}
