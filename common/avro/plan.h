#ifndef COMMON_AVRO_PLAN_H
#define COMMON_AVRO_PLAN_H

#include <avro.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/avro/schema.h"
#include "common/core/arena.h"
#include "common/core/error.h"

/*
 * How bytes of a writer's schema become a struct of ours: the result of Avro's schema resolution,
 * made once for a pair of schemas. It is a tree of readings, one for each type on the wire (a
 * graph where the writer's schema is recursive); unchanging once made, so threads share it.
 */

enum {
    PLAN_READINGS_MAX = 4096, /* ours need some 60; a hostile schema stops here */
    PLAN_DEPTH_MAX = 128,     /* of nested types in a writer's schema; making a plan recurses */
};

enum wire {
    WIRE_NULL,
    WIRE_BOOLEAN,
    WIRE_INT,
    WIRE_LONG,
    WIRE_FLOAT,
    WIRE_DOUBLE,
    WIRE_STRING,
    WIRE_BYTES,
    WIRE_FIXED,
    WIRE_ENUM,
    WIRE_RECORD,
    WIRE_ARRAY,
    WIRE_MAP,
    WIRE_UNION,
    WIRE_MISMATCH, /* a branch of the writer's union that our type cannot take */
};

struct reading {
    enum wire wire;
    enum type_kind to; /* type of the member; nothing where there is no member */
    size_t box_size;   /* the member is a pointer to so many bytes; 0: it is the value */
    size_t box_align;
    const struct type *range; /* its min and max hold; NULL: none */
    size_t bytes_min;         /* fewest on the wire; 0 means that it always takes none */
    bool building;            /* a record whose fields are not all known yet */

    const struct reading *const *branches; /* WIRE_UNION; of WIRE_ARRAY, WIRE_MAP the items' */
    const int *symbols;                    /* WIRE_ENUM: ours for each of the writer's; -1: none */
    size_t count;                          /* of branches or symbols; of WIRE_FIXED the bytes */
    size_t item_size; /* WIRE_ARRAY: bytes and alignment of the struct's items */
    size_t item_align;

    const struct reading_field *fields; /* WIRE_RECORD: on the wire, in its order */
    size_t field_count;
    const struct field **defaults; /* ours that the writer lacks */
    size_t default_count;
};

enum { OFFSET_NONE = -1 };

struct reading_field {
    const char *name;
    const struct reading *reading;
    ptrdiff_t offset; /* of the member; OFFSET_NONE: read over it */
};

struct plan {
    struct arena arena; /* holds the readings */
    const struct reading *top;
    const struct record_type *record;
};

/* POISON with SCHEMA_INCOMPATIBLE when the writer cannot be read as the reader's record. */
MUST_CHECK bool plan_new(avro_schema_t writer, const struct schema *reader, struct plan **out,
                         struct error *error);
void plan_free(struct plan *plan); /* takes NULL */

/* The plan for bytes of the very schema; made at the first call and kept by the process. */
const struct plan *plan_own(const struct schema *schema);

/*
 * Reads `body` into a new struct in `arena`; `struct_bytes_max` bounds what arrays, boxes and
 * structs take there (text takes at most body.size + 1). POISON: MALFORMED; SCHEMA_INCOMPATIBLE
 * for a branch or a symbol that we cannot take; CONTRACT for a number or a text out of its range.
 */
MUST_CHECK bool plan_read(const struct plan *plan, struct bytes body, size_t struct_bytes_max,
                          struct arena *arena, void **out, struct error *error);

#endif
