/* Writing parameters in PostgreSQL's binary format: scalars, and arrays for unnest. */
#include "common/postgres/encode.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/bytes.h"

enum {
    DAYS_1970_TO_2000 = 10957,
    ARRAY_HEADER_SIZE = 20, /* dimensions, has-null, element type, length, lower bound */
    LENGTH_SIZE = 4,
    JSONB_VERSION = 1,
};

static const int64_t ms_1970_to_2000 = (int64_t)DAYS_1970_TO_2000 * 86400 * 1000;

/* Object ids from PostgreSQL's pg_type.dat; they never change. */
static const struct type_oids {
    uint32_t scalar, array;
    size_t size; /* 0: as long as the value */
} oids[COLUMN_TYPES] = {
    [COLUMN_BOOL] = {16, 1000, 1},    [COLUMN_INT2] = {21, 1005, 2},
    [COLUMN_INT4] = {23, 1007, 4},    [COLUMN_INT8] = {20, 1016, 8},
    [COLUMN_FLOAT8] = {701, 1022, 8}, [COLUMN_TEXT] = {25, 1009, 0},
    [COLUMN_BYTEA] = {17, 1001, 0},   [COLUMN_UUID] = {2950, 2951, 16},
    [COLUMN_DATE] = {1082, 1182, 4},  [COLUMN_TIMESTAMPTZ] = {1184, 1185, 8},
    [COLUMN_JSONB] = {3802, 3807, 0},
};

uint32_t column_oid(enum column_type type)
{
    return oids[type].scalar;
}

uint32_t column_array_oid(enum column_type type)
{
    return oids[type].array;
}

struct value value_text(const char *text)
{
    if (text == NULL)
        return NOTHING;
    return (struct value){.kind = VALUE_TEXT, .bytes = bytes_of(text)};
}

struct value value_bytes_or_null(struct bytes bytes)
{
    return bytes.data == NULL ? NOTHING : BYTES(bytes);
}

static uint8_t *put(uint8_t *at, uint64_t value, size_t size)
{
    uint64_t big = htobe64(value);

    memcpy(at, (const uint8_t *)&big + sizeof big - size, size);
    return at + size;
}

static size_t size_of(enum column_type type, const struct value *value)
{
    if (value->kind == VALUE_NULL)
        return 0;
    if (type == COLUMN_JSONB)
        return value->bytes.size + 1;
    return oids[type].size != 0 ? oids[type].size : value->bytes.size;
}

static uint8_t *put_bytes(uint8_t *at, struct bytes bytes)
{
    if (bytes.size != 0)
        memcpy(at, bytes.data, bytes.size);
    return at + bytes.size;
}

/* A value of another kind than its column is the programmer's mistake, whatever the build. */
static void expect(bool suits)
{
    assert(suits);
    if (!suits)
        abort();
}

static uint8_t *put_value(uint8_t *at, enum column_type type, const struct value *value)
{
    uint64_t bits;

    switch (type) {
    case COLUMN_BOOL: expect(value->kind == VALUE_BOOL); return put(at, value->boolean, 1);
    case COLUMN_INT2:
    case COLUMN_INT4:
    case COLUMN_INT8:
        expect(value->kind == VALUE_INT);
        return put(at, (uint64_t)value->integer, oids[type].size);
    case COLUMN_DATE:
        expect(value->kind == VALUE_INT);
        return put(at, (uint64_t)(value->integer - DAYS_1970_TO_2000), oids[type].size);
    case COLUMN_TIMESTAMPTZ:
        expect(value->kind == VALUE_TIME_MS);
        return put(at, (uint64_t)((value->integer - ms_1970_to_2000) * 1000), oids[type].size);
    case COLUMN_FLOAT8:
        expect(value->kind == VALUE_DOUBLE);
        memcpy(&bits, &value->number, sizeof bits);
        return put(at, bits, sizeof bits);
    case COLUMN_UUID:
        expect(value->kind == VALUE_UUID);
        return put_bytes(at, (struct bytes){value->uuid.bytes, sizeof value->uuid.bytes});
    case COLUMN_JSONB:
        expect(value->kind == VALUE_TEXT);
        return put_bytes(put(at, JSONB_VERSION, 1), value->bytes);
    case COLUMN_TEXT: expect(value->kind == VALUE_TEXT); return put_bytes(at, value->bytes);
    case COLUMN_BYTEA: expect(value->kind == VALUE_BYTES); return put_bytes(at, value->bytes);
    case COLUMN_TYPES: break;
    }
    expect(false);
    return at;
}

struct bytes encode_scalar(enum column_type type, const struct value *value, struct arena *arena)
{
    if (value->kind == VALUE_NULL)
        return (struct bytes){0};

    size_t size = size_of(type, value);
    uint8_t *data = arena_take(arena, size + 1, 1); /* an empty text is not NULL */
    put_value(data, type, value);
    return (struct bytes){data, size};
}

struct bytes encode_array(enum column_type type, const struct value *first, size_t stride,
                          size_t count, struct arena *arena)
{
    size_t size = ARRAY_HEADER_SIZE;
    bool has_null = false;

    for (size_t i = 0; i < count; i++) {
        size += LENGTH_SIZE + size_of(type, &first[i * stride]);
        has_null = has_null || first[i * stride].kind == VALUE_NULL;
    }

    uint8_t *data = arena_take(arena, size, 1);
    uint8_t *at = data;
    at = put(at, 1, 4); /* dimensions */
    at = put(at, has_null, 4);
    at = put(at, oids[type].scalar, 4);
    at = put(at, count, 4);
    at = put(at, 1, 4); /* lower bound */
    for (size_t i = 0; i < count; i++) {
        const struct value *value = &first[i * stride];
        if (value->kind == VALUE_NULL) {
            at = put(at, UINT32_MAX, LENGTH_SIZE);
            continue;
        }
        at = put(at, size_of(type, value), LENGTH_SIZE);
        at = put_value(at, type, value);
    }
    return (struct bytes){data, size};
}
