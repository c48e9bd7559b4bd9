/* `onboarding consent list`: the texts of consents that were imported. */
#include "common/core/date.h"
#include "show.h"
#include "store.h"

static struct {
    const char *type;
} given;

static const struct argument arguments[] = {
    {"--type", ARGUMENT_TEXT, offsetof(__typeof__(given), type), false, "TYPE", "only of this type",
     0, 0},
};

static void print(const struct row *row, struct arena *arena)
{
    json_t *json = json_object();
    char day[DATE_TEXT_SIZE];

    date_format((int32_t)row_int(row, 3), day);
    show_add(json, "type", show_text(row_text(row, 0, arena)));
    show_add(json, "language", show_text(row_text(row, 1, arena)));
    show_add(json, "version", show_text(row_text(row, 2, arena)));
    show_add(json, "effectiveFrom", json_string(day));
    show_add(json, "inForce", json_boolean(row_bool(row, 4)));
    show_add(json, "bytes", json_integer(row_int(row, 5)));
    show_add(json, "digest", show_text(row_text(row, 6, arena)));
    show_add(json, "importedBy", show_text(row_text(row, 7, arena)));
    show_add(json, "importedAt", show_time(row_time_ms(row, 8)));
    show_print(json);
}

static enum cli_exit run(const struct cli *cli)
{
    const struct value value = TEXT(given.type);
    struct store store;
    struct error error;

    if (!store_connect(cli, "consent", NULL, &store, &error))
        return cli_fail("%s", error.text);
    enum cli_exit status = store_list(&store, &sql_list_editions, &value, print);
    store_close(&store);
    return status;
}

const struct command command_consent_list = {
    .name = "consent list",
    .purpose = "list the texts of consents, a JSON object a line",
    .details = "\"inForce\" is true for the text that a user is shown today.\n",
    .needs = NEEDS_POSTGRES,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
