#ifndef COMMON_POSTGRES_STATEMENT_H
#define COMMON_POSTGRES_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/base.h"
#include "common/core/uuid.h"

/* The PostgreSQL types that our statements may name in `$n::type` or `$n::type[]`. */
enum column_type {
    COLUMN_BOOL,
    COLUMN_INT2,
    COLUMN_INT4,
    COLUMN_INT8,
    COLUMN_FLOAT8,
    COLUMN_TEXT,
    COLUMN_BYTEA,
    COLUMN_UUID,
    COLUMN_DATE,        /* VALUE_INT: days since 1970-01-01 */
    COLUMN_TIMESTAMPTZ, /* VALUE_TIME_MS */
    COLUMN_JSONB,       /* VALUE_TEXT: JSON */
    COLUMN_TYPES
};

struct parameter {
    enum column_type type;
    bool array;
};

/*
 * A statement from a .sql file; the build makes one for each. Its parameters are all arrays (a
 * statement for many rows, by unnest) or none is (one row at a time).
 */
struct statement {
    const char *name; /* the file's, without .sql */
    const char *sql;
    const struct parameter *parameters;
    size_t parameter_count;
};

/* One value for a parameter; NOTHING is SQL NULL of any type. */
struct value {
    enum {
        VALUE_NULL,
        VALUE_BOOL,
        VALUE_INT,
        VALUE_DOUBLE,
        VALUE_TEXT,
        VALUE_BYTES,
        VALUE_UUID,
        VALUE_TIME_MS
    } kind;
    union {
        bool boolean;
        int64_t integer; /* VALUE_INT, VALUE_TIME_MS */
        double number;
        struct bytes bytes; /* VALUE_BYTES, VALUE_TEXT without its NUL */
        struct uuid uuid;
    };
};

#define NOTHING          ((struct value){.kind = VALUE_NULL})
#define BOOL(v)          ((struct value){.kind = VALUE_BOOL, .boolean = (v)})
#define INT(v)           ((struct value){.kind = VALUE_INT, .integer = (v)})
#define DOUBLE(v)        ((struct value){.kind = VALUE_DOUBLE, .number = (v)})
#define TIME_MS(v)       ((struct value){.kind = VALUE_TIME_MS, .integer = (v)})
#define BYTES(v)         ((struct value){.kind = VALUE_BYTES, .bytes = (v)})
#define UUID_VALUE(v)    ((struct value){.kind = VALUE_UUID, .uuid = (v)})
#define TEXT(v)          value_text(v)
#define BYTES_OR_NULL(v) value_bytes_or_null(v)

/* NULL becomes SQL NULL; nothing is copied. */
struct value value_text(const char *text);
struct value value_bytes_or_null(struct bytes bytes);

#endif
