#ifndef COMMON_CORE_PROBLEMS_H
#define COMMON_CORE_PROBLEMS_H

#include <stddef.h>

#include "common/core/base.h"

enum { PROBLEMS_MAX = 100, PROBLEM_TEXT_SIZE = 200 };

/*
 * All that is wrong with a configuration, gathered so that it can be said at once: where (a
 * setting's name, a path in a file) and what; never a value, which may be a secret.
 */
struct problems {
    size_t count; /* may exceed PROBLEMS_MAX; the first PROBLEMS_MAX are kept */
    char items[PROBLEMS_MAX][PROBLEM_TEXT_SIZE];
};

void problems_add(struct problems *problems, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
