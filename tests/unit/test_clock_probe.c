/* How far a broker's stamp lies outside two looks at PostgreSQL's clock. */
#include "common/ledger/clock_probe.h"

#include "tests/support/test.h"

static const struct example {
    const char *name;
    int64_t before_ms, stamp_ms, after_ms, skew_ms;
} examples[] = {
    {"inside", 100, 150, 200, 0},        {"at the first look", 100, 100, 200, 0},
    {"at the second", 100, 200, 200, 0}, {"broker behind", 100, 99, 200, 1},
    {"broker ahead", 100, 201, 200, 1},  {"far behind", 5000, 100, 5010, 4900},
    {"far ahead", 100, 9000, 150, 8850}, {"no time between the looks", 100, 100, 100, 0},
};

static void skew(void **state)
{
    const struct example *example = *state;

    assert_int_equal(clock_skew_of(example->before_ms, example->stamp_ms, example->after_ms),
                     example->skew_ms);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(examples)];

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[i] = EXAMPLE(skew, &examples[i]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
