/*
 * What we tell the group and it tells us: offsets for lag tools, and whether we are its member
 * still (step D).
 *
 * While we join again, a commit would wait behind the request to join, meet the next generation
 * and be refused as the last one's; librdkafka then gives all partitions up for lost. librdkafka
 * does not tell that it joins, but its requests can be watched.
 */
#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/core/log.h"
#include "common/core/random.h"
#include "common/worker/loop.h"

/* Kafka's numbers of requests. */
enum { API_JOIN_GROUP = 11, API_SYNC_GROUP = 14 };

/* NOLINTBEGIN(readability-*): librdkafka's signatures */
/* These run in librdkafka's threads. */
static rd_kafka_resp_err_t on_request(rd_kafka_t *consumer, int socket, const char *broker,
                                      int32_t broker_id, int16_t api, int16_t version,
                                      int32_t correlation_id, size_t size, void *context)
{
    struct loop *loop = context;

    (void)consumer, (void)socket, (void)broker, (void)broker_id;
    (void)version, (void)correlation_id, (void)size;
    if (api == API_JOIN_GROUP)
        loop->joining = true;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_response(rd_kafka_t *consumer, int socket, const char *broker,
                                       int32_t broker_id, int16_t api, int16_t version,
                                       int32_t correlation_id, size_t size, int64_t round_trip,
                                       rd_kafka_resp_err_t failure, void *context)
{
    struct loop *loop = context;

    (void)consumer, (void)socket, (void)broker, (void)broker_id;
    (void)version, (void)correlation_id, (void)size, (void)round_trip, (void)failure;
    if (api == API_SYNC_GROUP)
        loop->joining = false;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *consumer, const rd_kafka_conf_t *conf, void *context,
                                  char *reason, size_t reason_size)
{
    rd_kafka_resp_err_t failure =
        rd_kafka_interceptor_add_on_request_sent(consumer, "membership", on_request, context);

    (void)conf, (void)reason, (void)reason_size;
    if (failure != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failure;
    return rd_kafka_interceptor_add_on_response_received(consumer, "membership", on_response,
                                                         context);
}
/* NOLINTEND(readability-*) */

void loop_watch_membership(struct loop *loop, rd_kafka_conf_t *conf)
{
    (void)rd_kafka_conf_interceptor_add_on_new(conf, "membership", on_new, loop);
}

static rd_kafka_topic_partition_list_t *offsets_of(const struct loop *loop,
                                                   enum partition_state state)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);

    for (const struct partition *p = loop->partitions; p != NULL; p = p->next)
        if (p->state == state)
            rd_kafka_topic_partition_list_add(list, p->topic->name, p->number)->offset =
                p->next_offset;
    return list;
}

/* Asks the group, by a commit, whether we are still its member; the answer comes by the queue. */
static void ask_membership(struct loop *loop)
{
    rd_kafka_topic_partition_list_t *list = offsets_of(loop, PARTITION_DOUBTFUL);

    (void)FAILPOINT("member_check");
    if (rd_kafka_commit_queue(loop->consumer, list, loop->check_queue, NULL, NULL) ==
        RD_KAFKA_RESP_ERR_NO_ERROR)
        loop->check_pending = true;
    rd_kafka_topic_partition_list_destroy(list);
}

static void reclaim(struct loop *loop)
{
    rd_kafka_topic_partition_list_t *assigned = NULL;

    if (rd_kafka_assignment(loop->consumer, &assigned) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    for (struct partition *p = loop->partitions; p != NULL; p = p->next)
        if (p->state == PARTITION_DOUBTFUL &&
            rd_kafka_topic_partition_list_find(assigned, p->topic->name, p->number) != NULL)
            loop_take_over(loop, p);
    rd_kafka_topic_partition_list_destroy(assigned);
}

static void on_membership(struct loop *loop, rd_kafka_resp_err_t answer)
{
    loop->check_pending = false;
    if (answer == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
        log_line(LOG_ERROR, "another has our group instance id");
        loop->failed = true;
    } else if (answer == RD_KAFKA_RESP_ERR_NO_ERROR && !rd_kafka_assignment_lost(loop->consumer)) {
        reclaim(loop);
        loop->check_due_ms = clock_monotonic_ms() + BACKOFF_FIRST_MS; /* of what was not assigned */
    } else {
        loop->check_due_ms =
            clock_monotonic_ms() + backoff_next_ms(&loop->check_backoff, random_bits());
    }
}

static bool any_in(const struct loop *loop, enum partition_state state)
{
    for (const struct partition *p = loop->partitions; p != NULL; p = p->next)
        if (p->state == state)
            return true;
    return false;
}

void loop_check_membership(struct loop *loop)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(loop->check_queue, 0);

    if (event != NULL) {
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_OFFSET_COMMIT && loop->check_pending)
            on_membership(loop, rd_kafka_event_error(event));
        rd_kafka_event_destroy(event);
    }
    if (loop->check_pending || !any_in(loop, PARTITION_DOUBTFUL) ||
        clock_monotonic_ms() < loop->check_due_ms || MUTANT("no_reclaim_by_fenced_owner"))
        return;
    if (MUTANT("reclaim_without_membership_check"))
        reclaim(loop);
    else if (!loop->joining)
        ask_membership(loop);
}

void loop_commit_to_group(struct loop *loop)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    bool joining = loop->joining;
    int64_t low;

    for (struct partition *p = loop->partitions; p != NULL; p = p->next) {
        if (p->state != PARTITION_ACTIVE)
            continue;
        (void)rd_kafka_get_watermark_offsets(loop->consumer, p->topic->name, p->number, &low,
                                             &p->high_watermark);
        metrics_set_lag(p);
        if (joining || p->group_offset == p->next_offset)
            continue;
        rd_kafka_topic_partition_list_add(list, p->topic->name, p->number)->offset = p->next_offset;
        p->group_offset = p->next_offset;
    }
    if (list->cnt != 0)
        (void)rd_kafka_commit(loop->consumer, list, 1);
    rd_kafka_topic_partition_list_destroy(list);
}
