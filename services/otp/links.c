/* Which later ids lead to a person's contact: loaded, noted, followed. */
#include "services/otp/links.h"

#include <string.h>

#include "common/core/text.h"
#include "customer_linked.h"
#include "otp_sql.h"

static void read_link(const struct row *row, struct arena *arena, void *out)
{
    *(struct contact_link *)out = (struct contact_link){row_text(row, 1, arena)};
}

static void follow_link(const void *state, struct keys *keys)
{
    const struct contact_link *link = state;

    keys_add_text(keys, &contact_kind, link->user_id);
    keys_add_subject(keys, link->user_id);
}

const struct state_kind contact_link_kind = {
    .name = "contact_link",
    .load = &sql_load_contact_links,
    .size = sizeof(struct contact_link),
    .read = read_link,
    .follow = follow_link,
};

void contact_ask(struct keys *keys, const char *user_id)
{
    keys_add_text(keys, &contact_link_kind, user_id);
    keys_add_text(keys, &contact_kind, user_id);
    keys_add_subject(keys, user_id);
}

static bool is_empty(const struct otp_contact *contact)
{
    for (int channel = 0; channel < OTP_CHANNEL_COUNT; channel++)
        if (contact->by_channel[channel].address != NULL)
            return false;
    return true;
}

struct otp_contact contact_of_person(const struct turn *turn, const char *user_id)
{
    struct state_list links = state_find_text(turn, &contact_link_kind, user_id);
    struct otp_contact contact = contact_find(turn, user_id);

    for (size_t i = 0; i < links.count && is_empty(&contact); i++)
        contact = contact_find(turn, ((const struct contact_link *)links.items[i])->user_id);
    return contact;
}

static const char *find_fault(const struct customer_linked *event)
{
    if (!text_is_id(event->userId))
        return "userId is blank or too long";
    return text_is_id(event->firstId) ? NULL : "firstId is blank or too long";
}

/* A contact may be asked for in the same batch, by the link that this adds. */
void contact_link_load(const struct turn *turn, struct keys *keys)
{
    const struct customer_linked *event = turn->event;

    if (find_fault(event) != NULL)
        return;
    contact_ask(keys, event->firstId);
    keys_add_text(keys, &contact_kind, event->userId);
    keys_add_subject(keys, event->userId);
}

void contact_link_handle(const struct turn *turn, struct outcome *out)
{
    const struct customer_linked *event = turn->event;
    const char *fault = find_fault(event);
    struct state_list links;
    struct contact_link *link;

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    links = state_find_text(turn, &contact_link_kind, event->firstId);
    for (size_t i = 0; i < links.count; i++)
        if (strcmp(((const struct contact_link *)links.items[i])->user_id, event->userId) == 0)
            return;
    link = state_add_text(turn, &contact_link_kind, event->firstId);
    link->user_id = event->userId;
    outcome_row(out, &sql_insert_contact_link, TEXT(event->firstId), TEXT(event->userId),
                TIME_MS(turn->now_ms));
}
