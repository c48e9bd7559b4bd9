#ifndef CLI_AUDIT_H
#define CLI_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit_set.h"
#include "common/kafka/sender.h"
#include "common/ledger/results.h"
#include "store.h"

/* The parts of `onboarding audit`: what is stored, what is there, and what is to be done. */

enum {
    AUDIT_OUTPUTS_MAX = 128,       /* output topics */
    AUDIT_BATCHES_PER_QUERY = 50,  /* a batch's results may be some hundred KiB */
    AUDIT_LOOK_BACK_MS = 2000,     /* before the oldest row: clocks differ */
    AUDIT_FORGET_MARGIN_MS = 60000 /* what retention takes while we look is not missing */
};

/* An input partition, as its row in PostgreSQL was before anything was read. */
struct audit_input {
    const char *topic;
    int32_t topic_id;
    int32_t partition;
    int16_t generation;
    int64_t published_offset;
    bool missing;        /* results of it are: --repair claims it */
    int64_t owner_epoch; /* ours, once claimed */
};

struct audit_output {
    const char *topic;
    int64_t retention_ms;
};

struct audit {
    const struct cli *cli;
    struct store store;
    struct arena arena;
    struct audit_input *inputs;
    size_t input_count;
    struct audit_output outputs[AUDIT_OUTPUTS_MAX];
    size_t output_count;
    int64_t since_ms;  /* batches before it are left alone */
    int64_t now_ms;    /* PostgreSQL's clock at the start */
    int64_t oldest_ms; /* of the batches loaded */
    size_t erased;     /* results left out: the persons' data was erased */
    struct audit_set *set;
};

/* Shows `take` all stored results of an input partition, in order; ends when it gives false. */
MUST_CHECK bool audit_each(struct audit *audit, size_t input,
                           bool (*take)(struct audit *audit, size_t input,
                                        const struct stored_item *item, int64_t recorded_ms,
                                        void *context, struct error *error),
                           void *context, struct error *error);

/* Fills inputs, outputs and set from PostgreSQL. */
MUST_CHECK bool audit_load(struct audit *audit, struct error *error);

/* Meets everything that stands in the output topics, up to barriers of our own. */
MUST_CHECK bool audit_read(struct audit *audit, struct error *error);

/* Claims the inputs of missing results, looks again, and publishes what is still missing. */
MUST_CHECK bool audit_repair(struct audit *audit, size_t *repaired, struct error *error);

MUST_CHECK bool audit_clock(struct audit *audit, int64_t *out_ms, struct error *error);

/* A stored result as a record. */
struct audit_record audit_record_of(const struct result *result);

#endif
