/* `onboarding topics list`: the topics of the list as they should be and as they are. */
#include <stdio.h>

#include "command.h"
#include "topic_plan.h"

static bool compare(struct kafka_admin *admin, const struct topic_wish *wish, struct arena *arena,
                    bool *same, struct error *error)
{
    struct topic_state state;

    if (!kafka_admin_find(admin, wish->name, arena, &state, error))
        return false;
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
    struct arena arena = {0};
    struct error error;
    enum cli_exit status = CLI_DONE;

    if (!kafka_admin_open(&cli->kafka, &admin, &error))
        return cli_fail("%s", error.text);
    for (unsigned i = 0; i < 2 * topic_count; i++) {
        const struct topic *topic = topics[i / 2];
        bool dead_letters = i % 2 == 1;
        bool same = true;
        if (dead_letters && topic->dead_letter_retention_ms == 0)
            continue;
        struct topic_wish wish =
            topic_plan_wish(topic, dead_letters, cli->kafka_config.fence_ms, &arena);
        if (!compare(admin, &wish, &arena, &same, &error)) {
            status = cli_fail("%s", error.text);
            break;
        }
        if (!same)
            status = CLI_FAILED;
        arena_reset(&arena);
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
