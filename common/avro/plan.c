/* Avro's schema resolution: from a writer's schema and our tables to a plan for reading. */
#include "common/avro/plan.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES_MIN_CAP = 1 << 30 }; /* keeps sums of shared types from overflowing */

/* A record resolved before, or being resolved: recursion and shared types meet it again. */
struct met {
    const struct met *next;
    avro_schema_t writer;
    const struct record_type *reader; /* NULL: read over */
    bool boxed;
    struct reading *reading;
};

struct builder {
    struct plan *plan;
    const struct met *met;
    size_t readings;
    unsigned depth;
    struct error *error;
};

static const struct promotion {
    avro_type_t from;
    enum type_kind to;
    enum wire wire;
} promotions[] = {
    {AVRO_BOOLEAN, TYPE_BOOLEAN, WIRE_BOOLEAN}, {AVRO_INT32, TYPE_INT, WIRE_INT},
    {AVRO_INT32, TYPE_LONG, WIRE_INT},          {AVRO_INT32, TYPE_DOUBLE, WIRE_INT},
    {AVRO_INT64, TYPE_LONG, WIRE_LONG},         {AVRO_INT64, TYPE_DOUBLE, WIRE_LONG},
    {AVRO_FLOAT, TYPE_DOUBLE, WIRE_FLOAT},      {AVRO_DOUBLE, TYPE_DOUBLE, WIRE_DOUBLE},
    {AVRO_STRING, TYPE_STRING, WIRE_STRING},    {AVRO_STRING, TYPE_BYTES, WIRE_STRING},
    {AVRO_BYTES, TYPE_STRING, WIRE_BYTES},      {AVRO_BYTES, TYPE_BYTES, WIRE_BYTES},
};

/* How each of the writer's types is read over; by avro_type_t. */
static const struct skipping {
    enum wire wire;
    size_t bytes_min;
} skippings[] = {
    [AVRO_STRING] = {WIRE_STRING, 1},   [AVRO_BYTES] = {WIRE_BYTES, 1},
    [AVRO_INT32] = {WIRE_INT, 1},       [AVRO_INT64] = {WIRE_LONG, 1},
    [AVRO_FLOAT] = {WIRE_FLOAT, 4},     [AVRO_DOUBLE] = {WIRE_DOUBLE, 8},
    [AVRO_BOOLEAN] = {WIRE_BOOLEAN, 1}, [AVRO_NULL] = {WIRE_NULL, 0},
    [AVRO_ENUM] = {WIRE_ENUM, 1},
};

static const char *const kind_text[] = {
    [TYPE_BOOLEAN] = "boolean", [TYPE_INT] = "int",       [TYPE_LONG] = "long",
    [TYPE_DOUBLE] = "double",   [TYPE_STRING] = "string", [TYPE_BYTES] = "bytes",
    [TYPE_ENUM] = "enum",       [TYPE_RECORD] = "record", [TYPE_ARRAY] = "array",
    [TYPE_MAP] = "map",
};

static const struct reading *resolve(struct builder *b, avro_schema_t writer,
                                     const struct type *reader, bool optional);

static const struct reading *refuse(struct builder *b, const char *what)
{
    error_poison(b->error, REASON_SCHEMA_INCOMPATIBLE, "%s", what);
    return NULL;
}

static struct reading *make(struct builder *b, enum wire wire, size_t bytes_min)
{
    if (b->readings == PLAN_READINGS_MAX) {
        refuse(b, "the writer's schema is too large");
        return NULL;
    }
    b->readings++;
    struct reading *reading = arena_new(&b->plan->arena, struct reading);
    reading->wire = wire;
    reading->bytes_min = bytes_min;
    return reading;
}

static bool name_matches(const char *writer, const char *name, const char *const *aliases)
{
    if (strcmp(writer, name) == 0)
        return true;
    for (; aliases != NULL && *aliases != NULL; aliases++)
        if (strcmp(writer, *aliases) == 0)
            return true;
    return false;
}

/* The value's size where an optional member is a pointer to it; text and bytes need no box. */
static void box(struct reading *reading, const struct type *type, bool optional)
{
    static const size_t sizes[] = {
        [TYPE_BOOLEAN] = sizeof(bool),  [TYPE_INT] = sizeof(int32_t), [TYPE_LONG] = sizeof(int64_t),
        [TYPE_DOUBLE] = sizeof(double), [TYPE_ENUM] = sizeof(int),    [TYPE_MAP] = 0};

    reading->to = type->kind;
    reading->range = type->ranged ? type : NULL;
    if (!optional)
        return;
    reading->box_size = type->kind == TYPE_RECORD ? type->record->size : sizes[type->kind];
    reading->box_align = type->kind == TYPE_RECORD ? type->record->align : reading->box_size;
}

static const struct reading *resolve_scalar(struct builder *b, avro_type_t from,
                                            const struct type *reader, bool optional)
{
    for (size_t i = 0; i < COUNT(promotions); i++) {
        if (promotions[i].from != from || promotions[i].to != reader->kind)
            continue;
        struct reading *reading = make(b, promotions[i].wire, skippings[from].bytes_min);
        if (reading != NULL)
            box(reading, reader, optional);
        return reading;
    }
    error_poison(b->error, REASON_SCHEMA_INCOMPATIBLE, "the writer's type cannot be read as %s",
                 kind_text[reader->kind]);
    return NULL;
}

static int symbol_index(const struct enum_type *type, const char *symbol)
{
    for (size_t i = 0; i < type->count; i++)
        if (strcmp(type->symbols[i], symbol) == 0)
            return (int)i;
    return type->fallback;
}

static const struct reading *resolve_enum(struct builder *b, avro_schema_t writer,
                                          const struct type *reader, bool optional)
{
    int count = avro_schema_enum_number_of_symbols(writer);
    struct reading *reading = make(b, WIRE_ENUM, 1);

    if (reading == NULL)
        return NULL;
    reading->count = (size_t)count;
    if (reader == NULL)
        return reading;
    const struct enum_type *type = reader->enumeration;
    if (reader->kind != TYPE_ENUM ||
        !name_matches(avro_schema_name(writer), type->name, type->aliases))
        return refuse(b, "the writer's enum is not ours");
    int *symbols = arena_alloc(&b->plan->arena, (size_t)count * sizeof *symbols, _Alignof(int));
    for (int i = 0; i < count; i++)
        symbols[i] = symbol_index(type, avro_schema_enum_get(writer, i));
    reading->symbols = symbols;
    box(reading, reader, optional);
    return reading;
}

static const struct reading *resolve_fixed(struct builder *b, avro_schema_t writer,
                                           const struct type *reader)
{
    if (reader != NULL)
        return refuse(b, "the writer's type is fixed");
    size_t size = (size_t)avro_schema_fixed_size(writer);
    struct reading *reading = make(b, WIRE_FIXED, size < BYTES_MIN_CAP ? size : BYTES_MIN_CAP);
    if (reading != NULL)
        reading->count = size;
    return reading;
}

static const struct reading *resolve_union(struct builder *b, avro_schema_t writer,
                                           const struct type *reader, bool optional)
{
    size_t count = avro_schema_union_size(writer);
    const struct reading **branches =
        arena_alloc(&b->plan->arena, (count + 1) * sizeof(void *), _Alignof(void *));
    struct reading *reading = make(b, WIRE_UNION, 1);

    for (size_t i = 0; i < count && reading != NULL; i++) {
        avro_schema_t branch = avro_schema_union_branch(writer, (int)i);
        branches[i] = resolve(b, branch, reader, optional);
        if (branches[i] == NULL)
            branches[i] = make(b, WIRE_MISMATCH, 0);
        if (branches[i] == NULL)
            return NULL;
    }
    if (reading == NULL)
        return NULL;
    reading->branches = branches;
    reading->count = count;
    return reading;
}

static const struct reading *resolve_items(struct builder *b, avro_schema_t writer,
                                           const struct type *reader)
{
    bool map = is_avro_map(writer);
    avro_schema_t inner = map ? avro_schema_map_values(writer) : avro_schema_array_items(writer);
    struct reading *reading = make(b, map ? WIRE_MAP : WIRE_ARRAY, 1);
    const struct type *items = reader == NULL ? NULL : reader->items;
    const struct reading **branches = arena_new(&b->plan->arena, const struct reading *);

    if (reading == NULL)
        return NULL;
    if (reader != NULL && reader->kind != (map ? TYPE_MAP : TYPE_ARRAY))
        return refuse(b, "the writer has an array or a map");
    branches[0] = resolve(b, inner, items, false);
    if (branches[0] == NULL)
        return NULL;
    reading->branches = branches;
    if (items == NULL)
        return reading;
    reading->to = reader->kind;
    if (map) {
        reading->item_size = sizeof(struct text_entry);
        reading->item_align = _Alignof(struct text_entry);
    } else {
        bool record = items->kind == TYPE_RECORD;
        reading->item_size = record ? items->record->size : sizeof(char *);
        reading->item_align = record ? items->record->align : _Alignof(char *);
    }
    return reading;
}

/* Our field for one of the writer's: the same name first, then an alias; NULL: none. */
static const struct field *field_for(const struct record_type *record, const char *name)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (strcmp(record->fields[i].name, name) == 0)
            return &record->fields[i];
    for (size_t i = 0; i < record->field_count; i++)
        if (name_matches(name, record->fields[i].name, record->fields[i].aliases))
            return &record->fields[i];
    return NULL;
}

static bool add_field(struct builder *b, avro_schema_t writer, size_t index,
                      const struct field *field, struct reading *record, struct reading_field *out)
{
    const char *name = avro_schema_record_field_name(writer, (int)index);
    avro_schema_t type = avro_schema_record_field_get_by_index(writer, (int)index);
    const struct reading *reading =
        resolve(b, type, field == NULL ? NULL : &field->type, field != NULL && field->optional);

    if (reading == NULL)
        return error_within(b->error, "%s", name);
    if (reading->building)
        return error_poison(b->error, REASON_SCHEMA_INCOMPATIBLE,
                            "%s: a record that contains itself", name);
    if (field == NULL && reading->bytes_min == 0)
        return true; /* nothing on the wire and nothing of ours */
    *out = (struct reading_field){.name = arena_text(&b->plan->arena, name),
                                  .reading = reading,
                                  .offset = field == NULL ? OFFSET_NONE : (ptrdiff_t)field->offset};
    record->field_count++;
    record->bytes_min += reading->bytes_min;
    if (record->bytes_min > BYTES_MIN_CAP)
        record->bytes_min = BYTES_MIN_CAP;
    return true;
}

/* The writer's fields, in the order of the wire; `found` says which of ours are among them. */
static bool add_fields(struct builder *b, avro_schema_t writer, const struct record_type *ours,
                       struct reading *record, bool *found)
{
    size_t count = avro_schema_record_size(writer);
    struct reading_field *fields =
        arena_alloc(&b->plan->arena, (count + 1) * sizeof *fields, _Alignof(struct reading_field));

    record->fields = fields;
    for (size_t i = 0; i < count; i++) {
        const char *name = avro_schema_record_field_name(writer, (int)i);
        const struct field *field = ours == NULL ? NULL : field_for(ours, name);
        if (field != NULL && found[field - ours->fields])
            field = NULL; /* its name and its alias both stand there: the first one counts */
        if (!add_field(b, writer, i, field, record, &fields[record->field_count]))
            return false;
        if (field != NULL)
            found[field - ours->fields] = true;
    }
    return true;
}

/* Fields of ours that the writer lacks. */
static bool add_defaults(struct builder *b, const struct record_type *ours, const bool *found,
                         struct reading *record)
{
    record->defaults =
        arena_alloc(&b->plan->arena, ours->field_count * sizeof(void *), _Alignof(void *));
    for (size_t i = 0; i < ours->field_count; i++) {
        if (found[i])
            continue;
        if (ours->fields[i].fallback.data == NULL)
            return error_poison(b->error, REASON_SCHEMA_INCOMPATIBLE,
                                "%s: missing at the writer, and has no default",
                                ours->fields[i].name);
        record->defaults[record->default_count++] = &ours->fields[i];
    }
    return true;
}

static const struct reading *resolve_record(struct builder *b, avro_schema_t writer,
                                            const struct type *reader, bool optional)
{
    const struct record_type *ours = reader == NULL ? NULL : reader->record;

    if (reader != NULL && (reader->kind != TYPE_RECORD ||
                           !name_matches(avro_schema_name(writer), ours->name, ours->aliases)))
        return refuse(b, "the writer's record is not ours");
    for (const struct met *met = b->met; met != NULL; met = met->next)
        if (met->writer == writer && met->reader == ours && met->boxed == optional)
            return met->reading;

    struct reading *reading = make(b, WIRE_RECORD, 0);
    struct met *met = arena_new(&b->plan->arena, struct met);
    if (reading == NULL)
        return NULL;
    if (reader != NULL)
        box(reading, reader, optional);
    *met = (struct met){b->met, writer, ours, optional, reading};
    b->met = met;
    reading->building = true;
    bool *found = arena_alloc(&b->plan->arena, ours == NULL ? 0 : ours->field_count, 1);
    bool done = add_fields(b, writer, ours, reading, found) &&
                (ours == NULL || add_defaults(b, ours, found, reading));
    reading->building = false;
    if (!done) /* for those that have its address: branches of unions */
        *reading = (struct reading){.wire = WIRE_MISMATCH};
    return done ? reading : NULL;
}

static const struct reading *resolve_type(struct builder *b, avro_schema_t writer,
                                          const struct type *reader, bool optional)
{
    avro_type_t type = avro_typeof(writer);

    switch (type) {
    case AVRO_LINK: return resolve(b, avro_schema_link_target(writer), reader, optional);
    case AVRO_RECORD: return resolve_record(b, writer, reader, optional);
    case AVRO_UNION: return resolve_union(b, writer, reader, optional);
    case AVRO_ARRAY:
    case AVRO_MAP: return resolve_items(b, writer, reader);
    case AVRO_ENUM: return resolve_enum(b, writer, reader, optional);
    case AVRO_FIXED: return resolve_fixed(b, writer, reader);
    case AVRO_NULL:
        if (reader != NULL && !optional)
            return refuse(b, "null where a value is required");
        return make(b, WIRE_NULL, 0);
    default: break;
    }
    if (reader != NULL)
        return resolve_scalar(b, type, reader, optional);
    if ((size_t)type >= COUNT(skippings))
        return refuse(b, "a type of the writer that Avro does not have");
    return make(b, skippings[type].wire, skippings[type].bytes_min);
}

static const struct reading *resolve(struct builder *b, avro_schema_t writer,
                                     const struct type *reader, bool optional)
{
    if (b->depth == PLAN_DEPTH_MAX)
        return refuse(b, "the writer's schema is nested too deeply");
    b->depth++;
    const struct reading *reading = resolve_type(b, writer, reader, optional);
    b->depth--;
    return reading;
}

bool plan_new(avro_schema_t writer, const struct schema *reader, struct plan **out,
              struct error *error)
{
    struct plan *plan = calloc(1, sizeof *plan);

    if (plan == NULL)
        abort();
    struct builder builder = {.plan = plan, .error = error};
    plan->record = reader->type.record;
    plan->top = resolve(&builder, writer, &reader->type, false);
    if (plan->top == NULL) {
        plan_free(plan);
        return false;
    }
    *out = plan;
    return true;
}

void plan_free(struct plan *plan)
{
    if (plan == NULL)
        return;
    arena_done(&plan->arena);
    free(plan);
}
