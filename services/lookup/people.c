/* People and the sets of identifiers that lead to them. */
#include "services/lookup/people.h"

#include <string.h>

#include "customer_linked.h"
#include "lookup_sql.h"
#include "services/lookup/consents.h"
#include "topics.h"

static void read_entry(const struct row *row, struct arena *arena, void *out)
{
    struct bytes index = row_bytes(row, 1, arena);

    memcpy(((struct entry *)out)->index.bytes, index.data, DIGEST_SIZE); /* the table's check */
}

static void follow_entry(const void *state, struct keys *keys)
{
    keys_add(keys, &identity_kind, digest_bytes(&((const struct entry *)state)->index));
}

const struct state_kind entry_kind = {
    .name = "entry",
    .load = &sql_load_entry,
    .size = sizeof(struct entry),
    .read = read_entry,
    .follow = follow_entry,
};

static void read_identity(const struct row *row, struct arena *arena, void *out)
{
    *(struct identity *)out = (struct identity){
        .user_id = row_text(row, 1, arena),
        .prospect = row_bool(row, 2),
    };
}

static void follow_identity(const void *state, struct keys *keys)
{
    keys_add_text(keys, &person_kind, ((const struct identity *)state)->user_id);
}

const struct state_kind identity_kind = {
    .name = "identity",
    .load = &sql_load_identity,
    .size = sizeof(struct identity),
    .read = read_identity,
    .follow = follow_identity,
};

static void read_person(const struct row *row, struct arena *arena, void *out)
{
    *(struct person *)out = (struct person){
        .user_id = row_text(row, 0, arena),
        .first_id = row_text(row, 1, arena),
        .has_aliases = row_bool(row, 2),
    };
}

static void follow_person(const void *state, struct keys *keys)
{
    const struct person *person = state;

    keys_add_text(keys, &consent_kind, person->user_id);
    if (person->first_id != NULL)
        keys_add_text(keys, &consent_kind, person->first_id);
}

const struct state_kind person_kind = {
    .name = "person",
    .load = &sql_load_person,
    .size = sizeof(struct person),
    .read = read_person,
    .follow = follow_person,
};

void indexes_ask(struct keys *keys, const struct indexes *indexes)
{
    for (size_t i = 0; i < indexes->count; i++)
        keys_add(keys, &identity_kind, digest_bytes(&indexes->items[i]));
}

static struct state_list identities_at(const struct turn *turn, const struct digest *index)
{
    return state_find(turn, &identity_kind, digest_bytes(index));
}

/* The query gives one for every id asked, so there is one for every identity loaded. */
static struct person *find_person(const struct turn *turn, const char *user_id)
{
    return state_find_text(turn, &person_kind, user_id).items[0];
}

static struct person *person_of(const struct turn *turn, const struct identity *identity)
{
    return identity->born != NULL ? identity->born : find_person(turn, identity->user_id);
}

static struct user_list room_for(const struct turn *turn, size_t count)
{
    return (struct user_list){
        .items = arena_alloc(turn->arena, count * sizeof(char *), _Alignof(char *))};
}

static void add_once(struct user_list *users, const char *user_id)
{
    for (size_t i = 0; i < users->count; i++)
        if (strcmp(users->items[i], user_id) == 0)
            return;
    users->items[users->count++] = user_id;
}

struct user_list people_find(const struct turn *turn, const struct digest *index)
{
    struct state_list identities = identities_at(turn, index);
    struct user_list users = room_for(turn, identities.count);

    for (size_t i = 0; i < identities.count; i++) {
        const struct identity *identity = identities.items[i];
        const struct person *person = person_of(turn, identity);

        if (!identity->gone)
            add_once(&users, person->first_id != NULL ? person->first_id : identity->user_id);
    }
    return users;
}

struct user_list people_ids(const struct turn *turn, const struct digest *index)
{
    struct state_list identities = identities_at(turn, index);
    struct user_list users = room_for(turn, 2 * identities.count);

    for (size_t i = 0; i < identities.count; i++) {
        const struct identity *identity = identities.items[i];
        const struct person *person = person_of(turn, identity);

        if (!identity->gone && !person->fresh)
            add_once(&users, identity->user_id);
        if (!identity->gone && person->first_id != NULL && !person->first_fresh)
            add_once(&users, person->first_id);
    }
    return users;
}

static struct identity *find_identity(const struct turn *turn, const struct digest *index,
                                      const char *user_id)
{
    struct state_list identities = identities_at(turn, index);

    for (size_t i = 0; i < identities.count; i++) {
        struct identity *identity = identities.items[i];

        if (strcmp(identity->user_id, user_id) == 0)
            return identity;
    }
    return NULL;
}

/* From now on an index leads to the user, or no longer; nothing to do when it is so already. */
static void put(const struct turn *turn, struct outcome *out, const struct digest *index,
                struct identity to)
{
    struct identity *identity = find_identity(turn, index, to.user_id);

    if (identity == NULL && to.gone)
        return;
    if (identity != NULL && identity->gone == to.gone && identity->prospect == to.prospect)
        return;
    if (identity == NULL)
        identity = state_add(turn, &identity_kind, digest_bytes(index));
    *identity = to;
    outcome_row(out, &sql_put_identity, BYTES(digest_bytes(index)), TEXT(to.user_id),
                BOOL(to.prospect), BOOL(!to.gone));
}

void prospect_create(const struct turn *turn, struct outcome *out, const char *user_id,
                     const struct indexes *indexes)
{
    struct person *person = arena_new(turn->arena, struct person);

    *person = (struct person){.user_id = user_id, .fresh = true};
    for (size_t i = 0; i < indexes->count; i++)
        if (people_find(turn, &indexes->items[i]).count == 0)
            put(turn, out, &indexes->items[i],
                (struct identity){.user_id = user_id, .prospect = true, .born = person});
}

struct person_list {
    struct person **items; /* each once */
    size_t count;
};

static void add_person(struct person_list *persons, struct person *person)
{
    for (size_t i = 0; i < persons->count; i++)
        if (persons->items[i] == person)
            return;
    persons->items[persons->count++] = person;
}

/* Prospects at the indexes of whom nobody knew yet who they are. */
static struct person_list prospects_at(const struct turn *turn, const struct indexes *indexes,
                                       const char *but)
{
    struct person_list persons = {0};
    size_t most = 0;

    for (size_t i = 0; i < indexes->count; i++)
        most += identities_at(turn, &indexes->items[i]).count;
    persons.items = arena_alloc(turn->arena, most * sizeof(void *), _Alignof(void *));
    for (size_t i = 0; i < indexes->count; i++) {
        struct state_list identities = identities_at(turn, &indexes->items[i]);

        for (size_t k = 0; k < identities.count; k++) {
            const struct identity *identity = identities.items[k];
            struct person *person = person_of(turn, identity);

            if (identity->prospect && !identity->gone && person->first_id == NULL &&
                !person->has_aliases && strcmp(identity->user_id, but) != 0)
                add_person(&persons, person);
        }
    }
    return persons;
}

/* Who knows the person by the later id is told. */
static void make_alias(const struct turn *turn, struct outcome *out, struct person *person,
                       const char *first_id, bool first_fresh)
{
    person->first_id = first_id;
    person->first_fresh = first_fresh;
    outcome_row(out, &sql_insert_alias, TEXT(person->user_id), TEXT(first_id));
    outcome_event(out, &topic_customer_linked, person->user_id,
                  &(struct customer_linked){
                      .userId = person->user_id,
                      .firstId = first_id,
                      .linkedAt = turn->now_ms,
                  });
}

/* Ids of prospects rise with time, so the least is the first. */
static const struct person *earliest(const struct person_list *persons,
                                     const struct person *otherwise)
{
    const struct person *first = NULL;

    for (size_t i = 0; i < persons->count; i++)
        if (first == NULL || strcmp(persons->items[i]->user_id, first->user_id) < 0)
            first = persons->items[i];
    return first != NULL ? first : otherwise;
}

/* The customer and the prospects are one person; the id of a known customer goes before theirs. */
static void merge(const struct turn *turn, struct outcome *out, struct person *self,
                  const struct person_list *prospects, bool known)
{
    const struct person *first = known ? self : earliest(prospects, self);
    bool has_first = self->first_id != NULL;
    const char *first_id = has_first ? self->first_id : first->user_id;
    bool first_fresh = has_first ? self->first_fresh : first->fresh;

    for (size_t i = 0; i < prospects->count; i++)
        if (prospects->items[i] == first && !has_first)
            prospects->items[i]->has_aliases = true;
        else
            make_alias(turn, out, prospects->items[i], first_id, first_fresh);
    if (!has_first && first != self)
        make_alias(turn, out, self, first_id, first_fresh);
}

static bool has_index(const struct indexes *indexes, const struct digest *index)
{
    for (size_t i = 0; i < indexes->count; i++)
        if (memcmp(&indexes->items[i], index, sizeof *index) == 0)
            return true;
    return false;
}

/* Drops the user's entries that are not among the indexes; returns whether there was any at all. */
static bool drop_entries(const struct turn *turn, struct outcome *out, const char *user_id,
                         const struct indexes *indexes)
{
    struct state_list entries = state_find_text(turn, &entry_kind, user_id);

    for (size_t i = 0; i < entries.count; i++) {
        const struct entry *entry = entries.items[i];

        if (!has_index(indexes, &entry->index))
            put(turn, out, &entry->index, (struct identity){.user_id = user_id, .gone = true});
    }
    return entries.count > 0;
}

void customer_register(const struct turn *turn, struct outcome *out, const char *user_id,
                       const struct indexes *indexes)
{
    struct person_list prospects = prospects_at(turn, indexes, user_id);
    bool known = drop_entries(turn, out, user_id, indexes);

    merge(turn, out, find_person(turn, user_id), &prospects, known);
    for (size_t i = 0; i < indexes->count; i++) {
        struct entry *entry;

        put(turn, out, &indexes->items[i], (struct identity){.user_id = user_id});
        entry = state_add_text(turn, &entry_kind, user_id);
        entry->index = indexes->items[i];
    }
}
