/* Reading columns of a result in PostgreSQL's binary format. */
#include <assert.h>
#include <endian.h>
#include <libpq-fe.h>
#include <string.h>

#include "common/core/bytes.h"
#include "common/postgres/db.h"

enum { DAYS_1970_TO_2000 = 10957, JSONB_VERSION_SIZE = 1 };

static const int64_t ms_1970_to_2000 = (int64_t)DAYS_1970_TO_2000 * 86400 * 1000;

static const Oid oid_date = 1082;
static const Oid oid_jsonb = 3802;

static struct bytes raw(const struct row *row, int column)
{
    int size = PQgetlength(row->result, row->index, column);

    return (struct bytes){(const uint8_t *)PQgetvalue(row->result, row->index, column),
                          (size_t)size};
}

bool row_is_null(const struct row *row, int column)
{
    return PQgetisnull(row->result, row->index, column) != 0;
}

const char *row_text(const struct row *row, int column, struct arena *arena)
{
    if (row_is_null(row, column))
        return NULL;

    struct bytes text = raw(row, column);
    size_t skip = PQftype(row->result, column) == oid_jsonb ? JSONB_VERSION_SIZE : 0;
    return arena_copy(arena, (const char *)text.data + skip, text.size - skip);
}

int row_choice(const struct row *row, int column, const char *const *names, int count,
               int otherwise)
{
    struct bytes text = raw(row, column);

    for (int i = 0; i < count; i++)
        if (bytes_equal(text, bytes_of(names[i])))
            return i;
    return otherwise;
}

struct bytes row_bytes(const struct row *row, int column, struct arena *arena)
{
    if (row_is_null(row, column))
        return (struct bytes){0};
    return bytes_copy(raw(row, column), arena);
}

struct uuid row_uuid(const struct row *row, int column)
{
    struct uuid id = {0};
    struct bytes bytes = raw(row, column);

    assert(bytes.size == sizeof id.bytes || row_is_null(row, column));
    if (bytes.size == sizeof id.bytes)
        memcpy(id.bytes, bytes.data, sizeof id.bytes);
    return id;
}

int64_t row_int(const struct row *row, int column)
{
    struct bytes bytes = raw(row, column);
    uint64_t value = 0;

    if (row_is_null(row, column))
        return 0;
    assert(bytes.size <= sizeof value);
    for (size_t i = 0; i < bytes.size; i++)
        value = value << 8 | bytes.data[i];
    if (bytes.size == sizeof(int32_t))
        value = (uint64_t)(int64_t)(int32_t)(uint32_t)value;
    else if (bytes.size == sizeof(int16_t))
        value = (uint64_t)(int64_t)(int16_t)(uint16_t)value;
    return (int64_t)value + (PQftype(row->result, column) == oid_date ? DAYS_1970_TO_2000 : 0);
}

bool row_bool(const struct row *row, int column)
{
    struct bytes bytes = raw(row, column);

    return bytes.size == 1 && bytes.data[0] != 0;
}

double row_double(const struct row *row, int column)
{
    struct bytes bytes = raw(row, column);
    uint64_t bits;
    double value = 0;

    if (bytes.size == sizeof bits) {
        memcpy(&bits, bytes.data, sizeof bits);
        bits = be64toh(bits);
        memcpy(&value, &bits, sizeof value);
    }
    return value;
}

int64_t row_time_ms(const struct row *row, int column)
{
    int64_t us = row_int(row, column);
    int64_t ms = us / 1000 - (us % 1000 < 0 ? 1 : 0); /* rounds down */

    return ms + ms_1970_to_2000;
}
