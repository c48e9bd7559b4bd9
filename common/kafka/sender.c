/* A producer for commands: the workers' settings, with a deadline and the first error kept. */
#include "common/kafka/sender.h"

#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/kafka/client.h"

struct kafka_sender {
    rd_kafka_t *client;
    rd_kafka_topic_t *topics[SENDER_TOPICS_MAX];
    size_t topic_count;
    int64_t sent;
    int64_t acknowledged;
    int64_t progress_ms; /* monotonic; of the last answer, or of the first record waiting */
    rd_kafka_resp_err_t failure;
};

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_sender *sender = opaque;
    int64_t *offset = message->_private;

    (void)client;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (sender->failure == RD_KAFKA_RESP_ERR_NO_ERROR)
            sender->failure = message->err;
        return;
    }
    sender->acknowledged++;
    sender->progress_ms = clock_monotonic_ms();
    if (offset != NULL)
        *offset = message->offset;
}

bool kafka_sender_open(const struct kafka_options *options, struct kafka_sender **out,
                       struct error *error)
{
    rd_kafka_conf_t *conf;
    struct kafka_sender *sender;

    if (!kafka_configure(options, kafka_producer_properties, &conf, error))
        return false;
    sender = calloc(1, sizeof *sender);
    if (sender == NULL)
        abort();
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, sender);
    if (!kafka_open(RD_KAFKA_PRODUCER, conf, &sender->client, error)) {
        free(sender);
        return false;
    }
    *out = sender;
    return true;
}

void kafka_sender_close(struct kafka_sender *sender)
{
    if (sender == NULL)
        return;
    for (size_t i = 0; i < sender->topic_count; i++)
        rd_kafka_topic_destroy(sender->topics[i]);
    rd_kafka_purge(sender->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_poll(sender->client, 0);
    rd_kafka_destroy(sender->client);
    free(sender);
}

bool kafka_sender_partitions(struct kafka_sender *sender, const char *topic, int32_t *out,
                             struct error *error)
{
    return kafka_partition_count(sender->client, topic, out, error);
}

int32_t kafka_sender_partition(struct bytes key, int32_t partition_count)
{
    return kafka_partition_of(key, partition_count);
}

static rd_kafka_topic_t *topic_of(struct kafka_sender *sender, const char *name)
{
    for (size_t i = 0; i < sender->topic_count; i++)
        if (strcmp(rd_kafka_topic_name(sender->topics[i]), name) == 0)
            return sender->topics[i];
    if (sender->topic_count == SENDER_TOPICS_MAX)
        return NULL;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(sender->client, name, NULL);
    if (topic != NULL)
        sender->topics[sender->topic_count++] = topic;
    return topic;
}

/* Serves answers once; false when sending cannot go on. */
static bool serve(struct kafka_sender *sender, int wait_ms, struct error *error)
{
    rd_kafka_poll(sender->client, wait_ms);
    if (sender->failure != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, ERROR_FATAL, "not acknowledged: %s",
                         rd_kafka_err2str(sender->failure));
    if (sender->sent > sender->acknowledged &&
        clock_monotonic_ms() - sender->progress_ms > SENDER_SILENCE_MS_MAX)
        return error_set(error, ERROR_RETRY, "no acknowledgement for %d s",
                         SENDER_SILENCE_MS_MAX / 1000);
    return true;
}

bool kafka_sender_send(struct kafka_sender *sender, const struct kafka_outgoing *outgoing,
                       struct error *error)
{
    const struct kafka_message message = {
        .topic = topic_of(sender, outgoing->topic),
        .partition = outgoing->partition,
        .key = outgoing->key,
        .value = outgoing->value,
        .headers = outgoing->headers,
        .timestamp_ms = outgoing->timestamp_ms,
        .opaque = outgoing->offset,
    };

    if (message.topic == NULL)
        return error_set(error, ERROR_FATAL, "topic %s cannot be written to", outgoing->topic);
    if (sender->sent == sender->acknowledged)
        sender->progress_ms = clock_monotonic_ms();
    while (true) {
        rd_kafka_resp_err_t failure = kafka_produce(sender->client, &message);
        if (failure == RD_KAFKA_RESP_ERR_NO_ERROR)
            break;
        if (failure != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return error_set(error, ERROR_FATAL, "topic %s: %s", outgoing->topic,
                             rd_kafka_err2str(failure));
        if (!serve(sender, 100, error))
            return false;
    }
    sender->sent++;
    return serve(sender, 0, error);
}

bool kafka_sender_wait(struct kafka_sender *sender, struct error *error)
{
    while (sender->acknowledged < sender->sent)
        if (!serve(sender, 100, error))
            return false;
    return serve(sender, 0, error);
}

int64_t kafka_sender_acknowledged(const struct kafka_sender *sender)
{
    return sender->acknowledged;
}
