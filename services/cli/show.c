/* Records as JSON, personal values hidden. */
#include "show.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/avro/json.h"
#include "common/core/timestamp.h"
#include "common/ledger/results.h"

struct shower {
    bool personal;
    struct schema_store *store;
    struct decoder *decoder;
    struct arena arena;
};

/* Headers whose values are numbers, names and ids, never a person's data. */
static const char *const open_headers[] = {
    HEADER_SPECVERSION,   HEADER_ID,
    HEADER_SOURCE,        HEADER_TYPE,
    HEADER_TIME,          HEADER_CORRELATION_ID,
    HEADER_CAUSATION_ID,  HEADER_CONTENT_TYPE,
    HEADER_TRACEPARENT,   HEADER_TRACESTATE,
    HEADER_REPLY_TOPIC,   HEADER_REPLY_CORRELATION,
    HEADER_BARRIER,       HEADER_DLT_REASON,
    HEADER_DLT_DETAIL,    HEADER_DLT_TOPIC,
    HEADER_DLT_PARTITION, HEADER_DLT_OFFSET,
    HEADER_DLT_TIMESTAMP, HEADER_DLT_GROUP,
    HEADER_DLT_SERVICE,   HEADER_DLT_VERSION,
    HEADER_DLT_ATTEMPTS,  HEADER_DLT_DIGEST,
};

static const char hidden[] = "***";

struct shower *show_open(bool personal)
{
    struct shower *shower = calloc(1, sizeof *shower);

    if (shower == NULL)
        abort();
    shower->personal = personal;
    shower->store = schema_store_new();
    for (unsigned i = 0; i < topic_count; i++)
        schema_store_add(shower->store, topics[i]->schema);
    shower->decoder = decoder_new(shower->store);
    return shower;
}

void show_close(struct shower *shower)
{
    if (shower == NULL)
        return;
    decoder_free(shower->decoder);
    schema_store_free(shower->store);
    arena_done(&shower->arena);
    free(shower);
}

void show_add(json_t *object, const char *name, json_t *member)
{
    if (json_object_set_new(object, name, member) != 0)
        abort(); /* out of memory: texts are checked before */
}

/* Bytes that are no text are told by their number. */
static json_t *text_of(struct bytes bytes)
{
    char count[40];
    json_t *json = json_stringn((const char *)bytes.data, bytes.size);

    if (json != NULL)
        return json;
    snprintf(count, sizeof count, "(%zu bytes)", bytes.size);
    return json_string(count);
}

static json_t *undecodable(struct bytes value, const char *problem)
{
    json_t *json = json_object();

    show_add(json, "bytes", json_integer((json_int_t)value.size));
    show_add(json, "undecodable", json_string(problem));
    return json;
}

json_t *show_value(struct shower *shower, const struct topic *topic, struct bytes value)
{
    struct error error;
    void *record;
    json_t *json;

    if (value.data == NULL)
        return json_null();
    if (topic == NULL)
        return undecodable(value, "no topic of ours");
    arena_reset(&shower->arena);
    if (decoder_read(shower->decoder, topic->schema, value, &shower->arena, &record, &error))
        json = record_to_json(topic->schema, record, shower->personal);
    else
        json = undecodable(value, error.text);
    return json;
}

static bool is_personal(const struct topic *topic)
{
    const struct record_type *type = topic->schema->type.record;

    for (size_t i = 0; i < type->field_count; i++)
        if (strcmp(type->fields[i].name, topic->key_field) == 0)
            return type->fields[i].pii;
    return true;
}

json_t *show_key(const struct shower *shower, const struct topic *topic, struct bytes key)
{
    if (key.data == NULL)
        return json_null();
    if (!shower->personal && (topic == NULL || is_personal(topic)))
        return json_string(hidden);
    return text_of(key);
}

static bool is_open(const char *name)
{
    for (size_t i = 0; i < COUNT(open_headers); i++)
        if (strcmp(open_headers[i], name) == 0)
            return true;
    return false;
}

static json_t *show_header(const struct shower *shower, const struct header *header)
{
    const uint8_t *bytes = header->value.data;

    if (bytes == NULL)
        return json_null();
    if (strcmp(header->name, HEADER_REPLY_PARTITION) == 0 && header->value.size == 4)
        return json_integer((json_int_t)bytes[0] << 24 | (json_int_t)bytes[1] << 16 |
                            (json_int_t)bytes[2] << 8 | bytes[3]);
    return shower->personal || is_open(header->name) ? text_of(header->value) : json_string(hidden);
}

json_t *show_headers(const struct shower *shower, struct header_list headers)
{
    json_t *json = json_object();

    for (size_t i = 0; i < headers.count; i++) {
        const struct header *header = &headers.items[i];
        json_t *member = show_header(shower, header);
        if (json_object_set_new(json, header->name, member) != 0) /* a name that is no UTF-8 */
            show_add(json, "(not UTF-8)", json_string(hidden));
    }
    return json;
}

json_t *show_text(const char *text)
{
    json_t *json = text == NULL ? NULL : json_string(text);

    return json != NULL ? json : json_null();
}

json_t *show_time(int64_t unix_ms)
{
    char text[TIME_TEXT_SIZE];

    time_format(unix_ms, text);
    return json_string(text);
}

/* Doubles in as many digits as every double keeps of a decimal: 9.1 is not 9.0999999999999996. */
enum { DECIMAL_DIGITS = DBL_DIG };

void show_print(json_t *json)
{
    if (json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(DECIMAL_DIGITS)) != 0)
        abort();
    putchar('\n');
    json_decref(json);
}
