#ifndef TESTS_SUPPORT_HEX_H
#define TESTS_SUPPORT_HEX_H

#include <stddef.h>

#include "common/core/arena.h"
#include "common/core/base.h"

/*
 * The bytes of a text of hexadecimal digits, in `arena`. Spaces are skipped; 'text' in single
 * quotes stands for a string as Avro writes it, with its length (below 64) before it. Aborts on
 * anything else.
 */
struct bytes hex_bytes(const char *text, struct arena *arena);

#endif
