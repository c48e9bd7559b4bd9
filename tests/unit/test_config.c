/* Settings that contradict each other, each fine by itself. */
#include "common/worker/config.h"

#include <stdio.h>
#include <string.h>

#include "common/kafka/config.h"
#include "common/postgres/config.h"
#include "tests/support/test.h"

enum { ENVIRONMENT_MAX = 8 };

/* A group's tables as a worker reads them, and what is wrong with them together. */
static struct worker_config worker;
static struct kafka_config kafka;
static struct postgres_config postgres;

static const struct example {
    const char *name;
    const char *environment[ENVIRONMENT_MAX];
    const char *complaint; /* NULL: none */
} examples[] = {
    {"defaults", {NULL}, NULL},
    {"session below the poll interval",
     {"ONBOARDING_SESSION_TIMEOUT=15s", "ONBOARDING_MAX_POLL_INTERVAL=60s"},
     NULL},
    {"batch over fetch",
     {"ONBOARDING_BATCH_SIZE=2MiB", "ONBOARDING_FETCH_SIZE=1MiB"},
     "ONBOARDING_BATCH_SIZE: must not exceed ONBOARDING_FETCH_SIZE"},
    {"batch as large as fetch", {"ONBOARDING_BATCH_SIZE=1MiB", "ONBOARDING_FETCH_SIZE=1MiB"}, NULL},
    {"no policy", {"ONBOARDING_POLICY_FILE="}, "ONBOARDING_POLICY_FILE: is required"},
    {"SASL without mechanism",
     {"ONBOARDING_KAFKA_SECURITY_PROTOCOL=sasl_ssl"},
     "ONBOARDING_KAFKA_SASL_MECHANISM: is required with a protocol of SASL"},
    {"SASL in the clear without mechanism",
     {"ONBOARDING_KAFKA_SECURITY_PROTOCOL=sasl_plaintext"},
     "ONBOARDING_KAFKA_SASL_MECHANISM: is required with a protocol of SASL"},
    {"SASL with mechanism",
     {"ONBOARDING_KAFKA_SECURITY_PROTOCOL=sasl_ssl",
      "ONBOARDING_KAFKA_SASL_MECHANISM=SCRAM-SHA-512"},
     NULL},
    {"TLS needs no mechanism", {"ONBOARDING_KAFKA_SECURITY_PROTOCOL=ssl"}, NULL},
    {"certificate without key",
     {"ONBOARDING_KAFKA_CERTIFICATE_FILE=/dev/null"},
     "ONBOARDING_KAFKA_CERTIFICATE_FILE: goes together with ONBOARDING_KAFKA_KEY_FILE"},
    {"key without certificate",
     {"ONBOARDING_KAFKA_KEY_FILE=/dev/null"},
     "ONBOARDING_KAFKA_CERTIFICATE_FILE: goes together with ONBOARDING_KAFKA_KEY_FILE"},
    {"certificate and key",
     {"ONBOARDING_KAFKA_CERTIFICATE_FILE=/dev/null", "ONBOARDING_KAFKA_KEY_FILE=/dev/null"},
     NULL},
};

static bool is_about(const char *entry, const char *name)
{
    return strncmp(entry, name, strlen(name)) == 0 && entry[strlen(name)] == '=';
}

/* What is required, unless the example says it itself; the key has no file here. */
static void read_settings(const char *const *environment, struct problems *problems)
{
    static const char *const required[] = {"ONBOARDING_KAFKA_BROKERS=localhost:9092",
                                           "ONBOARDING_POSTGRES_URL=postgresql://u@localhost/d",
                                           "ONBOARDING_POLICY_FILE=/some/file"};
    const char *entries[ENVIRONMENT_MAX + COUNT(required) + 1] = {NULL};
    const struct setting_group groups[] = {{kafka_settings, kafka_setting_count, &kafka},
                                           {postgres_settings, postgres_setting_count, &postgres},
                                           {worker_settings, worker_setting_count, &worker}};
    size_t count = 0;

    while (count < ENVIRONMENT_MAX && environment[count] != NULL) {
        entries[count] = environment[count];
        count++;
    }
    for (size_t i = 0; i < COUNT(required); i++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(required[i], "="), required[i]);
        bool given = false;
        for (size_t k = 0; k < count; k++)
            given = given || is_about(entries[k], name);
        if (!given)
            entries[count++] = required[i];
    }
    settings_read(groups, COUNT(groups), (char *const *)(uintptr_t)entries, problems);
}

static void contradiction(void **state)
{
    const struct example *example = *state;
    static struct problems problems;

    problems.count = 0;
    read_settings(example->environment, &problems);
    assert_int_equal(problems.count, 2); /* keys, which are required */
    assert_non_null(strstr(problems.items[0], "ONBOARDING_DIGEST_KEY_FILE"));
    assert_non_null(strstr(problems.items[1], "ONBOARDING_DATA_KEYS_FILE"));
    problems.count = 0;
    kafka_config_check(&kafka, &problems);
    worker_config_check(&worker, true, &problems);
    if (problems.count != 0 && example->complaint == NULL)
        fail_msg("%s", problems.items[0]);
    assert_int_equal(problems.count, example->complaint != NULL);
    if (example->complaint != NULL)
        assert_string_equal(problems.items[0], example->complaint);
}

static void sessions_end_before_polls_are_late(void **state)
{
    static struct problems problems;
    struct worker_config config = worker;

    (void)state;
    config.session_timeout_ms = config.max_poll_interval_ms;
    worker_config_check(&config, false, &problems);
    assert_int_equal(problems.count, 1);
    assert_non_null(strstr(problems.items[0], "ONBOARDING_SESSION_TIMEOUT"));
}

static void options_follow_from_settings(void **state)
{
    static const char *const environment[] = {"ONBOARDING_KAFKA_SECURITY_PROTOCOL=sasl_ssl",
                                              "ONBOARDING_KAFKA_SASL_MECHANISM=PLAIN",
                                              "ONBOARDING_KAFKA_SASL_USERNAME=me", NULL};
    static struct problems problems;

    (void)state;
    read_settings(environment, &problems);
    struct kafka_options to_kafka = kafka_config_options(&kafka, "program");
    assert_string_equal(to_kafka.brokers, "localhost:9092");
    assert_string_equal(to_kafka.security_protocol, "sasl_ssl");
    assert_string_equal(to_kafka.sasl_mechanism, "PLAIN");
    assert_string_equal(to_kafka.sasl_username, "me");
    assert_string_equal(to_kafka.client_id, "program");
    struct db_options to_postgres = postgres_config_options(&postgres, "lookup", "program");
    assert_string_equal(to_postgres.url, "postgresql://u@localhost/d");
    assert_null(to_postgres.password);
    assert_string_equal(to_postgres.schema, "lookup");
}

int main(void)
{
    struct CMUnitTest tests[COUNT(examples) + 2];
    size_t count = 0;

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[count++] = EXAMPLE(contradiction, &examples[i]);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(sessions_end_before_polls_are_late);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(options_follow_from_settings);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
