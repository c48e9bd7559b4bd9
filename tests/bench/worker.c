/*
 * bench-worker: the runtime at the work that other workers are measured by. Its settings have the
 * names of that contest (KAFKA, PGURL, IN_TOPIC, …); everything else is as in every service.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_sql.h"
#include "common/worker/service.h"
#include "common/worker/worker.h"
#include "decide.h"
#include "ledger.h"

/* Their names come from the environment. */
static struct topic topic_in = {.schema = &client_evaluate_schema, .key_field = "processId"};
static struct topic topic_out = {
    .schema = &client_evaluated_schema, .key_field = "processId", .fenced = true};

static void handle(const struct turn *turn, struct outcome *out)
{
    const struct client_evaluate *event = turn->event;
    struct decision decision = decide(event);
    struct uuid event_id;
    struct uuid process_id;
    struct uuid user_id;
    char result_id[UUID_TEXT_SIZE];

    if (!uuid_parse(event->eventId, strlen(event->eventId), &event_id) ||
        !uuid_parse(event->processId, strlen(event->processId), &process_id) ||
        !uuid_parse(event->userId, strlen(event->userId), &user_id)) {
        outcome_reject(out, REASON_CONTRACT, "an id is no UUID");
        return;
    }
    outcome_row(out, &sql_insert_client_evaluation, UUID_VALUE(event_id), UUID_VALUE(process_id),
                UUID_VALUE(user_id), TEXT(evaluation_result_text[decision.result]),
                TEXT(decision.reason), INT(event->score), TIME_MS(turn->now_ms),
                TEXT(summarize(event, turn->arena)));
    uuid_format(turn->fresh_id, result_id);
    outcome_event(out, &topic_out, event->processId,
                  &(struct client_evaluated){.eventId = result_id,
                                             .causationId = event->eventId,
                                             .processId = event->processId,
                                             .userId = event->userId,
                                             .result = decision.result,
                                             .resultReason = decision.reason,
                                             .decidedAt = turn->now_ms});
}

static const struct route routes[] = {{.from = &topic_in, .handle = handle}};
static const struct topic *const outputs[] = {&topic_out};
static const struct service bench = {
    .name = "bench",
    .routes = routes,
    .route_count = COUNT(routes),
    .outputs = outputs,
    .output_count = COUNT(outputs),
};

/* The contest's name of a setting, the runtime's, and the unit that the latter wants. */
static const struct {
    const char *theirs, *fallback; /* NULL: required */
    const char *ours, *unit;
} names[] = {
    {"KAFKA", NULL, "ONBOARDING_KAFKA_BROKERS", ""},
    {"PGURL", NULL, "ONBOARDING_POSTGRES_URL", ""},
    {"PASSWORD_FILE", "", "ONBOARDING_POSTGRES_PASSWORD_FILE", ""},
    {"GROUP_ID", NULL, "ONBOARDING_CONSUMER_GROUP", ""},
    {"WORKERS", "2", "ONBOARDING_LOOPS", ""},
    {"MAX_BATCH", "1000", "ONBOARDING_BATCH_RECORDS", ""},
    {"FENCE_MS", "10000", "ONBOARDING_FENCE", "ms"},
    {"LOG_LEVEL", "info", "ONBOARDING_LOG_LEVEL", ""},
};

enum { SETTINGS_MAX = 16, SETTING_SIZE_MAX = 1024 };

/* What worker_main() is to see: ours, then what the caller sets beside, for tuning. */
static char settings[SETTINGS_MAX][SETTING_SIZE_MAX];
static char *environment[2 * SETTINGS_MAX + 1];

static void add(const char *name, const char *value, const char *unit)
{
    size_t i = 0;

    while (environment[i] != NULL)
        i++;
    int size = snprintf(settings[i], sizeof settings[i], "%s=%s%s", name, value, unit);
    if (size < 0 || (size_t)size >= sizeof settings[i])
        exit(EXIT_CONFIG);
    environment[i] = settings[i];
}

static void add_callers(void)
{
    size_t i = 0;

    while (environment[i] != NULL)
        i++;
    for (char **at = environ; *at != NULL && i < 2 * SETTINGS_MAX; at++)
        if (strncmp(*at, "ONBOARDING_", sizeof "ONBOARDING_" - 1) == 0)
            environment[i++] = *at;
}

static const char *get(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    if (value != NULL && value[0] != '\0')
        return value;
    if (fallback == NULL) {
        fprintf(stderr, "bench-worker: %s is required\n", name);
        exit(EXIT_CONFIG);
    }
    return fallback;
}

#define KEY "YmVuY2gtd29ya2VyLWJlbmNoLXdvcmtlci1iZW5jaC0="

/* The key's file is nobody else's and gone with the process, however that ends. */
static void add_key_file(const char *name, const char *text)
{
    int file = memfd_create("key", 0);
    char path[64];

    if (file < 0 || fchmod(file, S_IRUSR | S_IWUSR) != 0 ||
        write(file, text, strlen(text)) != (ssize_t)strlen(text)) {
        fprintf(stderr, "bench-worker: a file for the key: %s\n", strerror(errno));
        exit(EXIT_FAILURE);
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    add(name, path, "");
}

int main(int argc, char **argv)
{
    char ids[128];

    for (size_t i = 0; i < COUNT(names); i++)
        add(names[i].ours, get(names[i].theirs, names[i].fallback), names[i].unit);
    snprintf(ids, sizeof ids, "%s=%.10s,%s=%.10s", client_evaluate_schema.name,
             get("IN_SCHEMA_ID", "1"), client_evaluated_schema.name, get("OUT_SCHEMA_ID", "2"));
    add("ONBOARDING_SCHEMA_IDS", ids, "");
    add("ONBOARDING_FRAMING", "confluent", "");
    add_key_file("ONBOARDING_DIGEST_KEY_FILE", KEY);
    add_key_file("ONBOARDING_DATA_KEYS_FILE", "1 " KEY);
    topic_in.name = get("IN_TOPIC", NULL);
    topic_out.name = get("OUT_TOPIC", NULL);
    if (!ledger_make(get("PGURL", NULL)))
        return EXIT_FAILURE;
    add_callers();
    environ = environment;
    return worker_main(&bench, argc, argv);
}
