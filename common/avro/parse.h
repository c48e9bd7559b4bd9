#ifndef COMMON_AVRO_PARSE_H
#define COMMON_AVRO_PARSE_H

#include <avro.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/base.h"
#include "common/core/error.h"

/* A schema that somebody writes with. */
struct writer {
    avro_schema_t schema;
    uint64_t fingerprint; /* CRC-64-AVRO of the canonical form */
};

/*
 * POISON with SCHEMA_INCOMPATIBLE when the JSON is larger or deeper than canonical.h allows, or
 * no Avro schema. avro-c's parser sees only the canonical form of what passed.
 */
MUST_CHECK bool writer_parse(const char *json, size_t size, struct writer *out,
                             struct error *error);
void writer_done(struct writer *writer);

#endif
