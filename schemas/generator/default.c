/* Defaults of fields in Avro binary, so that the decoder reads them like any other bytes. */
#include "model.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { VARINT_BYTES_MAX = 10 };

static struct bytes copy_of(const void *head, size_t head_size, const void *tail, size_t tail_size)
{
    uint8_t *data = malloc(head_size + tail_size + 1);

    if (data == NULL)
        abort();
    memcpy(data, head, head_size);
    if (tail_size > 0)
        memcpy(data + head_size, tail, tail_size);
    return (struct bytes){.data = data, .size = head_size + tail_size};
}

static size_t put_long(uint8_t out[static VARINT_BYTES_MAX], int64_t value)
{
    uint64_t zigzag = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
    size_t n = 0;

    for (; zigzag > 0x7f; zigzag >>= 7)
        out[n++] = (uint8_t)(zigzag | 0x80);
    out[n++] = (uint8_t)zigzag;
    return n;
}

static struct bytes long_bytes(int64_t value)
{
    uint8_t varint[VARINT_BYTES_MAX] = {0};
    size_t used = put_long(varint, value);
    return copy_of(varint, used, NULL, 0);
}

static struct bytes text_bytes(const char *text)
{
    uint8_t varint[VARINT_BYTES_MAX] = {0};
    size_t size = strlen(text);
    size_t used = put_long(varint, (int64_t)size);
    return copy_of(varint, used, text, size);
}

static struct bytes symbol_bytes(const char *where, const struct named *named, const char *text)
{
    const json_t *symbols = json_object_get(named->json, "symbols");

    for (size_t i = 0; i < json_array_size(symbols); i++)
        if (strcmp(json_string_value(json_array_get(symbols, i)), text) == 0)
            return long_bytes((int64_t)i);
    refuse(where, "a default that is no symbol");
}

static struct bytes number_bytes(const struct member *member, const json_t *value)
{
    int64_t whole = json_integer_value(value);
    double number = json_number_value(value);

    if (member->shape.kind == TYPE_DOUBLE && isfinite(number))
        return copy_of(&number, sizeof number, NULL, 0); /* little endian, as this machine */
    if (!json_is_integer(value))
        refuse(member->name, "a default that is no whole number");
    if (member->shape.kind == TYPE_INT && (whole < INT32_MIN || whole > INT32_MAX))
        refuse(member->name, "a default that is no int");
    return long_bytes(whole);
}

/* Of a type that is one value; data NULL: of another type, or one that cannot have a default. */
static struct bytes scalar_bytes(const struct member *member, const json_t *value)
{
    const char *text = json_string_value(value);
    uint8_t truth = json_is_true(value);

    switch (member->shape.kind) {
    case TYPE_BOOLEAN:
        if (json_is_boolean(value))
            return copy_of(&truth, 1, NULL, 0);
        break;
    case TYPE_INT:
    case TYPE_LONG:
    case TYPE_DOUBLE:
        if (json_is_number(value))
            return number_bytes(member, value);
        break;
    case TYPE_STRING:
        if (text != NULL)
            return text_bytes(text);
        break;
    case TYPE_ENUM:
        if (text != NULL)
            return symbol_bytes(member->name, member->shape.named, text);
        break;
    default: break;
    }
    return (struct bytes){0};
}

struct bytes default_of(const struct member *member)
{
    const json_t *value = json_object_get(member->json, "default");
    bool empty =
        (member->shape.kind == TYPE_ARRAY && json_is_array(value) && json_array_size(value) == 0) ||
        (member->shape.kind == TYPE_MAP && json_is_object(value) && json_object_size(value) == 0);

    if (value == NULL)
        return (struct bytes){0};
    if (member->shape.optional || empty)
        return copy_of("", 1, NULL, 0); /* branch 0, which is null; or no block */
    struct bytes bytes = scalar_bytes(member, value);
    if (bytes.data == NULL)
        refuse(member->name, "a default that its type does not have, or the generator not know");
    return bytes;
}
