/* JSON to structs, walking the generated tables; every mistake is told by its path. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/base64.h"
#include "common/avro/json.h"
#include "common/avro/value.h"
#include "common/core/timestamp.h"
#include "common/core/uuid.h"

enum {
    PATH_SIZE = 120,       /* longer ones are cut: our names nest three deep */
    UNKNOWN_NAME_MAX = 40, /* bytes shown of a name that is not ours */
};

struct reader {
    struct arena *arena;
    struct problems *problems;
    char path[PATH_SIZE];
    size_t length; /* of path */
};

static void read_record(struct reader *r, const struct record_type *type, const json_t *json,
                        char *out);

static void wrong(struct reader *r, const char *what)
{
    problems_add(r->problems, r->length == 0 ? "event" : r->path, "%s", what);
}

/* Goes one step down the path; returns the length to go back to. */
__attribute__((format(printf, 2, 3))) static size_t enter(struct reader *r, const char *format, ...)
{
    size_t before = r->length;
    va_list args;

    va_start(args, format);
    int size = vsnprintf(r->path + before, sizeof r->path - before, format, args);
    va_end(args);
    if (size > 0)
        r->length += (size_t)size;
    if (r->length > sizeof r->path - 1)
        r->length = sizeof r->path - 1;
    return before;
}

static void leave(struct reader *r, size_t before)
{
    r->length = before;
    r->path[before] = '\0';
}

static size_t enter_field(struct reader *r, const char *name)
{
    return enter(r, r->length == 0 ? "%s" : ".%s", name);
}

static void check_range(struct reader *r, const struct type *type, double value)
{
    const char *unit = type->kind == TYPE_STRING ? " bytes" : "";

    if (!type->ranged || (value >= type->min && value <= type->max))
        return;
    if (isinf(type->max))
        problems_add(r->problems, r->path, "below %.17g%s", type->min, unit);
    else if (isinf(type->min))
        problems_add(r->problems, r->path, "above %.17g%s", type->max, unit);
    else
        problems_add(r->problems, r->path, "out of the range %.17g..%.17g%s", type->min, type->max,
                     unit);
}

static void read_integer(struct reader *r, const struct type *type, const json_t *json, char *out)
{
    int64_t value = json_integer_value(json);
    int32_t narrow = (int32_t)value;

    if (type->form == FORM_TIME_MS && json_is_string(json)) {
        if (!time_parse(json_string_value(json), &value)) {
            wrong(r, "not a time such as 2026-01-31T23:59:59.123Z, nor Unix milliseconds");
            return;
        }
    } else if (!json_is_integer(json)) {
        wrong(r, "not a whole number");
        return;
    } else if (type->kind == TYPE_INT && narrow != value) {
        wrong(r, "over 32 bits");
        return;
    }
    check_range(r, type, (double)value);
    if (type->kind == TYPE_INT)
        memcpy(out, &narrow, sizeof narrow);
    else
        memcpy(out, &value, sizeof value);
}

static void read_double(struct reader *r, const struct type *type, const json_t *json, char *out)
{
    double value = json_number_value(json);

    if (!json_is_number(json) || !isfinite(value)) {
        wrong(r, "not a number");
        return;
    }
    check_range(r, type, value);
    memcpy(out, &value, sizeof value);
}

static void read_boolean(struct reader *r, const struct type *type, const json_t *json, char *out)
{
    bool value = json_is_true(json);

    (void)type;
    if (!json_is_boolean(json))
        wrong(r, "neither true nor false");
    memcpy(out, &value, sizeof value);
}

/* The compact JSON of a value that is kept as it stands. */
static const char *keep(struct reader *r, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

    if (text == NULL)
        abort();
    const char *copy = arena_text(r->arena, text);
    free(text);
    return copy;
}

static bool is_date_array(const json_t *json)
{
    bool whole = json_array_size(json) == 3;

    for (size_t i = 0; i < json_array_size(json); i++)
        whole = whole && json_is_integer(json_array_get(json, i));
    return whole;
}

static const char *text_of(struct reader *r, const struct type *type, const json_t *json)
{
    struct uuid uuid;

    if (json_is_string(json)) {
        const char *text = json_string_value(json);
        size_t size = json_string_length(json);
        if (strlen(text) != size)
            wrong(r, "has a NUL");
        if (type->form == FORM_UUID && !uuid_parse(text, size, &uuid))
            wrong(r, "not a UUID in lower case");
        return arena_text(r->arena, text);
    }
    if (type->form == FORM_DATE && (json_is_integer(json) || is_date_array(json)))
        return keep(r, json);
    if (type->form == FORM_ANY && (json_is_object(json) || json_is_array(json)))
        return keep(r, json);
    if (type->form == FORM_DATE)
        wrong(r, "not a date: \"1990-01-01\", 631152000000 or [1990,1,1]");
    else
        wrong(r, type->form == FORM_ANY ? "neither an object, an array nor text" : "not text");
    return NULL;
}

static void read_text(struct reader *r, const struct type *type, const json_t *json, char *out)
{
    const char *text = text_of(r, type, json);

    if (text == NULL)
        return;
    check_range(r, type, (double)strlen(text));
    memcpy(out, &text, sizeof text);
}

static void read_bytes(struct reader *r, const struct type *type, const json_t *json, char *out)
{
    struct bytes bytes = {0};

    (void)type;
    if (!json_is_string(json) ||
        !base64_decode(json_string_value(json), json_string_length(json), r->arena, &bytes))
        wrong(r, "not text in base64");
    memcpy(out, &bytes, sizeof bytes);
}

static void read_enum(struct reader *r, const struct type *type, const json_t *json, char *out)
{
    const struct enum_type *symbols = type->enumeration;
    const char *text = json_string_value(json);
    char list[PROBLEM_TEXT_SIZE] = "";
    size_t used = 0;

    for (int i = 0; text != NULL && (size_t)i < symbols->count; i++)
        if (strcmp(symbols->symbols[i], text) == 0) {
            memcpy(out, &i, sizeof i);
            return;
        }
    for (size_t i = 0; i < symbols->count && used < sizeof list; i++) {
        int size =
            snprintf(list + used, sizeof list - used, i == 0 ? "%s" : ", %s", symbols->symbols[i]);
        used += size > 0 ? (size_t)size : 0;
    }
    problems_add(r->problems, r->path, "none of %s", list);
}

static void read_object(struct reader *r, const struct type *type, const json_t *json, char *out)
{
    read_record(r, type->record, json, out);
}

static void read_array(struct reader *r, const struct type *type, const json_t *json, char *out)
{
    const struct type *inner = type->items;
    bool records = inner->kind == TYPE_RECORD;
    size_t size = records ? inner->record->size : sizeof(char *);
    size_t count = json_array_size(json);
    struct text_array array = {.count = count};

    if (!json_is_array(json)) {
        wrong(r, "not an array");
        return;
    }
    char *items =
        arena_alloc(r->arena, count * size, records ? inner->record->align : _Alignof(char *));
    for (size_t i = 0; i < count; i++) {
        size_t before = enter(r, "[%zu]", i);
        (records ? read_object : read_text)(r, inner, json_array_get(json, i), items + i * size);
        leave(r, before);
    }
    array.items = (const char **)(void *)items;
    memcpy(out, &array, sizeof array);
}

static void read_map(struct reader *r, const struct type *type, const json_t *json, char *out)
{
    struct text_map map = {0};
    const char *key;
    const json_t *value;

    if (!json_is_object(json)) {
        wrong(r, "not an object");
        return;
    }
    map.items = arena_alloc(r->arena, json_object_size(json) * sizeof *map.items,
                            _Alignof(struct text_entry));
    json_object_foreach((json_t *)json, key, value)
    {
        size_t before = enter(r, "[%zu]", map.count); /* the key may be personal */
        struct text_entry *entry = &map.items[map.count++];
        entry->key = arena_text(r->arena, key);
        read_text(r, type->items, value, (char *)&entry->value);
        leave(r, before);
    }
    memcpy(out, &map, sizeof map);
}

static const struct way {
    void (*read)(struct reader *r, const struct type *type, const json_t *json, char *out);
    size_t box_size; /* where an optional member points to a value */
} ways[] = {
    [TYPE_BOOLEAN] = {read_boolean, sizeof(bool)},
    [TYPE_INT] = {read_integer, sizeof(int32_t)},
    [TYPE_LONG] = {read_integer, sizeof(int64_t)},
    [TYPE_DOUBLE] = {read_double, sizeof(double)},
    [TYPE_STRING] = {read_text, 0},
    [TYPE_BYTES] = {read_bytes, 0},
    [TYPE_ENUM] = {read_enum, sizeof(int)},
    [TYPE_RECORD] = {read_object, 0},
    [TYPE_ARRAY] = {read_array, 0},
    [TYPE_MAP] = {read_map, 0},
};

static void read_field(struct reader *r, const struct field *field, const json_t *json,
                       char *member)
{
    const struct way *way = &ways[field->type.kind];
    size_t size = field->type.kind == TYPE_RECORD ? field->type.record->size : way->box_size;

    if (json == NULL || json_is_null(json)) {
        if (field->fallback.data == NULL)
            wrong(r, "missing");
        else
            field_set_default(field, member);
        return;
    }
    if (field->optional && size > 0) {
        char *boxed = arena_alloc(r->arena, size, _Alignof(max_align_t));
        memcpy(member, &boxed, sizeof boxed);
        member = boxed;
    }
    way->read(r, &field->type, json, member);
}

/* A name that is not ours, without what could end a line or fill a log. */
static void report_unknown(struct reader *r, const char *name)
{
    char shown[UNKNOWN_NAME_MAX + 1];
    size_t n = 0;

    for (; n < UNKNOWN_NAME_MAX && name[n] != '\0'; n++) {
        bool plain = name[n] > ' ' && name[n] < 0x7f;
        shown[n] = *(plain ? &name[n] : "?");
    }
    shown[n] = '\0';
    size_t before = enter_field(r, shown);
    wrong(r, "no such field");
    leave(r, before);
}

static bool has_field(const struct record_type *type, const char *name)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (strcmp(type->fields[i].name, name) == 0)
            return true;
    return false;
}

static void read_record(struct reader *r, const struct record_type *type, const json_t *json,
                        char *out)
{
    const char *name;
    const json_t *value;

    if (!json_is_object(json)) {
        wrong(r, "not an object");
        return;
    }
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        size_t before = enter_field(r, field->name);
        read_field(r, field, json_object_get(json, field->name), out + field->offset);
        leave(r, before);
    }
    json_object_foreach((json_t *)json, name, value) if (!has_field(type, name))
        report_unknown(r, name);
}

bool record_from_json(const struct schema *schema, const json_t *json, struct arena *arena,
                      void **out, struct problems *problems)
{
    const struct record_type *type = schema->type.record;
    struct reader reader = {.arena = arena, .problems = problems};
    size_t before = problems->count;
    char *record = arena_alloc(arena, type->size, type->align);

    read_record(&reader, type, json, record);
    if (problems->count != before)
        return false;
    *out = record;
    return true;
}
