/* Step A3 of the protocol: what is stored but perhaps not published is read back and completed. */
#include "common/ledger/recover.h"

#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/ledger/read_back.h"
#include "common/ledger/results.h"
#include "common/ledger/statements.h"
#include "common/ledger/vault.h"

enum {
    BATCHES_MAX = 32,      /* recovered at once; what one crash leaves is less */
    BARRIER_TRIES_MAX = 5, /* a repeated sequence is acknowledged without an offset */
    ACK_MS_MAX = 10000,    /* for a barrier, or a batch of results */
};

struct recovery {
    const struct takeover_options *options;
    struct ledger *ledger;
    const struct partition *partition;
    struct unpublished *missing;
    struct arena *arena;
    const _Atomic bool *cancelled;
    rd_kafka_t *producer;
    struct read_back_output *outputs;
    size_t output_count;
    size_t unacked;
    bool failed; /* a delivery error */
};

/* Drops the results of persons erased since. */
static bool open_sealed(const struct takeover_options *options, struct ledger *ledger,
                        const struct partition *partition, struct arena *arena,
                        struct unpublished *missing, struct error *error)
{
    const struct stored_place place = {ledger->group_id, partition->topic->name,
                                       partition->generation, partition->number};
    size_t kept = 0;

    if (!vault_open(ledger->db, options->data_keys, &place, missing->items, missing->count, arena,
                    &missing->erased, error))
        return false;
    for (size_t i = 0; i < missing->count; i++)
        if (!missing->items[i].erased)
            missing->items[kept++] = missing->items[i];
    missing->count = kept;
    return true;
}

bool recover_load(const struct takeover_options *options, struct ledger *ledger,
                  const struct partition *partition, int64_t published_offset, struct arena *arena,
                  struct unpublished *out, struct error *error)
{
    const struct value values[] = {
        INT(ledger->group_id),  INT(partition->topic_id), INT(partition->generation),
        INT(partition->number), INT(published_offset),    INT(partition->next_offset),
        INT(BATCHES_MAX)};
    size_t batches;
    struct stored_list *lists;
    size_t total = 0;

    *out = (struct unpublished){.end_offset = partition->next_offset};
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
        if (batches == BATCHES_MAX && i == batches - 1)
            out->end_offset = row_int(&row, 1) + 1;
        if (i == 0 || recorded_ms < out->recorded_ms)
            out->recorded_ms = recorded_ms;
    }
    out->items = arena_alloc(arena, total * sizeof *out->items, _Alignof(struct stored_item));
    for (size_t i = 0; i < batches; i++)
        for (size_t k = 0; k < lists[i].count; k++)
            if (lists[i].items[k].offset >= published_offset)
                out->items[out->count++] = lists[i].items[k];
    if (!open_sealed(options, ledger, partition, arena, out, error))
        return false;
    out->found = arena_alloc(arena, out->count * sizeof *out->found, _Alignof(bool));
    return true;
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct recovery *recovery = opaque;
    struct read_back_output *barrier = message->_private;

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
                 struct read_back_output *barrier, struct error *error)
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
    recovery->outputs =
        arena_alloc(recovery->arena, recovery->missing->count * sizeof *recovery->outputs,
                    _Alignof(struct read_back_output));
    for (size_t i = 0; i < recovery->missing->count; i++) {
        const struct result *result = &recovery->missing->items[i].result;
        size_t k = 0;
        while (k < recovery->output_count &&
               (recovery->outputs[k].partition != result->partition ||
                strcmp(recovery->outputs[k].topic, result->topic) != 0))
            k++;
        if (k == recovery->output_count)
            recovery->outputs[recovery->output_count++] =
                (struct read_back_output){result->topic, result->partition, -1};
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
        struct read_back_output *output = &recovery->outputs[i];
        const struct result barrier = {
            .topic = output->topic, .partition = output->partition, .headers = {&header, 1}};
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
        struct read_back_output *output = &recovery->outputs[i];
        int64_t low;
        int64_t high;
        if (rd_kafka_query_watermark_offsets(recovery->producer, output->topic, output->partition,
                                             &low, &high, ACK_MS_MAX) != 0)
            return error_set(error, ERROR_RETRY, "no watermark");
        output->barrier_offset = high - 1;
    }
    return true;
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
           read_back(&(struct read_back){.kafka = options->kafka,
                                         .missing = missing,
                                         .outputs = recovery.outputs,
                                         .output_count = recovery.output_count,
                                         .arena = arena,
                                         .cancelled = cancelled},
                     error);
    if (fine) {
        (void)FAILPOINT("after_read_back");
        fine = publish_missing(&recovery, republished, error);
    }
    close_producer(&recovery);
    return fine;
}
