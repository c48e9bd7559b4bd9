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
    int64_t min, max;    /* ARGUMENT_COUNT */
};

/* Fills `values`; false with an error for the user, who sees options by name, no values. */
MUST_CHECK bool arguments_read(const struct argument *arguments, size_t count, int argc,
                               char *const *argv, void *values, struct error *error);

/* "TOPIC [--from WHERE] [-n COUNT]" and the list of meanings, to stdout. */
void arguments_print_usage(const struct argument *arguments, size_t count);
void arguments_print_meanings(const struct argument *arguments, size_t count);

#endif
