/* What a worker tells Prometheus about itself. */
#include "common/worker/metrics.h"

#include <stdio.h>

#include "common/worker/effect_rows.h"

#define SECONDS                                                                                    \
    {                                                                                              \
        0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10                  \
    }

const char *const batch_end_text[] = {
    [BATCH_GOING] = "going",   [BATCH_DONE] = "committed", [BATCH_REPEAT] = "repeated",
    [BATCH_DATA] = "data",     [BATCH_SLOW] = "slow",      [BATCH_MOVED] = "moved",
    [BATCH_FENCED] = "fenced", [BATCH_DOUBT] = "doubt",
};

const char *const fate_text[] = {
    [FATE_NONE] = "NONE",
    [FATE_DONE] = "DONE",
    [FATE_DUPLICATE] = "DUPLICATE",
    [FATE_CONFLICT] = "CONFLICT",
    [FATE_DEAD_LETTER] = "DEAD_LETTER",
    [FATE_IGNORED] = "IGNORED",
    [FATE_GAP] = "GAP",
    [FATE_BARRIER] = "BARRIER",
};

static const struct metric_family batches = {
    "onboarding_batches_total", "Batches by how they ended", METRIC_COUNTER, {"end"}, {0}};
static const struct metric_family batch_records = {
    "onboarding_batch_records",
    "Records of a committed batch",
    METRIC_HISTOGRAM,
    {NULL},
    {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000}};
static const struct metric_family phase_seconds = {
    "onboarding_phase_seconds", "Time of a batch by phase", METRIC_HISTOGRAM, {"phase"}, SECONDS};
static const struct metric_family event_age = {
    "onboarding_event_age_seconds",
    "Age of the oldest event of a batch when it is committed",
    METRIC_HISTOGRAM,
    {NULL},
    {0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 3600}};
static const struct metric_family outcomes = {"onboarding_events_total",
                                              "Events consumed by outcome",
                                              METRIC_COUNTER,
                                              {"topic", "outcome"},
                                              {0}};
static const struct metric_family dead_letters = {"onboarding_dead_letters_total",
                                                  "Dead letters by reason",
                                                  METRIC_COUNTER,
                                                  {"topic", "reason"},
                                                  {0}};
static const struct metric_family acknowledged = {"onboarding_results_acknowledged_total",
                                                  "Results that their topics have",
                                                  METRIC_COUNTER,
                                                  {NULL},
                                                  {0}};
static const struct metric_family unacknowledged = {
    "onboarding_results_unacknowledged", "Results on their way", METRIC_GAUGE, {NULL}, {0}};
static const struct metric_family republished = {
    "onboarding_results_republished_total",
    "Results of former owners published by a take-over",
    METRIC_COUNTER,
    {NULL},
    {0}};
static const struct metric_family erased = {
    "onboarding_results_erased_total",
    "Stored results left out since the person's data was erased",
    METRIC_COUNTER,
    {NULL},
    {0}};
static const struct metric_family suspensions = {"onboarding_suspensions_total",
                                                 "Times that a loop doubted what it holds",
                                                 METRIC_COUNTER,
                                                 {NULL},
                                                 {0}};
static const struct metric_family resets = {"onboarding_producer_resets_total",
                                            "Producers given up with results on their way",
                                            METRIC_COUNTER,
                                            {NULL},
                                            {0}};
static const struct metric_family takeovers = {"onboarding_takeovers_total",
                                               "Partitions taken over, by how it ended",
                                               METRIC_COUNTER,
                                               {"end"},
                                               {0}};
static const struct metric_family lost = {"onboarding_records_lost_total",
                                          "Records that the log dropped before they were consumed",
                                          METRIC_COUNTER,
                                          {"topic"},
                                          {0}};
static const struct metric_family lag = {"onboarding_lag_records",
                                         "Records of the log not yet consumed",
                                         METRIC_GAUGE,
                                         {"topic", "partition"},
                                         {0}};

static const struct metric_family clock_skew = {
    "onboarding_clock_skew_seconds",
    "Brokers' clocks against PostgreSQL's, at least; -1: not known",
    METRIC_GAUGE,
    {NULL},
    {0}};

static const struct metric_family effect_ends = {
    "onboarding_effects_total", "Effects by how they ended", METRIC_COUNTER, {"kind", "end"}, {0}};
static const struct metric_family effect_tries = {
    "onboarding_effect_tries_total", "Requests to providers", METRIC_COUNTER, {"kind"}, {0}};
static const struct metric_family effect_repeats = {
    "onboarding_effects_repeated_after_unknown_total",
    "Requests repeated though the one before may have been heeded",
    METRIC_COUNTER,
    {"kind"},
    {0}};
static const struct metric_family effects_in_flight = {
    "onboarding_effects_in_flight", "Requests not answered yet", METRIC_GAUGE, {"kind"}, {0}};
static const struct metric_family effects_waiting = {
    "onboarding_effects_pending",
    "Effects of the whole service that have not ended",
    METRIC_GAUGE,
    {"kind"},
    {0}};
static const struct metric_family effects_oldest = {"onboarding_effects_oldest_pending_seconds",
                                                    "Age of the oldest of them",
                                                    METRIC_GAUGE,
                                                    {"kind"},
                                                    {0}};

void effect_metrics_find(struct effect_metrics *metrics, const char *kind)
{
    metrics->tries = metric_of(&effect_tries, kind, NULL, NULL);
    metrics->repeated = metric_of(&effect_repeats, kind, NULL, NULL);
    metrics->in_flight = metric_of(&effects_in_flight, kind, NULL, NULL);
    metrics->waiting = metric_of(&effects_waiting, kind, NULL, NULL);
    metrics->oldest_seconds = metric_of(&effects_oldest, kind, NULL, NULL);
}

void effect_metrics_count_end(const char *kind, const struct effect_outcome *outcome)
{
    const char *end = outcome->state == EFFECT_FAILED ? effect_failure_text[outcome->failure]
                                                      : effect_state_text[outcome->state];

    metric_add(metric_of(&effect_ends, kind, end, NULL), 1);
}

void metrics_find(struct loop_metrics *metrics)
{
    for (int end = BATCH_DONE; end <= BATCH_DOUBT; end++)
        metrics->batches[end] = metric_of(&batches, batch_end_text[end], NULL, NULL);
    metrics->batch_records = metric_of(&batch_records, NULL, NULL, NULL);
    metrics->decode_seconds = metric_of(&phase_seconds, "decode", NULL, NULL);
    metrics->transaction_seconds = metric_of(&phase_seconds, "transaction", NULL, NULL);
    metrics->publish_seconds = metric_of(&phase_seconds, "publish", NULL, NULL);
    metrics->event_age_seconds = metric_of(&event_age, NULL, NULL, NULL);
    metrics->results_acknowledged = metric_of(&acknowledged, NULL, NULL, NULL);
    metrics->unacknowledged = metric_of(&unacknowledged, NULL, NULL, NULL);
    metrics->republished = metric_of(&republished, NULL, NULL, NULL);
    metrics->erased = metric_of(&erased, NULL, NULL, NULL);
    metrics->suspensions = metric_of(&suspensions, NULL, NULL, NULL);
    metrics->resets = metric_of(&resets, NULL, NULL, NULL);
    metrics->takeovers = metric_of(&takeovers, "active", NULL, NULL);
    metrics->takeovers_stopped = metric_of(&takeovers, "stopped", NULL, NULL);
    metrics->takeover_failures = metric_of(&takeovers, "failed", NULL, NULL);
}

static void count_dead_letter(const struct record *record)
{
    const char *topic = record->partition->topic->name;

    if (record->fate == FATE_DEAD_LETTER || record->fate == FATE_CONFLICT)
        metric_add(metric_of(&dead_letters, topic, reason_text[record->error.reason], NULL), 1);
}

/* Runs of records alike are counted at once: finding a metric takes a lock and a hash. */
void metrics_count_outcomes(const struct record *const *records, size_t count)
{
    size_t run = 0;

    for (size_t i = 0; i < count; i += run) {
        const struct topic *topic = records[i]->partition->topic;
        enum fate fate = records[i]->fate;
        for (run = 0; i + run < count && records[i + run]->partition->topic == topic &&
                      records[i + run]->fate == fate;
             run++)
            count_dead_letter(records[i + run]);
        metric_add(metric_of(&outcomes, topic->name, fate_text[fate], NULL), (double)run);
    }
}

void metrics_count_lost(const struct partition *partition, int64_t records)
{
    metric_add(metric_of(&lost, partition->topic->name, NULL, NULL), (double)records);
}

static void set_lag(const struct partition *partition, double records)
{
    char number[12];

    snprintf(number, sizeof number, "%d", (int)partition->number);
    metric_set(metric_of(&lag, partition->topic->name, number, NULL), records);
}

void metrics_set_lag(const struct partition *partition)
{
    if (partition->high_watermark >= partition->next_offset)
        set_lag(partition, (double)(partition->high_watermark - partition->next_offset));
}

void metrics_forget_lag(const struct partition *partition)
{
    set_lag(partition, 0);
}

void metrics_set_skew(int64_t skew_ms)
{
    metric_set(metric_of(&clock_skew, NULL, NULL, NULL), skew_ms < 0 ? -1 : (double)skew_ms / 1000);
}
