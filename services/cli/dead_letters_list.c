/* `onboarding deadletters list`: what was parked, from PostgreSQL. */
#include <stdio.h>

#include "dead_letters.h"
#include "show.h"

static struct {
    const char *service;
    const char *group;
    const char *reason;
    bool pending;
    int64_t count;
} given = {.count = 1000};

#define AT(member) offsetof(__typeof__(given), member)

static const struct argument arguments[] = {
    {"--service", ARGUMENT_TEXT, AT(service), false, "NAME", "only of this service", 0, 0},
    GROUP_ARGUMENT(given),
    {"--reason", ARGUMENT_TEXT, AT(reason), false, "CODE", "only for this reason: MALFORMED, …", 0,
     0},
    {"--pending", ARGUMENT_FLAG, AT(pending), false, NULL, "only those never replayed", 0, 0},
    {"-n", ARGUMENT_COUNT, AT(count), false, "COUNT", "the oldest so many; 1000 without", 1,
     DEAD_LETTERS_MAX},
};

static void print(const char *service, const struct dead_letter *letter)
{
    json_t *json = json_object();

    show_add(json, "service", show_text(service));
    show_add(json, "topic", show_text(letter->topic));
    show_add(json, "partition", json_integer(letter->partition));
    show_add(json, "offset", json_integer(letter->offset));
    show_add(json, "generation", json_integer(letter->generation));
    show_add(json, "reason", show_text(letter->reason));
    show_add(json, "detail", show_text(letter->detail));
    show_add(json, "id", show_text(letter->event_id));
    show_add(json, "recordedAt", show_time(letter->recorded_ms));
    show_add(json, "replayedAt",
             letter->replayed_ms == 0 ? json_null() : show_time(letter->replayed_ms));
    show_print(json);
}

/* A service that has never run has no group, and no dead letters. */
static bool list(const struct cli *cli, const char *service, struct arena *arena,
                 struct error *error)
{
    const struct dead_letter_choice choice = {given.reason, given.pending, given.count};
    struct dead_letter_list letters = {0};
    struct store store;
    bool found = false;

    if (!store_connect(cli, service, given.group, &store, error))
        return false;
    bool fine = store_find_group(&store, &found, error) &&
                (!found || dead_letters_load(&store, &choice, arena, &letters, error));
    store_close(&store);
    if (!fine)
        return false;
    for (size_t i = 0; i < letters.count; i++)
        print(service, &letters.items[i]);
    if ((int64_t)letters.count == given.count)
        (void)cli_fail("service %s may have more; see -n", service);
    return true;
}

static bool list_all(const struct cli *cli, struct arena *arena, struct error *error)
{
    struct store store;

    /* Any schema will do to ask which there are. */
    if (!store_connect(cli, "pg_catalog", NULL, &store, error))
        return false;
    bool fine = store_run(&store, &sql_list_services, NULL, error);
    for (size_t i = 0; fine && i < db_row_count(store.db, 0); i++) {
        struct row row = db_row(store.db, 0, i);
        fine = list(cli, row_text(&row, 0, arena), arena, error);
    }
    store_close(&store);
    return fine;
}

static enum cli_exit run(const struct cli *cli)
{
    struct arena arena = {0};
    struct error error;

    if (dead_letters_check_reason(given.reason) != CLI_DONE)
        return CLI_USAGE;
    bool fine = given.service != NULL ? list(cli, given.service, &arena, &error)
                                      : list_all(cli, &arena, &error);

    arena_done(&arena);
    return fine ? CLI_DONE : cli_fail("%s", error.text);
}

const struct command command_dead_letters_list = {
    .name = "deadletters list",
    .purpose = "list dead letters, the oldest first, a JSON object a line",
    .details = "Places (topic, partition, offset) are those of the events that were parked.\n",
    .needs = NEEDS_POSTGRES,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
