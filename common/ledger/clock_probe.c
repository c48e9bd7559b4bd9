/* Brokers' clocks against PostgreSQL's. */
#include "common/ledger/clock_probe.h"

#include <pthread.h>
#include <stdlib.h>

#include "common/core/clock.h"
#include "common/core/condition.h"
#include "common/kafka/config.h"
#include "common/ledger/statements.h"

struct clock_probe {
    const struct kafka_options *kafka;
    const struct db_options *database;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
    _Atomic int64_t skew_ms;
    rd_kafka_t *producer;
    struct db *db;
    int64_t stamp_ms; /* of the probe in hand; -1: not acknowledged */
};

int64_t clock_skew_of(int64_t before_ms, int64_t stamp_ms, int64_t after_ms)
{
    if (stamp_ms < before_ms)
        return before_ms - stamp_ms;
    return stamp_ms > after_ms ? stamp_ms - after_ms : 0;
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct clock_probe *probe = opaque;
    rd_kafka_timestamp_type_t type;
    int64_t stamp_ms = rd_kafka_message_timestamp(message, &type);

    (void)producer;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME)
        probe->stamp_ms = stamp_ms;
}

static bool open_all(struct clock_probe *probe, struct error *error)
{
    rd_kafka_conf_t *conf;

    if (probe->db != NULL && !db_alive(probe->db)) {
        db_close(probe->db);
        probe->db = NULL;
    }
    if (probe->db == NULL && !db_open(probe->database, &probe->db, error))
        return false;
    if (probe->producer != NULL)
        return true;
    if (!kafka_configure(probe->kafka, kafka_brief_producer_properties, &conf, error))
        return false;
    rd_kafka_conf_set_opaque(conf, probe);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    return kafka_open(RD_KAFKA_PRODUCER, conf, &probe->producer, error);
}

static bool read_clock(struct clock_probe *probe, int64_t *out_ms, struct error *error)
{
    if (!db_run(probe->db, &sql_read_clock, NULL, error))
        return false;
    struct row row = db_row(probe->db, 0, 0);
    *out_ms = row_time_ms(&row, 0);
    return true;
}

/* One record to one partition, between two looks at PostgreSQL's clock. */
static bool measure(struct clock_probe *probe, rd_kafka_topic_t *topic, int32_t partition,
                    int64_t *skew_ms, struct error *error)
{
    int64_t before_ms;
    int64_t after_ms;

    probe->stamp_ms = -1;
    if (!read_clock(probe, &before_ms, error))
        return false;
    if (kafka_produce(probe->producer,
                      &(struct kafka_message){.topic = topic, .partition = partition}) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, ERROR_RETRY, "no probe could be sent");
    rd_kafka_flush(probe->producer, CLOCK_PROBE_ACK_MS);
    if (!read_clock(probe, &after_ms, error))
        return false;
    if (probe->stamp_ms < 0) { /* nor may its answer pass for that of the next */
        rd_kafka_purge(probe->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        return error_set(error, ERROR_RETRY, "a probe was not stamped by its broker");
    }
    *skew_ms = clock_skew_of(before_ms, probe->stamp_ms, after_ms);
    return true;
}

static bool measure_all(struct clock_probe *probe, int64_t *out_ms, struct error *error)
{
    int32_t partitions;
    int64_t largest_ms = 0;
    bool fine = true;

    if (!open_all(probe, error) ||
        !kafka_partition_count(probe->producer, CLOCK_TOPIC, &partitions, error))
        return false;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(probe->producer, CLOCK_TOPIC, NULL);
    if (topic == NULL)
        return error_set(error, ERROR_RETRY, "no topic for probes");
    for (int32_t i = 0; fine && i < partitions; i++) {
        int64_t skew_ms = 0;
        fine = measure(probe, topic, i, &skew_ms, error);
        if (skew_ms > largest_ms)
            largest_ms = skew_ms;
    }
    rd_kafka_topic_destroy(topic);
    if (fine)
        *out_ms = largest_ms;
    return fine;
}

static void *run(void *context)
{
    struct clock_probe *probe = context;
    struct error error;

    pthread_mutex_lock(&probe->lock);
    while (!probe->stopping) {
        int64_t next_ms, skew_ms = CLOCK_SKEW_UNKNOWN;
        pthread_mutex_unlock(&probe->lock);
        if (!measure_all(probe, &skew_ms, &error))
            skew_ms = CLOCK_SKEW_UNKNOWN;
        probe->skew_ms = skew_ms;
        pthread_mutex_lock(&probe->lock);
        next_ms = clock_monotonic_ms() + CLOCK_PROBE_EVERY_MS;
        while (!probe->stopping && condition_wait(&probe->changed, &probe->lock, next_ms))
            continue;
    }
    pthread_mutex_unlock(&probe->lock);
    return NULL;
}

struct clock_probe *clock_probe_start(const struct kafka_options *kafka,
                                      const struct db_options *database)
{
    struct clock_probe *probe = calloc(1, sizeof *probe);

    if (probe == NULL)
        abort();
    probe->kafka = kafka;
    probe->database = database;
    probe->skew_ms = CLOCK_SKEW_UNKNOWN;
    pthread_mutex_init(&probe->lock, NULL);
    condition_init(&probe->changed);
    if (pthread_create(&probe->thread, NULL, run, probe) != 0)
        abort(); /* no thread at the start: the supervisor's business */
    return probe;
}

void clock_probe_stop(struct clock_probe *probe)
{
    if (probe == NULL)
        return;
    pthread_mutex_lock(&probe->lock);
    probe->stopping = true;
    pthread_cond_signal(&probe->changed);
    pthread_mutex_unlock(&probe->lock);
    pthread_join(probe->thread, NULL);
    if (probe->producer != NULL)
        rd_kafka_destroy(probe->producer);
    db_close(probe->db);
    pthread_cond_destroy(&probe->changed);
    pthread_mutex_destroy(&probe->lock);
    free(probe);
}

int64_t clock_probe_skew_ms(const struct clock_probe *probe)
{
    return probe->skew_ms;
}
