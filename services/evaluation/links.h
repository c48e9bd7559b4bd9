#ifndef EVALUATION_LINKS_H
#define EVALUATION_LINKS_H

#include <stdbool.h>

#include "common/worker/service.h"

/*
 * Ids of one person, as lookup found out: a prospect keeps its id when the bank registers it under
 * another, and what is tied to either is tied to the one person.
 */

/* Under a userId: the id that stays. */
struct link {
    const char *first_id;
};

extern const struct state_kind link_kind;

/* Whether two ids, whose links were asked for in load, are of one person. */
bool link_is_same(const struct turn *turn, const char *user_id, const char *other_id);

/* customer.linked. */
void link_load(const struct turn *turn, struct keys *keys);
void link_handle(const struct turn *turn, struct outcome *out);

#endif
