#ifndef COMMON_KAFKA_SENDER_H
#define COMMON_KAFKA_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/base.h"
#include "common/core/error.h"
#include "common/kafka/config.h"
#include "common/kafka/event_meta.h"

/* An idempotent producer for commands: it sends, waits for all answers, and gives up by itself. */
struct kafka_sender;

MUST_CHECK bool kafka_sender_open(const struct kafka_options *options, struct kafka_sender **out,
                                  struct error *error);

/* What is not acknowledged is dropped; takes NULL. */
void kafka_sender_close(struct kafka_sender *sender);

MUST_CHECK bool kafka_sender_partitions(struct kafka_sender *sender, const char *topic,
                                        int32_t *out, struct error *error);

/* Java's default partitioner: murmur2 of the key. */
int32_t kafka_sender_partition(struct bytes key, int32_t partition_count);

/* What is sent; all of it is copied. */
struct kafka_outgoing {
    const char *topic;
    int32_t partition;
    struct bytes key;   /* data NULL: no key */
    struct bytes value; /* data NULL: no value */
    struct header_list headers;
    int64_t timestamp_ms;
    int64_t *offset; /* where the acknowledged offset goes, -1 for a repeat; may be NULL */
};

/*
 * Queues a record, waiting for room. False when it, or one before it, was refused, or nothing was
 * acknowledged for SENDER_SILENCE_MS_MAX.
 */
MUST_CHECK bool kafka_sender_send(struct kafka_sender *sender,
                                  const struct kafka_outgoing *outgoing, struct error *error);

/* Waits until everything is acknowledged; false as above. */
MUST_CHECK bool kafka_sender_wait(struct kafka_sender *sender, struct error *error);

/* How many records were acknowledged so far. */
int64_t kafka_sender_acknowledged(const struct kafka_sender *sender);

enum {
    SENDER_SILENCE_MS_MAX = 30000, /* a leader is elected sooner */
    SENDER_TOPICS_MAX = 256,       /* of one sender */
};

#endif
