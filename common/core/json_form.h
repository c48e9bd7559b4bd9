#ifndef COMMON_CORE_JSON_FORM_H
#define COMMON_CORE_JSON_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/problems.h"

/*
 * JSON objects into structs, by tables of members. Reading goes on after a mistake, so that all
 * of them are listed at once, each with its path: "processTypes.loan.images[2]".
 */

enum {
    JSON_TEXT_MAX = 255,  /* bytes of a text: names and codes are short */
    JSON_ITEMS_MAX = 300, /* items of a list: there are 249 countries */
};

/* Where a value stands: a chain on the stack, up to the root. */
struct json_at {
    const struct json_at *parent; /* NULL: the root, which has no name */
    const char *name;             /* as a member; NULL: as an item */
    size_t index;                 /* as an item */
    struct problems *problems;
    struct arena *arena; /* what is read lives there */
};

struct json_member {
    const char *name;
    void (*read)(
        const json_t *value, const struct json_at *at, const struct json_member *member,
        void *target); /* target: at `offset` in the struct; kept when there is a mistake */
    size_t offset;
    bool required;
    double min, max;            /* of numbers, both included */
    const char *const *choices; /* of choices; NULL ends them */
};

struct json_texts {
    const char *const *items;
    size_t count;
};
bool json_texts_have(const struct json_texts *texts, const char *text);

/* Fills `target` from an object; unknown members, and required ones missing, are mistakes. */
void json_read_object(const json_t *object, const struct json_at *at,
                      const struct json_member *members, size_t count, void *target);

/* For tables: what they fill stands behind. */
void json_read_double(const json_t *value, const struct json_at *at,
                      const struct json_member *member, void *target); /* double */
void json_read_integer(const json_t *value, const struct json_at *at,
                       const struct json_member *member, void *target); /* int64_t */
void json_read_bool(const json_t *value, const struct json_at *at, const struct json_member *member,
                    void *target); /* bool */
void json_read_text(const json_t *value, const struct json_at *at, const struct json_member *member,
                    void *target); /* const char *, not empty */
void json_read_choice(const json_t *value, const struct json_at *at,
                      const struct json_member *member, void *target); /* int, index in choices */
void json_read_choices(const json_t *value, const struct json_at *at,
                       const struct json_member *member, void *target); /* uint32_t, bit by index */
void json_read_texts(const json_t *value, const struct json_at *at,
                     const struct json_member *member,
                     void *target); /* struct json_texts, no repeats */

/* For readers of a service's own. */
struct json_at json_at_item(const struct json_at *list, size_t index);
struct json_at json_at_member(const struct json_at *object, const char *name);
MUST_CHECK bool json_is_list(const json_t *value,
                             const struct json_at *at);                  /* of ≤ JSON_ITEMS_MAX */
const char *json_text_of(const json_t *value, const struct json_at *at); /* NULL: a mistake */
void json_problem(const struct json_at *at, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
