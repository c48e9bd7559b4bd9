#ifndef COMMON_KAFKA_ADMIN_H
#define COMMON_KAFKA_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/error.h"
#include "common/kafka/config.h"

/* Topics as an administrator sees and changes them. */
struct kafka_admin;

MUST_CHECK bool kafka_admin_open(const struct kafka_options *options, struct kafka_admin **out,
                                 struct error *error);
void kafka_admin_close(struct kafka_admin *admin); /* takes NULL */

/* A property of a topic, such as retention.ms. */
struct topic_property {
    const char *name;
    const char *value;
};

struct topic_properties {
    const struct topic_property *items;
    size_t count;
};

/* A topic as it is in the cluster. */
struct topic_state {
    int32_t partitions; /* 0: there is no such topic */
    int32_t replication;
    struct topic_properties properties; /* all that hold, the broker's defaults included */
};

/* How many brokers there are. RETRY while they are away. */
MUST_CHECK bool kafka_admin_brokers(struct kafka_admin *admin, int32_t *out, struct error *error);

/* RETRY while the brokers are away. What it gives lives in `arena`. */
MUST_CHECK bool kafka_admin_find(struct kafka_admin *admin, const char *topic, struct arena *arena,
                                 struct topic_state *out, struct error *error);

/* Makes a topic and waits until brokers know it. */
MUST_CHECK bool kafka_admin_create(struct kafka_admin *admin, const char *topic, int32_t partitions,
                                   int32_t replication, struct topic_properties properties,
                                   struct error *error);

/* Adds partitions until there are `partitions`. */
MUST_CHECK bool kafka_admin_grow(struct kafka_admin *admin, const char *topic, int32_t partitions,
                                 struct error *error);

/* Sets properties; others that were set for this topic stay. */
MUST_CHECK bool kafka_admin_set(struct kafka_admin *admin, const char *topic,
                                struct topic_properties properties, struct error *error);

/* What the cluster is called, as Kafka has it. */
MUST_CHECK bool kafka_admin_cluster(struct kafka_admin *admin, struct arena *arena,
                                    const char **out, struct error *error);

enum {
    ADMIN_REQUEST_MS_MAX = 15000, /* for an answer of the controller */
    ADMIN_SPREAD_MS_MAX = 10000,  /* until brokers know a new topic */
};

#endif
