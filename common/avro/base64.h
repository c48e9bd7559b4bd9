#ifndef COMMON_AVRO_BASE64_H
#define COMMON_AVRO_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/arena.h"
#include "common/core/base.h"

/* RFC 4648 section 4, strict: padded, no white space, no bits beyond the last byte. */
MUST_CHECK bool base64_decode(const char *text, size_t size, struct arena *arena,
                              struct bytes *out);

/* malloc'd and NUL-terminated; the caller frees. */
char *base64_encode(struct bytes bytes);

#endif
