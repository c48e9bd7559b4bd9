#ifndef COMMON_KAFKA_EVENT_META_H
#define COMMON_KAFKA_EVENT_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/error.h"
#include "common/core/timestamp.h" /* time_parse(), time_format() */
#include "common/kafka/trace.h"    /* TRACEPARENT_SIZE */

/* Header names (CloudEvents Kafka binding in binary mode; W3C trace context; Spring's replies). */
#define HEADER_SPECVERSION       "ce_specversion"
#define HEADER_ID                "ce_id"
#define HEADER_SOURCE            "ce_source"
#define HEADER_TYPE              "ce_type"
#define HEADER_TIME              "ce_time"
#define HEADER_SUBJECT           "ce_subject"
#define HEADER_CORRELATION_ID    "ce_correlationid"
#define HEADER_CAUSATION_ID      "ce_causationid"
#define HEADER_CONTENT_TYPE      "content-type"
#define HEADER_TRACEPARENT       "traceparent"
#define HEADER_TRACESTATE        "tracestate"
#define HEADER_REPLY_TOPIC       "kafka_replyTopic"
#define HEADER_REPLY_PARTITION   "kafka_replyPartition"
#define HEADER_REPLY_CORRELATION "kafka_correlationId"
#define HEADER_BARRIER           "ob-barrier"

enum {
    EVENT_ID_MAX = 255,     /* bytes of ce_id */
    EVENT_SOURCE_MAX = 255, /* bytes of ce_source */
    EVENT_TEXT_MAX = 1024,  /* bytes of each other attribute: room for a URI */
    TOPIC_NAME_MAX = 249,   /* Kafka's own bound */
    REPLY_CORRELATION_MAX = 255,
    EVENT_HEADERS_MAX = 100,
    EVENT_HEADERS_BYTES_MAX = 65536,
};

struct header {
    const char *name;
    struct bytes value; /* data NULL: a null header */
};

struct header_list {
    const struct header *items;
    size_t count;
};

/* Where the caller waits for the answer (Spring's ReplyingKafkaTemplate). */
struct reply_address {
    const char *topic;        /* NULL: nobody waits */
    int32_t partition;        /* -1: any */
    struct bytes correlation; /* copied back as it came */
};

/* What the headers of an event say. Texts are NULL where the header is absent. */
struct event_meta {
    const char *id;     /* required, 1..EVENT_ID_MAX bytes of printable UTF-8 */
    const char *source; /* required likewise */
    const char *type;
    const char *subject;
    const char *correlation_id;
    const char *causation_id;
    const char *traceparent; /* never NULL: a new trace starts where none, or a broken one, came */
    const char *tracestate;
    int64_t time_ms; /* ce_time, else the record's timestamp; Unix milliseconds */
    struct reply_address reply;
};

/*
 * Reads the headers of a record. POISON with HEADERS_INVALID: ce_id or ce_source missing or
 * empty; an attribute too long, not UTF-8, with control characters or NUL, or given twice; ce_time
 * without zone or outside the years 1970..9999; too many or too large headers. A broken
 * traceparent is ignored (W3C): a new trace starts, without tracestate. A broken or repeated reply
 * address is ignored as well. An optional attribute that is empty counts as absent. A record's
 * timestamp outside 1970..9999 counts as the nearest inside. Everything is copied into `arena`.
 */
MUST_CHECK bool event_meta_read(struct header_list headers, int64_t record_timestamp_ms,
                                struct arena *arena, struct event_meta *out, struct error *error);

/* What the headers of a result say. */
struct result_meta {
    const char *id;     /* UUIDv7 as text, made once at the decision */
    const char *source; /* "onboarding/lookup" */
    const char *type;   /* the topic's name */
    const char *subject;
    int64_t time_ms;
    const struct event_meta *cause; /* causation, correlation, trace; NULL: the first of a trace */
};

/* The headers of a result in `arena`; the span id of traceparent is new. */
struct header_list event_meta_write(const struct result_meta *meta, struct arena *arena);

#endif
