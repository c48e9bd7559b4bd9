/* Records of active partitions: polled one by one, in order, and decoded. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/core/log.h"
#include "common/worker/loop.h"

/* Its bytes are the client's, and ours alone until then. */
static void drop(const struct loop *loop, rd_kafka_message_t *message)
{
    if (loop->worker->service->has_secrets && message->payload != NULL)
        explicit_bzero(message->payload, message->len);
    rd_kafka_message_destroy(message);
}

void loop_drop_records(struct loop *loop, const struct partition *partition)
{
    size_t kept = 0;

    if (partition != NULL && MUTANT("buffer_kept_on_revoke"))
        return;
    for (size_t i = 0; i < loop->record_count; i++) {
        struct record *record = loop->records[i];
        if (partition != NULL && record->partition != partition)
            loop->records[kept++] = record;
        else if (record->message != NULL)
            drop(loop, record->message);
    }
    loop->record_count = kept;
}

/*
 * Is this the record to come? Below the expected offset: seen before. Above: sought back once,
 * and taken when the same offset comes again (control records, compaction).
 */
static bool in_place(struct loop *loop, struct partition *partition, int64_t offset)
{
    if (MUTANT("client_position_trusted") || offset == partition->position)
        return true;
    if (offset < partition->position)
        return false;
    if (partition->sought_offset == offset)
        return true;
    partition->sought_offset = offset;
    loop_seek_back(loop, partition);
    return false;
}

static void take(struct loop *loop, struct partition *partition, rd_kafka_message_t *message)
{
    struct record *record = arena_new(&loop->arena, struct record);
    rd_kafka_timestamp_type_t type;

    record->message = message;
    record->partition = partition;
    record->offset = message->offset;
    record->timestamp_ms = rd_kafka_message_timestamp(message, &type);
    partition->position = message->offset + 1;
    partition->sought_offset = -1;
    loop->records[loop->record_count++] = record;
    loop->record_bytes += message->len + message->key_len;
}

static void on_error(struct loop *loop, const rd_kafka_message_t *message)
{
    struct partition *partition =
        message->rkt == NULL
            ? NULL
            : loop_find_partition(loop, rd_kafka_topic_name(message->rkt), message->partition);

    if (message->err == RD_KAFKA_RESP_ERR__FATAL ||
        message->err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
        loop->failed = true;
        log_line(LOG_ERROR, "the consumer cannot go on",
                 LOG_TEXT("error", rd_kafka_err2name(message->err)));
    } else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && partition != NULL) {
        loop_drop_records(loop, partition); /* the log's start passed us: a gap */
        loop_suspend_partition(loop, partition);
    } else {
        log_line(LOG_DEBUG, "consumer", LOG_TEXT("error", rd_kafka_err2name(message->err)));
    }
}

static bool admit(struct loop *loop, rd_kafka_message_t *message)
{
    struct partition *partition;

    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        on_error(loop, message);
        return false;
    }
    partition = loop_find_partition(loop, rd_kafka_topic_name(message->rkt), message->partition);
    if (partition == NULL || partition->state != PARTITION_ACTIVE ||
        !in_place(loop, partition, message->offset))
        return false;
    take(loop, partition, message);
    return true;
}

enum {
    WAKE_BATCHES = 2,  /* fetched and waiting: no need */
    WAKE_MS_MIN = 10,  /* between two */
    WAKE_MS_MAX = 100, /* for the answer, which does not matter */
};

/* The partition that most is left of at the broker, as far as the last answers told. */
static const struct partition *find_lagging(const struct loop *loop)
{
    const struct partition *best = NULL;
    int64_t most = (int64_t)rd_kafka_queue_length(loop->fetched); /* waits here anyway */
    int64_t low;
    int64_t high;

    for (const struct partition *p = loop->partitions; p != NULL; p = p->next)
        if (p->state == PARTITION_ACTIVE &&
            rd_kafka_get_watermark_offsets(loop->consumer, p->topic->name, p->number, &low,
                                           &high) == RD_KAFKA_RESP_ERR_NO_ERROR &&
            high - p->position > most) {
            most = high - p->position;
            best = p;
        }
    return best;
}

/*
 * Once librdkafka 2.0 has filled its queue, it looks but once a second whether there is room
 * again, unless something else wakes the thread of the broker: a request to it does.
 */
static void wake_fetcher(struct loop *loop)
{
    int64_t now_ms = clock_monotonic_ms();
    const struct partition *lagging;
    int64_t low;
    int64_t high;

    if (now_ms - loop->woken_ms < WAKE_MS_MIN ||
        rd_kafka_queue_length(loop->fetched) >=
            WAKE_BATCHES * (size_t)loop->worker->config.batch_records ||
        (lagging = find_lagging(loop)) == NULL)
        return;
    (void)rd_kafka_query_watermark_offsets(loop->consumer, lagging->topic->name, lagging->number,
                                           &low, &high, WAKE_MS_MAX);
    loop->woken_ms = clock_monotonic_ms();
}

void loop_gather(struct loop *loop, int timeout_ms)
{
    size_t records_max = loop->record_count + (size_t)loop->worker->config.batch_records;

    wake_fetcher(loop);
    while (loop->record_count < records_max &&
           loop->record_bytes < (size_t)loop->worker->config.batch_bytes) {
        rd_kafka_message_t *message =
            rd_kafka_consumer_poll(loop->consumer, loop->record_count == 0 ? timeout_ms : 0);
        if (message == NULL)
            break;
        if (admit(loop, message))
            (void)FAILPOINT("mid_poll");
        else
            drop(loop, message);
        timeout_ms = 0;
    }
    if (loop->record_count != 0)
        (void)FAILPOINT("after_poll");
}

static const struct route *route_of(const struct loop *loop, const struct topic *topic)
{
    const struct service *service = loop->worker->service;

    for (size_t i = 0; i < service->route_count; i++)
        if (service->routes[i].from == topic)
            return &service->routes[i];
    abort(); /* only topics of routes are subscribed to */
}

static bool is_barrier(const struct record *record)
{
    if (record->key.data != NULL || record->value.data != NULL)
        return false;
    for (size_t i = 0; i < record->headers.count; i++)
        if (strcmp(record->headers.items[i].name, HEADER_BARRIER) == 0)
            return true;
    return false;
}

static bool is_own_key(const struct record *record, const struct topic *topic)
{
    const char *expected = event_text(topic->schema, record->event, topic->key_field);
    if (expected == NULL)
        expected = "";
    size_t size = strlen(expected);
    return record->key.data != NULL && record->key.size == size &&
           memcmp(record->key.data, expected, size) == 0;
}

static bool decode_value(struct loop *loop, struct record *record, struct error *error)
{
    const struct topic *topic = record->partition->topic;

    if (record->value.data == NULL)
        return error_poison(error, REASON_MALFORMED, "null value");
    if (!decoder_read(loop->decoder, topic->schema, record->value, &loop->arena, &record->event,
                      error))
        return false;
    if (!is_own_key(record, topic))
        return error_poison(error, REASON_KEY_INVALID, "the key is not the event's %s",
                            topic->key_field);
    return true;
}

static void digest_raw(struct loop *loop, struct record *record)
{
    hmac_start(loop->ledger.hmac);
    hmac_add(loop->ledger.hmac, record->value.data, record->value.size);
    record->digest = hmac_end(loop->ledger.hmac);
}

/* Once more, if the schema has been registered since. False only when the database is away. */
static bool decode_again(struct loop *loop, struct record *record, struct error *error)
{
    bool looked;

    if (!writers_ask(&loop->writers, &loop->ledger, &loop->arena, &looked, error))
        return false;
    if (looked)
        record->parked = !decode_value(loop, record, &record->error);
    return true;
}

/* False only when the database is away. */
static bool decode(struct loop *loop, struct record *record, struct error *error)
{
    const rd_kafka_message_t *message = record->message;

    record->route = route_of(loop, record->partition->topic);
    record->key = (struct bytes){message->key, message->key_len};
    record->value = (struct bytes){message->payload, message->len};
    record->headers = kafka_headers(message, &loop->arena);
    if (is_barrier(record)) {
        record->fate = FATE_BARRIER;
        return true;
    }
    record->parked = !event_meta_read(record->headers, record->timestamp_ms, &loop->arena,
                                      &record->meta, &record->error);
    record->id_known = !record->parked;
    if (record->id_known) {
        record->event_id = ledger_event_id(&loop->ledger, record->meta.id, &record->id_is_uuid);
        if (!ledger_source_id(&loop->ledger, record->meta.source, &record->source_id, error))
            return false;
        record->parked = !decode_value(loop, record, &record->error);
        if (record->parked && record->error.reason == REASON_SCHEMA_UNKNOWN &&
            !decode_again(loop, record, error))
            return false;
    }
    if (record->parked || MUTANT("digest_over_wire_bytes"))
        digest_raw(loop, record);
    else
        record->digest =
            event_digest(record->partition->topic->schema, record->event, loop->ledger.hmac);
    return true;
}

static bool is_suspect(const struct record *record)
{
    const struct partition *partition = record->partition;

    return record->offset == partition->suspect_offset &&
           partition->suspect_deaths >= SUSPECT_DEATHS;
}

/* The record that was in hand at each of the last deaths is not touched any more. */
static void park_suspect(struct loop *loop, struct record *record)
{
    const rd_kafka_message_t *message = record->message;

    record->key = (struct bytes){message->key, message->key_len};
    record->value = (struct bytes){message->payload, message->len};
    record->headers = kafka_headers(message, &loop->arena);
    record->parked = true;
    error_poison(&record->error, REASON_CRASH_SUSPECT, "in hand when the process died, %d times",
                 (int)record->partition->suspect_deaths + 1);
    digest_raw(loop, record);
    record->partition->alone = 0; /* the culprit is found */
}

/*
 * The thread that fetched a record last touched it megabytes ago: its value and its headers, which
 * stand behind the value, are asked for while an earlier record is decoded.
 */
static void prefetch(const struct record *record)
{
    enum { LINE = 64 };
    const rd_kafka_message_t *message = record->message;
    const char *value = message == NULL ? NULL : message->payload;

    if (value == NULL)
        return;
    __builtin_prefetch(value);
    __builtin_prefetch(value + LINE);
    __builtin_prefetch(value + message->len);
    __builtin_prefetch(value + message->len + LINE);
}

bool loop_decode(struct loop *loop, struct record **records, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        struct record *record = records[i];
        if (i + 1 < count)
            prefetch(records[i + 1]);
        struct partition *partition = record->partition;
        if (record->message == NULL)
            continue; /* an effect's outcome, in full */
        if (partition->alone > 0 && is_suspect(record)) {
            park_suspect(loop, record);
            continue;
        }
        if (partition->alone > 0) {
            if (!ledger_note_suspect(&loop->ledger, partition, record->offset, error))
                return false;
            partition->suspect_noted = true;
        }
        if (!decode(loop, record, error))
            return false;
    }
    return true;
}
