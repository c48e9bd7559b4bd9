/* Metrics as Prometheus would read them: a small parser of the text format reads them back. */
#include "common/core/metric.h"

#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/base.h"
#include "tests/support/test.h"

enum { THREADS = 4, ROUNDS = 400000 };

static const struct metric_family records = {
    .name = "test_records_total", .help = "Records\nand \\ more", .labels = {"topic", "outcome"}};
static const struct metric_family lag = {.name = "test_lag", .help = "Lag", .kind = METRIC_GAUGE};
static const struct metric_family seconds = {.name = "test_seconds",
                                             .help = "Duration",
                                             .kind = METRIC_HISTOGRAM,
                                             .labels = {"phase"},
                                             .buckets = {0.1, 0.5, 2}};
static const struct metric_family crowded = {
    .name = "test_crowded_total", .help = "Too many", .labels = {"id"}};
static const struct metric_family raced = {.name = "test_raced_total", .help = "Threads"};
static const struct metric_family raced_seconds = {
    .name = "test_raced_seconds", .help = "Threads", .kind = METRIC_HISTOGRAM, .buckets = {1}};

/* Holds one line of the text to the format; fails the test at anything else. */
static void check_line(const char *line)
{
    const char *at = line;

    if (*at == '#') {
        assert_true(strncmp(line, "# HELP ", 7) == 0 || strncmp(line, "# TYPE ", 7) == 0);
        return;
    }
    while (isalnum((unsigned char)*at) || *at == '_' || *at == ':')
        at++;
    assert_true(at > line);
    if (*at == '{') {
        do {
            at++;
            while (isalnum((unsigned char)*at) || *at == '_')
                at++;
            assert_true(*at++ == '=' && *at++ == '"');
            for (; *at != '"'; at++) {
                assert_true(*at != '\0');
                if (*at == '\\') {
                    at++;
                    assert_true(*at == '\\' || *at == '"' || *at == 'n');
                }
            }
            at++;
        } while (*at == ',');
        assert_true(*at++ == '}');
    }
    assert_true(*at++ == ' ');

    char *end;
    (void)strtod(at, &end);
    assert_true(end > at && *end == '\0');
}

/* The value behind `series` (name and labels as written); NAN when it is not there. */
static double read_value(const char *series)
{
    size_t size;
    char *text = metrics_text(&size);
    double value = NAN;

    assert_int_equal(strlen(text), size);
    assert_true(size == 0 || text[size - 1] == '\n');
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
        check_line(line);
        if (strncmp(line, series, strlen(series)) == 0 && line[strlen(series)] == ' ')
            value = strtod(line + strlen(series) + 1, NULL);
    }
    free(text);
    return value;
}

static void assert_value(const char *series, double expected)
{
    double value = read_value(series);

    if (value != expected)
        fail_msg("%s is %g, not %g", series, value, expected);
}

static void counts_by_labels(void **state)
{
    (void)state;
    metric_add(metric_of(&records, "a", "DONE", NULL), 2);
    metric_add(metric_of(&records, "a", "DONE", NULL), 1);
    metric_add(metric_of(&records, "a", "POISON", NULL), 10);
    metric_add(metric_of(&records, "ab", "", NULL), 20);
    metric_add(metric_of(&records, "", "ab", NULL), 30);
    assert_value("test_records_total{topic=\"a\",outcome=\"DONE\"}", 3);
    assert_value("test_records_total{topic=\"a\",outcome=\"POISON\"}", 10);
    assert_value("test_records_total{topic=\"ab\",outcome=\"\"}", 20);
    assert_value("test_records_total{topic=\"\",outcome=\"ab\"}", 30);
}

static void gauges_go_both_ways(void **state)
{
    (void)state;
    metric_set(metric_of(&lag, NULL, NULL, NULL), 5);
    metric_add(metric_of(&lag, NULL, NULL, NULL), -7.5);
    assert_value("test_lag", -2.5);
    metric_set(metric_of(&lag, NULL, NULL, NULL), (double)INFINITY);
    assert_value("test_lag", (double)INFINITY);
    metric_set(metric_of(&lag, NULL, NULL, NULL), 123456789012345);
    assert_value("test_lag", 123456789012345);
}

static void histograms_are_cumulative(void **state)
{
    static const double values[] = {0.05, 0.1, 0.3, 0.5, 1, 2.5, 100};
    struct metric *metric = metric_of(&seconds, "decode", NULL, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++)
        metric_observe(metric, values[i]);
    assert_value("test_seconds_bucket{phase=\"decode\",le=\"0.1\"}", 2);
    assert_value("test_seconds_bucket{phase=\"decode\",le=\"0.5\"}", 4);
    assert_value("test_seconds_bucket{phase=\"decode\",le=\"2\"}", 5);
    assert_value("test_seconds_bucket{phase=\"decode\",le=\"+Inf\"}", 7);
    assert_value("test_seconds_count{phase=\"decode\"}", 7);
    assert_value("test_seconds_sum{phase=\"decode\"}", 104.45);
    metric_observe(metric, (double)NAN);
    assert_value("test_seconds_bucket{phase=\"decode\",le=\"+Inf\"}", 8);
    assert_value("test_seconds_bucket{phase=\"decode\",le=\"2\"}", 5);
}

static void escapes_labels_and_help(void **state)
{
    size_t size;

    (void)state;
    metric_add(metric_of(&records, "q\"b\\n\n", "x", NULL), 1);
    assert_value("test_records_total{topic=\"q\\\"b\\\\n\\n\",outcome=\"x\"}", 1);

    char *text = metrics_text(&size);
    assert_non_null(strstr(text, "# HELP test_records_total Records\\nand \\\\ more\n"
                                 "# TYPE test_records_total counter\n"));
    assert_non_null(strstr(text, "# TYPE test_seconds histogram\n"));
    free(text);
}

/* A family's head stands once, before all of its metrics. */
static void heads_each_family_once(void **state)
{
    static const char head[] = "# TYPE test_records_total";
    size_t size;

    (void)state;
    metric_add(metric_of(&records, "late", "x", NULL), 1);
    char *text = metrics_text(&size);
    const char *first = strstr(text, head);
    assert_non_null(first);
    assert_null(strstr(first + 1, head));
    const char *late = strstr(first, "topic=\"late\"");
    assert_non_null(late);
    const char *next_head = strstr(first + sizeof head, "# TYPE");
    assert_true(next_head == NULL || late < next_head);
    free(text);
}

static pthread_barrier_t all_there;

static void *race(void *unused)
{
    struct metric *count = metric_of(&raced, NULL, NULL, NULL);
    struct metric *histogram = metric_of(&raced_seconds, NULL, NULL, NULL);

    (void)unused;
    (void)pthread_barrier_wait(&all_there);
    for (int i = 0; i < ROUNDS; i++) {
        metric_add(count, 1);
        metric_observe(histogram, 0.5);
    }
    return NULL;
}

static void loses_no_update_to_a_race(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    assert_int_equal(pthread_barrier_init(&all_there, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, NULL), 0);
    for (int i = 0; i < 10; i++) /* shown meanwhile */
        (void)read_value("test_raced_total");
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(pthread_barrier_destroy(&all_there), 0);
    assert_value("test_raced_total", THREADS * ROUNDS);
    assert_value("test_raced_seconds_sum", THREADS * ROUNDS * 0.5);
    assert_value("test_raced_seconds_bucket{le=\"1\"}", THREADS * ROUNDS);
}

static void counts_the_rest_together(void **state)
{
    char id[16];

    (void)state;
    for (int i = 0; i < 2 * METRIC_SERIES_MAX; i++) {
        assert_true(snprintf(id, sizeof id, "%d", i) > 0);
        metric_add(metric_of(&crowded, id, NULL, NULL), 1);
    }
    double rest = read_value("test_crowded_total{id=\"_other\"}");
    assert_true(rest >= METRIC_SERIES_MAX && rest < METRIC_SERIES_MAX + 100);
    assert_value("test_crowded_total{id=\"0\"}", 1);
    metric_add(metric_of(&crowded, "0", NULL, NULL), 1);
    assert_value("test_crowded_total{id=\"0\"}", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_by_labels),          cmocka_unit_test(gauges_go_both_ways),
        cmocka_unit_test(histograms_are_cumulative), cmocka_unit_test(escapes_labels_and_help),
        cmocka_unit_test(heads_each_family_once),    cmocka_unit_test(loses_no_update_to_a_race),
        cmocka_unit_test(counts_the_rest_together), /* the last: it fills the registry */
    };

    return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}
