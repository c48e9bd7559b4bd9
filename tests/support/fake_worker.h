#ifndef TESTS_SUPPORT_FAKE_WORKER_H
#define TESTS_SUPPORT_FAKE_WORKER_H

/*
 * A worker without Kafka and PostgreSQL, for tests of handlers: states in memory, and what a
 * handler appends kept for looking at. It stands for one endless batch. The one file of a test
 * program that includes this gets it whole, in the place of the runtime's states and outcomes.
 */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/avro/json.h"
#include "common/core/bytes.h"
#include "common/core/digest.h"
#include "common/worker/service.h"
#include "tests/support/json_patch.h"
#include "tests/support/policy_examples.h"
#include "tests/support/test.h"

enum {
    FAKE_KEYS_MAX = 200,
    FAKE_ITEMS_MAX = 20,
    FAKE_ROWS_MAX = 50,
    FAKE_VALUES_MAX = 24,
    FAKE_EFFECTS_MAX = 10,
    FAKE_EVENTS_MAX = 5,
};

struct fake_key {
    const struct state_kind *kind;
    struct bytes key;
    bool asked; /* by a load function, or by a row that was loaded; else known to the database */
    void *items[FAKE_ITEMS_MAX];
    size_t count;
};

/* The database and the batch in one. */
struct states {
    struct fake_key keys[FAKE_KEYS_MAX];
    size_t count;
};

struct keys {
    int unused;
};

struct fake_row {
    const struct statement *statement;
    struct value values[FAKE_VALUES_MAX];
};

struct outcome {
    struct fake_row rows[FAKE_ROWS_MAX];
    size_t row_count;
    const struct topic *topic; /* of the last event */
    const char *key;
    json_t *event; /* the last one; NULL: none */
    struct {
        const struct topic *topic;
        json_t *event;
    } events[FAKE_EVENTS_MAX]; /* all of them */
    size_t event_count;
    struct effect_request effects[FAKE_EFFECTS_MAX];
    size_t effect_count;
    const char *subject; /* whose data the results are; NULL: not told */
    bool ignored;
    bool rejected;
    enum reason reason;
    char text[200];
};

static struct fake {
    struct arena arena;
    struct states states;
    struct outcome outcome; /* of the last event */
    void *policy;
    const struct service *service;
    uint8_t turns;                   /* makes ids */
    int64_t later_ms;                /* than fake_now_ms: what the database's clock says */
    int64_t age_ms;                  /* of events */
    const char *erased, *erased_why; /* the last one whose data key was deleted; NULL: nobody */
    /* What the database answers to a key that no row was given for; NULL: nothing. */
    void (*otherwise)(const struct state_kind *kind, struct bytes key);
} fake;

/* Of the runtime, in every service. */
static const struct state_kind fake_subject_kind = {.name = "subject", .size = 1};

/* As in a real worker, a kind that the service does not list cannot be asked for. */
static void fake_expect_kind(const struct state_kind *kind)
{
    if (kind == &fake_subject_kind)
        return;
    for (size_t i = 0; i < fake.service->state_count; i++)
        if (fake.service->states[i] == kind)
            return;
    fail_msg("the service does not list %s among its states", kind->name);
}

static struct fake_key *fake_find(const struct state_kind *kind, struct bytes key)
{
    for (size_t i = 0; i < fake.states.count; i++) {
        struct fake_key *at = &fake.states.keys[i];

        if (at->kind == kind && bytes_equal(at->key, key))
            return at;
    }
    assert_true(fake.states.count < FAKE_KEYS_MAX);
    struct fake_key *at = &fake.states.keys[fake.states.count++];
    *at = (struct fake_key){
        .kind = kind,
        .key = bytes_copy(key, &fake.arena),
    };
    return at;
}

static void *fake_append(struct fake_key *at)
{
    assert_true(at->count < FAKE_ITEMS_MAX);
    return at->items[at->count++] = arena_alloc(&fake.arena, at->kind->size, _Alignof(max_align_t));
}

void keys_add(struct keys *keys, const struct state_kind *kind, struct bytes key)
{
    struct fake_key *at = fake_find(kind, key);

    fake_expect_kind(kind);
    if (at->asked)
        return;
    at->asked = true;
    if (at->count == 0 && fake.otherwise != NULL)
        fake.otherwise(kind, key);
    for (size_t i = 0; i < at->count && kind->follow != NULL; i++)
        kind->follow(at->items[i], keys);
}

void keys_add_text(struct keys *keys, const struct state_kind *kind, const char *key)
{
    keys_add(keys, kind, bytes_of(key));
}

struct state_list state_find(const struct turn *turn, const struct state_kind *kind,
                             struct bytes key)
{
    struct fake_key *at = fake_find(kind, key);

    assert_ptr_equal(turn->states, &fake.states);
    if (!at->asked)
        fail_msg("a %s that the load function does not ask for", kind->name);
    return (struct state_list){at->items, at->count};
}

struct state_list state_find_text(const struct turn *turn, const struct state_kind *kind,
                                  const char *key)
{
    return state_find(turn, kind, bytes_of(key));
}

void *state_add(const struct turn *turn, const struct state_kind *kind, struct bytes key)
{
    (void)state_find(turn, kind, key); /* must be loaded as well */
    return fake_append(fake_find(kind, key));
}

void *state_add_text(const struct turn *turn, const struct state_kind *kind, const char *key)
{
    return state_add(turn, kind, bytes_of(key));
}

void outcome_row_array(struct outcome *out, const struct statement *statement,
                       const struct value *values, size_t count)
{
    struct fake_row *row = &out->rows[out->row_count++];

    assert_true(out->row_count <= FAKE_ROWS_MAX && count <= FAKE_VALUES_MAX);
    assert_int_equal(count, statement->parameter_count);
    row->statement = statement;
    memcpy(row->values, values, count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        if (values[i].kind == VALUE_TEXT || values[i].kind == VALUE_BYTES)
            row->values[i].bytes = bytes_copy(values[i].bytes, &fake.arena);
}

void outcome_event(struct outcome *out, const struct topic *topic, const char *key,
                   const void *record)
{
    assert_true(out->event_count < FAKE_EVENTS_MAX);
    out->topic = topic;
    out->key = arena_text(&fake.arena, key);
    out->event = record_to_json(topic->schema, record, true);
    out->events[out->event_count].topic = topic;
    out->events[out->event_count++].event = out->event;
}

/*
 * What stands in the place of a sealed value shows whose it is, and where:
 * "U-1/decision.reason/7=…".
 */
static struct bytes fake_seal(const char *user_id, const char *column, const char *row,
                              struct bytes clear)
{
    size_t size = strlen(user_id) + strlen(column) + strlen(row) + sizeof "//=" - 1;
    char *out = arena_alloc(&fake.arena, size + clear.size + 1, 1);

    snprintf(out, size + 1, "%s/%s/%s=", user_id, column, row);
    if (clear.size != 0)
        memcpy(out + size, clear.data, clear.size);
    return (struct bytes){(const uint8_t *)out, size + clear.size};
}

void keys_add_subject(struct keys *keys, const char *user_id)
{
    keys_add_text(keys, &fake_subject_kind, user_id);
}

struct bytes subject_seal(const struct turn *turn, const char *user_id, const char *column,
                          const char *row, struct bytes clear)
{
    (void)state_find_text(turn, &fake_subject_kind, user_id);
    return fake_seal(user_id, column, row, clear);
}

bool subject_open(const struct turn *turn, const char *user_id, const char *column, const char *row,
                  struct bytes sealed, struct bytes *clear)
{
    struct bytes place = fake_seal(user_id, column, row, (struct bytes){0});

    (void)state_find_text(turn, &fake_subject_kind, user_id);
    if (sealed.size < place.size || memcmp(sealed.data, place.data, place.size) != 0)
        return false;
    *clear = (struct bytes){sealed.data + place.size, sealed.size - place.size};
    return true;
}

void subject_erase(const struct turn *turn, const char *user_id, const char *why)
{
    (void)state_find_text(turn, &fake_subject_kind, user_id);
    fake.erased = user_id;
    fake.erased_why = why;
}

void outcome_subject(struct outcome *out, const char *user_id)
{
    out->subject = arena_text(&fake.arena, user_id);
}

static const char *fake_copy(const char *text)
{
    return text == NULL ? NULL : arena_text(&fake.arena, text);
}

void outcome_effect(struct outcome *out, const struct effect_request *request)
{
    struct effect_request *effect = &out->effects[out->effect_count++];

    assert_true(out->effect_count <= FAKE_EFFECTS_MAX);
    *effect = *request;
    effect->order_key = fake_copy(request->order_key);
    effect->reference = fake_copy(request->reference);
    effect->subject = fake_copy(request->subject);
    effect->recipient = fake_copy(request->recipient);
    effect->path = fake_copy(request->path);
    effect->body = bytes_copy(request->body, &fake.arena);
}

void outcome_ignore(struct outcome *out)
{
    out->ignored = true;
}

void outcome_reject(struct outcome *out, enum reason reason, const char *format, ...)
{
    va_list args;

    out->rejected = true;
    out->reason = reason;
    out->row_count = 0;
    out->event_count = 0;
    out->effect_count = 0;
    va_start(args, format);
    vsnprintf(out->text, sizeof out->text, format, args);
    va_end(args);
}

#include "tests/support/fake_rows.h"

static void fake_forget(void)
{
    for (size_t i = 0; i < FAKE_EVENTS_MAX; i++)
        json_decref(fake.outcome.events[i].event);
    fake.outcome = (struct outcome){0};
}

static void fake_end(void)
{
    fake_forget();
    if (fake.policy != NULL)
        fake.service->policy->free(fake.policy);
    arena_done(&fake.arena);
    fake = (struct fake){0};
}

/* With what settings would have filled, the service's keys, and a policy (' for "); NULL: none. */
static inline void fake_start(const struct service *service, const char *policy)
{
    fake.service = service;
    if (policy != NULL)
        fake.policy = parse_good(service->policy->parse, policy);
    for (size_t i = 0; i < service->setting_count; i++)
        if (service->settings[i].kind == SETTING_KEY_FILE) {
            struct key key = {.bytes = {'k', 'e', 'y'}, .present = true};
            memcpy((char *)service->config + service->settings[i].offset, &key, sizeof key);
        }
}

/* The database, as long as nobody asked for the key, gets a row. */
static inline void *fake_know(const struct state_kind *kind, struct bytes key)
{
    return fake_append(fake_find(kind, key));
}

/* 15 March 2026, noon in UTC; for events and for the database's clock. */
enum { FAKE_DAY = 20527 };
static const int64_t fake_now_ms = (int64_t)FAKE_DAY * 86400000 + 43200000;

static const struct outcome *fake_turn(const struct service *service, const struct route *route,
                                       const void *event)
{
    struct event_meta meta = {
        .id = "e", .source = "s", .time_ms = fake_now_ms + fake.later_ms - fake.age_ms};
    struct turn turn = {.event = event,
                        .meta = &meta,
                        .config = service->config,
                        .policy = fake.policy,
                        .arena = &fake.arena};
    struct keys keys;

    fake_forget();
    if (route->load != NULL)
        route->load(&turn, &keys);
    turn.states = &fake.states;
    turn.now_ms = fake_now_ms + fake.later_ms;
    turn.fresh_id =
        (struct uuid){{1, 2, 3, 4, 5, 6, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, ++fake.turns}};
    route->handle(&turn, &fake.outcome);
    return &fake.outcome;
}

static const struct outcome *fake_handle(const struct service *service, const struct topic *topic,
                                         const void *event)
{
    const struct route *route = service->routes;

    while (route->from != topic)
        route++;
    return fake_turn(service, route, event);
}

/* What became of an effect comes to its kind's handler; inline, as not every service has some. */
static inline const struct outcome *fake_settle(const struct service *service,
                                                const struct effect_kind *kind,
                                                const struct effect_outcome *outcome)
{
    const struct route route = {.load = kind->load, .handle = kind->handle};

    return fake_turn(service, &route, outcome);
}

#include "tests/support/fake_look.h"

#endif
