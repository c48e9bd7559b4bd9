#ifndef COMMON_AVRO_SCHEMA_H
#define COMMON_AVRO_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/base.h"

/*
 * What the generated code consists of: a struct for each record, and these tables, which the
 * codec walks. Member of the struct, by the Avro type of the field:
 *
 *     boolean, int, long, double    bool, int32_t, int64_t, double    optional: const T *
 *     enum X                        enum x                            optional: const enum x *
 *     record R                      struct r                          optional: const struct r *
 *     string                        const char *, UTF-8 without NUL   optional: NULL
 *     bytes                         struct bytes                      optional: data NULL
 *     array of string, of record R  struct text_array, struct r_array
 *     map of string                 struct text_map
 *
 * "Optional" is ["null", T] with default null, the only union there is.
 */

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

enum type_kind {
    TYPE_BOOLEAN,
    TYPE_INT,
    TYPE_LONG,
    TYPE_DOUBLE,
    TYPE_STRING,
    TYPE_BYTES,
    TYPE_ENUM,
    TYPE_RECORD,
    TYPE_ARRAY, /* of TYPE_STRING or TYPE_RECORD */
    TYPE_MAP,   /* of TYPE_STRING */
};

/* What more the schema says of a value; matters to the reader and printer of JSON only. */
enum type_form {
    FORM_PLAIN,
    FORM_UUID,    /* string: logicalType uuid */
    FORM_TIME_MS, /* long: logicalType timestamp-millis */
    FORM_DATE,    /* string: "1990-01-01", 631152000000 or [1990,1,1], as it stood in the JSON */
    FORM_ANY,     /* string: an object as compact JSON, or a string as it stood */
};

struct enum_type {
    const char *name;           /* without namespace */
    const char *const *aliases; /* without namespace, ends with NULL; NULL: none */
    const char *const *symbols;
    size_t count;
    int fallback; /* index of the symbol for a writer's symbol unknown to us; -1: none */
};

struct record_type {
    const char *name;           /* without namespace */
    const char *const *aliases; /* as of an enum */
    size_t size, align;         /* of the struct */
    const struct field *fields;
    size_t field_count;
    const uint16_t *by_name; /* indexes of the fields in the order of their names (strcmp) */
};

struct type {
    enum type_kind kind;
    enum type_form form;
    const struct enum_type *enumeration; /* TYPE_ENUM */
    const struct record_type *record;    /* TYPE_RECORD */
    const struct type *items;            /* TYPE_ARRAY, TYPE_MAP */
    bool ranged;     /* min..max, both included, holds: the number, or the bytes of a string */
    double min, max; /* infinite where the schema gives none */
};

/* One member of a generated struct, in the order of its schema. */
struct field {
    const char *name;
    uint32_t tag;               /* FNV-1a of the name; no two of a record are alike, none is 0 */
    const char *const *aliases; /* ends with NULL; NULL: none */
    struct type type;
    bool optional;
    bool pii;              /* printers write *** in its place */
    size_t offset;         /* bytes from the start of the struct */
    struct bytes fallback; /* the default in Avro binary; data NULL: the writer must give it */
};

/* A record schema and the C struct it is bound to; the generator writes one for each .avsc. */
struct schema {
    const char *name;      /* with namespace */
    const char *json;      /* the .avsc in one line, as a registry takes it */
    const char *canonical; /* Avro's Parsing Canonical Form */
    uint64_t fingerprint;  /* CRC-64-AVRO of `canonical` */
    struct type type;      /* TYPE_RECORD */
    bool personal;         /* a field, or one inside of it, is `pii` */
    void *_Atomic *plan;   /* the codec's, made at first use, for values of this very schema */
};

#endif
