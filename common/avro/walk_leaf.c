/* The walk's leaves: numbers, texts, enums; and how it takes memory. */
#include "common/avro/walk.h"

#include <math.h>
#include <string.h>

#include "common/avro/utf8.h"

enum { VARINT_BYTES_MAX = 10 };

bool walk_malformed(struct walk *w, const char *what)
{
    return error_poison(w->error, REASON_MALFORMED, "%s", what);
}

void *walk_take(struct walk *w, size_t size, size_t align)
{
    if (size > w->struct_room) {
        walk_malformed(w, "more items than such a value may have");
        return NULL;
    }
    w->struct_room -= size;
    return arena_alloc(w->arena, size, align);
}

bool walk_varint(struct walk *w, int64_t *out)
{
    uint64_t zigzag = 0;

    for (unsigned n = 0; n < VARINT_BYTES_MAX; n++) {
        if (w->at == w->end)
            return walk_malformed(w, "cut off");
        uint64_t byte = *w->at++;
        if (n == VARINT_BYTES_MAX - 1 && byte > 1)
            break;
        zigzag |= (byte & 0x7f) << (7 * n);
        if (byte < 0x80) {
            *out = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
            return true;
        }
    }
    return walk_malformed(w, "a number over 64 bits");
}

bool walk_size(struct walk *w, size_t *out)
{
    int64_t size = 0;

    if (!walk_long(w, &size))
        return false;
    if (size < 0 || (uint64_t)size > walk_left(w))
        return walk_malformed(w, "a length that is negative or over what is left");
    *out = (size_t)size;
    return true;
}

bool walk_box(struct walk *w, const struct reading *reading, char **out)
{
    if (reading->box_size == 0 || *out == NULL)
        return true;
    char *boxed = walk_take(w, reading->box_size, reading->box_align);
    if (boxed == NULL)
        return false;
    memcpy(*out, &boxed, sizeof boxed);
    *out = boxed;
    return true;
}

static bool out_of_range(struct walk *w, const struct type *range, double value)
{
    if (range == NULL || (value >= range->min && value <= range->max))
        return false;
    return !error_poison(w->error, REASON_CONTRACT, "out of range");
}

static bool store_integer(struct walk *w, const struct reading *reading, int64_t value, char *out)
{
    int32_t narrow = (int32_t)value;
    double number = (double)value;

    if (out == NULL)
        return true;
    if (out_of_range(w, reading->range, number) || !walk_box(w, reading, &out))
        return false;
    if (reading->to == TYPE_LONG)
        memcpy(out, &value, sizeof value);
    else if (reading->to == TYPE_DOUBLE)
        memcpy(out, &number, sizeof number);
    else
        memcpy(out, &narrow, sizeof narrow);
    return true;
}

bool walk_integer(struct walk *w, const struct reading *reading, char *out)
{
    int64_t value = 0;

    if (!walk_long(w, &value))
        return false;
    if (reading->wire == WIRE_INT && (value < INT32_MIN || value > INT32_MAX))
        return walk_malformed(w, "an int over 32 bits");
    return store_integer(w, reading, value, out);
}

bool walk_real(struct walk *w, const struct reading *reading, char *out)
{
    size_t size = reading->wire == WIRE_FLOAT ? sizeof(float) : sizeof(double);
    float narrow;
    double value;

    if (walk_left(w) < size)
        return walk_malformed(w, "cut off");
    if (reading->wire == WIRE_FLOAT) { /* little endian, as every machine that this runs on */
        memcpy(&narrow, w->at, size);
        value = (double)narrow;
    } else {
        memcpy(&value, w->at, size);
    }
    w->at += size;
    if (!isfinite(value))
        return walk_malformed(w, "not a finite number");
    if (out == NULL)
        return true;
    if (out_of_range(w, reading->range, value) || !walk_box(w, reading, &out))
        return false;
    memcpy(out, &value, sizeof value);
    return true;
}

bool walk_boolean(struct walk *w, const struct reading *reading, char *out)
{
    if (w->at == w->end)
        return walk_malformed(w, "cut off");
    uint8_t byte = *w->at++;
    if (byte > 1)
        return walk_malformed(w, "a boolean other than 0 and 1");
    if (out == NULL)
        return true;
    if (!walk_box(w, reading, &out))
        return false;
    *out = (char)byte;
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

bool walk_text(struct walk *w, const struct reading *reading, char *out)
{
    size_t size = 0;

    if (!walk_size(w, &size))
        return false;
    bool checked = reading->wire == WIRE_STRING || (out != NULL && reading->to == TYPE_STRING);
    if (checked && !utf8_valid(w->at, size))
        return walk_malformed(w, "text that is not UTF-8, or has a NUL");
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

bool walk_enum(struct walk *w, const struct reading *reading, char *out)
{
    int64_t index = 0;

    if (!walk_long(w, &index))
        return false;
    if (index < 0 || (uint64_t)index >= reading->count)
        return walk_malformed(w, "an enum's index out of range");
    if (out == NULL)
        return true;
    int symbol = reading->symbols[index];
    if (symbol < 0)
        return error_poison(w->error, REASON_SCHEMA_INCOMPATIBLE, "a symbol that we do not have");
    if (!walk_box(w, reading, &out))
        return false;
    memcpy(out, &symbol, sizeof symbol);
    return true;
}

bool walk_fixed(struct walk *w, const struct reading *reading)
{
    if (walk_left(w) < reading->count)
        return walk_malformed(w, "cut off");
    w->at += reading->count;
    return true;
}
