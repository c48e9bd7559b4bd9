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

static void add_text(json_t *json, const char *name, const struct row *row, int column,
                     struct arena *arena)
{
    json_t *text = json_string(row_text(row, column, arena));

    show_add(json, name, text != NULL ? text : json_null());
}

static void print(const struct row *row, struct arena *arena)
{
    json_t *json = json_object();
    char day[DATE_TEXT_SIZE];

    date_format((int32_t)row_int(row, 3), day);
    add_text(json, "type", row, 0, arena);
    add_text(json, "language", row, 1, arena);
    add_text(json, "version", row, 2, arena);
    show_add(json, "effectiveFrom", json_string(day));
    show_add(json, "inForce", json_boolean(row_bool(row, 4)));
    show_add(json, "bytes", json_integer(row_int(row, 5)));
    add_text(json, "digest", row, 6, arena);
    add_text(json, "importedBy", row, 7, arena);
    show_add(json, "importedAt", show_time(row_time_ms(row, 8)));
    show_print(json);
}

static enum cli_exit run(const struct cli *cli)
{
    const struct value value = TEXT(given.type);
    struct arena arena = {0};
    struct store store;
    struct error error;
    enum cli_exit status = CLI_DONE;

    if (!store_connect(cli, "consent", NULL, &store, &error))
        return cli_fail("%s", error.text);
    if (!store_run(&store, &sql_list_editions, &value, &error))
        status = cli_fail("%s", error.text);
    for (size_t i = 0; status == CLI_DONE && i < db_row_count(store.db, 0); i++) {
        struct row row = db_row(store.db, 0, i);
        print(&row, &arena);
    }
    store_close(&store);
    arena_done(&arena);
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
