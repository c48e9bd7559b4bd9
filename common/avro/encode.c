/* Structs to Avro binary, walking the generated tables. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/avro/sink.h"
#include "common/avro/value.h"
#include "common/avro/wire.h"

void sink_open(struct sink *sink)
{
    sink->data = sink->first;
    sink->size = 0;
    sink->capacity = sizeof sink->first;
}

void sink_close(struct sink *sink)
{
    if (sink->data != sink->first)
        free(sink->data);
}

void sink_grow(struct sink *sink, size_t more)
{
    size_t capacity = 2 * sink->capacity + more;
    uint8_t *data = realloc(sink->data == sink->first ? NULL : sink->data, capacity);

    if (data == NULL)
        abort();
    if (sink->data == sink->first)
        memcpy(data, sink->first, sink->size);
    sink->data = data;
    sink->capacity = capacity;
}

/* What the programmer owes: a value where one is required, finite numbers, symbols of the enum. */
static _Noreturn void bug(const char *name, const char *what)
{
    fprintf(stderr, "encoding %s: %s\n", name, what);
    abort();
}

static void put_text(struct sink *sink, const char *text)
{
    if (text == NULL)
        bug("text", "NULL");
    sink_put_sized(sink, text, strlen(text));
}

static void put_array(struct sink *sink, const struct type *items, const void *value)
{
    const struct record_array *records = value;
    const struct text_array *texts = value;

    if (records->count > 0)
        sink_put_long(sink, (int64_t)records->count);
    for (size_t i = 0; i < records->count; i++) {
        if (items->kind == TYPE_RECORD)
            sink_put_record(sink, items->record, records->items + i * items->record->size);
        else
            put_text(sink, texts->items[i]);
    }
    sink_put_long(sink, 0);
}

static void put_map(struct sink *sink, const struct text_map *map)
{
    if (map->count > 0)
        sink_put_long(sink, (int64_t)map->count);
    for (size_t i = 0; i < map->count; i++) {
        put_text(sink, map->items[i].key);
        put_text(sink, map->items[i].value);
    }
    sink_put_long(sink, 0);
}

static void put_enum(struct sink *sink, const struct enum_type *type, const int *value)
{
    if (*value < 0 || (size_t)*value >= type->count)
        bug(type->name, "no symbol of the enum");
    sink_put_long(sink, *value);
}

void sink_put_value(struct sink *sink, const struct type *type, const void *value)
{
    const struct bytes *bytes = value;

    switch (type->kind) {
    case TYPE_BOOLEAN: sink_put(sink, (const uint8_t[]){*(const bool *)value}, 1); break;
    case TYPE_INT: sink_put_long(sink, *(const int32_t *)value); break;
    case TYPE_LONG: sink_put_long(sink, *(const int64_t *)value); break;
    case TYPE_DOUBLE:
        if (!isfinite(*(const double *)value))
            bug("double", "not a finite number");
        sink_put(sink, value, sizeof(double)); /* little endian, as every machine this runs on */
        break;
    case TYPE_STRING: put_text(sink, *(const char *const *)value); break;
    case TYPE_BYTES: sink_put_sized(sink, bytes->data, bytes->size); break;
    case TYPE_ENUM: put_enum(sink, type->enumeration, value); break;
    case TYPE_RECORD: sink_put_record(sink, type->record, value); break;
    case TYPE_ARRAY: put_array(sink, type->items, value); break;
    case TYPE_MAP: put_map(sink, value); break;
    }
}

void sink_put_record(struct sink *sink, const struct record_type *type, const void *record)
{
    const struct field *field = type->fields;

    for (const struct field *end = field + type->field_count; field != end; field++) {
        const void *value = field_value(field, record);
        if (value == NULL && !field->optional)
            bug(field->name, "NULL, but required");
        if (field->optional)
            sink_put_long(sink, value != NULL); /* the branch of ["null", T] */
        if (value != NULL)
            sink_put_value(sink, &field->type, value);
    }
}

static struct bytes copy_out(struct sink *sink, struct arena *arena)
{
    char *copy = arena_copy(arena, (const char *)sink->data, sink->size);
    struct bytes bytes = {.data = (const uint8_t *)copy, .size = sink->size};

    sink_close(sink);
    return bytes;
}

struct bytes event_encode(const struct schema *schema, const void *record, enum framing framing,
                          uint32_t id, struct arena *arena)
{
    uint8_t head[FRAME_BYTES_MAX] = {0};
    struct sink sink;

    sink_open(&sink);
    size_t head_size = frame_write(framing, id, schema->fingerprint, head);
    sink_put(&sink, head, head_size);
    sink_put_record(&sink, schema->type.record, record);
    return copy_out(&sink, arena);
}

struct bytes record_encode(const struct schema *schema, const void *record, struct arena *arena)
{
    struct sink sink;

    sink_open(&sink);
    sink_put_record(&sink, schema->type.record, record);
    return copy_out(&sink, arena);
}
