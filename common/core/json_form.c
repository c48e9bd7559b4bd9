/* Reads JSON objects into structs by tables, and lists every mistake by its path. */
#include "common/core/json_form.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 160 }; /* a longer path is cut: what counts stands at its beginning */

static size_t write_path(const struct json_at *at, char path[static PATH_SIZE])
{
    size_t used;
    int more;

    if (at->parent == NULL)
        return 0;
    used = write_path(at->parent, path);
    if (at->name == NULL)
        more = snprintf(path + used, PATH_SIZE - used, "[%zu]", at->index);
    else
        more = snprintf(path + used, PATH_SIZE - used, "%s%s", used == 0 ? "" : ".", at->name);
    if (more < 0)
        return used;
    return used + (size_t)more < PATH_SIZE ? used + (size_t)more : PATH_SIZE - 1;
}

void json_problem(const struct json_at *at, const char *format, ...)
{
    char path[PATH_SIZE] = "";
    char text[PROBLEM_TEXT_SIZE] = "";
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    write_path(at, path);
    problems_add(at->problems, path[0] == '\0' ? "policy" : path, "%s", text);
}

static struct json_at below(const struct json_at *parent, const char *name, size_t index)
{
    return (struct json_at){.parent = parent,
                            .name = name,
                            .index = index,
                            .problems = parent->problems,
                            .arena = parent->arena};
}

struct json_at json_at_item(const struct json_at *list, size_t index)
{
    return below(list, NULL, index);
}

struct json_at json_at_member(const struct json_at *object, const char *name)
{
    return below(object, name, 0);
}

static const struct json_member *find(const struct json_member *members, size_t count,
                                      const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    return NULL;
}

void json_read_object(const json_t *object, const struct json_at *at,
                      const struct json_member *members, size_t count, void *target)
{
    const char *name;
    json_t *value;

    if (!json_is_object(object)) {
        json_problem(at, "must be an object");
        return;
    }
    /* jansson's macro wants a pointer that is not const, and changes nothing. */
    json_object_foreach((json_t *)object, name, value)
    {
        struct json_at here = json_at_member(at, name);
        const struct json_member *member = find(members, count, name);

        if (member == NULL)
            json_problem(&here, "is not known");
        else
            member->read(value, &here, member, (char *)target + member->offset);
    }
    for (size_t i = 0; i < count; i++) {
        struct json_at here = json_at_member(at, members[i].name);

        if (members[i].required && json_object_get(object, members[i].name) == NULL)
            json_problem(&here, "is missing");
    }
}

void json_read_double(const json_t *value, const struct json_at *at,
                      const struct json_member *member, void *target)
{
    double number = json_number_value(value);

    if (!json_is_number(value))
        json_problem(at, "must be a number");
    else if (number < member->min || number > member->max)
        json_problem(at, "must be in %g..%g", member->min, member->max);
    else
        memcpy(target, &number, sizeof number);
}

void json_read_integer(const json_t *value, const struct json_at *at,
                       const struct json_member *member, void *target)
{
    int64_t number = json_integer_value(value);

    if (!json_is_integer(value))
        json_problem(at, "must be a whole number");
    else if ((double)number < member->min || (double)number > member->max)
        json_problem(at, "must be in %.0f..%.0f", member->min, member->max);
    else
        memcpy(target, &number, sizeof number);
}

void json_read_bool(const json_t *value, const struct json_at *at, const struct json_member *member,
                    void *target)
{
    bool truth = json_is_true(value);

    (void)member;
    if (!json_is_boolean(value))
        json_problem(at, "must be true or false");
    else
        memcpy(target, &truth, sizeof truth);
}

const char *json_text_of(const json_t *value, const struct json_at *at)
{
    size_t size = json_string_length(value);

    if (!json_is_string(value))
        json_problem(at, "must be a text");
    else if (size == 0 || size > JSON_TEXT_MAX)
        json_problem(at, "must have 1..%d bytes", JSON_TEXT_MAX);
    else
        return arena_copy(at->arena, json_string_value(value), size);
    return NULL;
}

void json_read_text(const json_t *value, const struct json_at *at, const struct json_member *member,
                    void *target)
{
    const char *text = json_text_of(value, at);

    (void)member;
    if (text != NULL)
        memcpy(target, &text, sizeof text);
}

/* The choice's index, or -1 and a mistake that names the choices. */
static int choose(const json_t *value, const struct json_at *at, const char *const *choices)
{
    char all[PROBLEM_TEXT_SIZE] = "";
    size_t used = 0;

    for (int i = 0; choices[i] != NULL; i++)
        if (json_is_string(value) && strcmp(json_string_value(value), choices[i]) == 0)
            return i;
    for (size_t i = 0; choices[i] != NULL && used < sizeof all; i++) {
        int more = snprintf(all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ", choices[i]);
        used += more < 0 ? sizeof all : (size_t)more;
    }
    json_problem(at, "must be one of %s", all);
    return -1;
}

void json_read_choice(const json_t *value, const struct json_at *at,
                      const struct json_member *member, void *target)
{
    int choice = choose(value, at, member->choices);

    if (choice >= 0)
        memcpy(target, &choice, sizeof choice);
}

bool json_is_list(const json_t *value, const struct json_at *at)
{
    if (!json_is_array(value))
        json_problem(at, "must be a list");
    else if (json_array_size(value) > JSON_ITEMS_MAX)
        json_problem(at, "must have at most %d items", JSON_ITEMS_MAX);
    else
        return true;
    return false;
}

void json_read_choices(const json_t *value, const struct json_at *at,
                       const struct json_member *member, void *target)
{
    uint32_t bits = 0;

    if (!json_is_list(value, at))
        return;
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct json_at here = json_at_item(at, i);
        int choice = choose(json_array_get(value, i), &here, member->choices);

        if (choice >= 0 && (bits & UINT32_C(1) << choice) != 0)
            json_problem(&here, "stands there twice");
        else if (choice >= 0)
            bits |= UINT32_C(1) << choice;
    }
    memcpy(target, &bits, sizeof bits);
}

bool json_texts_have(const struct json_texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (strcmp(texts->items[i], text) == 0)
            return true;
    return false;
}

void json_read_texts(const json_t *value, const struct json_at *at,
                     const struct json_member *member, void *target)
{
    const char **items;
    struct json_texts texts;

    (void)member;
    if (!json_is_list(value, at))
        return;
    items = arena_alloc(at->arena, json_array_size(value) * sizeof *items, _Alignof(char *));
    texts = (struct json_texts){.items = items};
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct json_at here = json_at_item(at, i);
        const char *text = json_text_of(json_array_get(value, i), &here);

        if (text != NULL && json_texts_have(&texts, text))
            json_problem(&here, "stands there twice");
        else if (text != NULL)
            items[texts.count++] = text;
    }
    memcpy(target, &texts, sizeof texts);
}
