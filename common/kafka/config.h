#ifndef COMMON_KAFKA_CONFIG_H
#define COMMON_KAFKA_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "common/core/problems.h"
#include "common/core/setting.h"

/* How to reach the brokers; texts live as long as the process. */
struct kafka_options {
    const char *brokers; /* host:port,… */
    const char *client_id;
    const char *security_protocol; /* plaintext, ssl, sasl_plaintext, sasl_ssl */
    const char *sasl_mechanism;    /* "" without SASL */
    const char *sasl_username;
    const char *sasl_password;
    const char *ca_location;          /* "" for the system's */
    const char *certificate_location; /* "" without a client certificate */
    const char *key_location;
};

/* Where brokers stamp workers' probes: LogAppendTime, a partition on every broker. */
#define CLOCK_TOPIC "onboarding.clock.v1"

/* The same as settings; the table in config.c is their reference. */
struct kafka_config {
    const char *brokers;
    int security_protocol;
    int sasl_mechanism;
    const char *sasl_username;
    const char *sasl_password;
    const char *ca_file;
    const char *certificate_file;
    const char *key_file;
    int64_t fence_ms; /* message.timestamp.before.max.ms of fenced topics */
};

extern const struct setting kafka_settings[];
extern const size_t kafka_setting_count;

/* What no single setting shows: halves of a pair, and files that TLS cannot use. */
void kafka_config_check(const struct kafka_config *config, struct problems *problems);

/* In librdkafka's words. */
struct kafka_options kafka_config_options(const struct kafka_config *config, const char *client_id);

#endif
