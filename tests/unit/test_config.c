/* Settings that contradict each other, each fine by itself. */
#include "common/worker/config.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/kafka/config.h"
#include "common/postgres/config.h"
#include "tests/support/test.h"

enum { ENVIRONMENT_MAX = 8 };

#define POSTGRES      "ONBOARDING_POSTGRES_URL=postgresql://u@localhost/d"
#define WITH_PASSWORD "ONBOARDING_KAFKA_SASL_PASSWORD_FILE=password"
#define SASL_USER     "ONBOARDING_KAFKA_SASL_USERNAME=me", WITH_PASSWORD

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
     {SASL_USER, "ONBOARDING_KAFKA_SECURITY_PROTOCOL=sasl_ssl"},
     "ONBOARDING_KAFKA_SASL_MECHANISM: is required with a protocol of SASL"},
    {"SASL in the clear without mechanism",
     {SASL_USER, "ONBOARDING_KAFKA_SECURITY_PROTOCOL=sasl_plaintext"},
     "ONBOARDING_KAFKA_SASL_MECHANISM: is required with a protocol of SASL"},
    {"SASL without user",
     {WITH_PASSWORD, "ONBOARDING_KAFKA_SECURITY_PROTOCOL=sasl_ssl",
      "ONBOARDING_KAFKA_SASL_MECHANISM=PLAIN"},
     "ONBOARDING_KAFKA_SASL_USERNAME: is required with a protocol of SASL"},
    {"SASL without password",
     {"ONBOARDING_KAFKA_SASL_USERNAME=me", "ONBOARDING_KAFKA_SECURITY_PROTOCOL=sasl_ssl",
      "ONBOARDING_KAFKA_SASL_MECHANISM=PLAIN"},
     "ONBOARDING_KAFKA_SASL_PASSWORD_FILE: is required with a protocol of SASL"},
    {"SASL with all it takes",
     {SASL_USER, "ONBOARDING_KAFKA_SECURITY_PROTOCOL=sasl_ssl",
      "ONBOARDING_KAFKA_SASL_MECHANISM=SCRAM-SHA-512"},
     NULL},
    {"TLS needs no mechanism", {"ONBOARDING_KAFKA_SECURITY_PROTOCOL=ssl"}, NULL},
    {"certificate without key",
     {"ONBOARDING_KAFKA_CERTIFICATE_FILE=certificate"},
     "ONBOARDING_KAFKA_CERTIFICATE_FILE: goes together with ONBOARDING_KAFKA_KEY_FILE"},
    {"key without certificate",
     {"ONBOARDING_KAFKA_KEY_FILE=key"},
     "ONBOARDING_KAFKA_CERTIFICATE_FILE: goes together with ONBOARDING_KAFKA_KEY_FILE"},
    {"certificate and key",
     {"ONBOARDING_KAFKA_CERTIFICATE_FILE=certificate", "ONBOARDING_KAFKA_KEY_FILE=key"},
     NULL},
    {"another certificate's key",
     {"ONBOARDING_KAFKA_CERTIFICATE_FILE=certificate", "ONBOARDING_KAFKA_KEY_FILE=other_key"},
     "ONBOARDING_KAFKA_KEY_FILE: does not belong to ONBOARDING_KAFKA_CERTIFICATE_FILE"},
    {"no certificate",
     {"ONBOARDING_KAFKA_CERTIFICATE_FILE=key", "ONBOARDING_KAFKA_KEY_FILE=key"},
     "ONBOARDING_KAFKA_CERTIFICATE_FILE: names a file without a certificate"},
    {"no key",
     {"ONBOARDING_KAFKA_CERTIFICATE_FILE=certificate", "ONBOARDING_KAFKA_KEY_FILE=password"},
     "ONBOARDING_KAFKA_KEY_FILE: names a file without a private key in clear"},
    {"a key under a pass phrase",
     {"ONBOARDING_KAFKA_CERTIFICATE_FILE=certificate", "ONBOARDING_KAFKA_KEY_FILE=locked_key"},
     "ONBOARDING_KAFKA_KEY_FILE: names a file without a private key in clear"},
    {"authorities", {"ONBOARDING_KAFKA_CA_FILE=certificate"}, NULL},
    {"no authorities",
     {"ONBOARDING_KAFKA_CA_FILE=password"},
     "ONBOARDING_KAFKA_CA_FILE: names a file without a certificate"},
    {"PostgreSQL by TLS", {POSTGRES "?sslmode=verify-full&sslrootcert=ca.crt"}, NULL},
    {"a mode of TLS that there is not",
     {POSTGRES "?sslmode=verify-ful"},
     "ONBOARDING_POSTGRES_URL: has an sslmode that there is not"},
    {"a parameter that libpq does not know",
     {POSTGRES "?sslmod=verify-full"},
     "ONBOARDING_POSTGRES_URL: has a parameter that libpq does not know, or a broken escape"},
    {"a broken escape",
     {POSTGRES "?sslrootcert=%zz"},
     "ONBOARDING_POSTGRES_URL: has a parameter that libpq does not know, or a broken escape"},
    {"a group of its own", {"ONBOARDING_CONSUMER_GROUP=bank.test.lookup-2"}, NULL},
    {"a group that others may have",
     {"ONBOARDING_CONSUMER_GROUP=bank"},
     "ONBOARDING_CONSUMER_GROUP: does not hold the service's name, which keeps services' groups "
     "apart"},
    {"health everywhere", {"ONBOARDING_HEALTH_ADDRESS=::"}, NULL},
    {"health by name",
     {"ONBOARDING_HEALTH_ADDRESS=localhost"},
     "ONBOARDING_HEALTH_ADDRESS: is not an IP address"},
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
    postgres_config_check(&postgres, &problems);
    worker_config_check(&worker, "lookup", true, &problems);
    if (kafka.sasl_password[0] != '\0')
        free((char *)(uintptr_t)kafka.sasl_password);
    if (problems.count != 0 && example->complaint == NULL)
        fail_msg("%s", problems.items[0]);
    assert_int_equal(problems.count, example->complaint != NULL);
    if (example->complaint != NULL)
        assert_string_equal(problems.items[0], example->complaint);
}

static void sessions_end_before_polls_are_late(void **state)
{
    static struct problems problems;

    (void)state;
    read_settings((const char *const[ENVIRONMENT_MAX]){NULL}, &problems);
    struct worker_config config = worker;
    problems.count = 0;
    config.session_timeout_ms = config.max_poll_interval_ms;
    worker_config_check(&config, "lookup", false, &problems);
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

static char folder[] = "/tmp/onboarding-config-XXXXXX";

static EVP_PKEY *write_key(const char *path, const char *pass_phrase)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    FILE *file = fopen(path, "we");

    assert_true(key != NULL && file != NULL);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    assert_int_equal(PEM_write_PrivateKey(file, key, pass_phrase == NULL ? NULL : EVP_aes_256_cbc(),
                                          NULL, 0, NULL, (void *)(uintptr_t)pass_phrase),
                     1);
    assert_int_equal(fclose(file), 0);
    return key;
}

static void write_certificate(const char *path, EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    FILE *file = fopen(path, "we");

    assert_true(certificate != NULL && file != NULL);
    X509_set_pubkey(certificate, key);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    assert_int_equal(fclose(file), 0);
    X509_free(certificate);
}

static int write_files(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    EVP_PKEY *key = write_key("key", NULL);
    write_certificate("certificate", key);
    EVP_PKEY_free(key);
    EVP_PKEY_free(write_key("other_key", NULL));
    EVP_PKEY_free(write_key("locked_key", "open sesame"));
    FILE *password = fopen("password", "we");
    assert_non_null(password);
    assert_int_equal(fchmod(fileno(password), 0600), 0);
    assert_true(fputs("hunter2", password) >= 0);
    return fclose(password);
}

static int remove_files(void **state)
{
    static const char *const files[] = {"key", "certificate", "other_key", "locked_key",
                                        "password"};
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++)
        assert_int_equal(unlink(files[i]), 0);
    return rmdir(folder);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(examples) + 2];
    size_t count = 0;

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[count++] = EXAMPLE(contradiction, &examples[i]);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(sessions_end_before_polls_are_late);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(options_follow_from_settings);
    return cmocka_run_group_tests(tests, write_files, remove_files);
}
