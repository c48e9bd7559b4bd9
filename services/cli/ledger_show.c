/* `onboarding ledger show`: what became of an event. */
#include <string.h>

#include "common/core/timestamp.h"
#include "common/ledger/ledger.h"
#include "common/ledger/results.h"
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

static json_t *show_result(struct shower *shower, const struct result *result)
{
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
    return json;
}

/* The results of one offset out of those of its batch. */
static bool show_results(struct shower *shower, struct bytes stored, int64_t offset, json_t *out,
                         struct error *error)
{
    struct arena arena = {0};
    struct stored_list list = {0};
    bool fine = stored.data == NULL || results_decode(stored, &arena, &list, error);

    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].offset == offset)
            json_array_append_new(out, show_result(shower, &list.items[i].result));
    arena_done(&arena);
    return fine;
}

static bool show_row(struct shower *shower, const struct row *row, struct error *error)
{
    struct arena arena = {0};
    const char *source = row_text(row, 0, &arena);
    int64_t outcome = row_int(row, 5);
    json_t *json = json_object();
    json_t *results = json_array();

    show_add(json, "id", show_text(row_text(row, 7, &arena)));
    if (source != NULL && source[0] != '\0')
        show_add(json, "source", show_text(source));
    show_add(json, "topic", show_text(row_text(row, 1, &arena)));
    show_add(json, "generation", json_integer(row_int(row, 2)));
    show_add(json, "partition", json_integer(row_int(row, 3)));
    show_add(json, "offset", json_integer(row_int(row, 4)));
    show_add(json, "outcome",
             show_text(outcome > 0 && outcome < (int64_t)COUNT(outcome_text) ? outcome_text[outcome]
                                                                             : NULL));
    show_add(json, "recordedAt", show_time(row_time_ms(row, 6)));
    show_add(json, "published", row_is_null(row, 8) ? json_null() : json_boolean(row_bool(row, 8)));
    bool fine = show_results(shower, row_bytes(row, 9, &arena), row_int(row, 4), results, error);
    show_add(json, "results", results);
    show_print(json);
    arena_done(&arena);
    return fine;
}

static bool show_rows(struct store *store, struct shower *shower, size_t *found,
                      struct error *error)
{
    size_t count = db_row_count(store->db, 0);

    for (size_t i = 0; i < count; i++) {
        struct row row = db_row(store->db, 0, i);
        if (!show_row(shower, &row, error))
            return false;
    }
    *found += count;
    return true;
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

static bool show_event(struct store *store, struct uuid key, struct shower *shower, size_t *found,
                       struct error *error)
{
    const struct value by_key[] = {INT(store->group_id), UUID_VALUE(key), TEXT(given.source)};
    const struct value by_text[] = {INT(store->group_id), TEXT(given.id)};

    if (!store_run(store, &sql_find_event, by_key, error) ||
        !show_rows(store, shower, found, error))
        return false;
    return !given.repeats || (store_run(store, &sql_find_repeats, by_text, error) &&
                              show_rows(store, shower, found, error));
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
    if (!show_event(&store, key, shower, &found, &error))
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
    .details = "A row of the ledger is a JSON object: where the event came from, what became of\n"
               "it, and its results as stored; \"published\" says that they are in their topics.\n",
    .needs = NEEDS_POSTGRES | NEEDS_DIGEST_KEY,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
