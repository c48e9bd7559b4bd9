/* The two framings of a value: Confluent's and Avro's single-object encoding. */
#include "common/avro/wire.h"

#include <string.h>

enum {
    CONFLUENT_MAGIC = 0x00,
    CONFLUENT_BYTES = 5,
    SINGLE_MAGIC_0 = 0xc3,
    SINGLE_MAGIC_1 = 0x01,
    SINGLE_BYTES = 10,
};

static struct bytes behind(struct bytes value, size_t size)
{
    return (struct bytes){.data = value.data + size, .size = value.size - size};
}

bool frame_read(struct bytes value, struct frame *out, struct error *error)
{
    const uint8_t *data = value.data;
    struct frame frame = {0};

    if (value.size == 0)
        return error_poison(error, REASON_MALFORMED, data == NULL ? "no value" : "empty value");
    if (data[0] == CONFLUENT_MAGIC && value.size >= CONFLUENT_BYTES) {
        frame.framing = FRAMING_CONFLUENT;
        for (int i = 1; i < CONFLUENT_BYTES; i++)
            frame.id = frame.id << 8 | data[i];
        frame.body = behind(value, CONFLUENT_BYTES);
    } else if (data[0] == SINGLE_MAGIC_0 && value.size >= SINGLE_BYTES &&
               data[1] == SINGLE_MAGIC_1) {
        frame.framing = FRAMING_SINGLE_OBJECT;
        for (int i = SINGLE_BYTES - 1; i >= 2; i--)
            frame.fingerprint = frame.fingerprint << 8 | data[i];
        frame.body = behind(value, SINGLE_BYTES);
    } else {
        return error_poison(error, REASON_MALFORMED, "not framed, or cut off in the frame");
    }
    *out = frame;
    return true;
}

size_t frame_write(enum framing framing, uint32_t id, uint64_t fingerprint,
                   uint8_t out[static FRAME_BYTES_MAX])
{
    if (framing == FRAMING_CONFLUENT) {
        out[0] = CONFLUENT_MAGIC;
        for (int i = 1; i < CONFLUENT_BYTES; i++)
            out[i] = (uint8_t)(id >> (8 * (CONFLUENT_BYTES - 1 - i)));
        return CONFLUENT_BYTES;
    }
    out[0] = SINGLE_MAGIC_0;
    out[1] = SINGLE_MAGIC_1;
    for (int i = 2; i < SINGLE_BYTES; i++)
        out[i] = (uint8_t)(fingerprint >> (8 * (i - 2)));
    return SINGLE_BYTES;
}
