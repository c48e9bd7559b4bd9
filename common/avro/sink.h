#ifndef COMMON_AVRO_SINK_H
#define COMMON_AVRO_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "common/avro/schema.h"

/* Where encoded bytes gather: on the stack first, in one growing block when they are many. */
enum { SINK_BYTES_FIRST = 2048 };

struct sink {
    uint8_t *data;
    size_t size;
    size_t capacity;
    uint8_t first[SINK_BYTES_FIRST];
};

void sink_open(struct sink *sink);
void sink_close(struct sink *sink);
void sink_put(struct sink *sink, const void *data, size_t size);
void sink_put_sized(struct sink *sink, const void *data, size_t size); /* after its length */

/* Avro binary of a value; `value` as field_value() finds it, never NULL. */
void sink_put_value(struct sink *sink, const struct type *type, const void *value);
void sink_put_record(struct sink *sink, const struct record_type *type, const void *record);

#endif
