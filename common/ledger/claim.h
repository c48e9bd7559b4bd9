#ifndef COMMON_LEDGER_CLAIM_H
#define COMMON_LEDGER_CLAIM_H

#include "common/ledger/takeover.h"

/* Steps A1 and A2: a partition is claimed, and its log is held against what we know of it. */

struct claim_context {
    const struct takeover_options *options;
    struct ledger *ledger;
    rd_kafka_t *client; /* asks for offsets; not the loop's, where fetches are waited for first */
};

struct claim {
    const char *cluster_id; /* that the offsets belong to */
    int64_t published_offset;
    int64_t last_stamp_ms; /* no stamp of a former owner is later */
    int64_t clock_ms;      /* PostgreSQL's, at the claim */
    bool stopped;          /* an operator has not decided yet */
};

/* What a step tells the take-over's thread. */
enum turnout { TURNOUT_FINISHED, TURNOUT_LATER, TURNOUT_FAILED };

/* The partition as the job knows it, for statements that take one. */
struct partition claim_view(const struct takeover_job *job);

/* Claims the partition, whose row is made at its first sight; fills the job's results. */
MUST_CHECK bool claim_take(const struct claim_context *context, struct takeover_job *job,
                           const char *cluster_id, struct arena *arena, struct claim *out,
                           struct error *error);

/* Is this the log that we know? Finished: nothing is in the way, or job->stopped. */
enum turnout claim_check_log(const struct claim_context *context, struct takeover_job *job,
                             const struct claim *claim, const char *cluster_id);

MUST_CHECK bool claim_watermarks(const struct claim_context *context,
                                 const struct takeover_job *job, int64_t *low, int64_t *high,
                                 struct error *error);

/* Goes on at the log's start, with a row that says what is gone. */
MUST_CHECK bool claim_skip_gap(const struct claim_context *context, struct takeover_job *job,
                               int64_t low, struct error *error);

#endif
