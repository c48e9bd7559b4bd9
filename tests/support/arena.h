#ifndef TESTS_SUPPORT_ARENA_H
#define TESTS_SUPPORT_ARENA_H

#include "common/core/arena.h"

/* One arena for a program's tests, and the teardown of a test, or of all, that empties it. */
static struct arena arena;

static inline int drop_arena(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

#endif
