/* The settings of every worker, in one table. */
#include "common/worker/config.h"

#include <string.h>

#include "common/ledger/batch.h"
#include "common/worker/health.h"

#define FIELD(name) offsetof(struct worker_config, name)

static const char *const security_protocols[] = {"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"};
static const char *const sasl_mechanisms[] = {"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};

enum { MINUTE_MS = 60000, MEBIBYTE = 1 << 20 };

/* clang-format off */
const struct setting worker_settings[] = {
    {"ONBOARDING_KAFKA_BROKERS", SETTING_TEXT, FIELD(kafka_brokers), NULL,
     "brokers to begin with, host:port separated by commas", 0, 0, NULL},
    {"ONBOARDING_KAFKA_SECURITY_PROTOCOL", SETTING_CHOICE, FIELD(kafka_security_protocol), "plaintext",
     "how brokers are talked to", 0, 0, "plaintext|ssl|sasl_plaintext|sasl_ssl"},
    {"ONBOARDING_KAFKA_SASL_MECHANISM", SETTING_CHOICE, FIELD(kafka_sasl_mechanism), "none",
     "with a protocol of SASL", 0, 0, "none|PLAIN|SCRAM-SHA-256|SCRAM-SHA-512"},
    {"ONBOARDING_KAFKA_SASL_USERNAME", SETTING_TEXT, FIELD(kafka_sasl_username), "",
     "user name for SASL", 0, 0, NULL},
    {"ONBOARDING_KAFKA_SASL_PASSWORD_FILE", SETTING_SECRET_FILE, FIELD(kafka_sasl_password), "",
     "file with the password for SASL", 0, 0, NULL},
    {"ONBOARDING_KAFKA_CA_FILE", SETTING_FILE, FIELD(kafka_ca_file), "",
     "certificates to trust in place of the system's", 0, 0, NULL},
    {"ONBOARDING_KAFKA_CERTIFICATE_FILE", SETTING_FILE, FIELD(kafka_certificate_file), "",
     "the worker's own certificate, for mutual TLS", 0, 0, NULL},
    {"ONBOARDING_KAFKA_KEY_FILE", SETTING_FILE, FIELD(kafka_key_file), "",
     "the private key of that certificate", 0, 0, NULL},
    {"ONBOARDING_CONSUMER_GROUP", SETTING_TEXT, FIELD(consumer_group), "",
     "consumer group; empty for onboarding-SERVICE", 0, 0, NULL},
    {"ONBOARDING_GROUP_INSTANCE_ID", SETTING_TEXT, FIELD(group_instance_id), "",
     "static membership, for StatefulSets: unique in the group; empty for dynamic", 0, 0, NULL},
    {"ONBOARDING_SESSION_TIMEOUT", SETTING_DURATION_MS, FIELD(session_timeout_ms), "10s",
     "a member silent for longer loses its partitions, 6s..15s", 6000, 15000, NULL},
    {"ONBOARDING_MAX_POLL_INTERVAL", SETTING_DURATION_MS, FIELD(max_poll_interval_ms), "60s",
     "likewise a loop that does not poll, 60s..2m", MINUTE_MS, 2 * MINUTE_MS, NULL},
    {"ONBOARDING_START", SETTING_CHOICE, FIELD(start), "beginning",
     "where a partition begins that this group never consumed", 0, 0, "beginning|end"},
    {"ONBOARDING_POSTGRES_URL", SETTING_URL, FIELD(postgres_url), NULL,
     "postgresql://user@host:port/database?sslmode=verify-full", 0, 0, "postgresql|postgres"},
    {"ONBOARDING_POSTGRES_PASSWORD_FILE", SETTING_SECRET_FILE, FIELD(postgres_password), "",
     "file with the password of that user", 0, 0, NULL},
    {"ONBOARDING_DIGEST_KEY_FILE", SETTING_KEY_FILE, FIELD(digest_key), NULL,
     "file with the key (32 bytes, base64) of the digests that tell repeats from conflicts", 0, 0, NULL},
    {"ONBOARDING_LOOPS", SETTING_INT, FIELD(loops), "1",
     "loops of this process, each with a consumer, a producer and a connection, 1..64", 1, HEALTH_LOOPS_MAX, NULL},
    {"ONBOARDING_BATCH_RECORDS", SETTING_INT, FIELD(batch_records), "500",
     "most records of a batch, 1..5000", 1, BATCH_RECORDS_MAX, NULL},
    {"ONBOARDING_BATCH_SIZE", SETTING_SIZE, FIELD(batch_bytes), "8MiB",
     "bytes after which a batch takes no further record, 64KiB..64MiB", 65536, 64LL * MEBIBYTE, NULL},
    {"ONBOARDING_FETCH_SIZE", SETTING_SIZE, FIELD(fetch_bytes), "8MiB",
     "most bytes fetched ahead by a loop, 1MiB..256MiB", MEBIBYTE, 256LL * MEBIBYTE, NULL},
    {"ONBOARDING_FENCE", SETTING_DURATION_MS, FIELD(fence_ms), "5s",
     "message.timestamp.before.max.ms of the fenced topics, 4s..10s", 4000, 10000, NULL},
    {"ONBOARDING_FRAMING", SETTING_CHOICE, FIELD(framing), "single-object",
     "how results are framed", 0, 0, "single-object|confluent"},
    {"ONBOARDING_SCHEMA_IDS", SETTING_TEXT, FIELD(schema_ids), "",
     "the registry's ids of our schemas: NAME=ID separated by commas", 0, 0, NULL},
    {"ONBOARDING_REPLY_TOPIC_PREFIX", SETTING_TEXT, FIELD(reply_topic_prefix), "onboarding.replies.",
     "replies go to topics of this prefix only", 0, 0, NULL},
    {"ONBOARDING_POLICY_FILE", SETTING_TEXT, FIELD(policy_file), "",
     "the service's policy, JSON; read again on SIGHUP", 0, 0, NULL},
    {"ONBOARDING_HEALTH_ADDRESS", SETTING_TEXT, FIELD(health_address), "127.0.0.1",
     "where /livez, /readyz and /metrics are served", 0, 0, NULL},
    {"ONBOARDING_HEALTH_PORT", SETTING_INT, FIELD(health_port), "0",
     "their port, 0..65535; 0 takes a free one and logs it", 0, 65535, NULL},
    {"ONBOARDING_LOG_LEVEL", SETTING_CHOICE, FIELD(log_level), "info",
     "lowest level that is logged", 0, 0, "debug|info|warning|error"},
};
/* clang-format on */

const size_t worker_setting_count = COUNT(worker_settings);

void worker_config_check(const struct worker_config *config, bool has_policy,
                         struct problems *problems)
{
    if (config->session_timeout_ms >= config->max_poll_interval_ms)
        problems_add(problems, "ONBOARDING_SESSION_TIMEOUT",
                     "must be shorter than ONBOARDING_MAX_POLL_INTERVAL");
    if (config->batch_bytes > config->fetch_bytes)
        problems_add(problems, "ONBOARDING_BATCH_SIZE",
                     "must not exceed ONBOARDING_FETCH_SIZE");
    if (config->kafka_security_protocol >= 2 && config->kafka_sasl_mechanism == 0)
        problems_add(problems, "ONBOARDING_KAFKA_SASL_MECHANISM",
                     "is required with a protocol of SASL");
    if ((config->kafka_certificate_file[0] == '\0') != (config->kafka_key_file[0] == '\0'))
        problems_add(problems, "ONBOARDING_KAFKA_CERTIFICATE_FILE",
                     "goes together with ONBOARDING_KAFKA_KEY_FILE");
    if (has_policy && config->policy_file[0] == '\0')
        problems_add(problems, "ONBOARDING_POLICY_FILE", "is required");
}

const char *config_security_protocol(const struct worker_config *config)
{
    return security_protocols[config->kafka_security_protocol];
}

const char *config_sasl_mechanism(const struct worker_config *config)
{
    return sasl_mechanisms[config->kafka_sasl_mechanism];
}
