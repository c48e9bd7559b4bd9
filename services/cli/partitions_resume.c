/* `onboarding partitions resume`: lets a partition go on that waited for an operator. */
#include <stdio.h>
#include <stdlib.h>

#include "common/kafka/admin.h"
#include "store.h"
#include "topic_plan.h"

static struct {
    const char *topic;
    int64_t partition;
    const char *service;
    const char *group;
    bool new_generation;
} given;

#define AT(member) offsetof(__typeof__(given), member)

static const struct argument arguments[] = {
    {"TOPIC", ARGUMENT_TEXT, AT(topic), true, NULL, "input topic", 0, 0},
    {"PARTITION", ARGUMENT_COUNT, AT(partition), true, NULL, "number of the partition", 0,
     INT32_MAX},
    SERVICE_ARGUMENT(given),
    GROUP_ARGUMENT(given),
    {"--new-generation", ARGUMENT_FLAG, AT(new_generation), false, NULL,
     "the topic was made anew: begin at offset 0 of the cluster there is now", 0, 0},
};

static bool find_cluster(const struct cli *cli, struct arena *arena, const char **out,
                         struct error *error)
{
    struct kafka_admin *admin;
    bool fine;

    if (!kafka_admin_open(&cli->kafka, &admin, error))
        return false;
    fine = kafka_admin_cluster(admin, arena, out, error);
    kafka_admin_close(admin);
    return fine;
}

static bool resume(const struct cli *cli, const struct topic *topic, struct arena *arena,
                   struct error *error)
{
    const char *cluster_id = "";
    struct store store;
    bool fine;

    if (given.new_generation && !find_cluster(cli, arena, &cluster_id, error))
        return false;
    if (!store_open(cli, given.service, given.group, &store, error))
        return false;
    const struct value values[] = {INT(store.group_id), TEXT(topic->name), INT(given.partition),
                                   TEXT(cluster_id)};
    fine = store_run(&store, given.new_generation ? &sql_renew_partition : &sql_resume_partition,
                     values, error);
    if (fine && db_affected(store.db, 0) == 0)
        fine = error_set(error, ERROR_FATAL, "%s/%d of service %s is not stopped", topic->name,
                         (int)given.partition, store.service);
    store_close(&store);
    return fine;
}

static enum cli_exit run(const struct cli *cli)
{
    bool dead_letters = false;
    const struct topic *topic = topic_plan_find(given.topic, &dead_letters);
    struct arena arena = {0};
    struct error error;
    enum cli_exit status = CLI_DONE;

    if (topic == NULL || dead_letters)
        return cli_fail("there is no such input topic; see " CLI_PROGRAM " topics list");
    if (resume(cli, topic, &arena, &error))
        printf("resumed %s/%d\n", topic->name, (int)given.partition);
    else
        status = cli_fail("%s", error.text);
    arena_done(&arena);
    return status;
}

const struct command command_partitions_resume = {
    .name = "partitions resume",
    .purpose = "let a partition go on that waits for an operator",
    .details =
        "A worker takes it up when it next claims the partition: after a restart, or when\n"
        "partitions are shared out anew. Whatever stopped it must be gone, or it stops again.\n"
        "With --new-generation everything in the topic is consumed from its first record.\n",
    .needs = NEEDS_KAFKA | NEEDS_POSTGRES,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
