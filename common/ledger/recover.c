/* Step A3 of the protocol: what is stored but perhaps not published is read back and completed. */
#include "common/ledger/recover.h"

#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/core/map.h"
#include "common/ledger/results.h"
#include "common/ledger/statements.h"

enum {
    OUTPUTS_MAX = 256,         /* output partitions of one recovery */
    BARRIER_TRIES_MAX = 5,     /* a repeated sequence is acknowledged without an offset */
    ACK_MS_MAX = 10000,        /* for a barrier, or a batch of results */
    LOOK_BACK_MS = 2000,       /* before the oldest batch, for clocks that differ */
    OFFSETS_FOR_TIMES_MS = 10000,
};

/* An output partition that the results concern. */
struct output {
    const char *topic;
    int32_t partition;
    int64_t barrier_offset; /* -1: not acknowledged */
};

struct recovery {
    const struct takeover_options *options;
    struct ledger *ledger;
    const struct partition *partition;
    struct unpublished *missing;
    struct arena *arena;
    const _Atomic bool *cancelled;
    rd_kafka_t *producer;
    struct output outputs[OUTPUTS_MAX];
    size_t output_count;
    size_t unacked;
    bool failed; /* a delivery error */
};

bool recover_load(struct ledger *ledger, const struct partition *partition,
                  int64_t published_offset, struct arena *arena, struct unpublished *out,
                  struct error *error)
{
    const struct value values[] = {
        INT(ledger->group_id),   INT(partition->topic_id), INT(partition->generation),
        INT(partition->number),  INT(published_offset),    INT(partition->next_offset)};
    size_t batches;
    struct stored_list *lists;
    size_t total = 0;

    *out = (struct unpublished){0};
    if (!db_run(ledger->db, &sql_find_unpublished, values, error))
        return false;
    batches = db_row_count(ledger->db, 0);
    lists = arena_alloc(arena, batches * sizeof *lists, _Alignof(struct stored_list));
    for (size_t i = 0; i < batches; i++) {
        struct row row = db_row(ledger->db, 0, i);
        int64_t recorded_ms = row_time_ms(&row, 2);
        if (!results_decode(row_bytes(&row, 3, arena), arena, &lists[i], error))
            return false;
        total += lists[i].count;
        if (i == 0 || recorded_ms < out->recorded_ms)
            out->recorded_ms = recorded_ms;
    }
    out->items = arena_alloc(arena, total * sizeof *out->items, _Alignof(struct stored_item));
    for (size_t i = 0; i < batches; i++)
        for (size_t k = 0; k < lists[i].count; k++)
            if (lists[i].items[k].offset >= published_offset)
                out->items[out->count++] = lists[i].items[k];
    out->found = arena_alloc(arena, out->count * sizeof *out->found, _Alignof(bool));
    return true;
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct recovery *recovery = opaque;
    struct output *barrier = message->_private;

    (void)producer;
    recovery->unacked--;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        recovery->failed = true;
    else if (barrier != NULL)
        barrier->barrier_offset = message->offset; /* -1 where the sequence was a repeat */
}

static bool open_producer(struct recovery *recovery, struct error *error)
{
    rd_kafka_conf_t *conf;

    if (!kafka_configure(recovery->options->kafka, kafka_producer_properties, &conf, error))
        return false;
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, recovery);
    return kafka_open(RD_KAFKA_PRODUCER, conf, &recovery->producer, error);
}

static void close_producer(struct recovery *recovery)
{
    int64_t give_up_ms = clock_monotonic_ms() + 2000;

    if (recovery->producer == NULL)
        return;
    rd_kafka_purge(recovery->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    while (recovery->unacked != 0 && clock_monotonic_ms() < give_up_ms)
        rd_kafka_poll(recovery->producer, 10);
    rd_kafka_destroy(recovery->producer);
}

static bool await_acks(struct recovery *recovery, struct error *error)
{
    int64_t give_up_ms = clock_monotonic_ms() + ACK_MS_MAX;

    while (recovery->unacked != 0 && !recovery->failed && !*recovery->cancelled) {
        if (clock_monotonic_ms() > give_up_ms)
            break;
        rd_kafka_poll(recovery->producer, 50);
    }
    if (recovery->unacked == 0 && !recovery->failed)
        return true;
    return error_set(error, ERROR_RETRY, "results of a former owner: no acknowledgement");
}

static bool post(struct recovery *recovery, const struct result *result, int64_t stamp_ms,
                 struct output *barrier, struct error *error)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(recovery->producer, result->topic, NULL);
    rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;

    if (topic != NULL) {
        failure = kafka_produce(recovery->producer,
                                &(struct kafka_message){.topic = topic,
                                                        .partition = result->partition,
                                                        .key = result->key,
                                                        .value = result->value,
                                                        .headers = result->headers,
                                                        .timestamp_ms = stamp_ms,
                                                        .opaque = barrier});
        rd_kafka_topic_destroy(topic);
    }
    if (failure != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, ERROR_RETRY, "result of a former owner: %s",
                         rd_kafka_err2str(failure));
    recovery->unacked++;
    return true;
}

static void find_outputs(struct recovery *recovery)
{
    for (size_t i = 0; i < recovery->missing->count; i++) {
        const struct result *result = &recovery->missing->items[i].result;
        size_t k = 0;
        while (k < recovery->output_count &&
               (recovery->outputs[k].partition != result->partition ||
                strcmp(recovery->outputs[k].topic, result->topic) != 0))
            k++;
        if (k == recovery->output_count && k < OUTPUTS_MAX)
            recovery->outputs[recovery->output_count++] =
                (struct output){result->topic, result->partition, -1};
    }
}

static bool read_clock(struct recovery *recovery, int64_t *out_ms, struct error *error)
{
    if (!db_run(recovery->ledger->db, &sql_read_clock, NULL, error))
        return false;
    struct row row = db_row(recovery->ledger->db, 0, 0);
    *out_ms = row_time_ms(&row, 0);
    return true;
}

/*
 * The high watermark is no substitute: with replication it hides what the leader has appended
 * and followers have not. What stands before an acknowledged record is all there is.
 */
static bool put_barriers(struct recovery *recovery, struct error *error)
{
    static const struct header header = {HEADER_BARRIER, {(const uint8_t *)"", 0}};
    int64_t now_ms;

    for (size_t i = 0; i < recovery->output_count; i++) {
        struct output *output = &recovery->outputs[i];
        const struct result barrier = {.topic = output->topic,
                                       .partition = output->partition,
                                       .headers = {&header, 1}};
        for (int tries = 0; output->barrier_offset < 0; tries++) {
            if (tries == BARRIER_TRIES_MAX)
                return error_set(error, ERROR_RETRY, "a barrier without an offset");
            if (!read_clock(recovery, &now_ms, error) ||
                !post(recovery, &barrier, now_ms, output, error) || !await_acks(recovery, error))
                return false;
        }
    }
    return true;
}

static bool put_watermarks(struct recovery *recovery, struct error *error)
{
    for (size_t i = 0; i < recovery->output_count; i++) {
        struct output *output = &recovery->outputs[i];
        int64_t low;
        int64_t high;
        if (rd_kafka_query_watermark_offsets(recovery->producer, output->topic, output->partition,
                                             &low, &high, ACK_MS_MAX) != 0)
            return error_set(error, ERROR_RETRY, "no watermark");
        output->barrier_offset = high - 1;
    }
    return true;
}

static const struct header *find_header(struct header_list headers, const char *name)
{
    for (size_t i = 0; i < headers.count; i++)
        if (strcmp(headers.items[i].name, name) == 0)
            return &headers.items[i];
    return NULL;
}

static const struct header *find_last_header(struct header_list headers, const char *name)
{
    for (size_t i = headers.count; i > 0; i--)
        if (strcmp(headers.items[i - 1].name, name) == 0)
            return &headers.items[i - 1];
    return NULL;
}

static bool append(char *out, size_t size, size_t *used, const struct header *header)
{
    size_t length = header == NULL ? 0 : header->value.size;

    if (header == NULL || *used + length + 1 > size)
        return false;
    memcpy(out + *used, header->value.data, length);
    *used += length;
    out[(*used)++] = '\0';
    return true;
}

enum { IDENTITY_SIZE = 1024 };

/*
 * What a record of an output topic is known by: a result by its id; a dead letter by group and
 * coordinates, since its ce_id is upstream's and may have come more than once.
 */
static size_t identify(const char *topic, struct header_list headers, bool dead_letter,
                       char out[static IDENTITY_SIZE])
{
    static const char *const coordinates[] = {HEADER_DLT_GROUP, HEADER_DLT_TOPIC,
                                              HEADER_DLT_PARTITION, HEADER_DLT_OFFSET};
    size_t used = strlen(topic) + 1;

    if (used > IDENTITY_SIZE)
        return 0;
    memcpy(out, topic, used);
    if (!dead_letter || MUTANT("dead_letters_by_ce_id"))
        return append(out, IDENTITY_SIZE, &used, find_header(headers, HEADER_ID)) ? used : 0;
    for (size_t i = 0; i < COUNT(coordinates); i++)
        if (!append(out, IDENTITY_SIZE, &used, find_last_header(headers, coordinates[i])))
            return 0;
    return used;
}

static void expect_items(struct recovery *recovery, struct map *expected)
{
    char identity[IDENTITY_SIZE];

    map_start(expected, recovery->arena);
    for (size_t i = 0; i < recovery->missing->count; i++) {
        const struct result *result = &recovery->missing->items[i].result;
        size_t size = identify(result->topic, result->headers, result->dead_letter, identity);
        if (size != 0)
            *map_put(expected, (struct bytes){(uint8_t *)identity, size}) =
                &recovery->missing->found[i];
    }
}

static void meet(struct recovery *recovery, const struct map *expected,
                 const rd_kafka_message_t *message)
{
    struct arena scratch = {0};
    char identity[IDENTITY_SIZE];
    struct header_list headers = kafka_headers(message, &scratch);
    const char *topic = rd_kafka_topic_name(message->rkt);
    bool dead_letter = find_header(headers, HEADER_DLT_OFFSET) != NULL;
    size_t size = identify(topic, headers, dead_letter, identity);
    bool *found = size == 0 ? NULL : map_find(expected, (struct bytes){(uint8_t *)identity, size});

    (void)recovery;
    if (found != NULL)
        *found = true;
    arena_done(&scratch);
}

static rd_kafka_topic_partition_list_t *start_offsets(struct recovery *recovery,
                                                      rd_kafka_t *reader, struct error *error)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)recovery->output_count);

    for (size_t i = 0; i < recovery->output_count; i++)
        rd_kafka_topic_partition_list_add(list, recovery->outputs[i].topic,
                                          recovery->outputs[i].partition)
            ->offset = recovery->missing->recorded_ms - LOOK_BACK_MS;
    if (rd_kafka_offsets_for_times(reader, list, OFFSETS_FOR_TIMES_MS) !=
        RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_topic_partition_list_destroy(list);
        error_set(error, ERROR_RETRY, "no offsets for reading back");
        return NULL;
    }
    return list;
}

static size_t pending_outputs(const struct recovery *recovery,
                              rd_kafka_topic_partition_list_t *positions)
{
    size_t pending = 0;

    for (size_t i = 0; i < recovery->output_count; i++) {
        const struct output *output = &recovery->outputs[i];
        const rd_kafka_topic_partition_t *position =
            rd_kafka_topic_partition_list_find(positions, output->topic, output->partition);
        if (position != NULL && position->offset != RD_KAFKA_OFFSET_END &&
            position->offset <= output->barrier_offset)
            pending++;
    }
    return pending;
}

static bool read_all(struct recovery *recovery, rd_kafka_t *reader,
                     rd_kafka_topic_partition_list_t *positions, const struct map *expected,
                     struct error *error)
{
    int64_t give_up_ms = clock_monotonic_ms() + READ_BACK_MS_MAX;

    while (pending_outputs(recovery, positions) != 0) {
        if (clock_monotonic_ms() > give_up_ms || *recovery->cancelled)
            return error_set(error, ERROR_RETRY, "reading back took too long");
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 100);
        if (message == NULL)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_topic_partition_t *position = rd_kafka_topic_partition_list_find(
                positions, rd_kafka_topic_name(message->rkt), message->partition);
            meet(recovery, expected, message);
            if (position != NULL && message->offset >= position->offset)
                position->offset = message->offset + 1;
        }
        rd_kafka_message_destroy(message);
    }
    return true;
}

static bool read_back(struct recovery *recovery, struct error *error)
{
    rd_kafka_topic_partition_list_t *positions = NULL;
    rd_kafka_t *reader = NULL;
    rd_kafka_conf_t *conf;
    struct map expected;
    bool fine = false;

    if (!kafka_configure(recovery->options->kafka, kafka_reader_properties, &conf, error) ||
        !kafka_open(RD_KAFKA_CONSUMER, conf, &reader, error))
        return false;
    rd_kafka_poll_set_consumer(reader);
    positions = start_offsets(recovery, reader, error);
    if (positions == NULL)
        goto done;
    if (rd_kafka_assign(reader, positions) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        error_set(error, ERROR_RETRY, "no assignment for reading back");
        goto done;
    }
    expect_items(recovery, &expected);
    fine = read_all(recovery, reader, positions, &expected, error);
done:
    if (positions != NULL)
        rd_kafka_topic_partition_list_destroy(positions);
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
    return fine;
}

static bool publish_missing(struct recovery *recovery, size_t *republished, struct error *error)
{
    int64_t stamp_ms = 0;
    bool fenced = false;
    size_t sent = 0;

    for (size_t i = 0; i < recovery->missing->count; i++) {
        if (recovery->missing->found[i])
            continue;
        if (sent % REPUBLISH_PER_STAMP == 0) {
            if (!await_acks(recovery, error) ||
                !ledger_take_stamp(recovery->ledger, recovery->partition, &stamp_ms, &fenced,
                                   error))
                return false;
            if (fenced)
                return error_set(error, ERROR_RETRY, "fenced while recovering");
        }
        if (!post(recovery, &recovery->missing->items[i].result, stamp_ms, NULL, error))
            return false;
        sent++;
        (void)FAILPOINT("mid_recover");
    }
    *republished = sent;
    return await_acks(recovery, error);
}

bool recover_publish(const struct takeover_options *options, struct ledger *ledger,
                     const struct partition *partition, struct unpublished *missing,
                     struct arena *arena, const _Atomic bool *cancelled, size_t *republished,
                     struct error *error)
{
    struct recovery recovery = {.options = options,
                                .ledger = ledger,
                                .partition = partition,
                                .missing = missing,
                                .arena = arena,
                                .cancelled = cancelled};
    bool fine;

    find_outputs(&recovery);
    fine = open_producer(&recovery, error) &&
           (MUTANT("high_watermark_instead_of_barrier") ? put_watermarks(&recovery, error)
                                                        : put_barriers(&recovery, error)) &&
           read_back(&recovery, error);
    if (fine) {
        (void)FAILPOINT("after_read_back");
        fine = publish_missing(&recovery, republished, error);
    }
    close_producer(&recovery);
    return fine;
}
