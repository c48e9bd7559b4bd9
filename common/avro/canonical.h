#ifndef COMMON_AVRO_CANONICAL_H
#define COMMON_AVRO_CANONICAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/base.h"

enum {
    SCHEMA_JSON_BYTES_MAX = 256 * 1024, /* ours are some 5 KiB; nobody's parser sees more */
    SCHEMA_DEPTH_MAX = 64,              /* nesting of JSON in a schema; parsers recurse on it */
};

/*
 * Avro's Parsing Canonical Form of a schema, malloc'd; the caller frees. NULL when the JSON is no
 * schema (a member missing or of a wrong type) or is nested deeper than SCHEMA_DEPTH_MAX. Names
 * are not resolved: a reference to nothing passes.
 */
char *canonical_form(const json_t *schema);

/* CRC-64-AVRO, the Rabin fingerprint that single-object encoding carries. */
uint64_t canonical_fingerprint(const void *data, size_t size);

#endif
