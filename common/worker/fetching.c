/* Where the client fetches: paused, sought, started anew. Its own position counts for nothing. */
#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/worker/loop.h"

enum {
    SEEK_MS_MAX = 2000,
    START_MS_MAX = 2000, /* an assigned partition takes seeks by then, or never will */
};

static rd_kafka_topic_partition_list_t *list_of(const struct partition *partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, partition->topic->name, partition->number)->offset =
        offset;
    return list;
}

void loop_pause(struct loop *loop, const struct partition *partition)
{
    rd_kafka_topic_partition_list_t *list = list_of(partition, RD_KAFKA_OFFSET_INVALID);

    if (!MUTANT("no_pause_while_suspended"))
        (void)rd_kafka_pause_partitions(loop->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
}

static bool seek(struct loop *loop, const struct partition *partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = list_of(partition, offset);
    rd_kafka_error_t *error = rd_kafka_seek_partitions(loop->consumer, list, SEEK_MS_MAX);
    bool fine = error == NULL && list->elems[0].err == RD_KAFKA_RESP_ERR_NO_ERROR;

    if (error != NULL)
        rd_kafka_error_destroy(error);
    rd_kafka_topic_partition_list_destroy(list);
    return fine;
}

/*
 * After an offset out of range librdkafka has stopped the partition for good and refuses every
 * seek: only a new assignment starts it again.
 */
static bool assign_anew(struct loop *loop, const struct partition *partition)
{
    rd_kafka_topic_partition_list_t *list = list_of(partition, partition->next_offset);
    rd_kafka_error_t *error = rd_kafka_incremental_unassign(loop->consumer, list);

    if (error != NULL) /* a try before came so far */
        rd_kafka_error_destroy(error);
    list->elems[0].offset = partition->next_offset;
    error = rd_kafka_incremental_assign(loop->consumer, list);
    bool fine = error == NULL;
    if (error != NULL)
        rd_kafka_error_destroy(error);
    rd_kafka_topic_partition_list_destroy(list);
    return fine;
}

static bool place(struct loop *loop, struct partition *partition)
{
    int64_t now_ms = clock_monotonic_ms();

    if (seek(loop, partition, partition->next_offset))
        return true;
    if (now_ms - partition->ready_ms < START_MS_MAX)
        return false;
    partition->ready_ms = now_ms;
    return assign_anew(loop, partition);
}

void loop_activate(struct loop *loop, struct partition *partition)
{
    (void)FAILPOINT("before_seek");
    if (!place(loop, partition))
        return; /* not started yet: again in the next cycle */
    rd_kafka_topic_partition_list_t *list = list_of(partition, RD_KAFKA_OFFSET_INVALID);
    (void)rd_kafka_resume_partitions(loop->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    partition->position = partition->next_offset;
    partition->sought_offset = -1;
    partition->state = PARTITION_ACTIVE;
}

void loop_seek_back(struct loop *loop, struct partition *partition)
{
    if (seek(loop, partition, partition->position))
        return;
    partition->state = PARTITION_READY; /* tried again, once what is gathered is done */
    partition->ready_ms = clock_monotonic_ms();
}
