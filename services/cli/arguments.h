#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/base.h"
#include "common/core/error.h"

/* The arguments of a command: one table is parser, check and help. */
enum argument_kind {
    ARGUMENT_FLAG,  /* bool */
    ARGUMENT_TEXT,  /* const char *, not empty */
    ARGUMENT_COUNT, /* int64_t in min..max, plain digits */
    ARGUMENT_AGE,   /* int64_t, ms, in min..max; as 90m, 36h or 7d */
    ARGUMENT_LIST,  /* struct argument_list: all that is left; only as the last place */
};

struct argument_list {
    char *const *items;
    size_t count;
};

struct argument {
    const char *name; /* "--group", "-n"; without a dash it is a place: "TOPIC" */
    enum argument_kind kind;
    size_t offset; /* into the struct of values, which holds the defaults beforehand */
    bool required;
    const char *value;   /* what stands behind the option in help: "COUNT"; NULL: a flag, a place */
    const char *meaning; /* one line */
    int64_t min, max;    /* ARGUMENT_COUNT, ARGUMENT_AGE */
};

/* Fills `values`; false with an error for the user, who sees options by name, no values. */
MUST_CHECK bool arguments_read(const struct argument *arguments, size_t count, int argc,
                               char *const *argv, void *values, struct error *error);

/* An age as ARGUMENT_AGE takes it, in the largest unit that divides it. */
enum { AGE_TEXT_SIZE = 24 };

void age_format(int64_t age_ms, char out[static AGE_TEXT_SIZE]);

/* "TOPIC [--from WHERE] [-n COUNT]" and the list of meanings, to stdout. */
void arguments_print_usage(const struct argument *arguments, size_t count);
void arguments_print_meanings(const struct argument *arguments, size_t count);

#endif
