/* The headers of events: CloudEvents in binary mode, W3C traces, Spring's reply addresses. */
#include "common/kafka/event_meta.h"

#include <assert.h>
#include <string.h>
#include <utf8proc.h>

enum slot {
    SLOT_ID,
    SLOT_SOURCE,
    SLOT_TYPE,
    SLOT_TIME,
    SLOT_SUBJECT,
    SLOT_CORRELATION_ID,
    SLOT_CAUSATION_ID,
    SLOT_TRACEPARENT,
    SLOT_TRACESTATE,
    SLOT_REPLY_TOPIC,
    SLOT_REPLY_PARTITION,
    SLOT_REPLY_CORRELATION,
    SLOT_COUNT
};

#define NAMED(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

/* The headers that are read; others (content-type, specversion, foreign ones) say nothing. */
static const struct {
    const char *name;
    size_t size;
} names[SLOT_COUNT] = {
    [SLOT_ID] = NAMED(HEADER_ID),
    [SLOT_SOURCE] = NAMED(HEADER_SOURCE),
    [SLOT_TYPE] = NAMED(HEADER_TYPE),
    [SLOT_TIME] = NAMED(HEADER_TIME),
    [SLOT_SUBJECT] = NAMED(HEADER_SUBJECT),
    [SLOT_CORRELATION_ID] = NAMED(HEADER_CORRELATION_ID),
    [SLOT_CAUSATION_ID] = NAMED(HEADER_CAUSATION_ID),
    [SLOT_TRACEPARENT] = NAMED(HEADER_TRACEPARENT),
    [SLOT_TRACESTATE] = NAMED(HEADER_TRACESTATE),
    [SLOT_REPLY_TOPIC] = NAMED(HEADER_REPLY_TOPIC),
    [SLOT_REPLY_PARTITION] = NAMED(HEADER_REPLY_PARTITION),
    [SLOT_REPLY_CORRELATION] = NAMED(HEADER_REPLY_CORRELATION),
};

/* The attributes that are texts. */
static const struct attribute {
    enum slot slot;
    bool required; /* an optional one that is empty counts as absent */
    size_t bytes_max;
    size_t offset;
} attributes[] = {
    {SLOT_ID, true, EVENT_ID_MAX, offsetof(struct event_meta, id)},
    {SLOT_SOURCE, true, EVENT_SOURCE_MAX, offsetof(struct event_meta, source)},
    {SLOT_TYPE, false, EVENT_TEXT_MAX, offsetof(struct event_meta, type)},
    {SLOT_SUBJECT, false, EVENT_TEXT_MAX, offsetof(struct event_meta, subject)},
    {SLOT_CORRELATION_ID, false, EVENT_TEXT_MAX, offsetof(struct event_meta, correlation_id)},
    {SLOT_CAUSATION_ID, false, EVENT_TEXT_MAX, offsetof(struct event_meta, causation_id)},
};

struct found {
    struct bytes values[SLOT_COUNT];
    unsigned seen, repeated; /* a bit a slot */
};

static bool has(unsigned set, enum slot slot)
{
    return (set >> slot & 1U) != 0;
}

static enum slot slot_of(const char *name, size_t size)
{
    for (enum slot slot = 0; slot < SLOT_COUNT; slot++)
        if (names[slot].size == size && memcmp(names[slot].name, name, size) == 0)
            return slot;
    return SLOT_COUNT;
}

static bool collect(struct header_list headers, struct found *found, struct error *error)
{
    size_t bytes = 0;

    if (headers.count > EVENT_HEADERS_MAX)
        return error_poison(error, REASON_HEADERS_INVALID, "%zu headers, more than %d",
                            headers.count, EVENT_HEADERS_MAX);
    for (size_t i = 0; i < headers.count; i++) {
        const struct header *header = &headers.items[i];
        size_t size = strnlen(header->name, EVENT_HEADERS_BYTES_MAX + 1);
        enum slot slot = slot_of(header->name, size);

        bytes += size;
        if (bytes > EVENT_HEADERS_BYTES_MAX || header->value.size > EVENT_HEADERS_BYTES_MAX - bytes)
            return error_poison(error, REASON_HEADERS_INVALID, "more than %d bytes of headers",
                                EVENT_HEADERS_BYTES_MAX);
        bytes += header->value.size;
        if (slot == SLOT_COUNT)
            continue;
        if (has(found->seen, slot))
            found->repeated |= 1U << slot;
        found->seen |= 1U << slot;
        found->values[slot] = header->value;
    }
    return true;
}

/* What is wrong with a text, or NULL. */
static const char *fault_of(struct bytes text, size_t bytes_max)
{
    if (text.size > bytes_max)
        return "too long";
    for (size_t i = 0; i < text.size;) {
        utf8proc_int32_t codepoint = text.data[i];
        utf8proc_ssize_t size = 1;

        if (codepoint >= 0x80)
            size = utf8proc_iterate(text.data + i, (utf8proc_ssize_t)(text.size - i), &codepoint);
        if (size <= 0)
            return "not UTF-8";
        if (codepoint < 0x20 || (codepoint >= 0x7f && codepoint < 0xa0))
            return "holding control characters";
        i += (size_t)size;
    }
    return NULL;
}

static bool refuse(enum slot slot, const char *what, struct error *error)
{
    return error_poison(error, REASON_HEADERS_INVALID, "%s is %s", names[slot].name, what);
}

static bool read_text(const struct attribute *attribute, const struct found *found,
                      struct arena *arena, struct event_meta *meta, struct error *error)
{
    struct bytes value = found->values[attribute->slot];
    const char *fault = fault_of(value, attribute->bytes_max);

    if (has(found->repeated, attribute->slot))
        return refuse(attribute->slot, "given twice", error);
    if (attribute->required && value.size == 0)
        return refuse(attribute->slot, value.data == NULL ? "missing" : "empty", error);
    if (fault != NULL)
        return refuse(attribute->slot, fault, error);
    if (value.size > 0)
        *(const char **)((char *)meta + attribute->offset) =
            arena_copy(arena, (const char *)value.data, value.size);
    return true;
}

static bool read_time(const struct found *found, int64_t record_timestamp_ms, int64_t *out_ms,
                      struct error *error)
{
    struct bytes value = found->values[SLOT_TIME];
    char text[sizeof "2026-01-31T23:59:59.123456789+00:00"] = "";

    if (has(found->repeated, SLOT_TIME))
        return refuse(SLOT_TIME, "given twice", error);
    if (value.data == NULL) {
        *out_ms = time_clamp(record_timestamp_ms);
        return true;
    }
    if (value.size < sizeof text && memchr(value.data, '\0', value.size) == NULL)
        memcpy(text, value.data, value.size);
    if (!time_parse(text, out_ms))
        return refuse(SLOT_TIME, "no time of RFC 3339 with its zone in 1970..9999", error);
    return true;
}

static void read_trace(const struct found *found, struct arena *arena, struct event_meta *meta)
{
    char *traceparent = arena_alloc(arena, TRACEPARENT_SIZE, 1);
    struct bytes state = found->values[SLOT_TRACESTATE];

    meta->traceparent = traceparent;
    if (has(found->repeated, SLOT_TRACEPARENT) ||
        !traceparent_read(found->values[SLOT_TRACEPARENT], traceparent))
        traceparent_start(traceparent);
    else if (!has(found->repeated, SLOT_TRACESTATE) && tracestate_is_good(state))
        meta->tracestate = arena_copy(arena, (const char *)state.data, state.size);
}

/* Kafka's own rule for the names of topics. */
static bool is_topic(struct bytes name)
{
    if (name.size == 0 || name.size > TOPIC_NAME_MAX || name.data[0] == '\0')
        return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '_' || c == '-'))
            return false;
    }
    return !(name.data[0] == '.' && (name.size == 1 || (name.size == 2 && name.data[1] == '.')));
}

static bool read_decimal(struct bytes value, int32_t *out)
{
    int64_t number = 0;

    if (value.size == 0 || value.size > 10)
        return false;
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return false;
        number = number * 10 + (value.data[i] - '0');
    }
    if (number > INT32_MAX)
        return false;
    *out = (int32_t)number;
    return true;
}

/*
 * Spring writes four bytes, big endian; others write digits. Four bytes that are all digits are
 * digits: as a number they would be a partition beyond 800 million.
 */
static bool read_partition(struct bytes value, int32_t *out)
{
    if (value.data == NULL) {
        *out = -1;
        return true;
    }
    if (read_decimal(value, out))
        return true;
    if (value.size != 4 || value.data[0] > 0x7f)
        return false;
    *out = (int32_t)((uint32_t)value.data[0] << 24 | (uint32_t)value.data[1] << 16 |
                     (uint32_t)value.data[2] << 8 | value.data[3]);
    return true;
}

static void read_reply(const struct found *found, struct arena *arena, struct reply_address *reply)
{
    static const unsigned slots =
        1U << SLOT_REPLY_TOPIC | 1U << SLOT_REPLY_PARTITION | 1U << SLOT_REPLY_CORRELATION;
    struct bytes topic = found->values[SLOT_REPLY_TOPIC];
    struct bytes correlation = found->values[SLOT_REPLY_CORRELATION];
    int32_t partition;

    reply->partition = -1;
    if ((found->repeated & slots) != 0 || !is_topic(topic) ||
        !read_partition(found->values[SLOT_REPLY_PARTITION], &partition) ||
        correlation.size > REPLY_CORRELATION_MAX)
        return;
    reply->topic = arena_copy(arena, (const char *)topic.data, topic.size);
    reply->partition = partition;
    if (correlation.data != NULL)
        reply->correlation = (struct bytes){
            (uint8_t *)arena_copy(arena, (const char *)correlation.data, correlation.size),
            correlation.size};
}

bool event_meta_read(struct header_list headers, int64_t record_timestamp_ms, struct arena *arena,
                     struct event_meta *out, struct error *error)
{
    struct found found = {0};
    struct event_meta meta = {0};

    if (!collect(headers, &found, error))
        return false;
    for (size_t i = 0; i < COUNT(attributes); i++)
        if (!read_text(&attributes[i], &found, arena, &meta, error))
            return false;
    if (!read_time(&found, record_timestamp_ms, &meta.time_ms, error))
        return false;
    read_trace(&found, arena, &meta);
    read_reply(&found, arena, &meta.reply);
    *out = meta;
    return true;
}

/* Headers under construction; an absent text (NULL) leaves no header. */
struct draft {
    struct arena *arena;
    struct header *items;
    size_t count;
};

static void append(struct draft *draft, const char *name, const char *text)
{
    if (text == NULL)
        return;

    size_t size = strlen(text);
    const char *copy = arena_copy(draft->arena, text, size);
    draft->items[draft->count++] = (struct header){name, {(const uint8_t *)copy, size}};
}

struct header_list event_meta_write(const struct result_meta *meta, struct arena *arena)
{
    enum { HEADERS = 11 };
    static const struct event_meta nothing;
    const struct event_meta *cause = meta->cause == NULL ? &nothing : meta->cause;
    struct draft draft = {
        arena, arena_alloc(arena, HEADERS * sizeof(struct header), _Alignof(struct header)), 0};
    char time[TIME_TEXT_SIZE], traceparent[TRACEPARENT_SIZE];

    time_format(meta->time_ms, time);
    if (cause->traceparent == NULL)
        traceparent_start(traceparent);
    else
        traceparent_next(cause->traceparent, traceparent);
    append(&draft, HEADER_SPECVERSION, "1.0");
    append(&draft, HEADER_ID, meta->id);
    append(&draft, HEADER_SOURCE, meta->source);
    append(&draft, HEADER_TYPE, meta->type);
    append(&draft, HEADER_TIME, time);
    append(&draft, HEADER_SUBJECT, meta->subject);
    append(&draft, HEADER_CORRELATION_ID,
           cause->correlation_id == NULL ? cause->id : cause->correlation_id);
    append(&draft, HEADER_CAUSATION_ID, cause->id);
    append(&draft, HEADER_CONTENT_TYPE, "application/avro");
    append(&draft, HEADER_TRACEPARENT, traceparent);
    append(&draft, HEADER_TRACESTATE, cause->tracestate);
    assert(draft.count <= HEADERS);
    return (struct header_list){draft.items, draft.count};
}
