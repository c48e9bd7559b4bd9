#ifndef COMMON_AVRO_JSON_H
#define COMMON_AVRO_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "common/avro/schema.h"
#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/problems.h"

/*
 * Records as people and upstream systems write them: an object whose members are the fields.
 *
 *     optional fields                 missing or null when absent; so are fields with a default
 *     int, long, double, boolean      a number or true, false; never text
 *     timestamp-millis                Unix milliseconds, or RFC 3339 with a zone
 *     enum                            the symbol
 *     bytes                           text in base64, RFC 4648 section 4, padded
 *     "json": "date"                  "1990-01-01", 631152000000 or [1990,1,1]; kept as it stands
 *     "json": "any"                   an object or array (kept as compact JSON), or text
 *     array of R, map of string       an array of objects; an object of texts
 */

/*
 * Fills a new struct in `arena`, with all that it points to. False when something is wrong; all of
 * it is then added to `problems` by its path, e.g. documents[1].data.dateOfBirth, never by value.
 * Load the JSON with JSON_REJECT_DUPLICATES and without JSON_ALLOW_NUL.
 */
MUST_CHECK bool record_from_json(const struct schema *schema, const json_t *json,
                                 struct arena *arena, void **out, struct problems *problems);

/*
 * A new reference; the fields in the schema's order, absent ones as null. Personal values are
 * "***" unless shown. What record_from_json() takes in, this gives back in an equal form.
 */
json_t *record_to_json(const struct schema *schema, const void *record, bool show_personal);

#endif
