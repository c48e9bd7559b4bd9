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

static void print(const struct row *row, struct arena *arena)
{
    json_t *json = json_object();

    show_add(json, "topic", show_text(row_text(row, 0, arena)));
    show_add(json, "partition", json_integer(row_int(row, 1)));
    show_add(json, "generation", json_integer(row_int(row, 2)));
    show_add(json, "nextOffset", json_integer(row_int(row, 3)));
    show_add(json, "publishedOffset", json_integer(row_int(row, 4)));
    show_add(json, "ownerEpoch", json_integer(row_int(row, 5)));
    show_add(json, "lastStamp", show_time(row_time_ms(row, 6)));
    show_add(json, "deaths", json_integer(row_int(row, 7)));
    show_add(json, "clean", json_boolean(row_bool(row, 8)));
    show_add(json, "stopped", show_text(row_text(row, 10, arena)));
    show_print(json);
}

static enum cli_exit run(const struct cli *cli)
{
    struct store store;
    struct error error;

    if (!store_open(cli, given.service, given.group, &store, &error))
        return cli_fail("%s", error.text);
    const struct value value = INT(store.group_id);
    enum cli_exit status = store_list(&store, &sql_list_partitions, &value, print);
    store_close(&store);
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
