/* What SQLSTATEs mean to whoever runs the program. */
#include "common/postgres/refusal.h"

#include <string.h>

static const struct {
    const char *sqlstate;
    const char *schema_does; /* "schema NAME …" */
} meanings[] = {
    {"42P01", "or a table of it is missing: run the migrations"},
    {"3F000", "is missing: run the migrations"},
    {"42703", "lacks a column: run the migrations"},
    {"42883", "lacks a function: run the migrations"},
    {"42501", "is closed to this role, which must be the service's own"},
};

bool refusal_set(const char *sqlstate, const char *schema, struct error *error)
{
    for (size_t i = 0; i < COUNT(meanings); i++)
        if (strcmp(meanings[i].sqlstate, sqlstate) == 0)
            return error_set(error, ERROR_RETRY,
                             "PostgreSQL refused with SQLSTATE %s: schema %s %s", sqlstate, schema,
                             meanings[i].schema_does);
    return error_set(error, ERROR_RETRY, "PostgreSQL refused with SQLSTATE %s", sqlstate);
}
