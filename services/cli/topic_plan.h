#ifndef CLI_TOPIC_PLAN_H
#define CLI_TOPIC_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/avro/topic.h"
#include "common/core/arena.h"
#include "common/kafka/admin.h"
#include "common/ledger/results.h" /* DEAD_LETTER_BYTES_MAX */

/* What a topic of the list, or its dead letter topic, should be, and where it differs. */

struct topic_wish {
    const char *name;
    int32_t partitions;
    struct topic_properties properties;
};

#define DEAD_LETTER_SUFFIX ".dlt"

/* Of the topic, or of its dead letters; everything in `arena`. */
struct topic_wish topic_plan_wish(const struct topic *topic, bool dead_letters, int64_t fence_ms,
                                  struct arena *arena);

/*
 * Adds what keeps an acknowledged record while brokers go: two replicas have it, where there are
 * as many, and none without it becomes the leader. In `arena`.
 */
void topic_plan_replicate(struct topic_wish *wish, int32_t replicas, struct arena *arena);

/* Every topic of the product, dead letters and the workers' own included; all in `arena`. */
struct topic_wishes {
    struct topic_wish *items;
    size_t count;
};

struct topic_wishes topic_plan_all(int64_t fence_ms, int32_t broker_count, struct arena *arena);

/* One difference: "retention.ms 1000, wanted 604800000". */
struct topic_difference {
    const char *name; /* "partitions", or the property's */
    const char *actual;
    const char *wanted;
};

struct topic_differences {
    const struct topic_difference *items;
    size_t count;
};

/* None when all that is wished for holds; of a topic that is missing, one. */
struct topic_differences topic_plan_compare(const struct topic_wish *wish,
                                            const struct topic_state *state, struct arena *arena);

/*
 * The topic of a name, which may come without "onboarding." and ".v1"; NULL: there is none.
 * `dead_letters` tells whether the name was that of its dead letter topic.
 */
const struct topic *topic_plan_find(const char *name, bool *dead_letters);

/* The full name in `arena`. */
const char *topic_plan_name(const struct topic *topic, bool dead_letters, struct arena *arena);

#endif
