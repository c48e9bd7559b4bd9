/* What is in the topics: read up to barriers, as a worker does before it publishes again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "common/core/clock.h"
#include "common/kafka/reader.h"

enum {
    BARRIER_TRIES_MAX = 5, /* a repeated sequence is acknowledged without an offset */
    POLL_MS = 200,
    SILENCE_MS_MAX = 30000,
};

/* A partition of an output topic. */
struct stretch {
    size_t output;                  /* number of the topic */
    struct kafka_position position; /* the next record wanted */
    int64_t barrier;                /* the offset of ours; -1: none yet */
};

struct reading {
    struct audit *audit;
    struct kafka_sender *sender;
    struct kafka_reader *reader;
    struct stretch *stretches;
    size_t count;
    size_t open; /* stretches not read to their barrier */
};

static bool find_stretches(struct reading *reading, struct error *error)
{
    const struct audit *audit = reading->audit;
    int32_t partitions[AUDIT_OUTPUTS_MAX];
    size_t total = 0;

    for (size_t i = 0; i < audit->output_count; i++) {
        if (!kafka_reader_partitions(reading->reader, audit->outputs[i].topic, &partitions[i],
                                     error))
            return false;
        total += (size_t)partitions[i];
    }
    reading->stretches = calloc(total + 1, sizeof *reading->stretches);
    if (reading->stretches == NULL)
        abort();
    for (size_t i = 0; i < audit->output_count; i++)
        for (int32_t k = 0; k < partitions[i]; k++) {
            struct stretch *stretch = &reading->stretches[reading->count++];
            *stretch = (struct stretch){i, {audit->outputs[i].topic, k, 0}, -1};
            if (!kafka_reader_offset_at(reading->reader, audit->outputs[i].topic, k,
                                        audit->oldest_ms - AUDIT_LOOK_BACK_MS,
                                        &stretch->position.offset, error))
                return false;
        }
    return true;
}

/* What stands before an acknowledged record is all there is; the high watermark may lag. */
static bool put_barrier(struct reading *reading, struct stretch *stretch, struct error *error)
{
    static const struct header header = {HEADER_BARRIER, {(const uint8_t *)"", 0}};
    struct kafka_outgoing barrier = {
        .topic = stretch->position.topic,
        .partition = stretch->position.partition,
        .headers = {&header, 1},
        .offset = &stretch->barrier,
    };

    for (int tries = 0; stretch->barrier < 0; tries++) {
        if (tries == BARRIER_TRIES_MAX)
            return error_set(error, ERROR_RETRY, "a barrier was acknowledged without an offset");
        if (!audit_clock(reading->audit, &barrier.timestamp_ms, error) ||
            !kafka_sender_send(reading->sender, &barrier, error) ||
            !kafka_sender_wait(reading->sender, error))
            return false;
    }
    return true;
}

static bool start(struct reading *reading, struct error *error)
{
    struct kafka_position *positions = calloc(reading->count + 1, sizeof *positions);
    bool fine;

    if (positions == NULL)
        abort();
    for (size_t i = 0; i < reading->count; i++)
        positions[i] = reading->stretches[i].position;
    fine = kafka_reader_start(reading->reader, positions, reading->count, error);
    free(positions);
    return fine;
}

static struct stretch *stretch_of(struct reading *reading, const struct kafka_record *record)
{
    for (size_t i = 0; i < reading->count; i++) {
        struct stretch *stretch = &reading->stretches[i];
        assert(stretch->position.topic != NULL); /* find_stretches() gave each its own */
        if (stretch->position.partition == record->partition &&
            strcmp(reading->audit->outputs[stretch->output].topic, record->topic) == 0)
            return stretch;
    }
    return NULL;
}

static void take(struct reading *reading, const struct kafka_record *record)
{
    struct stretch *stretch = stretch_of(reading, record);
    const struct audit_record met = {
        .topic = record->topic,
        .partition = record->partition,
        .key = record->key,
        .value = record->value,
        .headers = record->headers,
    };

    if (stretch == NULL || record->at_end || stretch->position.offset > stretch->barrier)
        return;
    if (record->offset < stretch->barrier)
        audit_set_meet(reading->audit->set, &met);
    stretch->position.offset = record->offset + 1;
    if (stretch->position.offset > stretch->barrier)
        reading->open--;
}

static bool read_all(struct reading *reading, struct error *error)
{
    int64_t heard_ms = clock_monotonic_ms();
    struct kafka_record record;

    reading->open = reading->count;
    while (reading->open != 0) {
        if (!kafka_reader_next(reading->reader, POLL_MS, &record, error))
            return false;
        if (record.topic != NULL) {
            heard_ms = clock_monotonic_ms();
            take(reading, &record);
        } else if (clock_monotonic_ms() - heard_ms > SILENCE_MS_MAX) {
            return error_set(error, ERROR_RETRY, "the barriers can't be read: no answer");
        }
    }
    return true;
}

bool audit_read(struct audit *audit, struct error *error)
{
    struct reading reading = {.audit = audit};
    bool fine = false;

    if (audit->output_count == 0)
        return true; /* nothing is stored, so nothing need be there */
    if (!kafka_sender_open(&audit->cli->kafka, &reading.sender, error) ||
        !kafka_reader_open(&audit->cli->kafka, &reading.reader, error) ||
        !find_stretches(&reading, error))
        goto done;
    for (size_t i = 0; i < reading.count; i++)
        if (!put_barrier(&reading, &reading.stretches[i], error))
            goto done;
    fine = start(&reading, error) && read_all(&reading, error);
done:
    kafka_reader_close(reading.reader);
    kafka_sender_close(reading.sender);
    free(reading.stretches);
    return fine;
}
