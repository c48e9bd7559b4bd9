#ifndef COMMON_POSTGRES_ENCODE_H
#define COMMON_POSTGRES_ENCODE_H

#include "common/core/arena.h"
#include "common/postgres/statement.h"

/* Parameters in PostgreSQL's binary format. */

uint32_t column_oid(enum column_type type);
uint32_t column_array_oid(enum column_type type);

/* One value; NULL data for SQL NULL. The value must suit the type: else it is a bug, and aborts. */
struct bytes encode_scalar(enum column_type type, const struct value *value, struct arena *arena);

/* One column of `count` rows whose values stand `stride` apart. */
struct bytes encode_array(enum column_type type, const struct value *first, size_t stride,
                          size_t count, struct arena *arena);

#endif
