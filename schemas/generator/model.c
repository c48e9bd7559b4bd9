/* Reads an .avsc into the generator's model and refuses what C would not be bound to. */
#include "model.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *file_path = "";
static struct named names[NAMES_MAX];
static size_t name_count;
static struct model *model; /* being read */

_Noreturn void refuse(const char *where, const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", file_path, where, what);
    exit(EXIT_FAILURE);
}

const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value == NULL ? otherwise : value;
}

void snake_of(const char *camel, char out[static NAME_BYTES])
{
    size_t n = 0;

    for (const char *c = camel; *c != '\0'; c++) {
        if (n > NAME_BYTES - 3)
            refuse(camel, "a name too long");
        if (isupper((unsigned char)*c) && c != camel)
            out[n++] = '_';
        out[n++] = (char)tolower((unsigned char)*c);
    }
    out[n] = '\0';
}

/* The name becomes an identifier in C. */
static const char *checked_name(const json_t *object)
{
    static const char *const words[] = {
        "auto",     "break",  "case",   "char",     "const",    "continue", "default",  "do",
        "double",   "else",   "enum",   "extern",   "float",    "for",      "goto",     "if",
        "inline",   "int",    "long",   "register", "restrict", "return",   "short",    "signed",
        "sizeof",   "static", "struct", "switch",   "typedef",  "union",    "unsigned", "void",
        "volatile", "while",  "bool",   "true",     "false"};
    const char *name = text_of(object, "name", "");

    if (name[0] == '\0' || isdigit((unsigned char)name[0]))
        refuse(name, "not a name");
    for (const char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            refuse(name, "not a name");
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(words[i], name) == 0)
            refuse(name, "a word of C");
    return name;
}

static const char *checked_doc(const json_t *object, const char *where)
{
    const char *doc = text_of(object, "doc", "");

    if (doc[0] == '\0')
        refuse(where, "no doc");
    if (strstr(doc, "*/") != NULL)
        refuse(where, "a doc that would end C's comment");
    return doc;
}

/* What the generator reads or knows to mean nothing to it; a typing error is none of them. */
static void check_keys(const json_t *object, const char *where, const char *const *known)
{
    const char *key;
    const json_t *value;

    json_object_foreach((json_t *)object, key, value)
    {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], key) != 0)
            i++;
        if (known[i] == NULL)
            refuse(where, "an attribute that the generator does not know");
    }
}

static struct named *register_name(const json_t *json, enum type_kind kind, const char *space)
{
    const char *name = checked_name(json);
    struct named *named = &names[name_count];

    if (name_count++ == NAMES_MAX)
        refuse(name, "too many types");
    *named = (struct named){.kind = kind, .json = json, .name = name};
    named->doc = checked_doc(json, name);
    const char *own = text_of(json, "namespace", space);
    if (snprintf(named->full, sizeof named->full, *own == '\0' ? "%s%s" : "%s.%s", own, name) >=
        (int)sizeof named->full)
        refuse(name, "a name too long");
    snake_of(name, named->snake);
    for (struct named *other = names; other != named; other++)
        if (strcmp(other->snake, named->snake) == 0)
            refuse(name, "defined twice");
    return named;
}

static const struct named *complete(struct named *named)
{
    named->complete = true;
    model->order[model->count++] = named;
    return named;
}

static const struct named *find_name(const char *name)
{
    for (size_t i = 0; i < name_count; i++)
        if (strcmp(names[i].name, name) == 0 || strcmp(names[i].full, name) == 0) {
            if (!names[i].complete)
                refuse(name, "a record inside itself");
            return &names[i];
        }
    return NULL;
}

static const struct named *read_enum(const json_t *json, const char *space)
{
    static const char *const known[] = {"type",    "name",    "namespace", "doc",
                                        "symbols", "default", "aliases",   NULL};
    struct named *named = register_name(json, TYPE_ENUM, space);

    check_keys(json, named->name, known);
    if (json_array_size(json_object_get(json, "symbols")) == 0)
        refuse(named->name, "no symbols");
    return complete(named);
}

static const struct named *read_record(const json_t *json, const char *space);

static const struct kind {
    const char *avro;
    enum type_kind kind;
} primitives[] = {
    {"boolean", TYPE_BOOLEAN}, {"int", TYPE_INT},       {"long", TYPE_LONG},
    {"double", TYPE_DOUBLE},   {"string", TYPE_STRING}, {"bytes", TYPE_BYTES},
};

static struct shape shape_of_name(const char *where, const char *name)
{
    for (size_t i = 0; i < COUNT(primitives); i++)
        if (strcmp(primitives[i].avro, name) == 0)
            return (struct shape){.kind = primitives[i].kind};
    const struct named *named = find_name(name);
    if (named == NULL)
        refuse(where, "a type that the generator does not know");
    return (struct shape){.kind = named->kind, .named = named};
}

static struct shape shape_of(const char *where, const json_t *type, const char *space);

static struct shape shape_of_items(const char *where, const json_t *type, const char *space)
{
    bool map = strcmp(text_of(type, "type", ""), "map") == 0;
    const json_t *inner = json_object_get(type, map ? "values" : "items");
    struct shape items = shape_of(where, inner, space);
    struct shape shape = {.kind = map ? TYPE_MAP : TYPE_ARRAY, .items = items.named};

    if (items.optional || items.form != FORM_PLAIN ||
        !(items.kind == TYPE_STRING || (items.kind == TYPE_RECORD && !map)))
        refuse(where, map ? "a map of other than strings" : "an array of other than text, records");
    return shape;
}

static enum type_form form_of_logical(const char *where, const json_t *type, enum type_kind kind)
{
    const char *logical = text_of(type, "logicalType", "");

    if (logical[0] == '\0')
        return FORM_PLAIN;
    if (kind == TYPE_LONG && strcmp(logical, "timestamp-millis") == 0)
        return FORM_TIME_MS;
    if (kind == TYPE_STRING && strcmp(logical, "uuid") == 0)
        return FORM_UUID;
    refuse(where, "a logical type that the generator does not know");
}

static struct shape shape_of_object(const char *where, const json_t *type, const char *space)
{
    const char *name = text_of(type, "type", "");

    if (strcmp(name, "record") == 0)
        return (struct shape){.kind = TYPE_RECORD, .named = read_record(type, space)};
    if (strcmp(name, "enum") == 0)
        return (struct shape){.kind = TYPE_ENUM, .named = read_enum(type, space)};
    if (strcmp(name, "array") == 0 || strcmp(name, "map") == 0)
        return shape_of_items(where, type, space);
    struct shape shape = shape_of_name(where, name);
    shape.form = form_of_logical(where, type, shape.kind);
    return shape;
}

static struct shape shape_of(const char *where, const json_t *type, const char *space)
{
    if (json_is_string(type))
        return shape_of_name(where, json_string_value(type));
    if (json_is_object(type))
        return shape_of_object(where, type, space);
    const char *first = json_string_value(json_array_get(type, 0));
    if (json_array_size(type) != 2 || first == NULL || strcmp(first, "null") != 0)
        refuse(where, "a union other than [\"null\", T]");
    struct shape shape = shape_of(where, json_array_get(type, 1), space);
    if (shape.optional || shape.kind == TYPE_ARRAY || shape.kind == TYPE_MAP)
        refuse(where, "an optional array, map or union; give it a default");
    shape.optional = true;
    return shape;
}

/* FNV-1a: what digests say in place of the name. */
static uint32_t tag_of(const char *name)
{
    uint32_t tag = 0x811c9dc5;

    for (; *name != '\0'; name++)
        tag = (tag ^ (unsigned char)*name) * 0x01000193;
    return tag;
}

static struct member read_member(const json_t *json, const char *space)
{
    static const char *const known[] = {"name", "type",    "doc", "default", "pii",
                                        "json", "aliases", "min", "max",     NULL};
    const char *name = checked_name(json);
    const char *form = text_of(json, "json", "");
    struct member member = {.name = name, .json = json, .doc = checked_doc(json, name)};

    check_keys(json, name, known);
    member.shape = shape_of(name, json_object_get(json, "type"), space);
    member.pii = json_is_true(json_object_get(json, "pii"));
    member.tag = tag_of(name);
    if (member.tag == 0)
        refuse(name, "a name whose tag is 0");
    if (form[0] != '\0') {
        if (member.shape.kind != TYPE_STRING)
            refuse(name, "a json form of other than a string");
        if (strcmp(form, "date") != 0 && strcmp(form, "any") != 0)
            refuse(name, "a json form that the generator does not know");
        member.shape.form = form[0] == 'd' ? FORM_DATE : FORM_ANY;
    }
    if (member.shape.optional && !json_is_null(json_object_get(json, "default")))
        refuse(name, "an optional field whose default is not null");
    return member;
}

static const struct named *read_record(const json_t *json, const char *space)
{
    static const char *const known[] = {"type",   "name",    "namespace", "doc",
                                        "fields", "aliases", NULL};
    struct named *named = register_name(json, TYPE_RECORD, space);
    const json_t *fields = json_object_get(json, "fields");
    size_t count = json_array_size(fields);
    char inner[NAME_BYTES];

    check_keys(json, named->name, known);
    if (count == 0 || count > FIELDS_MAX)
        refuse(named->name, "no fields, or too many");
    memcpy(inner, named->full, sizeof inner);
    char *dot = strrchr(inner, '.');
    *(dot != NULL ? dot : inner) = '\0';
    named->members = calloc(count, sizeof *named->members);
    if (named->members == NULL)
        refuse(named->name, "out of memory");
    for (size_t i = 0; i < count; i++) {
        named->members[i] = read_member(json_array_get(fields, i), inner);
        for (size_t j = 0; j < i; j++)
            if (strcmp(named->members[j].name, named->members[i].name) == 0)
                refuse(named->members[i].name, "a field twice");
            else if (named->members[j].tag == named->members[i].tag)
                refuse(named->members[i].name, "a name with the tag of another");
    }
    named->member_count = count;
    return complete(named);
}

void model_read(const char *path, struct model *out)
{
    json_error_t error;

    file_path = path;
    model = out;
    *out = (struct model){.path = path};
    out->json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (out->json == NULL)
        refuse("not JSON", error.text);
    if (strcmp(text_of(out->json, "type", ""), "record") != 0)
        refuse("top level", "not a record");
    read_record(out->json, "");
}
