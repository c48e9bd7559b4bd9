/* Which partitions are ours and in which state: steps A, D and E of the protocol. */
#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/core/log.h"
#include "common/core/random.h"
#include "common/worker/loop.h"

enum {
    PARTITIONS_MAX = 256,
    CALM_MS = 30000, /* after so long without a doubt the next one is looked into at once */
};

struct partition *loop_find_partition(const struct loop *loop, const char *topic, int32_t number)
{
    for (struct partition *p = loop->partitions; p != NULL; p = p->next)
        if (p->number == number && strcmp(p->topic->name, topic) == 0)
            return p;
    return NULL;
}

void loop_take_over(struct loop *loop, struct partition *partition)
{
    partition->state = PARTITION_TAKING_OVER;
    partition->job = takeover_submit(loop->takeover, partition);
}

static bool find_route(const struct loop *loop, const char *name, size_t *out)
{
    const struct service *service = loop->worker->service;

    for (size_t i = 0; i < service->route_count; i++)
        if (strcmp(service->routes[i].from->name, name) == 0) {
            *out = i;
            return true;
        }
    return false;
}

static void add_partition(struct loop *loop, const char *name, int32_t number)
{
    size_t route = 0;

    if (!find_route(loop, name, &route) || loop_find_partition(loop, name, number) != NULL)
        return;
    struct partition *partition =
        partition_new(loop->worker->service->routes[route].from, loop->topic_ids[route], number);
    loop_add_effects(loop, partition, route);
    partition->next = loop->partitions;
    loop->partitions = partition;
    loop_take_over(loop, partition);
}

/*
 * The claim says where to begin, and comes later. Until then the partition stands at the log's
 * end, paused, and what it delivers in spite of that is dropped by its state.
 */
static void on_assigned(struct loop *loop, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_error_t *error;

    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = 0; /* no logical one: its answer may come after the seek */
    error = rd_kafka_incremental_assign(loop->consumer, list);
    if (error != NULL) {
        log_line(LOG_ERROR, "assign", LOG_TEXT("error", rd_kafka_error_name(error)));
        rd_kafka_error_destroy(error);
    }
    if (!MUTANT("no_pause_while_suspended"))
        (void)rd_kafka_pause_partitions(loop->consumer, list);
    for (int i = 0; i < list->cnt; i++)
        add_partition(loop, list->elems[i].topic, list->elems[i].partition);
}

static bool flying(const struct loop *loop, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        const struct partition *p =
            loop_find_partition(loop, list->elems[i].topic, list->elems[i].partition);
        if (p != NULL &&
            (p->flights != NULL || (p->effects != NULL && p->effects->flights != NULL)))
            return true;
    }
    return false;
}

static void drain(struct loop *loop, const rd_kafka_topic_partition_list_t *list)
{
    int64_t give_up_ms = clock_monotonic_ms() + DRAIN_MS_MAX;

    while (flying(loop, list) && !publisher_failed(loop->publisher) &&
           clock_monotonic_ms() < give_up_ms)
        publisher_poll(loop->publisher, 10);
}

static void mark_leaving(struct loop *loop, const rd_kafka_topic_partition_list_t *list)
{
    struct partition *leaving[2 * PARTITIONS_MAX];
    struct error error;
    size_t count = 0;
    bool fenced; /* whoever has it now has read back what we published */

    for (int i = 0; i < list->cnt && i < PARTITIONS_MAX; i++) {
        struct partition *p =
            loop_find_partition(loop, list->elems[i].topic, list->elems[i].partition);
        if (p != NULL)
            leaving[count++] = p;
        if (p != NULL && p->effects != NULL)
            leaving[count++] = p->effects;
    }
    (void)FAILPOINT("before_mark");
    if (!ledger_mark(&loop->ledger, leaving, count, true, &fenced, &error))
        log_line(LOG_WARNING, "the mark on leaving failed; the next owner reads back",
                 LOG_TEXT("error", error.text));
}

static void remove_partition(struct loop *loop, const char *name, int32_t number)
{
    for (struct partition **at = &loop->partitions; *at != NULL; at = &(*at)->next) {
        struct partition *partition = *at;
        if (partition->number != number || strcmp(partition->topic->name, name) != 0)
            continue;
        *at = partition->next;
        if (partition->job != NULL)
            takeover_cancel(loop->takeover, partition->job);
        loop_forget_effects(loop, partition);
        metrics_forget_lag(partition);
        partition_free(partition);
        return;
    }
}

/* Step E. What is not acknowledged by then cannot be called back but by giving the producer up. */
static void on_revoked(struct loop *loop, rd_kafka_topic_partition_list_t *list, bool lost)
{
    rd_kafka_error_t *error;

    loop->joining = true; /* which follows */
    for (int i = 0; i < list->cnt; i++) {
        const struct partition *p =
            loop_find_partition(loop, list->elems[i].topic, list->elems[i].partition);
        if (p != NULL)
            loop_drop_records(loop, p);
        if (p != NULL && p->effects != NULL)
            loop_drop_records(loop, p->effects);
    }
    if (lost) {
        (void)FAILPOINT("in_lost");
    } else {
        (void)FAILPOINT("in_revoke_before_drain");
        drain(loop, list);
        mark_leaving(loop, list);
        (void)FAILPOINT("in_revoke_after_drain");
    }
    bool undelivered = flying(loop, list);
    for (int i = 0; i < list->cnt; i++)
        remove_partition(loop, list->elems[i].topic, list->elems[i].partition);
    error = rd_kafka_incremental_unassign(loop->consumer, list);
    if (error != NULL)
        rd_kafka_error_destroy(error);
    if (undelivered && !(lost && MUTANT("no_purge_on_lost")))
        loop_suspend(loop, "a partition left with results on their way");
}

void loop_on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t what,
                       rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct loop *loop = opaque;

    log_line(LOG_INFO, "rebalance", LOG_INT("loop", (int64_t)loop->index),
             LOG_TEXT("what", what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? "assigned"
                              : rd_kafka_assignment_lost(consumer)         ? "lost"
                                                                           : "revoked"),
             LOG_INT("partitions", list->cnt));
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        on_assigned(loop, list);
    else if (what == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
        on_revoked(loop, list, rd_kafka_assignment_lost(consumer) != 0);
    else
        rd_kafka_assign(consumer, NULL);
}

void loop_suspend_partition(struct loop *loop, struct partition *partition)
{
    if (partition->state != PARTITION_ACTIVE && partition->state != PARTITION_READY)
        return;
    loop_pause(loop, partition);
    partition_drop_flights(partition);
    partition->state = PARTITION_DOUBTFUL;
}

/* What made us doubt may last, and a claim is no cure for all: not again and again at once. */
static void wait_before_check(struct loop *loop)
{
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms - loop->suspended_ms > CALM_MS)
        backoff_reset(&loop->check_backoff);
    loop->suspended_ms = now_ms;
    loop->check_due_ms = now_ms + backoff_next_ms(&loop->check_backoff, random_bits());
}

/* Step D: nothing that this loop holds is sure any more. */
void loop_suspend(struct loop *loop, const char *why)
{
    struct error error;
    bool undelivered = publisher_unacked(loop->publisher) != 0 || publisher_failed(loop->publisher);

    log_line(LOG_WARNING, "suspended", LOG_INT("loop", (int64_t)loop->index), LOG_TEXT("why", why));
    metric_add(loop->metrics.suspensions, 1);
    loop_drop_records(loop, NULL);
    for (struct partition *p = loop->partitions; p != NULL; p = p->next) {
        if (p->suspect_noted && ledger_clear_suspect(&loop->ledger, p, &error))
            p->suspect_noted = false;
        loop_suspend_partition(loop, p);
        loop_hold_effects(loop, p);
    }
    if (undelivered) {
        metric_add(loop->metrics.resets, 1);
        if (!publisher_reset(loop->publisher, &error)) {
            log_line(LOG_ERROR, "no new producer", LOG_TEXT("error", error.text));
            loop->failed = true;
        }
    }
    wait_before_check(loop);
}

/* Nobody will ever see them: an alarm. */
static void report_lost(const struct partition *partition, int64_t records)
{
    metrics_count_lost(partition, records);
    if (records != 0)
        log_line(LOG_ERROR, "records were gone before they were consumed",
                 LOG_TEXT("topic", partition->topic->name), LOG_INT("partition", partition->number),
                 LOG_INT("records", records));
}

static void adopt(struct loop *loop, struct partition *partition, const struct takeover_job *job)
{
    partition->job = NULL;
    if (job->stopped) {
        partition->state = PARTITION_STOPPED;
        metric_add(loop->metrics.takeovers_stopped, 1);
        log_line(LOG_ERROR, "a partition waits for an operator",
                 LOG_TEXT("topic", partition->topic->name), LOG_INT("partition", partition->number),
                 LOG_TEXT("why", job->stopped_why));
        return;
    }
    partition->state = PARTITION_READY;
    partition->owner_epoch = job->owner_epoch;
    partition->generation = job->generation;
    partition->next_offset = job->next_offset;
    partition->marked_offset = job->next_offset;
    partition->ready_ms = clock_monotonic_ms();
    partition->deaths = job->deaths;
    partition->suspect_offset = job->suspect_offset;
    partition->suspect_deaths = job->suspect_deaths;
    partition->suspect_noted = false;
    partition->alone = job->deaths >= SUSPICION_DEATHS && !partition->pseudo
                           ? loop->worker->config.batch_records
                           : 0;
    metric_add(loop->metrics.takeovers, 1);
    metric_add(loop->metrics.republished, (double)job->republished);
    metric_add(loop->metrics.erased, (double)job->erased);
    report_lost(partition, job->lost);
    log_line(LOG_INFO, partition->pseudo ? "effects taken over" : "taken over",
             LOG_TEXT("topic", partition->topic->name), LOG_INT("partition", partition->number),
             LOG_INT("epoch", job->owner_epoch), LOG_INT("next_offset", job->next_offset),
             LOG_INT("republished", job->republished), LOG_INT("erased", job->erased),
             LOG_INT("deaths", job->deaths));
}

static void collect_takeovers(struct loop *loop)
{
    struct takeover_job *job;
    struct error last;

    while ((job = takeover_collect(loop->takeover)) != NULL) {
        for (struct partition *p = loop->partitions; p != NULL; p = p->next)
            if (p->job == job)
                adopt(loop, p, job);
            else if (p->effects != NULL && p->effects->job == job)
                adopt(loop, p->effects, job);
        free(job);
    }
    unsigned failures = takeover_failures(loop->takeover, &last);
    if (failures != loop->takeover_failures) {
        metric_add(loop->metrics.takeover_failures, failures - loop->takeover_failures);
        loop->takeover_failures = failures;
        log_line(LOG_WARNING, "a take-over will be tried again", LOG_TEXT("error", last.text));
    }
}

void loop_tend_partitions(struct loop *loop)
{
    collect_takeovers(loop);
    for (struct partition *p = loop->partitions; p != NULL; p = p->next)
        if (p->state == PARTITION_READY)
            loop_activate(loop, p);
    loop_tend_effects(loop);
    loop_check_membership(loop);
}

void loop_mark(struct loop *loop)
{
    struct partition *list[2 * PARTITIONS_MAX];
    struct error error;
    size_t count = 0;
    bool fenced;

    for (struct partition *p = loop->partitions; p != NULL && count < 2 * PARTITIONS_MAX - 1;
         p = p->next) {
        list[count++] = p;
        if (p->effects != NULL)
            list[count++] = p->effects;
    }
    (void)FAILPOINT("idle_mark");
    if (!ledger_mark(&loop->ledger, list, count, false, &fenced, &error))
        loop_suspend(loop, error.text);
    else if (fenced) /* perhaps by who was away and did not know better; nobody else tells us */
        loop_suspend(loop, "a partition was taken over by another");
}
