/* `onboarding partitions list`: how far each input partition of a service is. */
#include "show.h"
#include "store.h"

static struct {
    const char *service;
    const char *group;
} given;

static const struct argument arguments[] = {
    SERVICE_ARGUMENT(given),
    GROUP_ARGUMENT(given),
};

static json_t *text_or_null(const char *text)
{
    json_t *json = text == NULL ? NULL : json_string(text);

    return json != NULL ? json : json_null();
}

static void print(const struct row *row, struct arena *arena)
{
    json_t *json = json_object();

    show_add(json, "topic", text_or_null(row_text(row, 0, arena)));
    show_add(json, "partition", json_integer(row_int(row, 1)));
    show_add(json, "generation", json_integer(row_int(row, 2)));
    show_add(json, "nextOffset", json_integer(row_int(row, 3)));
    show_add(json, "publishedOffset", json_integer(row_int(row, 4)));
    show_add(json, "ownerEpoch", json_integer(row_int(row, 5)));
    show_add(json, "lastStamp", show_time(row_time_ms(row, 6)));
    show_add(json, "deaths", json_integer(row_int(row, 7)));
    show_add(json, "clean", json_boolean(row_bool(row, 8)));
    show_add(json, "stopped", text_or_null(row_text(row, 10, arena)));
    show_print(json);
}

static enum cli_exit run(const struct cli *cli)
{
    struct arena arena = {0};
    struct store store;
    struct error error;
    enum cli_exit status = CLI_DONE;

    if (!store_open(cli, given.service, given.group, &store, &error))
        return cli_fail("%s", error.text);
    const struct value value = INT(store.group_id);
    if (!store_run(&store, &sql_list_partitions, &value, &error))
        status = cli_fail("%s", error.text);
    for (size_t i = 0; status == CLI_DONE && i < db_row_count(store.db, 0); i++) {
        struct row row = db_row(store.db, 0, i);
        print(&row, &arena);
    }
    store_close(&store);
    arena_done(&arena);
    return status;
}

const struct command command_partitions_list = {
    .name = "partitions list",
    .purpose = "show how far a service is in each partition, a JSON object a line",
    .details = "\"stopped\" tells why a partition waits for an operator; null: it does not.\n",
    .needs = NEEDS_POSTGRES,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
