#ifndef CLI_ENVELOPE_H
#define CLI_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/avro/topic.h"
#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/problems.h"
#include "common/kafka/event_meta.h"

/*
 * A line of `onboarding publish`: an event as CloudEvents writes it in JSON, as headers, key and
 * value.
 *
 *     data            required; the event's fields
 *     id              a new UUIDv7 without
 *     source          the command's --source without
 *     type            the topic's name without
 *     time            now without; RFC 3339
 *     subject, correlationId, causationId, traceparent    no header without
 *     specversion     "1.0", datacontenttype  "application/json"; may be left out
 */

/* What holds for all lines of a run. */
struct envelope_rules {
    const struct topic *topic;
    const char *source;
    int64_t now_ms;
    const char *reply_topic; /* NULL: nobody waits for answers */
    int32_t reply_partition; /* -1: any */
    const char *correlation; /* of the reply; NULL: the event's id */
};

struct envelope {
    struct header_list headers;
    struct bytes key;
    struct bytes value;
};

/*
 * Everything lives in `arena`. False when something is wrong: all of it is in `problems`, by its
 * path in the line, never by value.
 */
MUST_CHECK bool envelope_read(const struct envelope_rules *rules, const char *line, size_t size,
                              struct arena *arena, struct envelope *out, struct problems *problems);

#endif
