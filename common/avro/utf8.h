#ifndef COMMON_AVRO_UTF8_H
#define COMMON_AVRO_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Well-formed UTF-8 (no overlong forms, surrogates or more than U+10FFFF) without any NUL. */
bool utf8_valid(const uint8_t *text, size_t size);

#endif
