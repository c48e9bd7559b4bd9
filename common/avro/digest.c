/* The keyed digest of an event's content, and its fields by name. */
#include <stdlib.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/avro/sink.h"
#include "common/avro/value.h"

/*
 * What is digested: for each field that is not at its default, in the order of the names, the tag
 * of the name, then the value; a tag of 0 ends a record. A value is a letter for its kind and the
 * value itself: a text its length and bytes, a number eight bytes, an enum its symbol. So the
 * digest is the same for every version of a schema that says the same. Numbers stand as the
 * machine has them.
 */
enum { MAP_KEYS_ON_STACK = 32, RECORD_END = 0 };

static void put_record(struct sink *sink, const struct record_type *type, const void *record);

static void put_text(struct sink *sink, const void *data, size_t size)
{
    sink_put(sink, "s", 1);
    sink_put_sized(sink, data, size);
}

static void put_number(struct sink *sink, char kind, const void *eight_bytes)
{
    sink_put(sink, &kind, 1);
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
        put_text(sink, sorted[i]->key, strlen(sorted[i]->key));
        put_text(sink, sorted[i]->value, strlen(sorted[i]->value));
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
            put_text(sink, texts->items[i], strlen(texts->items[i]));
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
        put_text(sink, text, strlen(text));
        break;
    case TYPE_BYTES: put_text(sink, bytes->data, bytes->size); break;
    case TYPE_ENUM:
        text = type->enumeration->symbols[*(const int *)value];
        put_text(sink, text, strlen(text));
        break;
    case TYPE_RECORD: put_record(sink, type->record, value); break;
    case TYPE_ARRAY: put_array(sink, type->items, value); break;
    case TYPE_MAP: put_map(sink, value); break;
    }
}

/* Never inline: the release build clears a sink where it is declared, so for every field. */
static __attribute__((noinline)) bool is_fallback(const struct field *field, const void *value)
{
    struct sink sink;

    sink_open(&sink);
    sink_put_value(&sink, &field->type, value);
    bool same = sink.size == field->fallback.size &&
                memcmp(sink.data, field->fallback.data, sink.size) == 0;
    sink_close(&sink);
    return same;
}

static inline bool is_default(const struct field *field, const void *value)
{
    if (value == NULL || field->fallback.data == NULL)
        return value == NULL;
    if (field->optional)
        return false;
    if (field->type.kind == TYPE_ARRAY) /* the generator allows no other default */
        return ((const struct record_array *)value)->count == 0;
    if (field->type.kind == TYPE_MAP)
        return ((const struct text_map *)value)->count == 0;
    return is_fallback(field, value);
}

static void put_record(struct sink *sink, const struct record_type *type, const void *record)
{
    const uint32_t end = RECORD_END;

    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[type->by_name[i]];
        const void *value = field_value(field, record);
        if (is_default(field, value))
            continue;
        sink_put(sink, &field->tag, sizeof field->tag);
        put_value(sink, &field->type, value);
    }
    sink_put(sink, &end, sizeof end);
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
