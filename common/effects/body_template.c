/* Templates of JSON bodies: texts between places. */
#include "common/effects/body_template.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/hex.h"

enum { ESCAPED_MAX = 6 /* \u001f */ };

static const char opening[] = "{{", closing[] = "}}";
enum { MARK_SIZE = sizeof opening - 1 };

/* Text, then a field; the last part has no field. */
struct part {
    size_t begin, size;
    size_t field; /* field_count: none */
};

struct body_template {
    size_t field_count;
    size_t part_count;
    struct part parts[BODY_PLACES_MAX + 1];
    char *text;
};

static size_t find_field(const struct body_field *fields, size_t count, const char *name,
                         size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(fields[i].name) == size && memcmp(fields[i].name, name, size) == 0)
            return i;
    return count;
}

static const char *split(struct body_template *template, size_t size,
                         const struct body_field *fields)
{
    size_t at = 0;

    for (;;) {
        const char *text = template->text + at;
        const char *mark = memmem(text, size - at, opening, MARK_SIZE);
        const char *end = mark == NULL ? NULL : strstr(mark, closing);
        struct part *part = &template->parts[template->part_count++];

        *part = (struct part){at, mark == NULL ? size - at : (size_t)(mark - text),
                              template->field_count};
        if (mark == NULL)
            return NULL;
        if (end == NULL)
            return "has a place that does not end";
        mark += MARK_SIZE;
        part->field = find_field(fields, template->field_count, mark, (size_t)(end - mark));
        if (part->field == template->field_count)
            return "has a place of an unknown name";
        if (template->part_count > BODY_PLACES_MAX)
            return "has too many places";
        at = (size_t)(end + MARK_SIZE - template->text);
    }
}

static bool has_place(const struct body_template *template, size_t field)
{
    for (size_t i = 0; i < template->part_count; i++)
        if (template->parts[i].field == field)
            return true;
    return false;
}

/*
 * With a quote at each place it must be JSON still: the quote, escaped as in a string, breaks
 * everything that is no string, and so does a backslash before a place.
 */
static bool is_json(const struct body_template *template)
{
    const char **values = calloc(template->field_count + 1, sizeof *values);
    struct arena arena = {0};
    struct bytes body;
    json_t *root;
    bool valid;

    if (values == NULL)
        abort();
    for (size_t i = 0; i < template->field_count; i++)
        values[i] = "\"";
    body = body_template_fill(template, values, &arena);
    root = json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, NULL);
    valid = root != NULL;
    json_decref(root);
    arena_done(&arena);
    free(values);
    return valid;
}

static const char *find_fault(struct body_template *template, size_t size,
                              const struct body_field *fields)
{
    const char *fault;

    if (strlen(template->text) != size)
        return "holds a NUL byte";
    fault = split(template, size, fields);
    if (fault != NULL)
        return fault;
    for (size_t i = 0; i < template->field_count; i++)
        if (fields[i].required && !has_place(template, i))
            return "lacks a place that is required";
    return is_json(template) ? NULL : "is not JSON with its places inside of strings";
}

struct body_template *body_template_parse(const char *text, size_t size,
                                          const struct body_field *fields, size_t field_count,
                                          const char **fault)
{
    struct body_template *template;

    if (size > BODY_TEMPLATE_MAX) {
        *fault = "is too large";
        return NULL;
    }
    template = calloc(1, sizeof *template);
    if (template == NULL)
        abort();
    template->text = calloc(1, size + 1);
    if (template->text == NULL)
        abort();
    memcpy(template->text, text, size);
    template->field_count = field_count;
    *fault = find_fault(template, size, fields);
    if (*fault == NULL)
        return template;
    body_template_free(template);
    return NULL;
}

struct body_template *body_template_read(const char *setting, const char *path,
                                         const struct body_field *fields, size_t field_count,
                                         struct problems *problems)
{
    char text[BODY_TEMPLATE_MAX + 1]; /* one byte more shows that it is too large */
    FILE *file = fopen(path, "r");
    struct body_template *template;
    const char *fault;
    size_t size;
    bool failed;

    if (file == NULL) {
        problems_add(problems, setting, "cannot be opened");
        return NULL;
    }
    size = fread(text, 1, sizeof text, file);
    failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed) {
        problems_add(problems, setting, "cannot be read");
        return NULL;
    }
    template = body_template_parse(text, size, fields, field_count, &fault);
    if (template == NULL)
        problems_add(problems, setting, "%s", fault);
    return template;
}

void body_template_free(struct body_template *template)
{
    if (template == NULL)
        return;
    free(template->text);
    free(template);
}

/* As inside of a JSON string. jansson would leave copies of a code behind in its memory. */
static size_t escape(char *out, const char *value)
{
    char *at = out;

    for (; *value != '\0'; value++) {
        unsigned char byte = (unsigned char)*value;

        if (byte < 0x20) {
            memcpy(at, "\\u00", 4);
            hex_put(byte, at + 4);
            at += ESCAPED_MAX;
            continue;
        }
        if (byte == '"' || byte == '\\')
            *at++ = '\\';
        *at++ = *value;
    }
    return (size_t)(at - out);
}

static size_t room_of(const struct body_template *template, const char *const *values)
{
    size_t room = 0;

    for (size_t i = 0; i < template->part_count; i++) {
        const struct part *part = &template->parts[i];

        room += part->size;
        if (part->field < template->field_count)
            room += ESCAPED_MAX * strlen(values[part->field]);
    }
    return room;
}

struct bytes body_template_fill(const struct body_template *template, const char *const *values,
                                struct arena *arena)
{
    char *body = arena_alloc(arena, room_of(template, values) + 1, 1);
    size_t size = 0;

    for (size_t i = 0; i < template->part_count; i++) {
        const struct part *part = &template->parts[i];

        memcpy(body + size, template->text + part->begin, part->size);
        size += part->size;
        if (part->field < template->field_count)
            size += escape(body + size, values[part->field]);
    }
    return (struct bytes){(const uint8_t *)body, size};
}
