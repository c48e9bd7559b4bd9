#ifndef TESTS_BENCH_LEDGER_H
#define TESTS_BENCH_LEDGER_H

#include <stdbool.h>

/*
 * Makes the runtime's tables in schema `bench` of a database that has none: the benchmark brings
 * its own, so that an empty database will do. Several processes may do so at once. False: told to
 * stderr.
 */
bool ledger_make(const char *postgres_url);

#endif
