/* A registry of metrics: found under a lock, changed by atomics, shown as text. */
#include "common/core/metric.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/bytes.h"
#include "common/core/map.h"

enum {
    LABEL_BYTES_MAX = 256, /* of one value in the registry's key: a Kafka topic has 249 */
    KEY_BYTES_MAX = (METRIC_LABELS_MAX + 1) * (LABEL_BYTES_MAX + 1),
};

/* The label value of a family's catch-all. */
static const char other[] = "_other";

struct metric {
    const struct metric_family *family;
    const char *labels[METRIC_LABELS_MAX];
    struct metric *next;                               /* of the family */
    _Atomic double value;                              /* a histogram's sum */
    _Atomic uint64_t observed[METRIC_BUCKETS_MAX + 1]; /* by the first bound that holds it */
};

/* A family and its metrics, in the order in which they came up. */
struct series {
    const struct metric_family *family;
    struct metric *first, **end;
    struct series *next;
};

static struct {
    pthread_mutex_t lock;
    struct arena arena; /* never reset: metrics live as long as the process */
    struct map metrics; /* by family name and label values */
    struct map series;  /* by family name */
    struct series *first, **end;
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void lock(void)
{
    if (pthread_mutex_lock(&registry.lock) != 0)
        abort();
    if (registry.end == NULL) {
        registry.end = &registry.first;
        map_start(&registry.metrics, &registry.arena);
        map_start(&registry.series, &registry.arena);
    }
}

static void unlock(void)
{
    if (pthread_mutex_unlock(&registry.lock) != 0)
        abort();
}

static char *copy_of(const char *text)
{
    return arena_copy(&registry.arena, text, strnlen(text, LABEL_BYTES_MAX));
}

/* Name and values, each with a NUL behind, so that no two combinations share a key. */
static struct bytes key_of(const struct metric_family *family, const char *const *labels,
                           uint8_t out[static KEY_BYTES_MAX])
{
    size_t used = 0;

    for (int i = -1; i < METRIC_LABELS_MAX; i++) {
        const char *text = i < 0 ? family->name : labels[i] == NULL ? "" : labels[i];
        size_t size = strnlen(text, LABEL_BYTES_MAX);

        memcpy(out + used, text, size);
        used += size;
        out[used++] = '\0';
    }
    return (struct bytes){out, used};
}

static struct series *series_of(const struct metric_family *family)
{
    struct bytes name = bytes_of(family->name);
    void **slot = map_put(&registry.series, name);
    struct series *series = *slot;

    if (series == NULL) {
        *slot = series = arena_new(&registry.arena, struct series);
        *series = (struct series){.family = family, .end = &series->first};
        *registry.end = series;
        registry.end = &series->next;
    }
    return series;
}

static struct metric *make(const struct metric_family *family, const char *const *labels)
{
    struct metric *metric = arena_new(&registry.arena, struct metric);
    struct series *series = series_of(family);

    metric->family = family;
    for (int i = 0; i < METRIC_LABELS_MAX && family->labels[i] != NULL; i++)
        metric->labels[i] = copy_of(labels[i] == NULL ? "" : labels[i]);
    *series->end = metric;
    series->end = &metric->next;
    return metric;
}

struct metric *metric_of(const struct metric_family *family, const char *label1, const char *label2,
                         const char *label3)
{
    const char *const labels[] = {label1, label2, label3};
    static const char *const others[] = {other, other, other};
    uint8_t bytes[KEY_BYTES_MAX];
    struct bytes key = key_of(family, labels, bytes);

    lock();
    struct metric *metric = map_find(&registry.metrics, key);
    if (metric == NULL) {
        bool full = registry.metrics.count >= METRIC_SERIES_MAX;
        void **slot = map_put(&registry.metrics, full ? key_of(family, others, bytes) : key);

        if (*slot == NULL)
            *slot = make(family, full ? others : labels);
        metric = *slot;
    }
    unlock();
    return metric;
}

static void add(_Atomic double *value, double amount)
{
    double seen = atomic_load_explicit(value, memory_order_relaxed);

    while (!atomic_compare_exchange_weak_explicit(value, &seen, seen + amount, memory_order_relaxed,
                                                  memory_order_relaxed))
        continue;
}

void metric_add(struct metric *metric, double amount)
{
    assert(metric->family->kind != METRIC_HISTOGRAM);
    assert(metric->family->kind == METRIC_GAUGE || amount >= 0);
    add(&metric->value, amount);
}

void metric_set(struct metric *metric, double value)
{
    assert(metric->family->kind == METRIC_GAUGE);
    atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

static int bucket_count(const struct metric_family *family)
{
    int count = 0;

    while (count < METRIC_BUCKETS_MAX && family->buckets[count] != 0)
        count++;
    return count;
}

void metric_observe(struct metric *metric, double value)
{
    int bounds = bucket_count(metric->family);
    int bucket = 0;

    assert(metric->family->kind == METRIC_HISTOGRAM);
    while (bucket < bounds && !(value <= metric->family->buckets[bucket]))
        bucket++;
    atomic_fetch_add_explicit(&metric->observed[bucket], 1, memory_order_relaxed);
    add(&metric->value, value);
}

static void print_escaped(FILE *out, const char *text, bool quotes)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            fputs("\\n", out);
        else if (*text == '\\' || (quotes && *text == '"'))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void print_number(FILE *out, double value)
{
    if (isnan(value))
        fputs("NaN", out);
    else if (isinf(value))
        fputs(value > 0 ? "+Inf" : "-Inf", out);
    else
        fprintf(out, "%.15g", value); /* 0.1 stays 0.1, and counts are whole up to 10^15 */
}

/* One line; `bound` is the label `le` of a bucket, or NULL. */
static void print_sample(FILE *out, const struct metric *metric, const char *suffix,
                         const double *bound, double value)
{
    const char *separator = "{";

    fprintf(out, "%s%s", metric->family->name, suffix);
    for (int i = 0; i < METRIC_LABELS_MAX && metric->family->labels[i] != NULL; i++) {
        fprintf(out, "%s%s=\"", separator, metric->family->labels[i]);
        print_escaped(out, metric->labels[i], true);
        fputc('"', out);
        separator = ",";
    }
    if (bound != NULL) {
        fprintf(out, "%sle=\"", separator);
        print_number(out, *bound);
        fputc('"', out);
        separator = ",";
    }
    fputs(*separator == ',' ? "} " : " ", out);
    print_number(out, value);
    fputc('\n', out);
}

/* The count is that of the buckets as read here, so that the text agrees with itself. */
static void print_histogram(FILE *out, struct metric *metric)
{
    int bounds = bucket_count(metric->family);
    double total = 0;

    for (int i = 0; i <= bounds; i++) {
        double bound = i < bounds ? metric->family->buckets[i] : (double)INFINITY;

        total += (double)atomic_load_explicit(&metric->observed[i], memory_order_relaxed);
        print_sample(out, metric, "_bucket", &bound, total);
    }
    print_sample(out, metric, "_sum", NULL,
                 atomic_load_explicit(&metric->value, memory_order_relaxed));
    print_sample(out, metric, "_count", NULL, total);
}

static void print_series(FILE *out, const struct series *series)
{
    static const char *const kinds[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};
    const struct metric_family *family = series->family;

    fprintf(out, "# HELP %s ", family->name);
    print_escaped(out, family->help, false);
    fprintf(out, "\n# TYPE %s %s\n", family->name, kinds[family->kind]);
    for (struct metric *metric = series->first; metric != NULL; metric = metric->next)
        if (family->kind == METRIC_HISTOGRAM)
            print_histogram(out, metric);
        else
            print_sample(out, metric, "", NULL,
                         atomic_load_explicit(&metric->value, memory_order_relaxed));
}

char *metrics_text(size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);

    if (out == NULL)
        abort(); /* out of memory */
    lock();
    for (const struct series *series = registry.first; series != NULL; series = series->next)
        print_series(out, series);
    unlock();
    if (fclose(out) != 0)
        abort();
    return text;
}
