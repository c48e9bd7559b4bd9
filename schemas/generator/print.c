/* Writes the C that the model stands for: structs into the header, tables into the source. */
#include "model.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/canonical.h"

static const char *const kind_tags[] = {
    [TYPE_BOOLEAN] = "TYPE_BOOLEAN", [TYPE_INT] = "TYPE_INT",       [TYPE_LONG] = "TYPE_LONG",
    [TYPE_DOUBLE] = "TYPE_DOUBLE",   [TYPE_STRING] = "TYPE_STRING", [TYPE_BYTES] = "TYPE_BYTES",
    [TYPE_ENUM] = "TYPE_ENUM",       [TYPE_RECORD] = "TYPE_RECORD", [TYPE_ARRAY] = "TYPE_ARRAY",
    [TYPE_MAP] = "TYPE_MAP",
};

static const char *const form_tags[] = {
    [FORM_PLAIN] = "FORM_PLAIN", [FORM_UUID] = "FORM_UUID", [FORM_TIME_MS] = "FORM_TIME_MS",
    [FORM_DATE] = "FORM_DATE",   [FORM_ANY] = "FORM_ANY",
};

static const char *const form_docs[] = {
    [FORM_PLAIN] = "",
    [FORM_UUID] = "; UUID",
    [FORM_TIME_MS] = "",
    [FORM_DATE] = "; a date as it came: \"1990-01-01\", 631152000000 or [1990,1,1]",
    [FORM_ANY] = "; JSON",
};

void print_quoted(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static void shout(const char *word)
{
    for (; *word != '\0'; word++)
        putchar(toupper((unsigned char)*word));
}

static const json_t *symbols_of(const struct named *named)
{
    return json_object_get(named->json, "symbols");
}

static void print_enum(const struct named *named)
{
    size_t count = json_array_size(symbols_of(named));

    printf("/* %s */\nenum %s {\n", named->doc, named->snake);
    for (size_t i = 0; i < count; i++) {
        fputs("    ", stdout);
        shout(named->snake);
        printf("_%s,\n", json_string_value(json_array_get(symbols_of(named), i)));
    }
    printf("};\n\nenum { ");
    shout(named->snake);
    printf("_COUNT = %zu };\n\nextern const char *const %s_text[", count, named->snake);
    shout(named->snake);
    printf("_COUNT];\n\n");
}

/* The C type of a member, up to its name. */
static void print_c_type(const struct shape *shape)
{
    const char *name = shape->named == NULL ? "" : shape->named->snake;
    const char *star = shape->optional ? "*" : "";
    const char *constant = shape->optional ? "const " : "";

    switch (shape->kind) {
    case TYPE_BOOLEAN: printf("%sbool %s", constant, star); break;
    case TYPE_INT: printf("%sint32_t %s", constant, star); break;
    case TYPE_LONG: printf("%sint64_t %s", constant, star); break;
    case TYPE_DOUBLE: printf("%sdouble %s", constant, star); break;
    case TYPE_STRING: printf("const char *"); break;
    case TYPE_BYTES: printf("struct bytes "); break;
    case TYPE_ENUM: printf("%senum %s %s", constant, name, star); break;
    case TYPE_RECORD: printf("%sstruct %s %s", constant, name, star); break;
    case TYPE_ARRAY:
        printf(shape->items == NULL ? "struct text_array " : "struct %s_array ",
               shape->items == NULL ? "" : shape->items->snake);
        break;
    case TYPE_MAP: printf("struct text_map "); break;
    }
}

static void print_bound(const struct member *member, const char *name, const char *word)
{
    const json_t *bound = json_object_get(member->json, name);

    if (bound == NULL)
        return;
    if (!json_is_number(bound))
        refuse(member->name, "a bound that is no number");
    printf("; %s %.17g%s", word, json_number_value(bound),
           member->shape.kind == TYPE_STRING ? " bytes" : "");
}

static void print_member(const struct member *member)
{
    fputs("    ", stdout);
    print_c_type(&member->shape);
    printf("%s; /* %s%s", member->name, member->doc, form_docs[member->shape.form]);
    print_bound(member, "min", "at least");
    print_bound(member, "max", "at most");
    if (member->shape.optional)
        fputs(member->shape.kind == TYPE_BYTES ? "; data NULL when absent" : "; NULL when absent",
              stdout);
    puts(member->pii ? "; personal */" : " */");
}

static void print_struct(const struct named *named)
{
    printf("/* %s */\nstruct %s {\n", named->doc, named->snake);
    for (size_t i = 0; i < named->member_count; i++)
        print_member(&named->members[i]);
    printf("};\n\nstruct %s_array {\n    struct %s *items;\n    size_t count;\n};\n\n",
           named->snake, named->snake);
}

void print_header(const struct model *model)
{
    const struct named *top = model->order[model->count - 1];

    printf("/* Generated from %s. Do not edit. */\n#pragma once\n\n", model->path);
    puts("#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n");
    puts("#include \"common/avro/schema.h\"\n");
    for (size_t i = 0; i < model->count; i++)
        (model->order[i]->kind == TYPE_ENUM ? print_enum : print_struct)(model->order[i]);
    printf("extern const struct schema %s_schema;\n", top->snake);
}

/* `.aliases = …, ` without namespaces, as names are compared. */
static void print_aliases(const json_t *object)
{
    const json_t *aliases = json_object_get(object, "aliases");

    if (json_array_size(aliases) == 0)
        return;
    printf(".aliases = (const char *const[]){");
    for (size_t i = 0; i < json_array_size(aliases); i++) {
        const char *alias = json_string_value(json_array_get(aliases, i));
        if (alias == NULL) {
            refuse("aliases", "not text");
            break;
        }
        const char *dot = strrchr(alias, '.');
        print_quoted(dot == NULL ? alias : dot + 1);
        fputs(", ", stdout);
    }
    printf("NULL}, ");
}

static void print_enum_table(const struct named *named)
{
    const char *fallback = text_of(named->json, "default", NULL);
    size_t count = json_array_size(symbols_of(named));
    int index = -1;

    printf("const char *const %s_text[] = {", named->snake);
    for (size_t i = 0; i < count; i++) {
        const char *symbol = json_string_value(json_array_get(symbols_of(named), i));
        print_quoted(symbol);
        fputs(", ", stdout);
        if (fallback != NULL && strcmp(fallback, symbol) == 0)
            index = (int)i;
    }
    if (fallback != NULL && index < 0)
        refuse(named->name, "a default that is no symbol");
    printf("};\n\nstatic const struct enum_type %s_type = {.name = \"%s\", .symbols = %s_text, ",
           named->snake, named->name, named->snake);
    print_aliases(named->json);
    printf(".count = %zu, .fallback = %d};\n\n", count, index);
}

static void print_range(const struct member *member)
{
    const json_t *min = json_object_get(member->json, "min");
    const json_t *max = json_object_get(member->json, "max");

    if (min == NULL && max == NULL)
        return;
    if (member->shape.kind > TYPE_STRING || member->shape.kind == TYPE_BOOLEAN)
        refuse(member->name, "a bound of other than a number or a string");
    printf(", .ranged = true, .min = ");
    printf(min == NULL ? "-INFINITY" : "%.17g", json_number_value(min));
    printf(", .max = ");
    printf(max == NULL ? "INFINITY" : "%.17g", json_number_value(max));
}

static void print_type(const struct member *member)
{
    const struct shape *shape = &member->shape;

    printf("{.kind = %s, .form = %s", kind_tags[shape->kind], form_tags[shape->form]);
    if (shape->kind == TYPE_ENUM)
        printf(", .enumeration = &%s_type", shape->named->snake);
    if (shape->kind == TYPE_RECORD)
        printf(", .record = &%s_type", shape->named->snake);
    if (shape->items != NULL)
        printf(", .items = &(const struct type){.kind = TYPE_RECORD, .record = &%s_type}",
               shape->items->snake);
    else if (shape->kind == TYPE_ARRAY || shape->kind == TYPE_MAP)
        printf(", .items = &(const struct type){.kind = TYPE_STRING}");
    print_range(member);
    printf("}");
}

static int compare_members(const void *a, const void *b)
{
    const struct member *const *left = a;
    const struct member *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static void print_by_name(const struct named *named)
{
    const struct member *sorted[FIELDS_MAX] = {0};

    for (size_t i = 0; i < named->member_count; i++)
        sorted[i] = &named->members[i];
    qsort(sorted, named->member_count, sizeof(void *), compare_members);
    printf(".by_name = (const uint16_t[]){");
    for (size_t i = 0; i < named->member_count; i++)
        printf("%td, ", sorted[i] - named->members);
    printf("}");
}

static void print_record_table(const struct named *named)
{
    printf("static const struct field %s_fields[] = {\n", named->snake);
    for (size_t i = 0; i < named->member_count; i++) {
        const struct member *member = &named->members[i];
        struct bytes fallback = default_of(member);
        printf("    {.name = \"%s\", .tag = UINT32_C(0x%08" PRIx32 "), ", member->name,
               member->tag);
        print_aliases(member->json);
        printf(".type = ");
        print_type(member);
        printf(", .optional = %d, .pii = %d, .offset = offsetof(struct %s, %s)",
               member->shape.optional, member->pii, named->snake, member->name);
        if (fallback.data != NULL) {
            printf(", .fallback = {(const uint8_t *)\"");
            for (size_t b = 0; b < fallback.size; b++)
                printf("\\%03o", fallback.data[b]);
            printf("\", %zu}", fallback.size);
        }
        printf("},\n");
        free((void *)fallback.data);
    }
    printf("};\n\nstatic const struct record_type %s_type = {\n    .name = \"%s\", ", named->snake,
           named->name);
    print_aliases(named->json);
    printf(".size = sizeof(struct %s), .align = _Alignof(struct %s),\n", named->snake,
           named->snake);
    printf("    .fields = %s_fields, .field_count = COUNT(%s_fields),\n    ", named->snake,
           named->snake);
    print_by_name(named);
    printf("};\n\n");
}

/* Every type of the file belongs to its record. */
static bool is_personal(const struct model *model)
{
    for (size_t i = 0; i < model->count; i++)
        for (size_t k = 0; k < model->order[i]->member_count; k++)
            if (model->order[i]->members[k].pii)
                return true;
    return false;
}

void print_source(const struct model *model)
{
    const struct named *top = model->order[model->count - 1];
    char *json = json_dumps(model->json, JSON_COMPACT);
    char *canonical = canonical_form(model->json);

    if (json == NULL || canonical == NULL)
        refuse(top->name, "no canonical form");
    printf("/* Generated from %s. Do not edit. */\n#include \"%s.h\"\n\n#include <math.h>\n\n",
           model->path, top->snake);
    for (size_t i = 0; i < model->count; i++)
        (model->order[i]->kind == TYPE_ENUM ? print_enum_table
                                            : print_record_table)(model->order[i]);
    printf("static void *_Atomic plan;\n\nconst struct schema %s_schema = {\n    .name = \"%s\",\n",
           top->snake, top->full);
    printf("    .json = ");
    print_quoted(json);
    printf(",\n    .canonical = ");
    print_quoted(canonical);
    printf(",\n    .fingerprint = UINT64_C(0x%016" PRIx64 "),\n",
           canonical_fingerprint(canonical, strlen(canonical)));
    printf("    .type = {.kind = TYPE_RECORD, .record = &%s_type},\n    .personal = %d,\n"
           "    .plan = &plan,\n};\n",
           top->snake, is_personal(model));
    free(canonical);
    free(json);
}
