/* Waiting doubles to its bound, is spread evenly, and starts anew after a success. */
#include "common/core/backoff.h"

#include "common/core/base.h"
#include "tests/support/test.h"

static const int64_t bounds[] = {100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000, 10000};

static void doubles_to_its_bound(void **state)
{
    struct backoff longest = {0}, shortest = {0}, beyond = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(bounds); i++) {
        assert_int_equal(backoff_next_ms(&shortest, 0), 0);
        assert_int_equal(backoff_next_ms(&longest, (uint64_t)bounds[i]), bounds[i]);
        assert_int_equal(backoff_next_ms(&beyond, (uint64_t)bounds[i] + 1), 0);
    }
}

static void never_waits_longer(void **state)
{
    struct backoff backoff = {0};

    (void)state;
    for (int i = 0; i < 100000; i++) {
        int64_t wait = backoff_next_ms(&backoff, UINT64_MAX - (uint64_t)i);

        assert_in_range(wait, 0, BACKOFF_MAX_MS);
    }
}

static void starts_anew_after_a_success(void **state)
{
    struct backoff backoff = {.failures = 0};

    (void)state;
    for (int i = 0; i < 20; i++)
        assert_in_range(backoff_next_ms(&backoff, 5), 5, 5);
    backoff_reset(&backoff);
    assert_int_equal(backoff_next_ms(&backoff, BACKOFF_FIRST_MS + 1), 0);
    assert_int_equal(backoff_next_ms(&backoff, BACKOFF_FIRST_MS + 1), BACKOFF_FIRST_MS + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_to_its_bound),
        cmocka_unit_test(never_waits_longer),
        cmocka_unit_test(starts_anew_after_a_success),
    };

    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
