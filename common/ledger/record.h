#ifndef COMMON_LEDGER_RECORD_H
#define COMMON_LEDGER_RECORD_H

#include <stdint.h>

#include "common/avro/topic.h"
#include "common/core/digest.h"
#include "common/core/error.h"
#include "common/core/uuid.h"
#include "common/kafka/event_meta.h"

struct effect_job;
struct partition;
struct route;

/* What became of a record; the number stands in the ledger's column `outcome`. */
enum fate {
    FATE_NONE = 0,
    FATE_DONE = 1,
    FATE_DUPLICATE = 2,   /* met before with the same content */
    FATE_CONFLICT = 3,    /* met before with other content: a dead letter */
    FATE_DEAD_LETTER = 4, /* undecodable, or against the contract */
    FATE_IGNORED = 5,     /* another worker's case */
    FATE_GAP = 6,         /* records that the log lost before we read them */
    FATE_BARRIER,         /* leaves no row */
};

/* Something to publish: a result of an event, or a dead letter. */
struct result {
    struct result *next;
    const char *id; /* ce_id; of a dead letter upstream's, may be NULL */
    bool dead_letter;
    const char *topic;
    int32_t partition; /* chosen once, at the decision */
    struct bytes key;
    struct bytes value;
    struct header_list headers;
    bool personal;        /* the value is; of dead letters all that came from upstream */
    struct bytes subject; /* once sealed: whose data key, see subject_of_user() */
    struct bytes sealed;  /* stored in place of what is personal; data NULL: nothing is sealed */
};

struct result_list {
    struct result *first, **end;
    size_t count;
};

/* A record of the batch in hand. All but `message` lives in the batch's arena. */
struct record {
    struct rd_kafka_message_s *message; /* librdkafka's; NULL in a pseudo partition */
    struct effect_job *effect;          /* there: whose outcome it is; the worker's */
    struct partition *partition;
    int64_t offset;
    int64_t timestamp_ms;
    const struct route *route;
    struct bytes key;   /* data NULL: no key */
    struct bytes value; /* data NULL: no value */
    struct header_list headers;
    struct event_meta meta;
    void *event;
    int32_t source_id;
    struct uuid event_id; /* ce_id, or a keyed hash of it where it is no UUID */
    bool id_is_uuid;
    bool id_known; /* false: the headers gave no usable id */
    struct digest digest;
    bool parked; /* a dead letter whatever the transaction finds; `error` says why */
    enum fate fate;
    struct error error; /* of a dead letter */
    struct result_list results;
    const char *user_id;         /* whose data the results are, as the handler told; NULL: not */
    const struct record *first;  /* of an in-batch duplicate: the record that it repeats */
    struct bytes stored_results; /* of a duplicate with a reply address: its batch's results */
    const char *stored_topic;    /* likewise: where the repeated event came from */
    int16_t stored_generation;
    int32_t stored_partition;
    int64_t stored_offset;
};

void results_init(struct result_list *list);
void results_add(struct result_list *list, struct result *result);

#endif
