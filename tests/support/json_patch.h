#ifndef TESTS_SUPPORT_JSON_PATCH_H
#define TESTS_SUPPORT_JSON_PATCH_H

#include <jansson.h>

#include "common/avro/schema.h"
#include "common/core/arena.h"

/*
 * JSON for tables of examples: with ' in place of ", and as a change of another text. Objects
 * change by member, arrays by item; an item beyond the end is appended. NULL changes nothing.
 */
json_t *json_patched(const char *base, const char *patch);

/* The same as a struct of `schema`; fails the test when it is none. */
const void *record_patched(const struct schema *schema, const char *base, const char *patch,
                           struct arena *arena);

#endif
