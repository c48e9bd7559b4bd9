/* Parsing Canonical Form of a schema and its fingerprint (Avro 1.11 specification). */
#include "common/avro/canonical.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 512 };

struct form {
    FILE *out;
    unsigned depth;
    bool failed;
};

static void write_schema(struct form *form, const json_t *schema, const char *space);

static const char *member(struct form *form, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    if (text == NULL)
        form->failed = true;
    return text == NULL ? "" : text;
}

static void write_text(struct form *form, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) /* names and symbols hold nothing to escape */
        form->failed = form->failed || *c == '"' || *c == '\\' || (unsigned char)*c < ' ';
    fprintf(form->out, "\"%s\"", text);
}

static bool is_primitive(const char *name)
{
    static const char *const names[] = {"null",  "boolean", "int",   "long",
                                        "float", "double",  "bytes", "string"};

    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* "space.name", unless the name has dots or is a primitive's. */
static void full_name(struct form *form, const char *name, const char *space,
                      char out[static NAME_BYTES])
{
    bool bare = space[0] == '\0' || strchr(name, '.') != NULL || is_primitive(name);
    int size = bare ? snprintf(out, NAME_BYTES, "%s", name)
                    : snprintf(out, NAME_BYTES, "%s.%s", space, name);

    form->failed = form->failed || size < 0 || size >= NAME_BYTES;
}

static void write_fields(struct form *form, const json_t *schema, const char *space)
{
    const json_t *fields = json_object_get(schema, "fields");

    form->failed = form->failed || !json_is_array(fields);
    fputs(",\"fields\":[", form->out);
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *field = json_array_get(fields, i);
        fputs(i == 0 ? "{\"name\":" : ",{\"name\":", form->out);
        write_text(form, member(form, field, "name"));
        fputs(",\"type\":", form->out);
        write_schema(form, json_object_get(field, "type"), space);
        fputc('}', form->out);
    }
    fputc(']', form->out);
}

static void write_symbols(struct form *form, const json_t *schema)
{
    const json_t *symbols = json_object_get(schema, "symbols");

    form->failed = form->failed || !json_is_array(symbols);
    fputs(",\"symbols\":[", form->out);
    for (size_t i = 0; i < json_array_size(symbols); i++) {
        const char *symbol = json_string_value(json_array_get(symbols, i));
        form->failed = form->failed || symbol == NULL;
        if (i > 0)
            fputc(',', form->out);
        write_text(form, symbol == NULL ? "" : symbol);
    }
    fputc(']', form->out);
}

static void write_size(struct form *form, const json_t *schema)
{
    const json_t *size = json_object_get(schema, "size");

    form->failed = form->failed || !json_is_integer(size);
    fprintf(form->out, ",\"size\":%lld", (long long)json_integer_value(size));
}

/* Records, errors, enums and fixed: what has a name, and with it a namespace for what is inside. */
static void write_named(struct form *form, const json_t *schema, const char *type,
                        const char *space)
{
    const char *inner = json_string_value(json_object_get(schema, "namespace"));
    const char *name = member(form, schema, "name");
    char full[NAME_BYTES];
    char around[NAME_BYTES];

    full_name(form, name, inner != NULL ? inner : space, full);
    memcpy(around, full, sizeof around);
    char *dot = strrchr(around, '.');
    *(dot != NULL ? dot : around) = '\0';

    fputs("{\"name\":", form->out);
    write_text(form, full);
    fputs(",\"type\":", form->out);
    write_text(form, type);
    if (strcmp(type, "enum") == 0)
        write_symbols(form, schema);
    else if (strcmp(type, "fixed") == 0)
        write_size(form, schema);
    else
        write_fields(form, schema, around);
    fputc('}', form->out);
}

/* A primitive, or the name of a type that was defined before. */
static void write_reference(struct form *form, const char *name, const char *space)
{
    char full[NAME_BYTES];

    full_name(form, name, space, full);
    write_text(form, full);
}

static void write_object(struct form *form, const json_t *schema, const char *space)
{
    const json_t *inner = json_object_get(schema, "type");
    const char *type = json_string_value(inner);

    if (type == NULL) {
        write_schema(form, inner, space); /* {"type": {…}}, which parsers unwrap */
    } else if (strcmp(type, "array") == 0 || strcmp(type, "map") == 0) {
        const char *items = type[0] == 'a' ? "items" : "values";
        fprintf(form->out, "{\"type\":\"%s\",\"%s\":", type, items);
        write_schema(form, json_object_get(schema, items), space);
        fputc('}', form->out);
    } else if (strcmp(type, "record") == 0 || strcmp(type, "error") == 0 ||
               strcmp(type, "enum") == 0 || strcmp(type, "fixed") == 0) {
        write_named(form, schema, type, space);
    } else {
        write_reference(form, type, space);
    }
}

static void write_union(struct form *form, const json_t *schema, const char *space)
{
    fputc('[', form->out);
    for (size_t i = 0; i < json_array_size(schema); i++) {
        if (i > 0)
            fputc(',', form->out);
        write_schema(form, json_array_get(schema, i), space);
    }
    fputc(']', form->out);
}

static void write_schema(struct form *form, const json_t *schema, const char *space)
{
    if (form->failed || form->depth == SCHEMA_DEPTH_MAX) {
        form->failed = true;
        return;
    }
    form->depth++;
    if (json_is_string(schema)) {
        write_reference(form, json_string_value(schema), space);
    } else if (json_is_array(schema)) {
        write_union(form, schema, space);
    } else if (json_is_object(schema)) {
        write_object(form, schema, space);
    } else {
        form->failed = true;
    }
    form->depth--;
}

char *canonical_form(const json_t *schema)
{
    char *text = NULL;
    size_t size = 0;
    struct form form = {.out = open_memstream(&text, &size)};

    if (form.out == NULL)
        return NULL;
    write_schema(&form, schema, "");
    bool lost = ferror(form.out) != 0;
    if (fclose(form.out) != 0 || lost || form.failed) {
        free(text);
        return NULL;
    }
    return text;
}

uint64_t canonical_fingerprint(const void *data, size_t size)
{
    static const uint64_t empty = 0xc15d213aa4d7a795;
    const uint8_t *bytes = data;
    uint64_t print = empty;

    for (size_t i = 0; i < size; i++) {
        print ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            print = (print >> 1) ^ (empty & -(print & 1));
    }
    return print;
}
