/* A consumer by assignment that shows records in our own words. */
#include "common/kafka/reader.h"

#include <stdlib.h>
#include <string.h>

#include "common/kafka/client.h"

struct kafka_reader {
    rd_kafka_t *client;
    rd_kafka_message_t *message; /* the one shown last */
    struct arena arena;          /* its headers */
};

bool kafka_reader_open(const struct kafka_options *options, struct kafka_reader **out,
                       struct error *error)
{
    rd_kafka_conf_t *conf;
    rd_kafka_t *client;

    if (!kafka_configure(options, kafka_reader_properties, &conf, error))
        return false;
    (void)rd_kafka_conf_set(conf, "enable.partition.eof", "true", NULL, 0);
    (void)rd_kafka_conf_set(conf, "auto.offset.reset", "error", NULL, 0);
    if (!kafka_open(RD_KAFKA_CONSUMER, conf, &client, error))
        return false;
    struct kafka_reader *reader = malloc(sizeof *reader);
    if (reader == NULL)
        abort();
    *reader = (struct kafka_reader){.client = client};
    rd_kafka_poll_set_consumer(client);
    *out = reader;
    return true;
}

static void forget(struct kafka_reader *reader)
{
    if (reader->message != NULL)
        rd_kafka_message_destroy(reader->message);
    reader->message = NULL;
    arena_reset(&reader->arena);
}

void kafka_reader_close(struct kafka_reader *reader)
{
    if (reader == NULL)
        return;
    forget(reader);
    rd_kafka_consumer_close(reader->client);
    rd_kafka_destroy(reader->client);
    arena_done(&reader->arena);
    free(reader);
}

bool kafka_reader_partitions(struct kafka_reader *reader, const char *topic, int32_t *out,
                             struct error *error)
{
    return kafka_partition_count(reader->client, topic, out, error);
}

static bool failed(const char *topic, int32_t partition, rd_kafka_resp_err_t failure,
                   struct error *error)
{
    return error_set(error, ERROR_RETRY, "%s/%d: %s", topic, partition, rd_kafka_err2str(failure));
}

bool kafka_reader_bounds(struct kafka_reader *reader, const char *topic, int32_t partition,
                         int64_t *low, int64_t *high, struct error *error)
{
    int64_t first;
    int64_t end;
    rd_kafka_resp_err_t failure = rd_kafka_query_watermark_offsets(
        reader->client, topic, partition, &first, &end, READER_REQUEST_MS_MAX);

    if (failure != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failed(topic, partition, failure, error);
    *low = first;
    *high = end;
    return true;
}

bool kafka_reader_offset_at(struct kafka_reader *reader, const char *topic, int32_t partition,
                            int64_t time_ms, int64_t *out, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *ask = rd_kafka_topic_partition_list_add(list, topic, partition);
    int64_t low = 0;
    int64_t high = 0;

    ask->offset = time_ms;
    rd_kafka_resp_err_t failure =
        rd_kafka_offsets_for_times(reader->client, list, READER_REQUEST_MS_MAX);
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR)
        failure = ask->err;
    int64_t offset = ask->offset;
    rd_kafka_topic_partition_list_destroy(list);
    if (failure != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failed(topic, partition, failure, error);
    if (offset < 0) {
        if (!kafka_reader_bounds(reader, topic, partition, &low, &high, error))
            return false;
        offset = high;
    }
    *out = offset;
    return true;
}

bool kafka_reader_start(struct kafka_reader *reader, const struct kafka_position *positions,
                        size_t count, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);

    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, positions[i].topic, positions[i].partition)
            ->offset = positions[i].offset;
    rd_kafka_resp_err_t failure = rd_kafka_assign(reader->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (failure != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, ERROR_RETRY, "assignment: %s", rd_kafka_err2str(failure));
    return true;
}

bool kafka_reader_next(struct kafka_reader *reader, int wait_ms, struct kafka_record *out,
                       struct error *error)
{
    rd_kafka_message_t *message;

    forget(reader);
    message = rd_kafka_consumer_poll(reader->client, wait_ms);
    reader->message = message;
    if (message == NULL) {
        *out = (struct kafka_record){0};
        return true;
    }
    const char *topic = message->rkt == NULL ? "" : rd_kafka_topic_name(message->rkt);
    bool at_end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && !at_end)
        return failed(topic, message->partition, message->err, error);
    *out = (struct kafka_record){
        .topic = topic,
        .partition = message->partition,
        .offset = message->offset,
        .at_end = at_end,
    };
    if (at_end)
        return true;
    out->timestamp_ms = rd_kafka_message_timestamp(message, NULL);
    out->key = (struct bytes){message->key, message->key_len};
    out->value = (struct bytes){message->payload, message->len};
    out->headers = kafka_headers(message, &reader->arena);
    return true;
}

const struct bytes *header_find(struct header_list headers, const char *name)
{
    for (size_t i = 0; i < headers.count; i++)
        if (strcmp(headers.items[i].name, name) == 0)
            return &headers.items[i].value;
    return NULL;
}

const struct bytes *header_find_last(struct header_list headers, const char *name)
{
    for (size_t i = headers.count; i > 0; i--)
        if (strcmp(headers.items[i - 1].name, name) == 0)
            return &headers.items[i - 1].value;
    return NULL;
}

bool kafka_record_is_barrier(const struct kafka_record *record)
{
    return record->key.data == NULL && record->value.data == NULL &&
           header_find(record->headers, HEADER_BARRIER) != NULL;
}
