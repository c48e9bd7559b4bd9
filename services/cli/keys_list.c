/* `onboarding keys list`: how many data keys each key of the ring wraps. */
#include <stdio.h>

#include "services.h"

static bool list(struct store *store, void *context, struct error *error)
{
    (void)context;
    if (!store_run(store, &sql_count_keys, NULL, error))
        return false;
    for (size_t i = 0; i < db_row_count(store->db, 0); i++) {
        struct row row = db_row(store->db, 0, i);
        printf("%-12s key %-6lld persons %-10lld days %lld\n", store->service,
               (long long)row_int(&row, 0), (long long)row_int(&row, 1),
               (long long)row_int(&row, 2));
    }
    return true;
}

static enum cli_exit run(const struct cli *cli)
{
    struct error error;

    return services_each(cli, &sql_list_vaults, NULL, list, NULL, &error)
               ? CLI_DONE
               : cli_fail("%s", error.text);
}

const struct command command_keys_list = {
    .name = "keys list",
    .purpose = "show how many data keys each key of the ring wraps",
    .details = "A key that no service lists may leave ONBOARDING_DATA_KEYS_FILE.\n",
    .needs = NEEDS_POSTGRES,
    .run = run,
};
