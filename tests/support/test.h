#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

/* cmocka.h uses these without including them; the blank line keeps clang-format's sort out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One test of a table of examples, under the example's own `name`; *state is the example. */
#define EXAMPLE(function, example)                                                                 \
    ((struct CMUnitTest){.name = (example)->name,                                                  \
                         .test_func = (function),                                                  \
                         .initial_state = (void *)(uintptr_t)(example)})

/* A test between the file's start() and end(). */
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

#endif
