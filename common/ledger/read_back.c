/* Reading output topics up to barriers, for the results that stand there. */
#include "common/ledger/read_back.h"

#include <string.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/core/map.h"
#include "common/kafka/reader.h"
#include "common/ledger/results.h"

enum {
    LOOK_BACK_MS = 2000, /* before the oldest batch, for clocks that differ */
    OFFSETS_FOR_TIMES_MS = 10000,
};

static bool append(char *out, size_t size, size_t *used, const struct bytes *part)
{
    if (part == NULL || *used + part->size + 1 > size)
        return false;
    memcpy(out + *used, part->data, part->size);
    *used += part->size;
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
        return append(out, IDENTITY_SIZE, &used, header_find(headers, HEADER_ID)) ? used : 0;
    for (size_t i = 0; i < COUNT(coordinates); i++)
        if (!append(out, IDENTITY_SIZE, &used, header_find_last(headers, coordinates[i])))
            return 0;
    return used;
}

static void expect_items(const struct read_back *read, struct map *expected)
{
    char identity[IDENTITY_SIZE];

    map_start(expected, read->arena);
    for (size_t i = 0; i < read->missing->count; i++) {
        const struct result *result = &read->missing->items[i].result;
        size_t size = identify(result->topic, result->headers, result->dead_letter, identity);
        if (size != 0)
            *map_put(expected, (struct bytes){(uint8_t *)identity, size}) =
                &read->missing->found[i];
    }
}

static void meet(const struct map *expected, const rd_kafka_message_t *message)
{
    struct arena scratch = {0};
    char identity[IDENTITY_SIZE];
    struct header_list headers = kafka_headers(message, &scratch);
    const char *topic = rd_kafka_topic_name(message->rkt);
    bool dead_letter = header_find(headers, HEADER_DLT_OFFSET) != NULL;
    size_t size = identify(topic, headers, dead_letter, identity);
    bool *found = size == 0 ? NULL : map_find(expected, (struct bytes){(uint8_t *)identity, size});

    if (found != NULL)
        *found = true;
    arena_done(&scratch);
}

/*
 * "Nothing so young is there" would be the barrier missing, which just went in: PostgreSQL's clock
 * went back, or the answer is another replica's.
 */
static bool is_in_sight(const rd_kafka_topic_partition_t *start)
{
    return start->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
           (start->offset >= 0 || MUTANT("high_watermark_instead_of_barrier"));
}

static rd_kafka_topic_partition_list_t *start_offsets(const struct read_back *read,
                                                      rd_kafka_t *reader, struct error *error)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)read->output_count);

    for (size_t i = 0; i < read->output_count; i++)
        rd_kafka_topic_partition_list_add(list, read->outputs[i].topic, read->outputs[i].partition)
            ->offset = read->missing->recorded_ms - LOOK_BACK_MS;
    if (rd_kafka_offsets_for_times(reader, list, OFFSETS_FOR_TIMES_MS) !=
        RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_topic_partition_list_destroy(list);
        error_set(error, ERROR_RETRY, "no offsets for reading back");
        return NULL;
    }
    for (int i = 0; i < list->cnt; i++)
        if (!is_in_sight(&list->elems[i])) {
            rd_kafka_topic_partition_list_destroy(list);
            error_set(error, ERROR_RETRY, "no offset for reading back in one partition");
            return NULL;
        }
    return list;
}

static size_t pending_outputs(const struct read_back *read,
                              rd_kafka_topic_partition_list_t *positions)
{
    size_t pending = 0;

    for (size_t i = 0; i < read->output_count; i++) {
        const struct read_back_output *output = &read->outputs[i];
        const rd_kafka_topic_partition_t *position =
            rd_kafka_topic_partition_list_find(positions, output->topic, output->partition);
        if (position != NULL && position->offset != RD_KAFKA_OFFSET_END &&
            position->offset <= output->barrier_offset)
            pending++;
    }
    return pending;
}

static bool read_all(const struct read_back *read, rd_kafka_t *reader,
                     rd_kafka_topic_partition_list_t *positions, const struct map *expected,
                     struct error *error)
{
    int64_t give_up_ms = clock_monotonic_ms() + READ_BACK_MS_MAX;

    while (pending_outputs(read, positions) != 0) {
        if (clock_monotonic_ms() > give_up_ms || *read->cancelled)
            return error_set(error, ERROR_RETRY, "reading back took too long");
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 100);
        if (message == NULL)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_topic_partition_t *position = rd_kafka_topic_partition_list_find(
                positions, rd_kafka_topic_name(message->rkt), message->partition);
            meet(expected, message);
            if (position != NULL && message->offset >= position->offset)
                position->offset = message->offset + 1;
        }
        rd_kafka_message_destroy(message);
    }
    return true;
}

bool read_back(const struct read_back *read, struct error *error)
{
    rd_kafka_topic_partition_list_t *positions = NULL;
    rd_kafka_t *reader = NULL;
    rd_kafka_conf_t *conf;
    struct map expected;
    bool fine = false;

    if (!kafka_configure(read->kafka, kafka_reader_properties, &conf, error) ||
        !kafka_open(RD_KAFKA_CONSUMER, conf, &reader, error))
        return false;
    rd_kafka_poll_set_consumer(reader);
    positions = start_offsets(read, reader, error);
    if (positions == NULL)
        goto done;
    if (rd_kafka_assign(reader, positions) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        error_set(error, ERROR_RETRY, "no assignment for reading back");
        goto done;
    }
    expect_items(read, &expected);
    fine = read_all(read, reader, positions, &expected, error);
done:
    if (positions != NULL)
        rd_kafka_topic_partition_list_destroy(positions);
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
    return fine;
}
