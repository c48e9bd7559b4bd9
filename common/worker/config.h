#ifndef COMMON_WORKER_CONFIG_H
#define COMMON_WORKER_CONFIG_H

#include "common/core/problems.h"
#include "common/core/setting.h"

/* The settings of every worker beside those of Kafka and PostgreSQL; config.c is the reference. */
struct worker_config {
    const char *consumer_group;
    const char *group_instance_id;
    int64_t session_timeout_ms;
    int64_t max_poll_interval_ms;
    int start;
    struct key digest_key;
    struct key_ring data_keys;
    int64_t loops;
    int64_t batch_records;
    int64_t batch_bytes;
    int64_t fetch_bytes;
    int framing;
    const char *schema_ids;
    const char *reply_topic_prefix;
    const char *policy_file;
    const char *health_address;
    int64_t health_port;
    int log_level;
    const char *failpoint_directory; /* test builds; read by common/core/failpoint.c itself */
    const char *mutant;              /* likewise */
};

extern const struct setting worker_settings[];
extern const size_t worker_setting_count;

/* What no single setting shows: contradictions, and what is missing or wrong for this service. */
void worker_config_check(const struct worker_config *config, const char *service, bool has_policy,
                         struct problems *problems);

#endif
