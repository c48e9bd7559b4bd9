#ifndef COMMON_WORKER_METRICS_H
#define COMMON_WORKER_METRICS_H

#include "common/core/metric.h"
#include "common/ledger/batch.h"
#include "common/worker/service.h"

/* The protocol's counters. Those without labels of their own are found once a loop. */
struct loop_metrics {
    struct metric *batches[BATCH_DOUBT + 1]; /* by how they ended */
    struct metric *batch_records;
    struct metric *decode_seconds, *transaction_seconds, *publish_seconds;
    struct metric *event_age_seconds;
    struct metric *results_acknowledged;
    struct metric *unacknowledged;
    struct metric *republished;
    struct metric *erased;
    struct metric *suspensions;
    struct metric *resets;
    struct metric *takeovers, *takeovers_stopped, *takeover_failures;
};

void metrics_find(struct loop_metrics *metrics);
void metrics_count_outcomes(const struct record *const *records, size_t count);
void metrics_count_lost(const struct partition *partition, int64_t records);
void metrics_set_lag(const struct partition *partition);
void metrics_forget_lag(const struct partition *partition);
void metrics_set_skew(int64_t skew_ms); /* negative: not known */

/* What each kind of effects counts. */
struct effect_metrics {
    struct metric *tries, *repeated, *in_flight, *waiting, *oldest_seconds;
};

void effect_metrics_find(struct effect_metrics *metrics, const char *kind);
void effect_metrics_count_end(const char *kind, const struct effect_outcome *outcome);

extern const char *const batch_end_text[];
extern const char *const fate_text[];

#endif
