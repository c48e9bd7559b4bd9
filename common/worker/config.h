#ifndef COMMON_WORKER_CONFIG_H
#define COMMON_WORKER_CONFIG_H

#include "common/core/problems.h"
#include "common/core/setting.h"

/* The settings of every worker; the table in config.c is their reference. */
struct worker_config {
    const char *kafka_brokers;
    int kafka_security_protocol;
    int kafka_sasl_mechanism;
    const char *kafka_sasl_username;
    const char *kafka_sasl_password;
    const char *kafka_ca_file;
    const char *kafka_certificate_file;
    const char *kafka_key_file;
    const char *consumer_group;
    const char *group_instance_id;
    int64_t session_timeout_ms;
    int64_t max_poll_interval_ms;
    int start;
    const char *postgres_url;
    const char *postgres_password;
    struct key digest_key;
    int64_t loops;
    int64_t batch_records;
    int64_t batch_bytes;
    int64_t fetch_bytes;
    int64_t fence_ms;
    int framing;
    const char *schema_ids;
    const char *reply_topic_prefix;
    const char *policy_file;
    const char *health_address;
    int64_t health_port;
    int log_level;
};

extern const struct setting worker_settings[];
extern const size_t worker_setting_count;

/* What no single setting shows: time-outs and batches that contradict each other. */
void worker_config_check(const struct worker_config *config, bool has_policy,
                         struct problems *problems);

/* The words that librdkafka knows for the chosen numbers. */
const char *config_security_protocol(const struct worker_config *config);
const char *config_sasl_mechanism(const struct worker_config *config);

#endif
