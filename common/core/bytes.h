#ifndef COMMON_CORE_BYTES_H
#define COMMON_CORE_BYTES_H

#include <stdbool.h>

#include "common/core/arena.h"
#include "common/core/base.h"

/* A text's, without its NUL; they are still the text's owner's. */
struct bytes bytes_of(const char *text);

/* Null equals empty. */
bool bytes_equal(struct bytes a, struct bytes b);

/* A copy in the arena, with a NUL behind it; null stays null. */
struct bytes bytes_copy(struct bytes bytes, struct arena *arena);

#endif
