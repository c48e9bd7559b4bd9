/* Persons of several ids: what is told of it, and what an id leads to. */
#include "services/evaluation/persons.h"

#include "services/evaluation/known.h"
#include "services/links/links.h"

void link_follow(struct keys *keys, const char *user_id)
{
    keys_add_text(keys, &link_kind, user_id);
    keys_add_text(keys, &customer_kind, user_id);
}

void person_load_linked(const struct turn *turn, struct keys *keys)
{
    const struct customer_linked *event = turn->event;

    if (links_find_fault(event) != NULL)
        return;
    link_follow(keys, event->userId);
    link_follow(keys, event->firstId);
}

void person_handle_linked(const struct turn *turn, struct outcome *out)
{
    const struct customer_linked *event = turn->event;
    const char *fault = links_find_fault(event);

    if (fault != NULL)
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
    else
        links_join(turn, out, event);
}
