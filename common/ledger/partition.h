#ifndef COMMON_LEDGER_PARTITION_H
#define COMMON_LEDGER_PARTITION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/avro/topic.h"
#include "common/core/base.h"

/*
 * An input partition as this loop holds it.
 *
 *   TAKING_OVER ──claimed, results of earlier owners published──► READY
 *   READY ──seek and resume──► ACTIVE
 *   ACTIVE, READY ──delivery error, lost connection, fenced, too old──► DOUBTFUL
 *   DOUBTFUL ──the group still counts us as a member──► TAKING_OVER
 *   TAKING_OVER ──an operator must decide──► STOPPED
 *
 * Only ACTIVE partitions are fetched, batched, marked and committed.
 *
 * Outcomes of effects come from no log. They are batched as if from a pseudo partition beside the
 * input partition, of the topic effects/INPUT TOPIC, whose offsets are the sequence in which they
 * are recorded: claimed, fenced, published and read back likewise, never fetched, sought, or told
 * to the group. It is DOUBTFUL until the input partition is ACTIVE, then taken over.
 */
enum partition_state {
    PARTITION_TAKING_OVER,
    PARTITION_READY,
    PARTITION_ACTIVE,
    PARTITION_DOUBTFUL,
    PARTITION_STOPPED,
    PARTITION_STATES
};

extern const char *const partition_state_text[PARTITION_STATES];

/* An event whose results are on their way; in offset order. */
struct flight {
    struct flight *next;
    struct partition *partition; /* NULL once the partition let go of it */
    int64_t offset;
    int64_t sent_ms;     /* monotonic */
    uint32_t waiting;    /* results without acknowledgement */
    uint32_t references; /* messages that the producer still holds */
};

struct takeover_job;

struct partition {
    const struct topic *topic;
    int32_t topic_id;
    int32_t number;
    enum partition_state state;
    struct takeover_job *job; /* TAKING_OVER */
    int64_t owner_epoch;      /* -1: never claimed by this process */
    int16_t generation;
    int64_t next_offset;    /* as committed in PostgreSQL */
    int64_t position;       /* the next offset wanted from the client */
    int64_t ready_ms;       /* monotonic: since when it waits to be fetched from next_offset on */
    int64_t sought_offset;  /* after a gap: the offset that was sought back to; -1: none */
    int64_t marked_offset;  /* published_offset as PostgreSQL has it */
    int64_t group_offset;   /* committed to the group, for lag tools */
    int64_t high_watermark; /* end of the log as last fetched; -1: not known */
    int32_t deaths;         /* claims in a row that followed a death */
    int64_t alone;          /* records to come that are taken one by one: those of a fatal batch */
    int64_t suspect_offset; /* the record in hand at those deaths; -1: none noted */
    int32_t suspect_deaths;
    bool suspect_noted; /* the note in the table is of a record that we had in hand */
    struct flight *flights, **flights_end;
    bool pseudo;
    struct partition *effects; /* the pseudo partition beside it; NULL: none */
    struct partition *next;
};

enum {
    SUSPICION_DEATHS = 3, /* from here on batches of one, with a note before each record */
    SUSPECT_DEATHS = 2,   /* a note found again after this many further deaths is a dead letter */
};

struct partition *partition_new(const struct topic *topic, int32_t topic_id, int32_t number);
void partition_free(struct partition *partition); /* and its pseudo partition; flights are let go */

/* Adds the pseudo partition, DOUBTFUL. */
void partition_add_effects(struct partition *partition, const struct topic *topic,
                           int32_t topic_id);

/* The offset before which everything is published: of the oldest flight, else next_offset. */
int64_t partition_published_offset(const struct partition *partition);

void partition_add_flight(struct partition *partition, struct flight *flight);

/* Flights at the front with nothing left to wait for are done. */
void partition_land_flights(struct partition *partition);

/* Lets go of all flights; the producer's last report of each frees it. */
void partition_drop_flights(struct partition *partition);

/* A report of the producer for one message of a flight; frees the flight when nobody needs it. */
void flight_report(struct flight *flight, bool acknowledged);

#endif
