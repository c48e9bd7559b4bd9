#ifndef COMMON_AVRO_WIRE_H
#define COMMON_AVRO_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "common/avro/codec.h"

/* What stands before the Avro binary in a value. */
struct frame {
    enum framing framing;
    uint32_t id;          /* FRAMING_CONFLUENT */
    uint64_t fingerprint; /* FRAMING_SINGLE_OBJECT */
    struct bytes body;
};

enum { FRAME_BYTES_MAX = 10 };

/* POISON with MALFORMED: no value, cut off, or framed otherwise. */
MUST_CHECK bool frame_read(struct bytes value, struct frame *out, struct error *error);

/* Writes the bytes before the body and returns how many. */
size_t frame_write(enum framing framing, uint32_t id, uint64_t fingerprint,
                   uint8_t out[static FRAME_BYTES_MAX]);

#endif
