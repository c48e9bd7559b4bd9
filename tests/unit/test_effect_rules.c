/* When an effect is tried, tried again, and given up: tables of examples. */
#include "common/worker/effect_rules.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

enum { LEFT = 300000, NEVER = -1 };

static const char *text_of(struct effect_step step)
{
    static const char *const ends[][5] = {
        [EFFECT_SENT] = {"sent"},
        [EFFECT_FAILED] = {"failed", "refused", "exhausted", "expired", "erased"},
        [EFFECT_UNKNOWN] = {"unknown"},
    };

    return step.what == EFFECT_GO      ? "go"
           : step.what == EFFECT_LATER ? "later"
                                       : ends[step.state][step.failure];
}

static void before_a_try(void **state)
{
    static const struct {
        struct effect_try try;
        const char *expected;
    } examples[] = {
        {{.attempts = 0, .left_ms = LEFT}, "go"},
        {{.attempts = 0, .left_ms = 1}, "go"},
        {{.attempts = 0, .left_ms = 0}, "expired"},
        {{.attempts = 1, .left_ms = -5}, "exhausted"},
        {{.attempts = EFFECT_TRIES_MAX - 1, .left_ms = LEFT}, "go"},
        {{.attempts = EFFECT_TRIES_MAX, .left_ms = LEFT}, "exhausted"},
        /* The one repeat after a lost answer, and no further. */
        {{.attempts = 1, .unknowns = 1, .left_ms = LEFT}, "go"},
        {{.attempts = 2, .unknowns = 2, .left_ms = LEFT}, "unknown"},
        /* Who lost an answer cannot say that nothing was done. */
        {{.attempts = 1, .unknowns = 1, .left_ms = 0}, "unknown"},
        {{.attempts = EFFECT_TRIES_MAX, .unknowns = 1, .left_ms = LEFT}, "unknown"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++)
        assert_string_equal(text_of(effect_before_try(&examples[i].try)), examples[i].expected);
}

static void after_a_try(void **state)
{
    static const struct {
        struct effect_try try;
        enum provider_verdict verdict;
        int64_t retry_after_ms;
        const char *expected;
    } examples[] = {
        {{1, 0, LEFT}, PROVIDER_ACCEPTED, NEVER, "sent"},
        {{2, 1, LEFT}, PROVIDER_ACCEPTED, NEVER, "sent"},
        {{1, 0, -1}, PROVIDER_ACCEPTED, NEVER, "sent"},
        {{1, 0, LEFT}, PROVIDER_REFUSED, NEVER, "refused"},
        {{2, 1, LEFT}, PROVIDER_REFUSED, NEVER, "unknown"},
        {{1, 0, LEFT}, PROVIDER_RETRY, NEVER, "later"},
        {{1, 0, EFFECT_RETRY_FIRST_MS}, PROVIDER_RETRY, NEVER, "exhausted"},
        {{1, 0, LEFT}, PROVIDER_RETRY, LEFT - 1, "later"},
        {{1, 0, LEFT}, PROVIDER_RETRY, LEFT, "exhausted"},
        {{EFFECT_TRIES_MAX - 1, 0, LEFT}, PROVIDER_RETRY, NEVER, "later"},
        {{EFFECT_TRIES_MAX, 0, LEFT}, PROVIDER_RETRY, NEVER, "exhausted"},
        {{2, 1, LEFT}, PROVIDER_RETRY, NEVER, "later"},
        {{2, 1, 0}, PROVIDER_RETRY, NEVER, "unknown"},
        {{1, 1, LEFT}, PROVIDER_UNKNOWN, NEVER, "later"},
        {{2, 2, LEFT}, PROVIDER_UNKNOWN, NEVER, "unknown"},
        {{1, 1, 0}, PROVIDER_UNKNOWN, NEVER, "unknown"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        struct effect_step step =
            effect_after_try(&examples[i].try, examples[i].verdict, examples[i].retry_after_ms,
                             EFFECT_RETRY_FIRST_MS / 2);
        if (strcmp(text_of(step), examples[i].expected) != 0)
            fail_msg("example %zu: %s instead of %s", i, text_of(step), examples[i].expected);
    }
}

static void what_nobody_can_read(void **state)
{
    (void)state;
    assert_string_equal(text_of(effect_erased(&(struct effect_try){0, 0, LEFT})), "erased");
    assert_string_equal(text_of(effect_erased(&(struct effect_try){1, 0, LEFT})), "erased");
    assert_string_equal(text_of(effect_erased(&(struct effect_try){1, 1, LEFT})), "unknown");
}

/* The least and the longest of a wait, by what chance says. */
static void waits_double(void **state)
{
    static const struct {
        int attempts;
        int64_t least_ms, longest_ms;
    } examples[] = {
        {1, 250, 500}, {2, 500, 1000}, {5, 4000, 8000}, {8, 30000, 60000}, {90, 30000, 60000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        const struct effect_try try = {.attempts = examples[i].attempts, .left_ms = 10 * LEFT};
        uint64_t span = (uint64_t)(examples[i].longest_ms - examples[i].least_ms);
        struct effect_step least = effect_after_try(&try, PROVIDER_RETRY, NEVER, 0);
        struct effect_step longest = effect_after_try(&try, PROVIDER_RETRY, NEVER, span);
        assert_int_equal(least.delay_ms, examples[i].least_ms);
        assert_int_equal(longest.delay_ms, examples[i].longest_ms);
        assert_int_equal(effect_after_try(&try, PROVIDER_RETRY, NEVER, span + 1).delay_ms,
                         examples[i].least_ms);
        /* Retry-After is kept, a shorter one is no reason to hurry. */
        assert_int_equal(effect_after_try(&try, PROVIDER_RETRY, 90000, 0).delay_ms, 90000);
        assert_int_equal(effect_after_try(&try, PROVIDER_RETRY, 1, 0).delay_ms,
                         examples[i].least_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_a_try),
        cmocka_unit_test(after_a_try),
        cmocka_unit_test(what_nobody_can_read),
        cmocka_unit_test(waits_double),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
