#ifndef LINKS_H
#define LINKS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/worker/service.h"
#include "customer_linked.h"

/*
 * Ids that are one person's, as lookup found out: a prospect keeps its id when the bank registers
 * it under another, and what is tied to either is tied to the one person. The table is made by
 * runtime.create_links().
 */

/* Under a userId: another id of the person. */
struct link {
    const char *user_id;
};

/* Leads to the links of the other ids, and by link_follow() to what the service keeps there. */
extern const struct state_kind link_kind;

/* The service's: asks for the links of an id, and for what its handlers look at under it. */
void link_follow(struct keys *keys, const char *user_id);

struct id_list {
    const char **items;
    size_t count, capacity;
};

/* All ids of a person whose links were asked for in load, the given one first. */
struct id_list links_ids(const struct turn *turn, const char *user_id);

/* Whether two ids are one person's; the links of the first were asked for in load. */
bool links_same(const struct turn *turn, const char *user_id, const char *other_id);

/* customer.linked: the two ids are one person's from now on. */
void links_load(const struct turn *turn, struct keys *keys);
void links_handle(const struct turn *turn, struct outcome *out);

/* The latter, for who has more to do then: whether it is news, and no breach of the contract. */
bool links_join(const struct turn *turn, struct outcome *out);

#endif
