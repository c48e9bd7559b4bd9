#ifndef COMMON_AVRO_SCHEMA_H
#define COMMON_AVRO_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/base.h"

/* Arrays and maps of text, as generated structs hold them; the items live in an arena. */
struct text_array {
    const char **items;
    size_t count;
};

struct text_entry {
    const char *key;
    const char *value;
};

struct text_map {
    struct text_entry *items; /* in the order of the wire; no key twice */
    size_t count;
};

struct schema;

#endif
