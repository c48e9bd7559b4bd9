/*
 * The bounded walk: one pass over the bytes that checks, resolves and stores. Lengths and counts
 * are believed only as far as there are bytes left for them; work and memory are linear in the
 * input, whatever it says.
 */
#include "common/avro/walk.h"

#include <stdlib.h>
#include <string.h>

#include "common/avro/value.h"

enum {
    DATA_DEPTH_MAX =
        32, /* of nested values; ours nest 5 deep, a recursive writer's may nest more */
    NOTHINGS_MAX = 65536, /* items in a block that take no bytes: no input pays for more of them */
    KEYS_COMPARED_MAX = 16, /* maps up to here are searched pair by pair, larger ones sorted */
};

/* All arrays of generated structs and struct text_map look like this. */
struct items {
    char *data;
    size_t count;
    size_t capacity; /* of data; not in the struct's member */
};

static bool walk_union(struct walk *w, const struct reading *reading, char *out)
{
    int64_t index = 0;

    if (!walk_long(w, &index))
        return false;
    if (index < 0 || (uint64_t)index >= reading->count)
        return walk_malformed(w, "a union's branch out of range");
    return walk(w, reading->branches[index], out);
}

static bool walk_record(struct walk *w, const struct reading *reading, char *out)
{
    const struct reading_field *field = reading->fields;
    const struct reading_field *last = field + reading->field_count;

    if (!walk_box(w, reading, &out))
        return false;
    for (; field != last; field++) {
        char *member = out == NULL || field->offset == OFFSET_NONE ? NULL : out + field->offset;
        if (!walk(w, field->reading, member))
            return error_within(w->error, "%s", field->name);
    }
    for (size_t i = 0; i < reading->default_count && out != NULL; i++)
        field_set_default(reading->defaults[i], out + reading->defaults[i]->offset);
    return true;
}

/* Fewest bytes of an item; a map's has its key's length as well. */
static size_t item_bytes_min(const struct reading *reading)
{
    return reading->branches[0]->bytes_min + (reading->wire == WIRE_MAP);
}

/* The next block of an array or a map; its end replaces w->end where it says its size. */
static bool read_block(struct walk *w, const struct reading *reading, size_t *count, bool *sized)
{
    int64_t items = 0;
    size_t size = 0;
    size_t bytes_min = item_bytes_min(reading);

    if (!walk_long(w, &items))
        return false;
    *sized = items < 0;
    if (*sized) {
        if (items == INT64_MIN)
            return walk_malformed(w, "a block's count out of range");
        items = -items;
        if (!walk_size(w, &size))
            return false;
        w->end = w->at + size;
    }
    if (bytes_min > 0 && (uint64_t)items > walk_left(w) / bytes_min)
        return walk_malformed(w, "a block's count over what is left");
    *count = (size_t)items;
    return true;
}

/* Room for `more` items; doubles, so that many small blocks cost no more than one large. */
static bool grow(struct walk *w, struct items *items, size_t more, const struct reading *reading)
{
    size_t size = reading->item_size;

    if (more <= items->capacity - items->count)
        return true;
    if (more > w->struct_room / size)
        return walk_malformed(w, "more items than such a value may have");
    size_t capacity = items->count + more;
    if (items->count > 0 && capacity < 2 * items->capacity)
        capacity = 2 * items->capacity;
    char *data = walk_take(w, capacity * size, reading->item_align);
    if (data == NULL)
        return false;
    if (items->count > 0)
        memcpy(data, items->data, items->count * size);
    items->data = data;
    items->capacity = capacity;
    return true;
}

static bool walk_item(struct walk *w, const struct reading *reading, char *item)
{
    static const struct reading key = {.wire = WIRE_STRING, .to = TYPE_STRING};
    struct text_entry *entry = (struct text_entry *)(void *)item;

    if (reading->wire == WIRE_ARRAY)
        return walk(w, reading->branches[0], item);
    return walk(w, &key, entry == NULL ? NULL : (char *)&entry->key) &&
           walk(w, reading->branches[0], entry == NULL ? NULL : (char *)&entry->value);
}

/* The items of one block, appended to `items`; NULL: read over. */
static bool walk_block(struct walk *w, const struct reading *reading, size_t count,
                       struct items *items)
{
    if (item_bytes_min(reading) == 0 && count > NOTHINGS_MAX)
        return walk_malformed(w, "more items than such a value may have");
    if (items != NULL && !grow(w, items, count, reading))
        return false;
    for (size_t i = 0; i < count; i++) {
        char *item = items == NULL ? NULL : items->data + items->count++ * reading->item_size;
        if (!walk_item(w, reading, item)) /* a map's key may be personal: told by its place */
            return error_within(w->error, "[%zu]", i);
    }
    return true;
}

static bool walk_blocks(struct walk *w, const struct reading *reading, struct items *items)
{
    const uint8_t *end = w->end;
    bool sized = false;

    for (size_t count = 1; count != 0; w->end = end) {
        if (!read_block(w, reading, &count, &sized) || !walk_block(w, reading, count, items))
            return false;
        if (sized && w->at != w->end)
            return walk_malformed(w, "a block of another size than it says");
    }
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_key_twice(const struct text_entry *entries, size_t count)
{
    bool twice = false;

    if (count <= KEYS_COMPARED_MAX) {
        for (size_t i = 1; i < count; i++)
            for (size_t j = 0; j < i; j++)
                twice = twice || strcmp(entries[i].key, entries[j].key) == 0;
        return twice;
    }
    const char **keys = reallocarray(NULL, count, sizeof *keys);
    if (keys == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        keys[i] = entries[i].key;
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 1; i < count; i++)
        twice = twice || strcmp(keys[i - 1], keys[i]) == 0;
    free(keys);
    return twice;
}

static bool walk_collection(struct walk *w, const struct reading *reading, char *out)
{
    struct items items = {0};

    if (!walk_blocks(w, reading, out == NULL ? NULL : &items))
        return false;
    if (out == NULL)
        return true;
    if (reading->wire == WIRE_MAP &&
        has_key_twice((const struct text_entry *)(void *)items.data, items.count))
        return walk_malformed(w, "a key twice");
    memcpy(out, &items, offsetof(struct items, capacity));
    return true;
}

static bool walk_nested(struct walk *w, const struct reading *reading, char *out)
{
    if (w->depth == DATA_DEPTH_MAX)
        return walk_malformed(w, "nested too deeply");
    w->depth++;
    bool done = reading->wire == WIRE_RECORD ? walk_record(w, reading, out)
                                             : walk_collection(w, reading, out);
    w->depth--;
    return done;
}

bool walk(struct walk *w, const struct reading *reading, char *out)
{
    switch (reading->wire) {
    case WIRE_NULL: return true;
    case WIRE_BOOLEAN: return walk_boolean(w, reading, out);
    case WIRE_INT:
    case WIRE_LONG: return walk_integer(w, reading, out);
    case WIRE_FLOAT:
    case WIRE_DOUBLE: return walk_real(w, reading, out);
    case WIRE_STRING:
    case WIRE_BYTES: return walk_text(w, reading, out);
    case WIRE_FIXED: return walk_fixed(w, reading);
    case WIRE_ENUM: return walk_enum(w, reading, out);
    case WIRE_RECORD:
    case WIRE_ARRAY:
    case WIRE_MAP: return walk_nested(w, reading, out);
    case WIRE_UNION: return walk_union(w, reading, out);
    case WIRE_MISMATCH: break;
    }
    return error_poison(w->error, REASON_SCHEMA_INCOMPATIBLE, "a type that ours cannot take");
}

bool plan_read(const struct plan *plan, struct bytes body, size_t struct_bytes_max,
               struct arena *arena, void **out, struct error *error)
{
    struct walk w = {.at = body.data,
                     .end = body.data + body.size,
                     .text = arena_alloc(arena, body.size + 1, 1),
                     .struct_room = struct_bytes_max,
                     .arena = arena,
                     .error = error};
    char *record = walk_take(&w, plan->record->size, plan->record->align);

    if (record == NULL || !walk(&w, plan->top, record))
        return false;
    if (w.at != w.end)
        return walk_malformed(&w, "bytes left over");
    *out = record;
    return true;
}
