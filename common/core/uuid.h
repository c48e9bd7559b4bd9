#ifndef COMMON_CORE_UUID_H
#define COMMON_CORE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/base.h"

enum { UUID_TEXT_SIZE = 37 }; /* with the final NUL */

struct uuid {
    uint8_t bytes[16]; /* network order */
};

/* RFC 9562 version 7: Unix milliseconds, then random bits; rises within a thread. */
struct uuid uuid_v7(int64_t unix_ms);

/* RFC 9562 version 5 (SHA-1) in a namespace: the same name, the same id. */
struct uuid uuid_v5(struct uuid space, struct bytes name);

/* Lower case with dashes. */
void uuid_format(struct uuid id, char out[static UUID_TEXT_SIZE]);

/* Only the form that uuid_format() writes: 36 characters, lower case, dashes; else false. */
MUST_CHECK bool uuid_parse(const char *text, size_t size, struct uuid *out);

#endif
