#ifndef SCHEDULE_SCHEDULE_H
#define SCHEDULE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/avro/topic.h"
#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/error.h"
#include "common/core/uuid.h"
#include "common/kafka/event_meta.h"

/* What is due, as the views have it. */
struct due {
    const char *topic; /* in Kafka */
    const char *name;  /* what it is about; unique in the topic */
    const char *data;  /* the event's fields, as JSON */
    int64_t due_ms;    /* Unix milliseconds */
};

/* The same as an event. */
struct timer {
    const struct topic *topic;
    struct uuid id; /* of topic and name alone: the same each time */
    struct bytes key;
    struct bytes value;
    struct header_list headers;
};

/*
 * Everything lives in `arena`. POISON: no topic of that name, one that only workers write, or
 * data that breaks its schema; told by field, never by value.
 */
MUST_CHECK bool timer_read(const struct due *due, struct arena *arena, struct timer *out,
                           struct error *error);

struct uuid timer_id(const char *topic, const char *name);

#endif
