#ifndef SCHEMAS_GENERATOR_MODEL_H
#define SCHEMAS_GENERATOR_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/avro/schema.h"

/* An .avsc as the generator understands it: every type named, every member known to C. */

enum { NAMES_MAX = 64, FIELDS_MAX = 256, NAME_BYTES = 256 };

struct named;

struct shape {
    enum type_kind kind;
    enum type_form form;
    const struct named *named; /* TYPE_ENUM, TYPE_RECORD */
    const struct named *items; /* TYPE_ARRAY of records; NULL: of strings */
    bool optional;
};

struct member {
    const char *name;
    const char *doc;
    struct shape shape;
    bool pii;
    uint32_t tag; /* see struct field */
    const json_t *json;
};

/* An enum or a record. */
struct named {
    enum type_kind kind;
    char full[NAME_BYTES];  /* onboarding.lookup.LookupRequested */
    const char *name;       /* LookupRequested */
    char snake[NAME_BYTES]; /* lookup_requested */
    const char *doc;
    const json_t *json;
    struct member *members; /* of a record */
    size_t member_count;
    bool complete;
};

struct model {
    const char *path;
    const json_t *json;
    const struct named *order[NAMES_MAX]; /* as C needs them: what is used comes before its user */
    size_t count;                         /* the last one is the file's record */
};

/* Reads the file; says what it refuses, with file and field, and exits. */
void model_read(const char *path, struct model *out);

/* Says why the file is refused and exits. */
_Noreturn void refuse(const char *where, const char *what);

/* ProfileFound -> profile_found; refuses what would be too long. */
void snake_of(const char *camel, char out[static NAME_BYTES]);

/* A member of a JSON object that is text; `otherwise` where it is missing. */
const char *text_of(const json_t *object, const char *key, const char *otherwise);

/* The default of a field in Avro binary, malloc'd; refuses a default that its type forbids. */
struct bytes default_of(const struct member *member);

void print_header(const struct model *model);
void print_source(const struct model *model);
void print_quoted(const char *text); /* as a C string literal */

#endif
