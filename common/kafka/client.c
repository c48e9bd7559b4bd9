/* librdkafka's handles, configured once for everybody. */
#include "common/kafka/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * message.timeout.ms must be 0: a record that timed out would be skipped and later ones overtake
 * it, in spite of the gapless guarantee.
 */
const struct kafka_property kafka_producer_properties[] = {
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"enable.gapless.guarantee", "true"},
    {"message.timeout.ms", "0"},
    {"socket.timeout.ms", "3000"},
    {"linger.ms", "1"},
    {"compression.type", "lz4"},
    {"queue.buffering.max.messages", "20000"},
    {"queue.buffering.max.kbytes", "65536"},
    {"message.max.bytes", "4194304"},
    {"log_level", "0"},
    {NULL, NULL},
};

const struct kafka_property kafka_brief_producer_properties[] = {
    {"acks", "1"},
    {"message.timeout.ms", "10000"},
    {"retries", "3"},
    {"socket.timeout.ms", "3000"},
    {"linger.ms", "0"},
    {"queue.buffering.max.messages", "10000"},
    {"queue.buffering.max.kbytes", "16384"},
    {"log_level", "0"},
    {NULL, NULL},
};

const struct kafka_property kafka_reader_properties[] = {
    {"group.id", "onboarding-readback"}, /* required for assigning; nothing is committed to it */
    {"enable.auto.commit", "false"},
    {"auto.offset.reset", "earliest"},
    {"isolation.level", "read_uncommitted"},
    {"socket.timeout.ms", "10000"},
    {"fetch.wait.max.ms", "50"},
    {"log_level", "0"},
    {NULL, NULL},
};

static bool set(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *error)
{
    char reason[128];

    if (value == NULL || value[0] == '\0')
        return true;
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) == RD_KAFKA_CONF_OK)
        return true;
    return error_set(error, ERROR_FATAL, "Kafka property %s is refused", name);
}

bool kafka_configure(const struct kafka_options *options, const struct kafka_property *properties,
                     rd_kafka_conf_t **out, struct error *error)
{
    const struct kafka_property own[] = {
        {"bootstrap.servers", options->brokers},
        {"client.id", options->client_id},
        {"security.protocol", options->security_protocol},
        {"sasl.mechanism", options->sasl_mechanism},
        {"sasl.username", options->sasl_username},
        {"sasl.password", options->sasl_password},
        {"ssl.ca.location", options->ca_location},
        {"ssl.certificate.location", options->certificate_location},
        {"ssl.key.location", options->key_location},
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    bool fine = true;

    for (size_t i = 0; fine && i < COUNT(own); i++)
        fine = set(conf, own[i].name, own[i].value, error);
    for (size_t i = 0; fine && properties[i].name != NULL; i++)
        fine = set(conf, properties[i].name, properties[i].value, error);
    if (!fine)
        rd_kafka_conf_destroy(conf);
    else
        *out = conf;
    return fine;
}

bool kafka_open(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **out, struct error *error)
{
    char reason[256];
    rd_kafka_t *client;

    errno = 0;
    client = rd_kafka_new(type, conf, reason, sizeof reason);
    if (client == NULL) {
        /* EDEADLK: the library gave up waiting for its threads, as it does in a process that was
         * stopped for a minute. They run all the same, and what is in the configuration is theirs.
         */
        if (errno != EDEADLK)
            rd_kafka_conf_destroy(conf);
        return error_set(error, ERROR_FATAL, "Kafka client: %s", reason);
    }
    *out = client;
    return true;
}

int32_t kafka_partition_of(struct bytes key, int32_t partition_count)
{
    return rd_kafka_msg_partitioner_murmur2(NULL, key.data, key.size, partition_count, NULL, NULL);
}

bool kafka_partition_count(rd_kafka_t *client, const char *topic, int32_t *out, struct error *error)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    rd_kafka_resp_err_t failure =
        handle == NULL ? rd_kafka_last_error() : RD_KAFKA_RESP_ERR_NO_ERROR;
    int32_t count = 0;

    if (handle != NULL)
        failure = rd_kafka_metadata(client, 0, handle, &metadata, KAFKA_METADATA_MS_MAX);
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR && metadata != NULL && metadata->topic_cnt == 1) {
        failure = metadata->topics[0].err;
        count = metadata->topics[0].partition_cnt;
    }
    if (metadata != NULL)
        rd_kafka_metadata_destroy(metadata);
    if (handle != NULL)
        rd_kafka_topic_destroy(handle);
    if (failure != RD_KAFKA_RESP_ERR_NO_ERROR || count == 0)
        return error_set(error, ERROR_RETRY, "topic %s: %s", topic, rd_kafka_err2str(failure));
    *out = count;
    return true;
}

struct header_list kafka_headers(const rd_kafka_message_t *message, struct arena *arena)
{
    rd_kafka_headers_t *headers = NULL;
    struct header *items;
    size_t count = 0;

    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return (struct header_list){0};
    size_t most = rd_kafka_header_cnt(headers);
    items = arena_alloc(arena, most * sizeof *items, _Alignof(struct header));
    while (count < most) {
        const void *value = NULL;
        size_t size = 0;
        if (rd_kafka_header_get_all(headers, count, &items[count].name, &value, &size) !=
            RD_KAFKA_RESP_ERR_NO_ERROR)
            break;
        items[count].value = (struct bytes){value, size};
        count++;
    }
    return (struct header_list){items, count};
}

rd_kafka_resp_err_t kafka_produce(rd_kafka_t *producer, const struct kafka_message *message)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(message->headers.count);

    for (size_t i = 0; i < message->headers.count; i++) {
        const struct header *header = &message->headers.items[i];
        rd_kafka_header_add(headers, header->name, -1, header->value.data,
                            (ssize_t)header->value.size);
    }
    rd_kafka_resp_err_t failure = rd_kafka_producev(
        producer, RD_KAFKA_V_RKT(message->topic), RD_KAFKA_V_PARTITION(message->partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(message->key.data, message->key.size),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)message->value.data, message->value.size),
        RD_KAFKA_V_TIMESTAMP(message->timestamp_ms), RD_KAFKA_V_OPAQUE(message->opaque),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (failure != RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_headers_destroy(headers);
    return failure;
}
