#ifndef COMMON_KAFKA_CLIENT_H
#define COMMON_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/error.h"
#include "common/kafka/config.h"
#include "common/kafka/event_meta.h"

/* librdkafka's handles with the settings that the delivery protocol needs. */

struct kafka_property {
    const char *name;
    const char *value;
};

/* A configuration with the options and then the properties, which end with a NULL name. FATAL. */
MUST_CHECK bool kafka_configure(const struct kafka_options *options,
                                const struct kafka_property *properties, rd_kafka_conf_t **out,
                                struct error *error);

/* The idempotent producer of results: nothing is ever skipped or overtaken. */
extern const struct kafka_property kafka_producer_properties[];

/* A producer whose records may be lost: replies, probes. Its tries are bounded. */
extern const struct kafka_property kafka_brief_producer_properties[];

/* A consumer by assignment, without a group's offsets; reads what is not yet replicated too. */
extern const struct kafka_property kafka_reader_properties[];

/* Makes a handle of the configuration, which it takes over whatever comes. FATAL. */
MUST_CHECK bool kafka_open(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **out,
                           struct error *error);

/* Java's default partitioner: murmur2 of the key. */
int32_t kafka_partition_of(struct bytes key, int32_t partition_count);

/* The number of partitions of a topic; RETRY while the topic or the broker is not there. */
MUST_CHECK bool kafka_partition_count(rd_kafka_t *client, const char *topic, int32_t *out,
                                      struct error *error);

/* Views of a message's headers, all of them; they live as long as the message. */
struct header_list kafka_headers(const rd_kafka_message_t *message, struct arena *arena);

/* What a producer sends; nothing of it is kept. */
struct kafka_message {
    rd_kafka_topic_t *topic;
    int32_t partition;
    struct bytes key;
    struct bytes value;
    struct header_list headers;
    int64_t timestamp_ms;
    void *opaque;
};

/* librdkafka's error, NO_ERROR when the message is on its way. */
rd_kafka_resp_err_t kafka_produce(rd_kafka_t *producer, const struct kafka_message *message);

enum {
    KAFKA_METADATA_MS_MAX = 5000,
    KAFKA_TOPIC_SIZE = 256, /* Kafka allows 249 characters */
};

#endif
