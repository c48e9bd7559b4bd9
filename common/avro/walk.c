/*
 * The bounded walk: one pass over the bytes that checks, resolves and stores. Lengths and counts
 * are believed only as far as there are bytes left for them; work and memory are linear in the
 * input, whatever it says.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/plan.h"
#include "common/avro/utf8.h"

enum {
    DATA_DEPTH_MAX =
        32, /* of nested values; ours nest 5 deep, a recursive writer's may nest more */
    VARINT_BYTES_MAX = 10,
    KEYS_COMPARED_MAX = 16, /* maps up to here are searched pair by pair, larger ones sorted */
};

struct walk {
    const uint8_t *at;
    const uint8_t *end;
    char *text;         /* where the next text goes; room for whatever is left on the wire */
    size_t struct_room; /* bytes that may still be taken for structs */
    struct arena *arena;
    unsigned depth;
    struct error *error;
};

/* All arrays of generated structs and struct text_map look like this. */
struct items {
    void *data;
    size_t count;
    size_t capacity; /* of data; not in the struct's member */
};

static bool walk(struct walk *w, const struct reading *reading, char *out);

static bool malformed(struct walk *w, const char *what)
{
    return error_poison(w->error, REASON_MALFORMED, "%s", what);
}

static size_t left(const struct walk *w)
{
    return (size_t)(w->end - w->at);
}

static void *take(struct walk *w, size_t size, size_t align)
{
    if (size > w->struct_room) {
        malformed(w, "more items than such a value may have");
        return NULL;
    }
    w->struct_room -= size;
    return arena_alloc(w->arena, size, align);
}

static bool read_varint(struct walk *w, int64_t *out)
{
    uint64_t zigzag = 0;

    for (unsigned n = 0; n < VARINT_BYTES_MAX; n++) {
        if (w->at == w->end)
            return malformed(w, "cut off");
        uint64_t byte = *w->at++;
        if (n == VARINT_BYTES_MAX - 1 && byte > 1)
            break;
        zigzag |= (byte & 0x7f) << (7 * n);
        if (byte < 0x80) {
            *out = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
            return true;
        }
    }
    return malformed(w, "a number over 64 bits");
}

static inline bool read_long(struct walk *w, int64_t *out)
{
    if (w->at < w->end && *w->at < 0x80) {
        uint64_t zigzag = *w->at++;
        *out = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
        return true;
    }
    return read_varint(w, out);
}

static bool out_of_range(struct walk *w, const struct type *range, double value)
{
    if (range == NULL || (value >= range->min && value <= range->max))
        return false;
    return !error_poison(w->error, REASON_CONTRACT, "out of range");
}

/* Where a value goes: the member itself, or a new box that the member points to. */
static bool open_box(struct walk *w, const struct reading *reading, char **out)
{
    if (reading->box_size == 0 || *out == NULL)
        return true;
    char *boxed = take(w, reading->box_size, reading->box_align);
    if (boxed == NULL)
        return false;
    memcpy(*out, &boxed, sizeof boxed);
    *out = boxed;
    return true;
}

static bool store_integer(struct walk *w, const struct reading *reading, int64_t value, char *out)
{
    int32_t narrow = (int32_t)value;
    double number = (double)value;

    if (out == NULL)
        return true;
    if (out_of_range(w, reading->range, number) || !open_box(w, reading, &out))
        return false;
    if (reading->to == TYPE_LONG)
        memcpy(out, &value, sizeof value);
    else if (reading->to == TYPE_DOUBLE)
        memcpy(out, &number, sizeof number);
    else
        memcpy(out, &narrow, sizeof narrow);
    return true;
}

static bool walk_integer(struct walk *w, const struct reading *reading, char *out)
{
    int64_t value;

    if (!read_long(w, &value))
        return false;
    if (reading->wire == WIRE_INT && (value < INT32_MIN || value > INT32_MAX))
        return malformed(w, "an int over 32 bits");
    return store_integer(w, reading, value, out);
}

static bool walk_real(struct walk *w, const struct reading *reading, char *out)
{
    size_t size = reading->wire == WIRE_FLOAT ? sizeof(float) : sizeof(double);
    float narrow;
    double value;

    if (left(w) < size)
        return malformed(w, "cut off");
    if (reading->wire == WIRE_FLOAT) { /* little endian, as every machine that this runs on */
        memcpy(&narrow, w->at, size);
        value = (double)narrow;
    } else {
        memcpy(&value, w->at, size);
    }
    w->at += size;
    if (!isfinite(value))
        return malformed(w, "not a finite number");
    if (out == NULL)
        return true;
    if (out_of_range(w, reading->range, value) || !open_box(w, reading, &out))
        return false;
    memcpy(out, &value, sizeof value);
    return true;
}

static bool walk_boolean(struct walk *w, const struct reading *reading, char *out)
{
    if (w->at == w->end)
        return malformed(w, "cut off");
    uint8_t byte = *w->at++;
    if (byte > 1)
        return malformed(w, "a boolean other than 0 and 1");
    if (out == NULL)
        return true;
    if (!open_box(w, reading, &out))
        return false;
    *out = (char)byte;
    return true;
}

static bool read_size(struct walk *w, size_t *out)
{
    int64_t size;

    if (!read_long(w, &size))
        return false;
    if (size < 0 || (uint64_t)size > left(w))
        return malformed(w, "a length that is negative or over what is left");
    *out = (size_t)size;
    return true;
}

/* A string of n bytes takes at least n + 1 on the wire, so there is room for its final NUL. */
static char *copy_text(struct walk *w, size_t size)
{
    char *text = w->text;

    memcpy(text, w->at, size);
    text[size] = '\0';
    w->text += size + 1;
    w->at += size;
    return text;
}

static bool walk_text(struct walk *w, const struct reading *reading, char *out)
{
    size_t size;

    if (!read_size(w, &size))
        return false;
    bool checked = reading->wire == WIRE_STRING || (out != NULL && reading->to == TYPE_STRING);
    if (checked && !utf8_valid(w->at, size))
        return malformed(w, "text that is not UTF-8, or has a NUL");
    if (out == NULL) {
        w->at += size;
        return true;
    }
    if (out_of_range(w, reading->range, (double)size))
        return false;
    const char *text = copy_text(w, size);
    struct bytes bytes = {.data = (const uint8_t *)text, .size = size};
    if (reading->to == TYPE_STRING)
        memcpy(out, &text, sizeof text);
    else
        memcpy(out, &bytes, sizeof bytes);
    return true;
}

static bool walk_enum(struct walk *w, const struct reading *reading, char *out)
{
    int64_t index;

    if (!read_long(w, &index))
        return false;
    if (index < 0 || (uint64_t)index >= reading->count)
        return malformed(w, "an enum's index out of range");
    if (out == NULL)
        return true;
    int symbol = reading->symbols[index];
    if (symbol < 0)
        return error_poison(w->error, REASON_SCHEMA_INCOMPATIBLE, "a symbol that we do not have");
    if (!open_box(w, reading, &out))
        return false;
    memcpy(out, &symbol, sizeof symbol);
    return true;
}

static bool walk_union(struct walk *w, const struct reading *reading, char *out)
{
    int64_t index;

    if (!read_long(w, &index))
        return false;
    if (index < 0 || (uint64_t)index >= reading->count)
        return malformed(w, "a union's branch out of range");
    return walk(w, reading->branches[index], out);
}

/* Reads a default as if it stood on the wire. */
static bool walk_default(struct walk *w, const struct reading_field *field, char *out)
{
    struct walk inner = *w;

    inner.at = field->fallback.data;
    inner.end = inner.at + field->fallback.size;
    inner.text = take(w, field->fallback.size + 1, 1);
    inner.struct_room = w->struct_room;
    return inner.text != NULL && walk(&inner, field->reading, out);
}

static bool walk_record(struct walk *w, const struct reading *reading, char *out)
{
    const struct reading_field *field = reading->fields;
    const struct reading_field *last = field + reading->field_count;

    if (!open_box(w, reading, &out))
        return false;
    for (; field != last; field++) {
        char *member = out == NULL || field->offset == OFFSET_NONE ? NULL : out + field->offset;
        if (!walk(w, field->reading, member))
            return error_within(w->error, "%s", field->name);
    }
    for (last += reading->default_count; field != last && out != NULL; field++)
        if (!walk_default(w, field, out + field->offset))
            return error_within(w->error, "%s", field->name);
    return true;
}

/* The next block of an array or a map; its end replaces w->end where it says its size. */
static bool read_block(struct walk *w, size_t bytes_min, size_t *count)
{
    int64_t items;
    size_t size;

    if (!read_long(w, &items))
        return false;
    if (items < 0) {
        if (items == INT64_MIN)
            return malformed(w, "a block's count out of range");
        items = -items;
        if (!read_size(w, &size))
            return false;
        w->end = w->at + size;
    }
    if (bytes_min > 0 && (uint64_t)items > left(w) / bytes_min)
        return malformed(w, "a block's count over what is left");
    *count = (size_t)items;
    return true;
}

/* Room for `more` items; doubles, so that many small blocks cost no more than one large. */
static bool grow(struct walk *w, struct items *items, size_t more, size_t size, size_t align)
{
    if (more <= items->capacity - items->count)
        return true;
    if (more > w->struct_room / size)
        return malformed(w, "more items than such a value may have");
    size_t capacity = items->count + more;
    if (items->count > 0 && capacity < 2 * items->capacity)
        capacity = 2 * items->capacity;
    void *data = take(w, capacity * size, align);
    if (data == NULL)
        return false;
    if (items->count > 0)
        memcpy(data, items->data, items->count * size);
    items->data = data;
    items->capacity = capacity;
    return true;
}

static bool walk_array(struct walk *w, const struct reading *reading, char *out)
{
    const struct reading *inner = reading->branches[0];
    const uint8_t *end = w->end;
    struct items items = {0};

    for (size_t count = 1; count != 0; w->end = end) {
        if (!read_block(w, inner->bytes_min, &count))
            return false;
        if (out != NULL && !grow(w, &items, count, reading->item_size, reading->item_align))
            return false;
        bool nothing = out == NULL && inner->bytes_min == 0; /* any number of it */
        for (size_t i = 0; i < count && !nothing; i++) {
            char *item =
                out == NULL ? NULL : (char *)items.data + items.count++ * reading->item_size;
            if (!walk(w, inner, item))
                return error_within(w->error, "[%zu]", i);
        }
        if (w->end != end && w->at != w->end)
            return malformed(w, "a block of another size than it says");
    }
    if (out != NULL)
        memcpy(out, &items, offsetof(struct items, capacity));
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
    const char **keys = malloc(count * sizeof *keys);
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

static bool walk_entry(struct walk *w, const struct reading *reading, struct text_entry *entry)
{
    static const struct reading key = {.wire = WIRE_STRING, .to = TYPE_STRING};

    if (!walk(w, &key, entry == NULL ? NULL : (char *)&entry->key))
        return false;
    return walk(w, reading->branches[0], entry == NULL ? NULL : (char *)&entry->value);
}

static bool walk_map(struct walk *w, const struct reading *reading, char *out)
{
    const uint8_t *end = w->end;
    struct items items = {0};

    for (size_t count = 1; count != 0; w->end = end) {
        if (!read_block(w, 1 + reading->branches[0]->bytes_min, &count))
            return false;
        if (out != NULL &&
            !grow(w, &items, count, sizeof(struct text_entry), _Alignof(struct text_entry)))
            return false;
        for (size_t i = 0; i < count; i++) {
            struct text_entry *entry =
                out == NULL ? NULL : (struct text_entry *)items.data + items.count++;
            if (!walk_entry(w, reading, entry)) /* the key may be personal: no name in the error */
                return error_within(w->error, "[%zu]", i);
        }
        if (w->end != end && w->at != w->end)
            return malformed(w, "a block of another size than it says");
    }
    if (out == NULL)
        return true;
    if (has_key_twice(items.data, items.count))
        return malformed(w, "a key twice");
    memcpy(out, &items, offsetof(struct items, capacity));
    return true;
}

static bool walk_fixed(struct walk *w, const struct reading *reading)
{
    if (left(w) < reading->count)
        return malformed(w, "cut off");
    w->at += reading->count;
    return true;
}

static bool walk_nested(struct walk *w, const struct reading *reading, char *out)
{
    bool done;

    if (w->depth == DATA_DEPTH_MAX)
        return malformed(w, "nested too deeply");
    w->depth++;
    if (reading->wire == WIRE_RECORD)
        done = walk_record(w, reading, out);
    else if (reading->wire == WIRE_ARRAY)
        done = walk_array(w, reading, out);
    else
        done = walk_map(w, reading, out);
    w->depth--;
    return done;
}

/* `out` is the member to fill; NULL: read over the value. */
static bool walk(struct walk *w, const struct reading *reading, char *out)
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
    char *record = take(&w, plan->record->size, plan->record->align);

    if (record == NULL || !walk(&w, plan->top, record))
        return false;
    if (w.at != w.end)
        return malformed(&w, "bytes left over");
    *out = record;
    return true;
}
