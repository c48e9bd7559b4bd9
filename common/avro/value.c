/* Defaults of fields: what the generator wrote in Avro binary, back as a member of a struct. */
#include "common/avro/value.h"

#include <stdlib.h>
#include <string.h>

/* The varint at the start of bytes that the generator wrote; moves them past it. */
static int64_t read_long(const uint8_t **at)
{
    uint64_t zigzag = 0;
    unsigned shift = 0;

    do
        zigzag |= (uint64_t)(**at & 0x7f) << shift;
    while (shift += 7, *(*at)++ & 0x80);
    return (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
}

void field_set_default(const struct field *field, void *member)
{
    const uint8_t *at = field->fallback.data;
    const char *text;
    int64_t whole;

    if (field->optional)
        return; /* null, the only one there may be */
    switch (field->type.kind) {
    case TYPE_BOOLEAN: *(bool *)member = at[0] != 0; break;
    case TYPE_INT: *(int32_t *)member = (int32_t)read_long(&at); break;
    case TYPE_LONG: *(int64_t *)member = read_long(&at); break;
    case TYPE_DOUBLE: memcpy(member, at, sizeof(double)); break;
    case TYPE_ENUM:
        whole = read_long(&at);
        memcpy(member, &(int){(int)whole}, sizeof(int));
        break;
    case TYPE_STRING:
        read_long(&at);
        text = (const char *)at; /* the table's literal ends in NUL */
        memcpy(member, &text, sizeof text);
        break;
    case TYPE_ARRAY:
    case TYPE_MAP: break; /* without items, as a zeroed struct says */
    case TYPE_BYTES:
    case TYPE_RECORD: abort(); /* the generator refuses them */
    }
}
