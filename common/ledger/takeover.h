#ifndef COMMON_LEDGER_TAKEOVER_H
#define COMMON_LEDGER_TAKEOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/error.h"
#include "common/kafka/client.h"
#include "common/ledger/ledger.h"

/*
 * Step A of the protocol, in a thread beside each loop: claims a partition, checks that the log
 * is the one we know, waits out the former owner's stamps, reads back what is published and
 * publishes the rest. Each partition is tried again with back-off for as long as it is ours.
 */
struct takeover;

struct takeover_options {
    const struct kafka_options *kafka;
    const struct db_options *database;
    const char *group;
    const struct key *digest_key;
    const struct key_ring *data_keys;
    rd_kafka_t *consumer; /* the loop's; must outlive the takeover */
    int64_t fence_ms;     /* message.timestamp.before.max.ms of fenced topics */
    bool start_at_end;    /* where a partition begins that nobody consumed before */
};

/* What is asked, and what came of it. */
struct takeover_job {
    struct takeover_job *next;
    const struct topic *topic;
    int32_t topic_id;
    int32_t number;
    int64_t former_epoch; /* of this very process; -1: none */
    bool note_survived;   /* we noted a suspect, live on, and could not delete the note */
    bool pseudo;          /* there is no log */
    /* results */
    bool stopped; /* an operator must decide; else the partition is ours and recovered */
    const char *stopped_why;
    int64_t owner_epoch;
    int64_t next_offset;
    int16_t generation;
    int32_t deaths;
    int64_t suspect_offset; /* -1: none */
    int32_t suspect_deaths;
    int64_t republished; /* results that were missing */
    int64_t erased;      /* results of persons erased since, left out */
    int64_t lost;        /* records that the log dropped before anybody read them */
    /* the takeover's own */
    int step;
    int64_t due_ms;
    int64_t published_offset;
    int64_t log_end_seen_ms;   /* when the log was first found to end too early; 0: not */
    _Atomic unsigned failures; /* the loop may look */
    _Atomic bool cancelled;
    struct error last_error;
};

enum {
    FENCE_MARGIN_MS = 500, /* clocks of brokers against PostgreSQL's */
    LOG_END_SECOND_LOOK_MS = 30000,
    RECOVERY_FIRST_MS = 200, /* back-off of a job */
    RECOVERY_MAX_MS = 10000,
    READ_BACK_MS_MAX = 30000, /* one reading back, then the job is tried again */
    REPUBLISH_PER_STAMP = 500,
};

/* Starts the thread. Texts of the options must live as long. */
struct takeover *takeover_start(const struct takeover_options *options);
void takeover_stop(struct takeover *takeover); /* waits for the step in hand; takes NULL */

/* Asks for a partition; the job is the takeover's until it is collected or cancelled. */
struct takeover_job *takeover_submit(struct takeover *takeover, const struct partition *partition);

/* Nobody waits any more; the takeover frees the job. */
void takeover_cancel(struct takeover *takeover, struct takeover_job *job);

/* The next finished job, or NULL; the caller frees it. */
struct takeover_job *takeover_collect(struct takeover *takeover);

/* Steps that failed so far, and why the last one did: for metrics and the log. */
unsigned takeover_failures(struct takeover *takeover, struct error *last);

#endif
