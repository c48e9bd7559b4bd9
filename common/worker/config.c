/* The settings of every worker beside those of Kafka and PostgreSQL, in one table. */
#include "common/worker/config.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/ledger/batch.h"
#include "common/worker/health.h"

#define FIELD(name) offsetof(struct worker_config, name)

enum { MINUTE_MS = 60000, MEBIBYTE = 1 << 20 };

/* clang-format off */
const struct setting worker_settings[] = {
    {"ONBOARDING_CONSUMER_GROUP", SETTING_TEXT, FIELD(consumer_group), "",
     "consumer group, with the service's name in it; empty for onboarding-SERVICE", 0, 0, NULL},
    {"ONBOARDING_GROUP_INSTANCE_ID", SETTING_TEXT, FIELD(group_instance_id), "",
     "static membership, for StatefulSets: unique in the group, a loop adds its number; empty for dynamic", 0, 0, NULL},
    {"ONBOARDING_SESSION_TIMEOUT", SETTING_DURATION_MS, FIELD(session_timeout_ms), "10s",
     "a member silent for longer loses its partitions, 6s..15s", 6000, 15000, NULL},
    {"ONBOARDING_MAX_POLL_INTERVAL", SETTING_DURATION_MS, FIELD(max_poll_interval_ms), "60s",
     "likewise a loop that does not poll, 60s..2m", MINUTE_MS, INT64_C(2) * MINUTE_MS, NULL},
    {"ONBOARDING_START", SETTING_CHOICE, FIELD(start), "beginning",
     "where a partition begins that this group never consumed", 0, 0, "beginning|end"},
    {"ONBOARDING_DIGEST_KEY_FILE", SETTING_KEY_FILE, FIELD(digest_key), NULL,
     "file with the key (32 bytes, base64) of the digests that tell repeats from conflicts", 0, 0, NULL},
    {"ONBOARDING_DATA_KEYS_FILE", SETTING_KEY_RING, FIELD(data_keys), NULL,
     "file with the keys that wrap persons' data keys: lines \"NUMBER KEY\", the newest last; read again on SIGHUP", 0, 0, NULL},
    {"ONBOARDING_LOOPS", SETTING_INT, FIELD(loops), "1",
     "loops of this process, each with a consumer, a producer and a connection, 1..64", 1, HEALTH_LOOPS_MAX, NULL},
    {"ONBOARDING_BATCH_RECORDS", SETTING_INT, FIELD(batch_records), "500",
     "most records of a batch, 1..5000", 1, BATCH_RECORDS_MAX, NULL},
    {"ONBOARDING_BATCH_SIZE", SETTING_SIZE, FIELD(batch_bytes), "2MiB",
     "bytes after which a batch takes no further record, 64KiB..64MiB", 65536, 64LL * MEBIBYTE, NULL},
    {"ONBOARDING_FETCH_SIZE", SETTING_SIZE, FIELD(fetch_bytes), "2MiB",
     "most bytes fetched ahead by a loop, 1MiB..256MiB", MEBIBYTE, 256LL * MEBIBYTE, NULL},
    {"ONBOARDING_FRAMING", SETTING_CHOICE, FIELD(framing), "single-object",
     "how results are framed", 0, 0, "single-object|confluent"},
    {"ONBOARDING_SCHEMA_IDS", SETTING_TEXT, FIELD(schema_ids), "",
     "the registry's ids of our schemas: NAME=ID separated by commas", 0, 0, NULL},
    {"ONBOARDING_REPLY_TOPIC_PREFIX", SETTING_TEXT, FIELD(reply_topic_prefix), "onboarding.replies.",
     "replies go to topics of this prefix only", 0, 0, NULL},
    {"ONBOARDING_POLICY_FILE", SETTING_TEXT, FIELD(policy_file), "",
     "the service's policy, JSON, where it has one; read again on SIGHUP", 0, 0, NULL},
    {"ONBOARDING_HEALTH_ADDRESS", SETTING_TEXT, FIELD(health_address), "127.0.0.1",
     "where /livez, /readyz and /metrics are served", 0, 0, NULL},
    {"ONBOARDING_HEALTH_PORT", SETTING_INT, FIELD(health_port), "0",
     "their port, 0..65535; 0 takes a free one and logs it", 0, 65535, NULL},
    {"ONBOARDING_LOG_LEVEL", SETTING_CHOICE, FIELD(log_level), "info",
     "lowest level that is logged", 0, 0, "debug|info|warning|error"},
#ifdef ONBOARDING_FAULTS
    {"ONBOARDING_FAILPOINT_DIR", SETTING_TEXT, FIELD(failpoint_directory), "",
     "test builds: files here make failpoints of their names fire", 0, 0, NULL},
    {"ONBOARDING_MUTANT", SETTING_TEXT, FIELD(mutant), "",
     "test builds: the protocol step that is broken on purpose", 0, 0, NULL},
#endif
};
/* clang-format on */

const size_t worker_setting_count = COUNT(worker_settings);

static bool is_address(const char *text)
{
    struct in6_addr address; /* the larger one */

    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

void worker_config_check(const struct worker_config *config, const char *service, bool has_policy,
                         struct problems *problems)
{
    /* Two services in one group would each get a part of what both consume. */
    if (config->consumer_group[0] != '\0' && strstr(config->consumer_group, service) == NULL)
        problems_add(problems, "ONBOARDING_CONSUMER_GROUP",
                     "does not hold the service's name, which keeps services' groups apart");
    if (!is_address(config->health_address))
        problems_add(problems, "ONBOARDING_HEALTH_ADDRESS", "is not an IP address");
    if (config->session_timeout_ms >= config->max_poll_interval_ms)
        problems_add(problems, "ONBOARDING_SESSION_TIMEOUT",
                     "must be shorter than ONBOARDING_MAX_POLL_INTERVAL");
    if (config->batch_bytes > config->fetch_bytes)
        problems_add(problems, "ONBOARDING_BATCH_SIZE", "must not exceed ONBOARDING_FETCH_SIZE");
    if (has_policy && config->policy_file[0] == '\0')
        problems_add(problems, "ONBOARDING_POLICY_FILE", "is required");
}
