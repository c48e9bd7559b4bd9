/* `onboarding schemas list`: the schemas that this version writes. */
#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "common/avro/schema.h"
#include "common/avro/topic.h"

static enum cli_exit run(const struct cli *cli)
{
    (void)cli;
    for (unsigned i = 0; i < topic_count; i++)
        printf("%016" PRIx64 "  %-45s %s-value\n", topics[i]->schema->fingerprint,
               topics[i]->schema->name, topics[i]->name);
    return CLI_DONE;
}

const struct command command_schemas_list = {
    .name = "schemas list",
    .purpose = "list the schemas of the topics: fingerprint, name, subject in a registry",
    .run = run,
};
