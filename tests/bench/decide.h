#ifndef TESTS_BENCH_DECIDE_H
#define TESTS_BENCH_DECIDE_H

#include "client_evaluate.h"
#include "client_evaluated.h"
#include "common/core/arena.h"

/* The work of the benchmark: a decision by five rules, and a summary of the documents. */

struct decision {
    enum evaluation_result result;
    const char *reason; /* NULL for OK */
};

struct decision decide(const struct client_evaluate *event);

/* A JSON array of {type, status, documentNumber, dateOfExpiry, fields}, an object a document. */
const char *summarize(const struct client_evaluate *event, struct arena *arena);

#endif
