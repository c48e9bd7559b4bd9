#ifndef COMMON_CORE_BASE_H
#define COMMON_CORE_BASE_H

#include <stddef.h>
#include <stdint.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* On every function that can fail: an ignored false does not compile. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* A view of bytes that somebody else owns; `data` may be NULL (Kafka's null), then `size` is 0. */
struct bytes {
    const uint8_t *data;
    size_t size;
};

#endif
