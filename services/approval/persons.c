/* What is told of persons, who may have several ids: their answers, and which ids are theirs. */
#include "services/approval/persons.h"

#include "common/core/text.h"
#include "consent_completed.h"
#include "services/approval/cases.h"
#include "services/approval/facts.h"
#include "services/links/links.h"

void link_follow(struct keys *keys, const char *user_id)
{
    keys_add_text(keys, &link_kind, user_id);
    keys_add_text(keys, &awaiting_kind, user_id);
    keys_add_text(keys, &consent_kind, user_id);
    keys_add_text(keys, &day_attempts_kind, user_id);
}

/* --- Answers to consents */

static bool keep_for_all(const struct turn *turn, struct outcome *out, const struct id_list *ids,
                         struct consent_fact fact)
{
    bool news = false;

    for (size_t i = 0; i < ids->count; i++)
        news |= consent_keep(turn, out, ids->items[i], fact);
    return news;
}

static void look_again(const struct turn *turn, struct outcome *out, const struct id_list *ids)
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
        link_follow(keys, event->userId);
}

void person_handle_consented(const struct turn *turn, struct outcome *out)
{
    const struct consent_completed *event = turn->event;
    const char *fault = find_consented_fault(event);
    struct id_list ids;

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    ids = links_ids(turn, event->userId);
    if (keep_for_all(turn, out, &ids,
                     (struct consent_fact){
                         .type = event->consentType,
                         .approved = event->approved,
                         .recorded_at_ms = event->recordedAt,
                     }))
        look_again(turn, out, &ids);
}

/* --- Links */

void person_handle_linked(const struct turn *turn, struct outcome *out)
{
    const struct customer_linked *event = turn->event;
    struct id_list ids;

    if (!links_join(turn, out))
        return;
    ids = links_ids(turn, event->userId);
    for (size_t i = 0; i < ids.count; i++) {
        struct state_list known = state_find_text(turn, &consent_kind, ids.items[i]);

        for (size_t k = 0; k < known.count; k++)
            (void)keep_for_all(turn, out, &ids, *(const struct consent_fact *)known.items[k]);
    }
    look_again(turn, out, &ids);
}
