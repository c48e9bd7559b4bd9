#ifndef COMMON_WORKER_OUTCOMES_H
#define COMMON_WORKER_OUTCOMES_H

#include "common/avro/codec.h"
#include "common/ledger/record.h"
#include "common/postgres/db.h"
#include "common/worker/service.h"

struct subjects;

/* What the handlers of one batch want written and published. */

enum {
    RESULT_BYTES_MAX = 900 * 1024, /* with headers below Kafka's default of 1 MiB a message */
    OUTCOME_STATEMENTS_MAX = 32,
};

/* A topic that the service publishes to, as the cluster has it. */
struct output_topic {
    const struct topic *topic;
    int32_t partition_count;
    uint32_t schema_id; /* for FRAMING_CONFLUENT */
};

struct outcome_options {
    const struct output_topic *outputs;
    size_t output_count;
    enum framing framing;
    const char *source; /* ce_source of results: onboarding/NAME */
};

/* `group_id`: the consumer group's, for the rows of effects. */
struct outcome *outcomes_new(const struct outcome_options *options, int16_t group_id,
                             struct arena *arena);

/* Has this batch asked for effects? Then for their data keys, and under them the content. */
bool outcomes_has_effects(const struct outcome *out);
void outcomes_ask_for_keys(const struct outcome *out, struct subjects *subjects);
void outcomes_seal(struct outcome *out, struct subjects *subjects);

/* From here on the outcome is that of `record`. */
void outcomes_start(struct outcome *out, struct record *record, const struct turn *turn);

/* Sets the record's fate and results, or makes it a dead letter and drops its rows. */
void outcomes_end(struct outcome *out);

/* Queues the rows of all records, those of one statement together and sorted. */
void outcomes_queue(struct outcome *out, struct db *db);

#endif
