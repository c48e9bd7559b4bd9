#ifndef APPROVAL_PERSONS_H
#define APPROVAL_PERSONS_H

#include <stdbool.h>

#include "common/worker/service.h"

/*
 * Users who may have several ids: a prospect keeps its id when the bank registers it under another.
 * An answer to a consent is kept for all of them, so that whatever asks finds it under its own; a
 * face that came with one of them is no other's.
 */

/* Under a userId: another id of the person. Leads to the links of that id, to its answers to
 * consents, and to what awaits those. */
struct link {
    const char *user_id;
};

extern const struct state_kind link_kind;

/* Whether another id, too, is the user's, whose links were asked for in load. */
bool person_is_same(const struct turn *turn, const char *user_id, const char *other_id);

/* consent.completed */
void person_load_consented(const struct turn *turn, struct keys *keys);
void person_handle_consented(const struct turn *turn, struct outcome *out);

/* customer.linked: what was told of either id holds for both. */
void person_load_linked(const struct turn *turn, struct keys *keys);
void person_handle_linked(const struct turn *turn, struct outcome *out);

#endif
