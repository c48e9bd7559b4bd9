/* A list of mistakes, so that all of them are told at once. */
#include "common/core/problems.h"

#include <stdarg.h>
#include <stdio.h>

void problems_add(struct problems *problems, const char *where, const char *format, ...)
{
    if (problems->count < PROBLEMS_MAX) {
        char *item = problems->items[problems->count];
        int used = snprintf(item, PROBLEM_TEXT_SIZE, "%s: ", where);
        va_list args;

        va_start(args, format);
        if (used >= 0 && used < PROBLEM_TEXT_SIZE)
            if (vsnprintf(item + used, (size_t)(PROBLEM_TEXT_SIZE - used), format, args) < 0)
                item[used] = '\0';
        va_end(args);
    }
    problems->count++;
}
