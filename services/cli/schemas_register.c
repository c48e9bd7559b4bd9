/* `onboarding schemas register`: tells programs of other versions how to read our events. */
#include <stdio.h>
#include <string.h>

#include "common/avro/schema.h"
#include "common/avro/topic.h"
#include "store.h"

static struct {
    const char *service;
} given;

static const struct argument arguments[] = {SERVICE_ARGUMENT(given)};

static bool put(struct store *store, const struct schema *schema, struct error *error)
{
    int64_t fingerprint; /* its 64 bits, as a signed number */

    memcpy(&fingerprint, &schema->fingerprint, sizeof fingerprint);
    const struct value values[] = {INT(fingerprint), TEXT(schema->name), TEXT(schema->json)};
    if (!store_run(store, &sql_register_schema, values, error))
        return false;
    if (db_affected(store->db, 0) != 0)
        printf("registered %s\n", schema->name);
    return true;
}

static enum cli_exit run(const struct cli *cli)
{
    struct store store;
    struct error error;
    enum cli_exit status = CLI_DONE;

    if (!store_connect(cli, given.service, NULL, &store, &error))
        return cli_fail("%s", error.text);
    for (unsigned i = 0; status == CLI_DONE && i < topic_count; i++)
        if (!put(&store, topics[i]->schema, &error))
            status = cli_fail("%s", error.text);
    store_close(&store);
    return status;
}

const struct command command_schemas_register = {
    .name = "schemas register",
    .purpose = "note this version's schemas in PostgreSQL, for other versions to read by",
    .details =
        "To be run before a rollout: workers of any version look here for the schema of an event\n"
        "that they do not know, and again after 30 s. What is there already stays.\n",
    .needs = NEEDS_POSTGRES,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
