#ifndef LOOKUP_PEOPLE_H
#define LOOKUP_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/worker/service.h"
#include "services/lookup/identification.h"

/*
 * People as handlers look at them, and the rows that change them. A person may have several ids:
 * the one that was there first is answered, the others are its aliases.
 */

/* Under a userId: an index that led to this user at some time; identity says whether it does. */
struct entry {
    struct digest index;
};

/* Under a set's index: a user whom it leads to. */
struct identity {
    const char *user_id;
    bool prospect;       /* made by lookup; else a customer as registered */
    bool gone;           /* it leads there no longer */
    struct person *born; /* made in this batch, so that no person was loaded; else NULL */
};

/* Under a userId, for every id: what is known of it. */
struct person {
    const char *user_id;
    const char *first_id; /* what is answered for it; NULL: the id itself */
    bool has_aliases;     /* of a prospect: a customer, or another prospect, turned out to be it */
    bool fresh;           /* made in this batch: nothing of it is in the database */
    bool first_fresh;     /* the same of first_id */
};

extern const struct state_kind entry_kind, identity_kind, person_kind;

struct user_list {
    const char **items; /* each once */
    size_t count;
};

/* The persons to whom an index leads, by the ids to be answered. */
struct user_list people_find(const struct turn *turn, const struct digest *index);

/* All ids of these persons that the index or the aliases name and the database may know. */
struct user_list people_ids(const struct turn *turn, const struct digest *index);

/*
 * A new prospect under every index that leads to nobody yet: to add one to somebody's index
 * would make ambiguous what was answered before.
 */
void prospect_create(const struct turn *turn, struct outcome *out, const char *user_id,
                     const struct indexes *indexes);

/*
 * A customer as registered now: `indexes` replace what it was stored under. Prospects whom they
 * lead to are this person; of all their ids the first stays, the others become aliases of it.
 */
void customer_register(const struct turn *turn, struct outcome *out, const char *user_id,
                       const struct indexes *indexes);

/* The keys of indexes, for load functions. */
void indexes_ask(struct keys *keys, const struct indexes *indexes);

#endif
