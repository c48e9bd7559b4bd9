/* A worker process: settings, policy, health, its loops, and the signals that move them. */
#include "common/worker/worker.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/avro/store.h"
#include "common/core/backoff.h"
#include "common/core/log.h"
#include "common/core/process.h"
#include "common/core/random.h"
#include "common/worker/loop.h"

enum {
    SIGNAL_WAIT_MS = 200,
    HEARTBEAT_MS_MAX = 60000, /* longer than any bounded wait of a loop */
    LEAVING_S_MAX = 18,       /* after SIGTERM; a supervisor kills after 20 or more */
    NAME_SIZE = 128,
};

static void print_problems(const struct problems *problems)
{
    size_t kept = problems->count < PROBLEMS_MAX ? problems->count : PROBLEMS_MAX;

    for (size_t i = 0; i < kept; i++)
        fprintf(stderr, "%s\n", problems->items[i]);
    if (kept < problems->count)
        fprintf(stderr, "and %zu more\n", problems->count - kept);
}

static const struct schema *find_schema(const struct service *service, const char *name,
                                        size_t size)
{
    for (size_t i = 0; i < service->route_count + service->output_count; i++) {
        const struct topic *topic = i < service->route_count
                                        ? service->routes[i].from
                                        : service->outputs[i - service->route_count];
        if (strlen(topic->schema->name) == size && memcmp(topic->schema->name, name, size) == 0)
            return topic->schema;
    }
    return NULL;
}

static struct output_topic *find_output(struct worker *worker, const struct schema *schema)
{
    for (size_t i = 0; i < worker->service->output_count; i++)
        if (worker->outputs[i].topic->schema == schema)
            return &worker->outputs[i];
    return NULL;
}

/* NAME=ID,NAME=ID: what the registry calls our schemas. */
static bool set_schema_ids(struct worker *worker, struct problems *problems)
{
    const char *at = worker->config.schema_ids;

    while (*at != '\0') {
        size_t size = strcspn(at, "=,");
        const struct schema *schema = find_schema(worker->service, at, size);
        char *end = (char *)(uintptr_t)at + size;
        bool digits = at[size] == '=' && at[size + 1] >= '0' && at[size + 1] <= '9';
        unsigned long id = digits ? strtoul(at + size + 1, &end, 10) : 0;
        bool fine = schema != NULL && id != 0 && id <= UINT32_MAX && (*end == ',' || *end == '\0');
        if (!fine || schema_store_find_id(worker->schemas, (uint32_t)id) != NULL) {
            problems_add(problems, "ONBOARDING_SCHEMA_IDS",
                         fine ? "gives an id twice"
                              : "is not NAME=ID,… with names of this service's schemas");
            return false;
        }
        schema_store_set_id(worker->schemas, (uint32_t)id, schema);
        struct output_topic *output = find_output(worker, schema);
        if (output != NULL)
            output->schema_id = (uint32_t)id;
        at = *end == ',' ? end + 1 : end;
    }
    return true;
}

/* Results in the registry's framing name their schemas by its ids. */
static void check_framing(const struct worker *worker, struct problems *problems)
{
    for (size_t i = 0; i < worker->service->output_count; i++)
        if (worker->outcomes.framing == FRAMING_CONFLUENT && worker->outputs[i].schema_id == 0)
            problems_add(problems, "ONBOARDING_SCHEMA_IDS", "must name %s",
                         worker->outputs[i].topic->schema->name);
}

static void add_schemas(struct worker *worker)
{
    const struct service *service = worker->service;

    worker->schemas = schema_store_new();
    for (size_t i = 0; i < service->route_count; i++)
        schema_store_add(worker->schemas, service->routes[i].from->schema);
    worker->outputs = calloc(service->output_count + 1, sizeof *worker->outputs);
    if (worker->outputs == NULL)
        abort();
    for (size_t i = 0; i < service->output_count; i++)
        worker->outputs[i].topic = service->outputs[i];
}

/* What librdkafka, libpq and the ledger are told, from the settings. */
static void derive(struct worker *worker)
{
    static char group[NAME_SIZE];
    static char source[NAME_SIZE];
    static char program[NAME_SIZE];
    struct worker_config *config = &worker->config;
    const char *name = worker->service->name;

    snprintf(group, sizeof group, "onboarding-%s", name);
    snprintf(source, sizeof source, "onboarding/%s", name);
    snprintf(program, sizeof program, "onboarding-%s", name);
    if (config->consumer_group[0] == '\0')
        config->consumer_group = group;
    worker->kafka = kafka_config_options(&worker->kafka_config, program);
    worker->database = postgres_config_options(&worker->postgres_config, name, program);
    worker->outcomes = (struct outcome_options){
        .outputs = worker->outputs,
        .output_count = worker->service->output_count,
        .framing = config->framing == 0 ? FRAMING_SINGLE_OBJECT : FRAMING_CONFLUENT,
        .source = source,
    };
    worker->subjects = (struct subject_options){&config->digest_key, &config->data_keys};
    worker->parked_by = (struct parked_by){config->consumer_group, name, ONBOARDING_VERSION};
}

static void load_policy(struct worker *worker, struct problems *problems)
{
    const struct policy_format *format = worker->service->policy;

    if (format == NULL || worker->config.policy_file == NULL ||
        worker->config.policy_file[0] == '\0')
        return;
    worker->policies = policies_new(format, worker->config.policy_file);
    policies_load(worker->policies, problems);
}

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Waits up to `ms` for a signal and does what it says. */
static void serve_signals(struct worker *worker, const sigset_t *set, int64_t ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    int signal_number = sigtimedwait(set, NULL, &wait);

    if (signal_number == SIGHUP)
        worker_reload(worker);
    else if (signal_number == SIGTERM || signal_number == SIGINT)
        worker->stopping = true;
}

/* A dead letter goes to the partition of its record's number, so there must be as many. */
static bool check_dead_letters(rd_kafka_t *client, const struct topic *topic, struct error *error)
{
    char name[KAFKA_TOPIC_SIZE];
    int32_t partitions;
    int32_t dead_letter_partitions;

    snprintf(name, sizeof name, "%s.dlt", topic->name);
    if (!kafka_partition_count(client, topic->name, &partitions, error) ||
        !kafka_partition_count(client, name, &dead_letter_partitions, error))
        return false;
    if (dead_letter_partitions >= partitions)
        return true;
    return error_set(error, ERROR_RETRY, "topic %s has too few partitions", name);
}

/* The n-th thing that must be there before the loops start: outputs, then inputs. */
static bool check_topic(struct worker *worker, rd_kafka_t *client, size_t n, struct error *error)
{
    const struct service *what = worker->service;

    if (n < what->output_count)
        return kafka_partition_count(client, worker->outputs[n].topic->name,
                                     &worker->outputs[n].partition_count, error);
    return check_dead_letters(client, what->routes[n - what->output_count].from, error);
}

/* Waits for the topics as long as it takes; outputs get their partition counts. */
static bool find_topics(struct worker *worker, const sigset_t *signals, struct error *error)
{
    /* A question goes unanswered for seconds; why, the library's log says at once. */
    static const struct kafka_property asking[] = {
        {"socket.timeout.ms", "3000"}, {"log_level", "3"}, {NULL, NULL}};
    struct backoff backoff = {0};
    rd_kafka_conf_t *conf;
    rd_kafka_t *client;
    size_t found = 0;

    if (!kafka_configure(&worker->kafka, asking, &conf, error))
        return false;
    rd_kafka_conf_set_log_cb(conf, loop_log_kafka);
    if (!kafka_open(RD_KAFKA_PRODUCER, conf, &client, error))
        return false;
    while (found < worker->service->output_count + worker->service->route_count &&
           !worker->stopping) {
        if (check_topic(worker, client, found, error)) {
            found++;
            continue;
        }
        log_line(LOG_WARNING, "waiting for Kafka", LOG_TEXT("error", error->text));
        for (unsigned i = 0; i < worker->config.loops; i++)
            health_beat(worker->health, i);
        serve_signals(worker, signals, backoff_next_ms(&backoff, random_bits()) + 1);
    }
    rd_kafka_destroy(client);
    return true;
}

/* The fence holds while clocks agree; said once when that changes. */
static void watch_clocks(const struct worker *worker)
{
    static int64_t said_ms;
    int64_t skew_ms = clock_probe_skew_ms(worker->clock_probe);

    metrics_set_skew(skew_ms);
    if (skew_ms != said_ms && skew_ms > FENCE_MARGIN_MS / 2)
        log_line(LOG_ERROR, "clocks of a broker and of PostgreSQL differ",
                 LOG_INT("at_least_ms", skew_ms), LOG_INT("margin_ms", FENCE_MARGIN_MS));
    said_ms = skew_ms;
}

static void give_up(int signal_number)
{
    (void)signal_number;
    _exit(EXIT_FAILURE);
}

/*
 * Waits of several seconds each may add up where Kafka and PostgreSQL hang. What a process that
 * just ends leaves behind is completed by the next owner.
 */
static void bound_leaving(void)
{
    const struct sigaction action = {.sa_handler = give_up};

    sigaction(SIGALRM, &action, NULL);
    alarm(LEAVING_S_MAX);
}

static void run_loops(struct worker *worker, const sigset_t *signals)
{
    size_t count = (size_t)worker->config.loops;
    struct loop *loops = calloc(count, sizeof *loops);
    pthread_t *threads = calloc(count, sizeof *threads);

    if (loops == NULL || threads == NULL)
        abort();
    for (unsigned i = 0; i < count; i++) {
        loops[i].worker = worker;
        loops[i].index = i;
        if (pthread_create(&threads[i], NULL, loop_run, &loops[i]) != 0)
            abort();
    }
    while (!worker->stopping) {
        serve_signals(worker, signals, SIGNAL_WAIT_MS);
        watch_clocks(worker);
    }
    bound_leaving();
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    free(loops);
}

static int run(struct worker *worker)
{
    struct error error = {0};
    sigset_t signals;

    block_signals(&signals);
    log_start(worker->service->name, (enum log_level)worker->config.log_level);
    if (!health_start(worker->config.health_address, (uint16_t)worker->config.health_port,
                      (unsigned)worker->config.loops, HEARTBEAT_MS_MAX, &worker->health, &error)) {
        log_line(LOG_ERROR, "health", LOG_TEXT("error", error.text));
        return EXIT_FAILURE;
    }
    log_line(LOG_INFO, "started", LOG_TEXT("version", ONBOARDING_VERSION),
             LOG_TEXT("group", worker->config.consumer_group),
             LOG_INT("loops", worker->config.loops),
             LOG_INT("health_port", health_port(worker->health)));
    if (find_topics(worker, &signals, &error)) {
        if (!worker->stopping)
            worker_check_fence(worker);
        worker->clock_probe = clock_probe_start(&worker->kafka, &worker->database);
        run_loops(worker, &signals);
        clock_probe_stop(worker->clock_probe);
    } else {
        worker->failed = true;
    }
    health_stop(worker->health);
    log_line(LOG_INFO, "stopped", LOG_TEXT("error", worker->failed ? error.text : NULL));
    return worker->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int configure(struct worker *worker, const struct setting_group *groups, size_t count)
{
    struct problems *problems = calloc(1, sizeof *problems);
    int status = EXIT_SUCCESS;

    if (problems == NULL)
        abort();
    settings_read(groups, count, environ, problems);
    kafka_config_check(&worker->kafka_config, problems);
    postgres_config_check(&worker->postgres_config, problems);
    worker_config_check(&worker->config, worker->service->name, worker->service->policy != NULL,
                        problems);
    if (worker->service->check != NULL)
        worker->service->check(worker->service->config, problems);
    add_schemas(worker);
    derive(worker);
    if (set_schema_ids(worker, problems))
        check_framing(worker, problems);
    load_policy(worker, problems);
    if (problems->count != 0) {
        print_problems(problems);
        status = EXIT_CONFIG;
    }
    free(problems);
    return status;
}

int worker_main(const struct service *what, int argc, char **argv)
{
    static struct worker worker; /* outlives every thread */
    const struct setting_group groups[] = {
        {kafka_settings, kafka_setting_count, &worker.kafka_config},
        {postgres_settings, postgres_setting_count, &worker.postgres_config},
        {worker_settings, worker_setting_count, &worker.config},
        {what->settings, what->setting_count, what->config},
    };
    int status;

    worker.service = what;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf("onboarding-%s: settings, from the environment\n\n", what->name);
        settings_print(groups, COUNT(groups));
        return EXIT_SUCCESS;
    }
    if (argc != 1)
        return fprintf(stderr, "usage: onboarding-%s [--help]\n", what->name), EXIT_CONFIG;
    (void)mallopt(M_MXFAST, 0); /* joining what is freed at once beats sweeping it up later */
    process_leave_no_core();
    status = configure(&worker, groups, COUNT(groups));
    process_close();
    if (status == EXIT_SUCCESS)
        status = run(&worker);
    policies_free(worker.policies);
    schema_store_free(worker.schemas);
    free(worker.outputs);
    settings_wipe(groups, COUNT(groups));
    return status;
}
