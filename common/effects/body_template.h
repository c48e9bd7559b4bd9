#ifndef COMMON_EFFECTS_BODY_TEMPLATE_H
#define COMMON_EFFECTS_BODY_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/problems.h"

/*
 * A request's JSON as its provider wants it, from a file with places inside of its strings:
 *
 *     {"to": "{{destination}}", "message": {"text": "{{text}}"}, "ref": "bank-{{reference}}"}
 *
 * Nothing that is filled in can end its string.
 */
enum {
    BODY_TEMPLATE_MAX = 16 * 1024, /* bytes */
    BODY_PLACES_MAX = 32,          /* a provider wants a handful */
};

struct body_field {
    const char *name; /* lower-case letters, digits and '_' */
    bool required;    /* a template without it is a mistake */
};

struct body_template; /* does not change; for all threads */

/*
 * The template in a file; NULL when there are mistakes, which are added to `problems` under the
 * name of the setting. `fields` must live as long.
 */
struct body_template *body_template_read(const char *setting, const char *path,
                                         const struct body_field *fields, size_t field_count,
                                         struct problems *problems);

/* The same of a text in memory; `*fault` says what is wrong, in words behind a name. */
struct body_template *body_template_parse(const char *text, size_t size,
                                          const struct body_field *fields, size_t field_count,
                                          const char **fault);
void body_template_free(struct body_template *template); /* takes NULL */

/* The body; `values` are UTF-8, in the order of the fields. Lives in the arena. */
struct bytes body_template_fill(const struct body_template *template, const char *const *values,
                                struct arena *arena);

#endif
