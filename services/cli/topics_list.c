/* `onboarding topics list`: the topics of the list as they should be and as they are. */
#include <stdio.h>

#include "command.h"
#include "topic_plan.h"

static bool compare(struct kafka_admin *admin, struct topic_wish *wish, struct arena *arena,
                    bool *same, struct error *error)
{
    struct topic_state state;

    if (!kafka_admin_find(admin, wish->name, arena, &state, error))
        return false;
    if (state.partitions != 0)
        topic_plan_replicate(wish, state.replication, arena);
    struct topic_differences differences = topic_plan_compare(wish, &state, arena);
    *same = differences.count == 0;
    if (state.partitions == 0) {
        printf("%-45s missing\n", wish->name);
        return true;
    }
    printf("%-45s %s  partitions=%d replication=%d", wish->name, *same ? "ok     " : "differs",
           state.partitions, state.replication);
    for (size_t i = 0; i < wish->properties.count; i++)
        printf(" %s=%s", wish->properties.items[i].name, wish->properties.items[i].value);
    printf("\n");
    for (size_t i = 0; i < differences.count; i++)
        printf("    %s is %s, wanted %s\n", differences.items[i].name, differences.items[i].actual,
               differences.items[i].wanted);
    return true;
}

static enum cli_exit run(const struct cli *cli)
{
    struct kafka_admin *admin;
    struct topic_wishes wishes = {0};
    struct arena arena = {0};
    int32_t brokers;
    struct error error;
    enum cli_exit status = CLI_DONE;

    if (!kafka_admin_open(&cli->kafka, &admin, &error))
        return cli_fail("%s", error.text);
    if (!kafka_admin_brokers(admin, &brokers, &error))
        status = cli_fail("%s", error.text);
    else
        wishes = topic_plan_all(cli->kafka_config.fence_ms, brokers, &arena);
    for (size_t i = 0; i < wishes.count; i++) {
        bool same = true;
        if (!compare(admin, &wishes.items[i], &arena, &same, &error)) {
            status = cli_fail("%s", error.text);
            break;
        }
        if (!same)
            status = CLI_FAILED;
    }
    kafka_admin_close(admin);
    arena_done(&arena);
    return status;
}

const struct command command_topics_list = {
    .name = "topics list",
    .purpose = "show the topics of the list: what is wanted, and what differs (exit code 1)",
    .needs = NEEDS_KAFKA,
    .run = run,
};
