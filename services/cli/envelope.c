/* A line of JSON to a record for Kafka. */
#include "envelope.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/avro/json.h"
#include "common/core/bytes.h"
#include "common/core/uuid.h"

enum { REPLY_HEADERS = 3, PARTITION_SIZE = 4 };

/* The attributes as the line gives them; NULL where it doesn't. */
struct attributes {
    const char *specversion;
    const char *datacontenttype;
    const char *id;
    const char *source;
    const char *type;
    const char *time;
    const char *subject;
    const char *correlation_id;
    const char *causation_id;
    const char *traceparent;
};

#define AT(member) offsetof(struct attributes, member)

static const struct {
    const char *name;
    size_t offset;
    const char *only; /* the one value allowed; NULL: any */
} members[] = {
    {"specversion", AT(specversion), "1.0"},
    {"datacontenttype", AT(datacontenttype), "application/json"},
    {"id", AT(id), NULL},
    {"source", AT(source), NULL},
    {"type", AT(type), NULL},
    {"time", AT(time), NULL},
    {"subject", AT(subject), NULL},
    {"correlationId", AT(correlation_id), NULL},
    {"causationId", AT(causation_id), NULL},
    {"traceparent", AT(traceparent), NULL},
};

static void read_member(const char *name, const json_t *value, struct attributes *attributes,
                        struct problems *problems)
{
    const char *text = json_string_value(value);

    for (size_t i = 0; i < COUNT(members); i++) {
        if (strcmp(members[i].name, name) != 0)
            continue;
        if (text == NULL || text[0] == '\0')
            problems_add(problems, name, "is no text, or empty");
        else if (members[i].only != NULL && strcmp(members[i].only, text) != 0)
            problems_add(problems, name, "is not \"%s\"", members[i].only);
        else
            *(const char **)((char *)attributes + members[i].offset) = text;
        return;
    }
    /* The name itself may be personal: people paste things. */
    problems_add(problems, "event",
                 "has a member that is none of an event's; its fields go into "
                 "\"data\"");
}

/* What record_from_json() found, with where in the line it stands. */
static void *read_data(const struct schema *schema, const json_t *data, struct arena *arena,
                       struct problems *problems)
{
    struct problems *inner;
    void *record = NULL;

    if (!json_is_object(data)) {
        problems_add(problems, "data", data == NULL ? "missing" : "not an object");
        return NULL;
    }
    inner = calloc(1, sizeof *inner);
    if (inner == NULL)
        abort();
    if (!record_from_json(schema, data, arena, &record, inner)) {
        for (size_t i = 0; i < inner->count && i < PROBLEMS_MAX; i++) {
            char *what = strstr(inner->items[i], ": ");
            char where[PROBLEM_TEXT_SIZE + sizeof "data."];
            if (what == NULL) /* cut off: all of it is the path */
                what = inner->items[i] + strlen(inner->items[i]);
            size_t size = (size_t)(what - inner->items[i]);
            memcpy(where, "data.", sizeof "data.");
            memcpy(where + sizeof "data." - 1, inner->items[i], size);
            where[sizeof "data." - 1 + size] = '\0';
            problems_add(problems, where, "%s", *what == ':' ? what + 2 : what);
        }
        record = NULL;
    }
    free(inner);
    return record;
}

static struct header_list add_reply(const struct envelope_rules *rules, struct header_list headers,
                                    const char *id, struct arena *arena)
{
    const char *correlation = rules->correlation != NULL ? rules->correlation : id;
    uint32_t partition = (uint32_t)rules->reply_partition;
    struct header *items = arena_alloc(arena, (headers.count + REPLY_HEADERS) * sizeof *items,
                                       _Alignof(struct header));
    size_t count = headers.count;

    memcpy(items, headers.items, headers.count * sizeof *items);
    items[count++] = (struct header){HEADER_REPLY_TOPIC, bytes_of(rules->reply_topic)};
    items[count++] =
        (struct header){HEADER_REPLY_CORRELATION, bytes_copy(bytes_of(correlation), arena)};
    if (rules->reply_partition >= 0) {
        uint8_t *number = arena_alloc(arena, PARTITION_SIZE, 1);
        for (int i = 0; i < PARTITION_SIZE; i++)
            number[i] = (uint8_t)(partition >> (24 - 8 * i));
        items[count++] = (struct header){HEADER_REPLY_PARTITION, {number, PARTITION_SIZE}};
    }
    return (struct header_list){items, count};
}

static bool write_headers(const struct envelope_rules *rules, const struct attributes *attributes,
                          struct arena *arena, struct envelope *out, struct problems *problems)
{
    const struct event_meta cause = {
        .id = attributes->causation_id,
        .correlation_id = attributes->correlation_id,
        .traceparent = attributes->traceparent,
    };
    struct result_meta meta = {
        .id = attributes->id,
        .source = attributes->source != NULL ? attributes->source : rules->source,
        .type = attributes->type != NULL ? attributes->type : rules->topic->name,
        .subject = attributes->subject,
        .time_ms = rules->now_ms,
        .cause = &cause,
    };
    struct event_meta checked;
    struct error error;
    char id[UUID_TEXT_SIZE];
    char traceparent[TRACEPARENT_SIZE];

    if (meta.id == NULL) {
        uuid_format(uuid_v7(rules->now_ms), id);
        meta.id = id;
    }
    if (attributes->time != NULL && !time_parse(attributes->time, &meta.time_ms))
        problems_add(problems, "time", "is no time such as 2026-01-31T23:59:59.123Z");
    if (attributes->traceparent != NULL &&
        !traceparent_read(bytes_of(attributes->traceparent), traceparent))
        problems_add(problems, "traceparent", "is none by W3C's rules");
    if (problems->count != 0)
        return false;
    out->headers = event_meta_write(&meta, arena);
    if (rules->reply_topic != NULL)
        out->headers = add_reply(rules, out->headers, meta.id, arena);
    if (event_meta_read(out->headers, meta.time_ms, arena, &checked, &error))
        return true;
    problems_add(problems, "event", "%s", error.text); /* as a worker would say it */
    return false;
}

static bool build(const struct envelope_rules *rules, const json_t *json, struct arena *arena,
                  struct envelope *out, struct problems *problems)
{
    struct attributes attributes = {0};
    const struct topic *topic = rules->topic;
    const json_t *value;
    const char *name;

    if (!json_is_object(json)) {
        problems_add(problems, "event", "is no JSON object");
        return false;
    }
    json_object_foreach((json_t *)json, name, value) if (strcmp(name, "data") != 0)
        read_member(name, value, &attributes, problems);
    void *record = read_data(topic->schema, json_object_get(json, "data"), arena, problems);
    if (!write_headers(rules, &attributes, arena, out, problems) || record == NULL)
        return false;
    const char *key = event_text(topic->schema, record, topic->key_field);
    if (key == NULL || key[0] == '\0') {
        problems_add(problems, "data", "%s, the record's key, is empty", topic->key_field);
        return false;
    }
    out->key = bytes_of(key);
    out->value = event_encode(topic->schema, record, FRAMING_SINGLE_OBJECT, 0, arena);
    return true;
}

/* jansson's own text quotes the line. */
static const char *find_fault(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key: return "has a member twice";
    case json_error_invalid_utf8: return "is not UTF-8";
    case json_error_null_character:
    case json_error_null_byte_in_key: return "has a NUL";
    case json_error_stack_overflow: return "is nested too deep";
    case json_error_end_of_input_expected: return "goes on after its end";
    default: return "is no JSON";
    }
}

bool envelope_read(const struct envelope_rules *rules, const char *line, size_t size,
                   struct arena *arena, struct envelope *out, struct problems *problems)
{
    struct envelope envelope = {0};
    json_error_t error;
    json_t *json = json_loadb(line, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    bool fine = false;

    if (json == NULL)
        problems_add(problems, "event", "%s, at byte %d", find_fault(&error), error.position);
    else
        fine = build(rules, json, arena, &envelope, problems);
    json_decref(json);
    if (fine)
        *out = envelope;
    return fine;
}
