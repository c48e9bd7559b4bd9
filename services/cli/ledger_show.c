/* `onboarding ledger show`: what became of an event. */
#include <string.h>

#include "common/core/timestamp.h"
#include "common/ledger/ledger.h"
#include "common/ledger/vault.h"
#include "show.h"
#include "store.h"
#include "topic_plan.h"

static struct {
    const char *id;
    const char *service;
    const char *group;
    const char *source;
    bool repeats;
    bool headers;
    bool personal;
} given;

#define AT(member) offsetof(__typeof__(given), member)

static const struct argument arguments[] = {
    {"ID", ARGUMENT_TEXT, AT(id), true, NULL, "the event's ce_id", 0, 0},
    SERVICE_ARGUMENT(given),
    GROUP_ARGUMENT(given),
    {"--source", ARGUMENT_TEXT, AT(source), false, "URI", "only of this ce_source", 0, 0},
    {"--repeats", ARGUMENT_FLAG, AT(repeats), false, NULL,
     "also its repeats, conflicts and dead letters: looks through the whole ledger", 0, 0},
    {"--headers", ARGUMENT_FLAG, AT(headers), false, NULL, "show headers of results", 0, 0},
    {"--show-personal", ARGUMENT_FLAG, AT(personal), false, NULL,
     "show personal values in place of ***", 0, 0},
};

/* As runtime.outcome names the numbers. */
static const char *const outcome_text[] = {
    [FATE_DONE] = "DONE",         [FATE_DUPLICATE] = "DUPLICATE",
    [FATE_CONFLICT] = "CONFLICT", [FATE_DEAD_LETTER] = "DEAD_LETTER",
    [FATE_IGNORED] = "IGNORED",   [FATE_GAP] = "GAP",
};

static json_t *show_result(struct shower *shower, const struct key_ring *ring,
                           const struct stored_item *item)
{
    const struct result *result = &item->result;
    bool dead_letters;
    const struct topic *topic = topic_plan_find(result->topic, &dead_letters);
    json_t *json = json_object();

    show_add(json, "topic", show_text(result->topic));
    show_add(json, "partition", json_integer(result->partition));
    if (!result->dead_letter)
        show_add(json, "id", show_text(result->id));
    show_add(json, "key", show_key(shower, topic, result->key));
    if (given.headers)
        show_add(json, "headers", show_headers(shower, result->headers));
    show_add(json, "data", show_value(shower, topic, result->value));
    if (item->erased)
        show_add(json, "erased", json_true());
    else if (result->sealed.data != NULL && ring->count == 0)
        show_add(json, "sealed", json_true());
    return json;
}

/* A row of the answer in memory: opening results asks the database again. */
struct event {
    const char *id, *source, *topic;
    int16_t generation;
    int32_t partition;
    int64_t offset, outcome, recorded_ms;
    json_t *published; /* true, false or null; goes into what is shown */
    struct bytes results;
};

static struct event read_event(const struct row *row, struct arena *arena)
{
    return (struct event){
        .source = row_text(row, 0, arena),
        .topic = row_text(row, 1, arena),
        .generation = (int16_t)row_int(row, 2),
        .partition = (int32_t)row_int(row, 3),
        .offset = row_int(row, 4),
        .outcome = row_int(row, 5),
        .recorded_ms = row_time_ms(row, 6),
        .id = row_text(row, 7, arena),
        .published = row_is_null(row, 8) ? json_null() : json_boolean(row_bool(row, 8)),
        .results = row_bytes(row, 9, arena),
    };
}

/* The results of one offset out of its batch's; sealed ones are opened where keys are given. */
static bool load_results(struct store *store, const struct key_ring *ring,
                         const struct event *event, struct arena *arena, struct stored_list *out,
                         struct error *error)
{
    const struct stored_place place = {store->group_id, event->topic, event->generation,
                                       event->partition};
    size_t kept = 0;
    size_t erased;

    *out = (struct stored_list){0};
    if (event->results.data == NULL)
        return true;
    if (!results_decode(event->results, arena, out, error))
        return false;
    for (size_t i = 0; i < out->count; i++)
        if (out->items[i].offset == event->offset)
            out->items[kept++] = out->items[i];
    out->count = kept;
    return ring->count == 0 ||
           vault_open(store->db, ring, &place, out->items, kept, arena, &erased, error);
}

static bool show_event(struct store *store, const struct key_ring *ring, struct shower *shower,
                       const struct event *event, struct arena *arena, struct error *error)
{
    struct stored_list list;
    json_t *json = json_object();
    json_t *results = json_array();
    bool fine = load_results(store, ring, event, arena, &list, error);

    show_add(json, "id", show_text(event->id));
    if (event->source != NULL && event->source[0] != '\0')
        show_add(json, "source", show_text(event->source));
    show_add(json, "topic", show_text(event->topic));
    show_add(json, "generation", json_integer(event->generation));
    show_add(json, "partition", json_integer(event->partition));
    show_add(json, "offset", json_integer(event->offset));
    show_add(json, "outcome",
             show_text(event->outcome > 0 && event->outcome < (int64_t)COUNT(outcome_text)
                           ? outcome_text[event->outcome]
                           : NULL));
    show_add(json, "recordedAt", show_time(event->recorded_ms));
    show_add(json, "published", event->published);
    for (size_t i = 0; fine && i < list.count; i++)
        json_array_append_new(results, show_result(shower, ring, &list.items[i]));
    show_add(json, "results", results);
    show_print(json);
    return fine;
}

static bool show_rows(struct store *store, const struct key_ring *ring, struct shower *shower,
                      size_t *found, struct error *error)
{
    struct arena arena = {0};
    size_t count = db_row_count(store->db, 0);
    struct event *events = arena_alloc(&arena, count * sizeof *events, _Alignof(struct event));
    bool fine = true;

    for (size_t i = 0; i < count; i++) {
        struct row row = db_row(store->db, 0, i);
        events[i] = read_event(&row, &arena);
    }
    for (size_t i = 0; fine && i < count; i++)
        fine = show_event(store, ring, shower, &events[i], &arena, error);
    *found += count;
    arena_done(&arena);
    return fine;
}

/* The ledger's key of the id; false when that takes a key that we were not given. */
static bool key_of(const struct cli *cli, struct uuid *out)
{
    struct ledger ledger;
    bool is_uuid = uuid_parse(given.id, strlen(given.id), out);

    if (is_uuid || !cli->digest_key.present)
        return is_uuid;
    ledger_init(&ledger, NULL, "", &cli->digest_key);
    *out = ledger_event_id(&ledger, given.id, &is_uuid);
    ledger_done(&ledger);
    return true;
}

static bool show_all(struct store *store, const struct key_ring *ring, struct uuid key,
                     struct shower *shower, size_t *found, struct error *error)
{
    const struct value by_key[] = {INT(store->group_id), UUID_VALUE(key), TEXT(given.source)};
    const struct value by_text[] = {INT(store->group_id), TEXT(given.id)};

    if (!store_run(store, &sql_find_event, by_key, error) ||
        !show_rows(store, ring, shower, found, error))
        return false;
    return !given.repeats || (store_run(store, &sql_find_repeats, by_text, error) &&
                              show_rows(store, ring, shower, found, error));
}

static enum cli_exit run(const struct cli *cli)
{
    struct store store;
    struct error error;
    struct uuid key;
    size_t found = 0;
    enum cli_exit status = CLI_DONE;

    if (!key_of(cli, &key)) {
        (void)cli_fail("ONBOARDING_DIGEST_KEY_FILE: is required to find an id that is no UUID");
        return CLI_CONFIG;
    }
    if (!store_open(cli, given.service, given.group, &store, &error))
        return cli_fail("%s", error.text);
    struct shower *shower = show_open(given.personal);
    if (!show_all(&store, &cli->data_keys, key, shower, &found, &error))
        status = cli_fail("%s", error.text);
    else if (found == 0)
        status = cli_fail("no such event in the ledger");
    show_close(shower);
    store_close(&store);
    return status;
}

const struct command command_ledger_show = {
    .name = "ledger show",
    .purpose = "show what became of an event, and its results",
    .details =
        "A row of the ledger is a JSON object: where the event came from, what became of\n"
        "it, and its results as stored; \"published\" says that they are in their topics. What is\n"
        "personal of them is sealed: ONBOARDING_DATA_KEYS_FILE opens it, unless it is erased.\n",
    .needs = NEEDS_POSTGRES | NEEDS_DIGEST_KEY | NEEDS_DATA_KEYS,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
