/* State rows of a batch: keys gathered, locked, loaded by one query a kind, found by handlers. */
#include "common/worker/states.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/bytes.h"
#include "common/core/failpoint.h"
#include "common/core/map.h"
#include "worker_sql.h"

enum { KINDS_MAX = 16 };

#define SUBJECT_LOCK "subject_key" /* beside the names of kinds */

/* What is known under one key. */
struct entry {
    struct state_list list;
    size_t capacity;
    bool loaded; /* else it is asked for */
};

struct kind_states {
    const struct state_kind *kind;
    struct map entries;
    size_t pending; /* keys not yet loaded */
    size_t answer;  /* of the query in the exchange; valid while `asked` */
    bool asked;
};

struct states {
    const struct service *service;
    struct subjects *subjects; /* NULL: the service seals nothing */
    struct arena *arena;
    struct kind_states kinds[KINDS_MAX];
    size_t kind_count;
    int64_t *locks; /* of keys not yet locked */
    size_t lock_count, lock_capacity;
};

/* The same object under the name that loaders know it by. */
struct keys {
    struct states states;
};

struct states *states_new(const struct service *service, struct subjects *subjects,
                          struct arena *arena)
{
    struct keys *keys = arena_new(arena, struct keys);
    struct states *states = &keys->states;

    assert(service->state_count <= KINDS_MAX);
    states->service = service;
    states->subjects = subjects;
    states->arena = arena;
    states->kind_count = service->state_count;
    for (size_t i = 0; i < states->kind_count; i++) {
        states->kinds[i].kind = service->states[i];
        map_start(&states->kinds[i].entries, arena);
    }
    return states;
}

struct keys *states_keys(struct states *states)
{
    return (struct keys *)states;
}

static struct kind_states *find_kind(struct states *states, const struct state_kind *kind)
{
    for (size_t i = 0; i < states->kind_count; i++)
        if (states->kinds[i].kind == kind)
            return &states->kinds[i];
    abort(); /* a kind that is not in the service's table */
}

/* FNV-1a: the same in every process, which is all that a lock's number needs. */
static uint64_t add_hash(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3U;
    return hash;
}

static int64_t lock_of(const char *service, const char *kind, struct bytes key)
{
    uint64_t hash = add_hash(0xcbf29ce484222325U, service, strlen(service) + 1);

    hash = add_hash(hash, kind, strlen(kind) + 1);
    return (int64_t)add_hash(hash, key.data, key.size);
}

int64_t states_subject_lock(const char *service, const struct digest *subject)
{
    return lock_of(service, SUBJECT_LOCK, digest_bytes(subject));
}

static void add_lock(struct states *states, const char *kind, struct bytes key)
{
    if (states->lock_count == states->lock_capacity) {
        size_t capacity = states->lock_capacity == 0 ? 256 : 2 * states->lock_capacity;
        int64_t *locks = arena_alloc(states->arena, capacity * sizeof *locks, _Alignof(int64_t));
        if (states->lock_count != 0)
            memcpy(locks, states->locks, states->lock_count * sizeof *locks);
        states->locks = locks;
        states->lock_capacity = capacity;
    }
    states->locks[states->lock_count++] = lock_of(states->service->name, kind, key);
}

void keys_add(struct keys *keys, const struct state_kind *kind, struct bytes key)
{
    struct states *states = &keys->states;
    struct kind_states *at = find_kind(states, kind);
    void **slot = map_put(&at->entries, key);

    if (*slot != NULL)
        return;
    *slot = arena_new(states->arena, struct entry);
    at->pending++;
    if (!kind->fixed)
        add_lock(states, kind->name, key);
}

void keys_add_text(struct keys *keys, const struct state_kind *kind, const char *key)
{
    keys_add(keys, kind, bytes_of(key));
}

void keys_add_subject(struct keys *keys, const char *user_id)
{
    struct bytes subject;

    if (subjects_ask(keys->states.subjects, user_id, &subject))
        add_lock(&keys->states, SUBJECT_LOCK, subject);
}

struct subjects *states_subjects(const struct states *states)
{
    return states->subjects;
}

static bool subjects_due(const struct states *states)
{
    return states->subjects != NULL && subjects_pending(states->subjects);
}

bool states_pending(const struct states *states)
{
    if (subjects_due(states))
        return true;
    for (size_t i = 0; i < states->kind_count; i++)
        if (states->kinds[i].pending != 0)
            return true;
    return false;
}

static int compare_locks(const void *a, const void *b)
{
    const int64_t *left = a;
    const int64_t *right = b;

    return (*left > *right) - (*left < *right);
}

static void queue_locks(struct states *states, struct db *db)
{
    struct value *values;

    if (states->lock_count == 0 || MUTANT("no_lock_on_shared_keys"))
        return;
    qsort(states->locks, states->lock_count, sizeof *states->locks, compare_locks);
    values =
        arena_alloc(states->arena, states->lock_count * sizeof *values, _Alignof(struct value));
    for (size_t i = 0; i < states->lock_count; i++)
        values[i] = INT(states->locks[i]);
    db_queue_rows(db, &sql_lock_keys, values, states->lock_count);
    states->lock_count = 0;
}

static void queue_kind(struct states *states, struct kind_states *at, struct db *db)
{
    bool bytea = at->kind->load->parameters[0].type == COLUMN_BYTEA;
    struct value *values =
        arena_alloc(states->arena, at->pending * sizeof *values, _Alignof(struct value));
    size_t count = 0;

    for (struct map_entry *e = at->entries.first; e != NULL; e = e->next) {
        struct entry *entry = e->value;
        if (entry->loaded)
            continue;
        values[count++] = (struct value){.kind = bytea ? VALUE_BYTES : VALUE_TEXT, .bytes = e->key};
    }
    assert(count == at->pending);
    at->answer = db_queued(db);
    at->asked = true;
    db_queue_rows(db, at->kind->load, values, count);
}

void states_queue(struct states *states, struct db *db)
{
    queue_locks(states, db);
    if (subjects_due(states))
        subjects_queue(states->subjects, db);
    for (size_t i = 0; i < states->kind_count; i++) {
        struct kind_states *at = &states->kinds[i];
        if (at->pending == 0)
            continue;
        queue_kind(states, at, db);
        if (at->kind->follow != NULL)
            return; /* its rows may ask for keys of the kinds below */
    }
}

static void *append(struct states *states, const struct state_kind *kind, struct entry *entry)
{
    struct state_list *list = &entry->list;

    if (list->count == entry->capacity) {
        size_t capacity = entry->capacity == 0 ? 2 : 2 * entry->capacity;
        void **items = arena_alloc(states->arena, capacity * sizeof *items, _Alignof(void *));
        if (list->count != 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        entry->capacity = capacity;
    }
    void *item = arena_alloc(states->arena, kind->size, _Alignof(max_align_t));
    list->items[list->count++] = item;
    return item;
}

static void read_kind(struct states *states, struct kind_states *at, struct db *db)
{
    for (struct map_entry *e = at->entries.first; e != NULL; e = e->next)
        ((struct entry *)e->value)->loaded = true;
    at->pending = 0;
    at->asked = false;
    for (size_t i = 0; i < db_row_count(db, at->answer); i++) {
        struct row row = db_row(db, at->answer, i);
        struct entry *entry = map_find(&at->entries, row_bytes(&row, 0, states->arena));
        if (entry == NULL)
            continue; /* a query that answers more than it was asked */
        void *item = append(states, at->kind, entry);
        at->kind->read(&row, states->arena, item);
        if (at->kind->follow != NULL)
            at->kind->follow(item, states_keys(states));
    }
}

void states_read(struct states *states, struct db *db)
{
    if (states->subjects != NULL)
        subjects_read(states->subjects, db);
    for (size_t i = 0; i < states->kind_count; i++)
        if (states->kinds[i].asked)
            read_kind(states, &states->kinds[i], db);
}

static struct entry *find_entry(const struct turn *turn, const struct state_kind *kind,
                                struct bytes key)
{
    struct entry *entry = map_find(&find_kind(turn->states, kind)->entries, key);

    if (entry == NULL)
        abort(); /* the route's load() does not ask for what its handler looks at */
    return entry;
}

struct state_list state_find(const struct turn *turn, const struct state_kind *kind,
                             struct bytes key)
{
    return find_entry(turn, kind, key)->list;
}

struct state_list state_find_text(const struct turn *turn, const struct state_kind *kind,
                                  const char *key)
{
    return state_find(turn, kind, bytes_of(key));
}

void *state_add(const struct turn *turn, const struct state_kind *kind, struct bytes key)
{
    return append(turn->states, kind, find_entry(turn, kind, key));
}

void *state_add_text(const struct turn *turn, const struct state_kind *kind, const char *key)
{
    return state_add(turn, kind, bytes_of(key));
}
