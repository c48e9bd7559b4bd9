/* `onboarding topics create`: makes the topics of the list, and alters those that differ. */
#include <stdio.h>

#include "command.h"
#include "topic_plan.h"

static struct {
    int64_t replication;
} given = {.replication = 1};

static const struct argument arguments[] = {
    {"--replication", ARGUMENT_COUNT, offsetof(__typeof__(given), replication), false, "COUNT",
     "replicas of each partition; 1 without, 3 in production", 1, 100},
};

/* Partitions are added, never taken away: keys would move. */
static bool alter(struct kafka_admin *admin, const struct topic_wish *wish,
                  const struct topic_state *state, struct arena *arena, struct error *error)
{
    struct topic_differences differences = topic_plan_compare(wish, state, arena);

    if (state->replication < given.replication)
        return error_set(error, ERROR_FATAL,
                         "topic %s: %d replicas, fewer than the %lld wanted; moving partitions to "
                         "more brokers is kafka-reassign-partitions.sh's",
                         wish->name, state->replication, (long long)given.replication);
    if (state->partitions > wish->partitions)
        return error_set(error, ERROR_FATAL,
                         "topic %s: %d partitions, more than the %d wanted; they stay", wish->name,
                         state->partitions, wish->partitions);
    if (differences.count == 0)
        return true;
    if (state->partitions < wish->partitions &&
        !kafka_admin_grow(admin, wish->name, wish->partitions, error))
        return false;
    if (!kafka_admin_set(admin, wish->name, wish->properties, error))
        return false;
    printf("altered %s\n", wish->name);
    return true;
}

static bool make(struct kafka_admin *admin, struct topic_wish *wish, struct arena *arena,
                 struct error *error)
{
    struct topic_state state;

    if (!kafka_admin_find(admin, wish->name, arena, &state, error))
        return false;
    topic_plan_replicate(
        wish, state.partitions != 0 ? state.replication : (int32_t)given.replication, arena);
    if (state.partitions != 0)
        return alter(admin, wish, &state, arena, error);
    if (!kafka_admin_create(admin, wish->name, wish->partitions, (int32_t)given.replication,
                            wish->properties, error))
        return false;
    printf("created %s\n", wish->name);
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
    for (size_t i = 0; i < wishes.count; i++)
        if (!make(admin, &wishes.items[i], &arena, &error)) {
            status = cli_fail("%s", error.text);
            if (error.kind == ERROR_RETRY) /* nobody answers: no other topic will do better */
                break;
        }
    kafka_admin_close(admin);
    arena_done(&arena);
    return status;
}

const struct command command_topics_create = {
    .name = "topics create",
    .purpose = "make the topics of the list, and alter those that differ",
    .details = "Partitions are added where there are too few, never taken away; replicas are for\n"
               "new topics, and it is said where others have fewer. Properties that are no matter\n"
               "of the list stay as they are.\n",
    .needs = NEEDS_KAFKA,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
