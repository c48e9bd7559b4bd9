/* The cycle of one loop: poll, handle, publish, mark; until told to stop. */
#include "common/worker/loop.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/core/log.h"
#include "common/core/random.h"

enum { INSTANCE_ID_SIZE = 256 }; /* Kafka takes fewer */

void loop_log_kafka(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    (void)client;
    (void)level;
    log_line(LOG_WARNING, "librdkafka", LOG_TEXT("facility", facility), LOG_TEXT("text", text));
}

static void on_client_error(rd_kafka_t *consumer, int error, const char *reason, void *opaque)
{
    struct loop *loop = opaque;

    (void)consumer;
    (void)reason; /* logged by the one that failed */
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        loop->kafka_away = true;
}

/* Each loop is a member of its own: of two with one id, the group would send one away. */
static const char *instance_id(const struct loop *loop, char out[static INSTANCE_ID_SIZE])
{
    const char *id = loop->worker->config.group_instance_id;

    if (id[0] == '\0')
        return NULL;
    snprintf(out, INSTANCE_ID_SIZE, "%s-%u", id, loop->index);
    return out;
}

static bool open_consumer(struct loop *loop, struct error *error)
{
    const struct worker_config *config = &loop->worker->config;
    char instance[INSTANCE_ID_SIZE];
    char session[24];
    char interval[24];
    char fetch[24];
    rd_kafka_conf_t *conf;

    snprintf(session, sizeof session, "%lld", (long long)config->session_timeout_ms);
    snprintf(interval, sizeof interval, "%lld", (long long)config->max_poll_interval_ms);
    snprintf(fetch, sizeof fetch, "%lld", (long long)(config->fetch_bytes / 1024));
    const struct kafka_property properties[] = {
        {"group.id", config->consumer_group},
        {"group.instance.id", instance_id(loop, instance)},
        {"partition.assignment.strategy", "cooperative-sticky"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"session.timeout.ms", session},
        {"heartbeat.interval.ms", "300"}, /* a partition that moves waits for up to two */
        {"max.poll.interval.ms", interval},
        {"socket.timeout.ms", "10000"},
        {"fetch.wait.max.ms", "50"},
        {"queued.max.messages.kbytes", fetch},
        {"queued.min.messages", "20000"},
        {"isolation.level", "read_committed"}, /* upstream may use transactions */
        {"log_level", "3"},
        {NULL, NULL},
    };
    if (!kafka_configure(&loop->worker->kafka, properties, &conf, error))
        return false;
    rd_kafka_conf_set_opaque(conf, loop);
    rd_kafka_conf_set_log_cb(conf, loop_log_kafka);
    rd_kafka_conf_set_error_cb(conf, on_client_error);
    rd_kafka_conf_set_rebalance_cb(conf, loop_on_rebalance);
    loop_watch_membership(loop, conf);
    if (!kafka_open(RD_KAFKA_CONSUMER, conf, &loop->consumer, error))
        return false;
    rd_kafka_poll_set_consumer(loop->consumer);
    loop->check_queue = rd_kafka_queue_new(loop->consumer);
    loop->fetched = rd_kafka_queue_get_consumer(loop->consumer);
    return true;
}

bool loop_find_topic(struct loop *loop, const char *name, int32_t *out)
{
    struct backoff backoff = {0};
    struct error error;

    while (!loop->worker->stopping) {
        if (ledger_topic_id(&loop->ledger, name, out, &error))
            return true;
        log_line(LOG_WARNING, "waiting for PostgreSQL", LOG_TEXT("error", error.text));
        health_beat(loop->worker->health, loop->index);
        clock_sleep_ms(backoff_next_ms(&backoff, random_bits()));
    }
    return false;
}

/* The numbers of the routes' topics. */
static bool find_topics(struct loop *loop)
{
    const struct service *service = loop->worker->service;

    loop->topic_ids = calloc(service->route_count, sizeof *loop->topic_ids);
    if (loop->topic_ids == NULL)
        abort();
    for (size_t i = 0; i < service->route_count; i++)
        if (!loop_find_topic(loop, service->routes[i].from->name, &loop->topic_ids[i]))
            return false;
    return true;
}

static bool subscribe(struct loop *loop, struct error *error)
{
    const struct service *service = loop->worker->service;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)service->route_count);

    for (size_t i = 0; i < service->route_count; i++)
        rd_kafka_topic_partition_list_add(list, service->routes[i].from->name,
                                          RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t failure = rd_kafka_subscribe(loop->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    return error_set(error, ERROR_FATAL, "subscribe: %s", rd_kafka_err2str(failure));
}

static bool start(struct loop *loop, struct error *error)
{
    struct worker *worker = loop->worker;

    ledger_init(&loop->ledger, &worker->database, worker->config.consumer_group,
                &worker->config.digest_key);
    writers_start(&loop->writers, worker->schemas);
    loop->arena.wiped = worker->service->has_secrets;
    loop->decoder = decoder_new(loop->writers.schemas);
    loop->records =
        calloc((size_t)worker->config.batch_records + EFFECT_RECORDS_MAX, sizeof(struct record *));
    if (loop->records == NULL)
        abort();
    metrics_find(&loop->metrics);
    if (!open_consumer(loop, error) || !publisher_new(&worker->kafka, &loop->publisher, error) ||
        !replies_new(&worker->kafka, worker->config.reply_topic_prefix, &loop->replies, error) ||
        !find_topics(loop) || !loop_start_effects(loop, error))
        return false;
    loop->takeover = takeover_start(&(struct takeover_options){
        .kafka = &worker->kafka,
        .database = &worker->database,
        .group = worker->config.consumer_group,
        .digest_key = &worker->config.digest_key,
        .data_keys = &worker->config.data_keys,
        .consumer = loop->consumer,
        .fence_ms = worker->kafka_config.fence_ms,
        .start_at_end = worker->config.start != 0,
    });
    return subscribe(loop, error);
}

/* Its take-over failed, and is tried again. */
static bool is_stuck(const struct partition *partition)
{
    return partition->state == PARTITION_TAKING_OVER && partition->job->failures != 0;
}

static bool is_ready(const struct loop *loop)
{
    for (const struct partition *p = loop->partitions; p != NULL; p = p->next)
        if (p->state == PARTITION_DOUBTFUL || p->state == PARTITION_STOPPED || is_stuck(p) ||
            (p->effects != NULL && is_stuck(p->effects)))
            return false;
    if (clock_probe_skew_ms(loop->worker->clock_probe) > FENCE_MARGIN_MS)
        return false; /* a copy of a result could appear */
    return !loop->kafka_away && db_alive(loop->ledger.db);
}

static bool is_overdue(const struct partition *partition, int64_t oldest_ms)
{
    return partition->flights != NULL && partition->flights->sent_ms < oldest_ms;
}

/* Results that nobody acknowledges: the producer hangs, or the broker is away. */
static bool overdue(const struct loop *loop)
{
    int64_t oldest_ms = clock_monotonic_ms() - PUBLISHER_UNACKED_MS_MAX;

    for (const struct partition *p = loop->partitions; p != NULL; p = p->next)
        if (is_overdue(p, oldest_ms) || (p->effects != NULL && is_overdue(p->effects, oldest_ms)))
            return true;
    return false;
}

static void count_acknowledged(struct loop *loop)
{
    int64_t acknowledged = publisher_acknowledged(loop->publisher);

    metric_add(loop->metrics.results_acknowledged, (double)(acknowledged - loop->acknowledged));
    loop->acknowledged = acknowledged;
}

static void tend_publisher(struct loop *loop)
{
    do
        publisher_poll(loop->publisher,
                       publisher_unacked(loop->publisher) > PUBLISHER_UNACKED_MAX ? 10 : 0);
    while (publisher_unacked(loop->publisher) > PUBLISHER_UNACKED_MAX && !overdue(loop) &&
           !publisher_failed(loop->publisher));
    replies_poll(loop->replies);
    metric_set(loop->metrics.unacknowledged, (double)publisher_unacked(loop->publisher));
    count_acknowledged(loop);
    if (publisher_failed(loop->publisher))
        loop_suspend(loop, "a result was not delivered");
    else if (overdue(loop))
        loop_suspend(loop, "results are not acknowledged");
}

/* Without events nobody would notice that PostgreSQL or Kafka went, or that they are back. */
static void look_around(struct loop *loop)
{
    const struct rd_kafka_metadata *metadata = NULL;
    struct error error;

    bool away = !db_check(loop->ledger.db) && !ledger_connect(&loop->ledger, &error);
    if (away && !loop->database_away)
        log_line(LOG_WARNING, "waiting for PostgreSQL", LOG_TEXT("error", error.text));
    loop->database_away = away;
    if (loop->kafka_away && rd_kafka_metadata(loop->consumer, 0, NULL, &metadata, POLL_MS) ==
                                RD_KAFKA_RESP_ERR_NO_ERROR) {
        loop->kafka_away = false;
        rd_kafka_metadata_destroy(metadata);
    }
}

/* What is done now and then, not with each batch. */
static void tend_clock(struct loop *loop)
{
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms - loop->marked_ms >= IDLE_MARK_MS) {
        loop->marked_ms = now_ms;
        loop_mark(loop);
    }
    if (now_ms - loop->group_commit_ms >= GROUP_COMMIT_MS) {
        loop->group_commit_ms = now_ms;
        look_around(loop);
        loop_commit_to_group(loop);
    }
}

static void handle_gathered(struct loop *loop)
{
    if (loop->record_count != 0) {
        loop_handle(loop);
        loop_drop_records(loop, NULL);
        loop->marked_ms = clock_monotonic_ms(); /* marks ride on batches */
    }
    loop->record_bytes = 0;
    arena_reset(&loop->arena);
}

static void cycle(struct loop *loop)
{
    health_beat(loop->worker->health, loop->index);
    health_ready(loop->worker->health, loop->index, is_ready(loop));
    tend_publisher(loop);
    loop_tend_partitions(loop);
    loop_gather_effects(loop);
    loop_gather(loop, POLL_MS);
    handle_gathered(loop);
    tend_clock(loop);
}

/* What providers were asked before the end is heard of, for a while; a later owner asks again. */
static void settle_effects(struct loop *loop)
{
    int64_t give_up_ms = clock_monotonic_ms() + SETTLE_MS_MAX;

    if (loop->effects == NULL)
        return;
    effects_leave(loop->effects);
    if (effects_busy(loop->effects))
        log_line(LOG_INFO, "effects are settled", LOG_INT("loop", (int64_t)loop->index));
    while (effects_busy(loop->effects) && clock_monotonic_ms() < give_up_ms && !loop->failed) {
        tend_publisher(loop);
        publisher_poll(loop->publisher, POLL_MS);
        loop_gather_effects(loop);
        handle_gathered(loop);
    }
}

/* Leaving the group revokes what we have: drained and marked there. */
static void leave(struct loop *loop)
{
    if (loop->consumer == NULL)
        return;
    (void)FAILPOINT("shutdown");
    rd_kafka_consumer_close(loop->consumer);
}

static void finish(struct loop *loop)
{
    settle_effects(loop);
    leave(loop);
    takeover_stop(loop->takeover);
    loop_stop_effects(loop);
    while (loop->partitions != NULL) {
        struct partition *next = loop->partitions->next;
        partition_free(loop->partitions);
        loop->partitions = next;
    }
    publisher_free(loop->publisher);
    replies_free(loop->replies);
    if (loop->consumer != NULL) {
        rd_kafka_queue_destroy(loop->check_queue);
        rd_kafka_queue_destroy(loop->fetched);
        rd_kafka_destroy(loop->consumer);
    }
    decoder_free(loop->decoder);
    writers_done(&loop->writers);
    ledger_done(&loop->ledger);
    arena_done(&loop->arena);
    free(loop->topic_ids);
    free(loop->records);
}

void *loop_run(void *context)
{
    struct loop *loop = context;
    struct error error = {0};

    if (!start(loop, &error) && !loop->worker->stopping) {
        log_line(LOG_ERROR, "a loop cannot start", LOG_TEXT("error", error.text));
        loop->failed = true;
    }
    while (!loop->worker->stopping && !loop->failed)
        cycle(loop);
    finish(loop);
    if (loop->failed) {
        loop->worker->failed = true;
        loop->worker->stopping = true;
    }
    return NULL;
}
