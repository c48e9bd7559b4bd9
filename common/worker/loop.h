#ifndef COMMON_WORKER_LOOP_H
#define COMMON_WORKER_LOOP_H

#include "common/core/backoff.h"
#include "common/ledger/batch.h"
#include "common/ledger/publisher.h"
#include "common/ledger/takeover.h"
#include "common/worker/effects.h"
#include "common/worker/metrics.h"
#include "common/worker/replies.h"
#include "common/worker/worker.h"
#include "common/worker/writers.h"

/*
 * One loop: a thread with a consumer, a producer and a connection of its own.
 *
 *     assignment.c   which partitions are ours, and in which state      (steps A, D, E)
 *     membership.c   whether the group still counts us in               (step D)
 *     fetching.c     where the client fetches
 *     intake.c       records of active partitions, checked and decoded  (step B, before)
 *     answers.c      results to those who wait for them
 *     report.c       what a batch tells people
 *     handle.c       one batch: handlers in a transaction, then results (steps B, C)
 *     outcomes of effects come in by effect_loop.c
 *     loop.c         the cycle
 */
struct effect_topic {
    struct topic topic; /* effects/INPUT TOPIC; has no schema */
    int32_t id;
};

struct loop {
    struct worker *worker;
    unsigned index;
    rd_kafka_t *consumer;
    rd_kafka_queue_t *fetched; /* by the consumer, not yet polled */
    struct publisher *publisher;
    struct replies *replies;
    struct takeover *takeover;
    struct effects *effects; /* NULL: the service has none */
    struct ledger ledger;
    struct writers writers;
    struct decoder *decoder;
    struct arena arena; /* of the batch in hand */
    struct partition *partitions;
    struct record **records; /* gathered, in the order polled */
    size_t record_count;
    size_t record_bytes;
    int32_t *topic_ids;                 /* of each route */
    struct effect_topic *effect_topics; /* likewise; NULL: the service has no effects */
    struct route *effect_routes;        /* of each kind of effects */
    struct loop_metrics metrics;
    _Atomic bool joining; /* the group again: nothing may be committed to it */
    /* membership check (step D) */
    rd_kafka_queue_t *check_queue;
    bool check_pending;
    int64_t check_due_ms;
    struct backoff check_backoff;
    int64_t suspended_ms; /* the last time */
    /* periodic things */
    int64_t woken_ms; /* the fetching thread, see intake.c */
    int64_t marked_ms;
    int64_t group_commit_ms;
    unsigned takeover_failures;
    int64_t acknowledged; /* results counted in the metric */
    bool kafka_away;      /* no broker answers */
    bool database_away;
    bool failed; /* cannot go on: the process exits */
};

enum {
    POLL_MS = 50,             /* a poll waits so long for a record */
    IDLE_MARK_MS = 200,       /* marks go alone after so long without a batch */
    GROUP_COMMIT_MS = 1000,   /* for lag tools */
    DRAIN_MS_MAX = 4000,      /* for acknowledgements when a partition leaves */
    SETTLE_MS_MAX = 8000,     /* for effects under way when the process leaves */
    EFFECT_RECORDS_MAX = 100, /* outcomes of effects in a batch, beside its records */
};

/* The loop's thread; `context` is a struct loop with worker and index set. */
void *loop_run(void *context);

/* A topic's number; waits for the database as long as it takes. False: told to stop. */
bool loop_find_topic(struct loop *loop, const char *name, int32_t *out);

/* assignment.c */
void loop_on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t what,
                       rd_kafka_topic_partition_list_t *list, void *opaque);
struct partition *loop_find_partition(const struct loop *loop, const char *topic, int32_t number);
void loop_tend_partitions(struct loop *loop); /* takeovers, seeks, membership */
void loop_suspend(struct loop *loop, const char *why);
void loop_suspend_partition(struct loop *loop, struct partition *partition);
void loop_mark(struct loop *loop);
void loop_take_over(struct loop *loop, struct partition *partition);

/* membership.c */
void loop_watch_membership(struct loop *loop, rd_kafka_conf_t *conf);
void loop_check_membership(struct loop *loop); /* of doubtful partitions; leads back to step A */
void loop_commit_to_group(struct loop *loop);

/* librdkafka's own lines, in the form of ours. */
void loop_log_kafka(const rd_kafka_t *client, int level, const char *facility, const char *text);

/* fetching.c */
void loop_pause(struct loop *loop, const struct partition *partition);
void loop_activate(struct loop *loop, struct partition *partition); /* READY, from next_offset on */
void loop_seek_back(struct loop *loop, struct partition *partition); /* to its position */

/* intake.c */
void loop_gather(struct loop *loop, int timeout_ms);
void loop_drop_records(struct loop *loop, const struct partition *partition); /* NULL: all */
MUST_CHECK bool loop_decode(struct loop *loop, struct record **records, size_t count,
                            struct error *error);

/* answers.c */
void loop_answer(struct loop *loop, const struct batch *batch); /* who asked for a reply */

/* report.c */
void loop_report(struct loop *loop, const struct batch *batch);

/* handle.c */
void loop_handle(struct loop *loop);

/* effect_loop.c; nothing but where the service has effects */
MUST_CHECK bool loop_start_effects(struct loop *loop, struct error *error);
void loop_stop_effects(struct loop *loop);
void loop_add_effects(const struct loop *loop, struct partition *partition, size_t route);
void loop_tend_effects(struct loop *loop); /* take-overs of pseudo partitions */
void loop_hold_effects(struct loop *loop, struct partition *partition);
void loop_forget_effects(struct loop *loop, struct partition *partition);
void loop_gather_effects(struct loop *loop);
void loop_record_effects(struct loop *loop, const struct batch *batch); /* it is committed */

#endif
