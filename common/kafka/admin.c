/* librdkafka's admin requests, one at a time. */
#include "common/kafka/admin.h"

#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/kafka/client.h"

enum { SPREAD_POLL_MS = 50 };

struct kafka_admin {
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
};

static const struct kafka_property admin_properties[] = {
    {"socket.timeout.ms", "10000"},
    {"log_level", "0"},
    {NULL, NULL},
};

bool kafka_admin_open(const struct kafka_options *options, struct kafka_admin **out,
                      struct error *error)
{
    rd_kafka_conf_t *conf;
    rd_kafka_t *client;

    if (!kafka_configure(options, admin_properties, &conf, error) ||
        !kafka_open(RD_KAFKA_PRODUCER, conf, &client, error))
        return false;
    struct kafka_admin *admin = malloc(sizeof *admin);
    if (admin == NULL)
        abort();
    *admin = (struct kafka_admin){client, rd_kafka_queue_new(client)};
    *out = admin;
    return true;
}

void kafka_admin_close(struct kafka_admin *admin)
{
    if (admin == NULL)
        return;
    rd_kafka_queue_destroy(admin->queue);
    rd_kafka_destroy(admin->client);
    free(admin);
}

static rd_kafka_AdminOptions_t *admin_options(struct kafka_admin *admin, rd_kafka_admin_op_t what)
{
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->client, what);
    char reason[128];

    (void)rd_kafka_AdminOptions_set_request_timeout(options, ADMIN_REQUEST_MS_MAX, reason,
                                                    sizeof reason);
    if (what == RD_KAFKA_ADMIN_OP_CREATETOPICS || what == RD_KAFKA_ADMIN_OP_CREATEPARTITIONS)
        (void)rd_kafka_AdminOptions_set_operation_timeout(options, ADMIN_SPREAD_MS_MAX, reason,
                                                          sizeof reason);
    return options;
}

/* The answer to the request made last; NULL when it failed as a whole. */
static rd_kafka_event_t *await_answer(struct kafka_admin *admin, const char *topic,
                                      struct error *error)
{
    rd_kafka_event_t *event =
        rd_kafka_queue_poll(admin->queue, ADMIN_REQUEST_MS_MAX + ADMIN_SPREAD_MS_MAX);

    if (event == NULL) {
        error_set(error, ERROR_RETRY, "topic %s: no answer", topic);
        return NULL;
    }
    if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR)
        return event;
    error_set(error, ERROR_RETRY, "topic %s: %s", topic, rd_kafka_event_error_string(event));
    rd_kafka_event_destroy(event);
    return NULL;
}

static bool refused(const char *topic, rd_kafka_resp_err_t code, const char *text,
                    struct error *error)
{
    return error_set(error, ERROR_FATAL, "topic %s: %s", topic,
                     text != NULL ? text : rd_kafka_err2str(code));
}

static bool judge_topics(const rd_kafka_topic_result_t **results, size_t count, const char *topic,
                         struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_topic_result_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
            return refused(topic, rd_kafka_topic_result_error(results[i]),
                           rd_kafka_topic_result_error_string(results[i]), error);
    return true;
}

bool kafka_admin_brokers(struct kafka_admin *admin, int32_t *out, struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t failure =
        rd_kafka_metadata(admin->client, 0, NULL, &metadata, ADMIN_REQUEST_MS_MAX);

    if (failure != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, ERROR_RETRY, "no answer from the brokers: %s",
                         rd_kafka_err2str(failure));
    *out = metadata->broker_cnt;
    rd_kafka_metadata_destroy(metadata);
    return true;
}

static bool find_counts(struct kafka_admin *admin, const char *topic, struct topic_state *out,
                        struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    /* All topics: asking for one by name would create it where brokers do that. */
    rd_kafka_resp_err_t failure =
        rd_kafka_metadata(admin->client, 1, NULL, &metadata, ADMIN_REQUEST_MS_MAX);

    if (failure != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, ERROR_RETRY, "no answer from the brokers: %s",
                         rd_kafka_err2str(failure));
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *found = &metadata->topics[i];
        if (strcmp(found->topic, topic) != 0 || found->partition_cnt == 0)
            continue;
        out->partitions = found->partition_cnt;
        out->replication = found->partitions[0].replica_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
    return true;
}

/* The answer to "which properties has this topic". */
static rd_kafka_event_t *describe(struct kafka_admin *admin, const char *topic,
                                  const rd_kafka_ConfigEntry_t ***entries, size_t *count,
                                  struct error *error)
{
    rd_kafka_ConfigResource_t *ask = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_AdminOptions_t *options = admin_options(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_event_t *event;
    size_t found = 0;

    rd_kafka_DescribeConfigs(admin->client, &ask, 1, options, admin->queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(ask);
    event = await_answer(admin, topic, error);
    if (event == NULL)
        return NULL;
    const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &found);
    if (found != 1 || rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        (void)refused(
            topic,
            found == 1 ? rd_kafka_ConfigResource_error(resources[0]) : RD_KAFKA_RESP_ERR_UNKNOWN,
            found == 1 ? rd_kafka_ConfigResource_error_string(resources[0]) : NULL, error);
        rd_kafka_event_destroy(event);
        return NULL;
    }
    *entries = rd_kafka_ConfigResource_configs(resources[0], count);
    return event;
}

bool kafka_admin_find(struct kafka_admin *admin, const char *topic, struct arena *arena,
                      struct topic_state *out, struct error *error)
{
    const rd_kafka_ConfigEntry_t **entries;
    struct topic_state state = {0};
    size_t count = 0;

    if (!find_counts(admin, topic, &state, error))
        return false;
    if (state.partitions != 0) {
        rd_kafka_event_t *event = describe(admin, topic, &entries, &count, error);
        if (event == NULL)
            return false;
        struct topic_property *items =
            arena_alloc(arena, count * sizeof *items, _Alignof(struct topic_property));
        for (size_t i = 0; i < count; i++) {
            const char *name = rd_kafka_ConfigEntry_name(entries[i]);
            const char *value = rd_kafka_ConfigEntry_value(entries[i]);
            items[i].name = arena_text(arena, name);
            items[i].value = value == NULL ? "" : arena_text(arena, value);
        }
        state.properties = (struct topic_properties){items, count};
        rd_kafka_event_destroy(event);
    }
    *out = state;
    return true;
}

/* The controller answers before brokers have heard of the topic. */
static bool await_topic(struct kafka_admin *admin, const char *topic, struct error *error)
{
    int64_t give_up_ms = clock_monotonic_ms() + ADMIN_SPREAD_MS_MAX;
    struct topic_state state = {0};

    while (find_counts(admin, topic, &state, error)) {
        if (state.partitions != 0)
            return true;
        if (clock_monotonic_ms() > give_up_ms)
            return error_set(error, ERROR_RETRY, "topic %s: made, but brokers don't show it",
                             topic);
        clock_sleep_ms(SPREAD_POLL_MS);
    }
    return false;
}

bool kafka_admin_create(struct kafka_admin *admin, const char *topic, int32_t partitions,
                        int32_t replication, struct topic_properties properties,
                        struct error *error)
{
    char reason[128] = "";
    rd_kafka_NewTopic_t *ask =
        rd_kafka_NewTopic_new(topic, partitions, replication, reason, sizeof reason);
    rd_kafka_AdminOptions_t *options;
    size_t count = 0;

    if (ask == NULL)
        return error_set(error, ERROR_FATAL, "topic %s: %s", topic, reason);
    for (size_t i = 0; i < properties.count; i++)
        (void)rd_kafka_NewTopic_set_config(ask, properties.items[i].name,
                                           properties.items[i].value);
    options = admin_options(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(admin->client, &ask, 1, options, admin->queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewTopic_destroy(ask);
    rd_kafka_event_t *event = await_answer(admin, topic, error);
    if (event == NULL)
        return false;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    bool fine = judge_topics(results, count, topic, error);
    rd_kafka_event_destroy(event);
    return fine && await_topic(admin, topic, error);
}

bool kafka_admin_grow(struct kafka_admin *admin, const char *topic, int32_t partitions,
                      struct error *error)
{
    char reason[128] = "";
    rd_kafka_NewPartitions_t *ask =
        rd_kafka_NewPartitions_new(topic, (size_t)partitions, reason, sizeof reason);
    rd_kafka_AdminOptions_t *options;
    size_t count = 0;

    if (ask == NULL)
        return error_set(error, ERROR_FATAL, "topic %s: %s", topic, reason);
    options = admin_options(admin, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS);
    rd_kafka_CreatePartitions(admin->client, &ask, 1, options, admin->queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewPartitions_destroy(ask);
    rd_kafka_event_t *event = await_answer(admin, topic, error);
    if (event == NULL)
        return false;
    const rd_kafka_topic_result_t **results = rd_kafka_CreatePartitions_result_topics(
        rd_kafka_event_CreatePartitions_result(event), &count);
    bool fine = judge_topics(results, count, topic, error);
    rd_kafka_event_destroy(event);
    return fine;
}

static bool has_name(struct topic_properties properties, const char *name)
{
    for (size_t i = 0; i < properties.count; i++)
        if (strcmp(properties.items[i].name, name) == 0)
            return true;
    return false;
}

/*
 * The request replaces all that is set for the topic (the incremental one came with librdkafka
 * 2.2), so what is set already goes along.
 */
static bool keep_own(struct kafka_admin *admin, const char *topic, struct topic_properties changed,
                     rd_kafka_ConfigResource_t *ask, struct error *error)
{
    const rd_kafka_ConfigEntry_t **entries;
    size_t count = 0;
    rd_kafka_event_t *event = describe(admin, topic, &entries, &count, error);

    if (event == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *name = rd_kafka_ConfigEntry_name(entries[i]);
        if (rd_kafka_ConfigEntry_source(entries[i]) ==
                RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG &&
            !has_name(changed, name))
            (void)rd_kafka_ConfigResource_set_config(ask, name,
                                                     rd_kafka_ConfigEntry_value(entries[i]));
    }
    rd_kafka_event_destroy(event);
    return true;
}

bool kafka_admin_set(struct kafka_admin *admin, const char *topic,
                     struct topic_properties properties, struct error *error)
{
    rd_kafka_ConfigResource_t *ask = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_AdminOptions_t *options = NULL;
    rd_kafka_event_t *event = NULL;
    size_t count = 0;
    bool fine = false;

    if (!keep_own(admin, topic, properties, ask, error))
        goto done;
    for (size_t i = 0; i < properties.count; i++)
        (void)rd_kafka_ConfigResource_set_config(ask, properties.items[i].name,
                                                 properties.items[i].value);
    options = admin_options(admin, RD_KAFKA_ADMIN_OP_ALTERCONFIGS);
    rd_kafka_AlterConfigs(admin->client, &ask, 1, options, admin->queue);
    rd_kafka_AdminOptions_destroy(options);
    event = await_answer(admin, topic, error);
    if (event == NULL)
        goto done;
    const rd_kafka_ConfigResource_t **resources =
        rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &count);
    fine = true;
    for (size_t i = 0; fine && i < count; i++)
        if (rd_kafka_ConfigResource_error(resources[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
            fine = refused(topic, rd_kafka_ConfigResource_error(resources[i]),
                           rd_kafka_ConfigResource_error_string(resources[i]), error);
    rd_kafka_event_destroy(event);
done:
    rd_kafka_ConfigResource_destroy(ask);
    return fine;
}

bool kafka_admin_cluster(struct kafka_admin *admin, struct arena *arena, const char **out,
                         struct error *error)
{
    char *id = rd_kafka_clusterid(admin->client, ADMIN_REQUEST_MS_MAX);

    if (id == NULL)
        return error_set(error, ERROR_RETRY, "no answer from the brokers");
    *out = arena_text(arena, id);
    rd_kafka_mem_free(admin->client, id);
    return true;
}
