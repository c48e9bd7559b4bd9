#ifndef COMMON_CORE_METRIC_H
#define COMMON_CORE_METRIC_H

#include <stddef.h>

/*
 * Prometheus metrics. A family has a name and up to three labels; a metric is one combination of
 * label values, found once and then changed without a lock.
 */
enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum { METRIC_LABELS_MAX = 3, METRIC_BUCKETS_MAX = 16, METRIC_SERIES_MAX = 4096 };

struct metric_family {
    const char *name; /* onboarding_… with its unit and _total as Prometheus names it */
    const char *help;
    enum metric_kind kind;
    const char *labels[METRIC_LABELS_MAX]; /* NULL: none */
    double buckets[METRIC_BUCKETS_MAX];    /* upper bounds, rising; the first 0 ends them */
};

struct metric;

/*
 * Finds or makes the metric of these label values (NULL beyond the family's labels). Lives as
 * long as the process; beyond METRIC_SERIES_MAX a catch-all that is counted but not told apart.
 */
struct metric *metric_of(const struct metric_family *family, const char *label1, const char *label2,
                         const char *label3);

void metric_add(struct metric *metric, double amount);    /* counter, gauge */
void metric_set(struct metric *metric, double value);     /* gauge */
void metric_observe(struct metric *metric, double value); /* histogram */

/* All metrics in Prometheus' text format 0.0.4, malloc'd and NUL-terminated; the caller frees. */
char *metrics_text(size_t *size);

#endif
