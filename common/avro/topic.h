#ifndef COMMON_AVRO_TOPIC_H
#define COMMON_AVRO_TOPIC_H

#include <stdbool.h>
#include <stdint.h>

struct schema;

/* A topic, as schemas/topics.json lists it; the build makes one `topic_…` for each. */
struct topic {
    const char *name;            /* onboarding.lookup.requested.v1 */
    const struct schema *schema; /* the one record that it carries */
    const char *key_field; /* the schema's field that is the record's key: processId, userId */
    int32_t partitions;
    int64_t retention_ms;
    int64_t segment_ms;               /* what may be kept beyond retention; dead letters too */
    int64_t dead_letter_retention_ms; /* of <name>.dlt; 0: the topic has no dead letters */
    bool fenced;                      /* only our workers write it: old timestamps are refused */
};

/* Every topic of the product, in the order of the file. */
extern const struct topic *const topics[];
extern const unsigned topic_count;

#endif
