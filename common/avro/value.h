#ifndef COMMON_AVRO_VALUE_H
#define COMMON_AVRO_VALUE_H

#include <stddef.h>

#include "common/avro/schema.h"

/* Generated structs by their tables. */

/* The array of any generated struct, seen without its type. */
struct record_array {
    const char *items;
    size_t count;
};

/*
 * Where the value of a field is, as its type says without "optional": const char **, struct
 * bytes *, int64_t *, struct r *, … NULL: absent, or a text that is NULL though it must not be.
 */
static inline const void *field_value(const struct field *field, const void *record)
{
    const char *member = (const char *)record + field->offset;

    if (field->type.kind == TYPE_STRING)
        return *(const char *const *)(const void *)member == NULL ? NULL : member;
    if (!field->optional)
        return member;
    if (field->type.kind == TYPE_BYTES)
        return ((const struct bytes *)(const void *)member)->data == NULL ? NULL : member;
    return *(const void *const *)(const void *)member;
}

/*
 * Writes the default of a field, which has one, into its member of a zeroed struct. A text
 * points into the generated table.
 */
void field_set_default(const struct field *field, void *member);

#endif
