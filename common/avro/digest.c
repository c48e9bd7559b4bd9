/* The keyed digest of an event's content, and its fields by name. */
#include <stdlib.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/avro/sink.h"
#include "common/avro/value.h"

/*
 * What is digested: for each field that is not at its default, in the order of the names, the
 * name, a letter for the kind of value, the value; then 'z'. Texts go with their length, numbers
 * in eight bytes, enums by symbol. So the digest is the same for every version of a schema that
 * says the same. Ledgers hold digests: never change this.
 */
enum { MAP_KEYS_ON_STACK = 32 };

static void put_record(struct sink *sink, const struct record_type *type, const void *record);

static void put_tagged(struct sink *sink, char tag, const void *data, size_t size)
{
    sink_put(sink, &tag, 1);
    sink_put_sized(sink, data, size);
}

static void put_number(struct sink *sink, char tag, const void *eight_bytes)
{
    sink_put(sink, &tag, 1);
    sink_put(sink, eight_bytes, 8);
}

static void put_integer(struct sink *sink, int64_t value)
{
    put_number(sink, 'n', &value);
}

static int compare_entries(const void *a, const void *b)
{
    const struct text_entry *const *left = a;
    const struct text_entry *const *right = b;
    return strcmp((*left)->key, (*right)->key);
}

static void put_map(struct sink *sink, const struct text_map *map)
{
    const struct text_entry *few[MAP_KEYS_ON_STACK];
    const struct text_entry **sorted = few;

    if (map->count > MAP_KEYS_ON_STACK)
        sorted = reallocarray(NULL, map->count, sizeof(void *));
    if (sorted == NULL)
        abort();
    for (size_t i = 0; i < map->count; i++)
        sorted[i] = &map->items[i];
    if (map->count > 1)
        qsort(sorted, map->count, sizeof(void *), compare_entries);
    put_integer(sink, (int64_t)map->count);
    for (size_t i = 0; i < map->count; i++) {
        put_tagged(sink, 's', sorted[i]->key, strlen(sorted[i]->key));
        put_tagged(sink, 's', sorted[i]->value, strlen(sorted[i]->value));
    }
    if (sorted != few)
        free(sorted);
}

static void put_array(struct sink *sink, const struct type *items, const void *value)
{
    const struct record_array *records = value;
    const struct text_array *texts = value;

    put_integer(sink, (int64_t)records->count);
    for (size_t i = 0; i < records->count; i++) {
        if (items->kind == TYPE_RECORD)
            put_record(sink, items->record, records->items + i * items->record->size);
        else
            put_tagged(sink, 's', texts->items[i], strlen(texts->items[i]));
    }
}

static void put_value(struct sink *sink, const struct type *type, const void *value)
{
    const char *text;
    const struct bytes *bytes = value;
    double number;

    switch (type->kind) {
    case TYPE_BOOLEAN: put_integer(sink, *(const bool *)value); break;
    case TYPE_INT: put_integer(sink, *(const int32_t *)value); break;
    case TYPE_LONG: put_integer(sink, *(const int64_t *)value); break;
    case TYPE_DOUBLE:
        number = *(const double *)value + 0.0; /* -0.0 becomes 0.0 */
        put_number(sink, 'd', &number);
        break;
    case TYPE_STRING:
        text = *(const char *const *)value;
        put_tagged(sink, 's', text, strlen(text));
        break;
    case TYPE_BYTES: put_tagged(sink, 's', bytes->data, bytes->size); break;
    case TYPE_ENUM:
        text = type->enumeration->symbols[*(const int *)value];
        put_tagged(sink, 's', text, strlen(text));
        break;
    case TYPE_RECORD: put_record(sink, type->record, value); break;
    case TYPE_ARRAY: put_array(sink, type->items, value); break;
    case TYPE_MAP: put_map(sink, value); break;
    }
}

/* A function of its own: the release build clears a sink where it is declared. */
static bool equals_fallback(const struct field *field, const void *value)
{
    struct sink sink;

    sink_open(&sink);
    sink_put_value(&sink, &field->type, value);
    bool same = sink.size == field->fallback.size &&
                memcmp(sink.data, field->fallback.data, sink.size) == 0;
    sink_close(&sink);
    return same;
}

static bool is_default(const struct field *field, const void *value)
{
    if (value == NULL || field->fallback.data == NULL)
        return value == NULL;
    if (field->optional)
        return false;
    if (field->type.kind == TYPE_ARRAY) /* the generator allows no other default */
        return ((const struct record_array *)value)->count == 0;
    if (field->type.kind == TYPE_MAP)
        return ((const struct text_map *)value)->count == 0;
    return equals_fallback(field, value);
}

static void put_record(struct sink *sink, const struct record_type *type, const void *record)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[type->by_name[i]];
        const void *value = field_value(field, record);
        if (is_default(field, value))
            continue;
        put_tagged(sink, 'f', field->name, strlen(field->name));
        put_value(sink, &field->type, value);
    }
    sink_put(sink, "z", 1);
}

struct digest event_digest(const struct schema *schema, const void *record, struct hmac *hmac)
{
    struct sink sink;

    sink_open(&sink);
    put_record(&sink, schema->type.record, record);
    hmac_start(hmac);
    hmac_add(hmac, sink.data, sink.size);
    sink_close(&sink);
    return hmac_end(hmac);
}

const char *event_text(const struct schema *schema, const void *record, const char *name)
{
    const struct record_type *type = schema->type.record;

    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        if (field->type.kind != TYPE_STRING || strcmp(field->name, name) != 0)
            continue;
        const void *value = field_value(field, record);
        return value == NULL ? NULL : *(const char *const *)value;
    }
    return NULL;
}
