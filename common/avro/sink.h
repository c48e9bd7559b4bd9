#ifndef COMMON_AVRO_SINK_H
#define COMMON_AVRO_SINK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/avro/schema.h"

/* Where encoded bytes gather: on the stack first, in one growing block when they are many. */
enum { SINK_BYTES_FIRST = 2048, VARINT_BYTES_MAX = 10 };

struct sink {
    uint8_t *data;
    size_t size;
    size_t capacity;
    uint8_t first[SINK_BYTES_FIRST];
};

void sink_open(struct sink *sink);
void sink_close(struct sink *sink);
void sink_grow(struct sink *sink, size_t more); /* room for at least so many bytes more */

/* Avro binary of a value; `value` as field_value() finds it, never NULL. */
void sink_put_value(struct sink *sink, const struct type *type, const void *value);
void sink_put_record(struct sink *sink, const struct record_type *type, const void *record);

/* The rest is called for each name and number, so it is inline. */

static inline void sink_put(struct sink *sink, const void *data, size_t size)
{
    if (size > sink->capacity - sink->size)
        sink_grow(sink, size);
    if (size > 0)
        memcpy(sink->data + sink->size, data, size);
    sink->size += size;
}

static inline void sink_put_long(struct sink *sink, int64_t value)
{
    uint64_t zigzag = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);

    if (VARINT_BYTES_MAX > sink->capacity - sink->size)
        sink_grow(sink, VARINT_BYTES_MAX);
    for (; zigzag > 0x7f; zigzag >>= 7)
        sink->data[sink->size++] = (uint8_t)(zigzag | 0x80);
    sink->data[sink->size++] = (uint8_t)zigzag;
}

/* The bytes after their length, as Avro writes text and bytes. */
static inline void sink_put_sized(struct sink *sink, const void *data, size_t size)
{
    sink_put_long(sink, (int64_t)size);
    sink_put(sink, data, size);
}

#endif
