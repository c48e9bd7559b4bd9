/* Errors keep their kind and reason on the way up, and never outgrow their text. */
#include "common/core/error.h"

#include <string.h>

#include "common/core/base.h"
#include "tests/support/test.h"

static char long_text[1000];

static void sets_kind_and_text(void **state)
{
    struct error error = {.reason = REASON_CONTRACT};

    (void)state;
    assert_false(error_set(&error, ERROR_RETRY, "connection %d is lost", 3));
    assert_int_equal(error.kind, ERROR_RETRY);
    assert_int_equal(error.reason, REASON_NONE);
    assert_string_equal(error.text, "connection 3 is lost");
}

static void poisons_with_a_reason(void **state)
{
    struct error error;

    (void)state;
    assert_false(error_poison(&error, REASON_MALFORMED, "at byte %zu", (size_t)7));
    assert_int_equal(error.kind, ERROR_POISON);
    assert_int_equal(error.reason, REASON_MALFORMED);
    assert_string_equal(error.text, "at byte 7");
}

static void puts_context_before(void **state)
{
    struct error error;

    (void)state;
    assert_false(error_poison(&error, REASON_MALFORMED, "a byte left over"));
    assert_false(error_within(&error, "items[%d]", 3));
    assert_false(error_within(&error, "lookup_requested"));
    assert_string_equal(error.text, "lookup_requested: items[3]: a byte left over");
    assert_int_equal(error.kind, ERROR_POISON);
    assert_int_equal(error.reason, REASON_MALFORMED);
}

static void cuts_what_is_too_long(void **state)
{
    struct error error;

    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    assert_false(error_set(&error, ERROR_FATAL, "%s", long_text));
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    assert_false(error_within(&error, "place"));
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    assert_memory_equal(error.text, "place: xxx", 10);
    assert_false(error_within(&error, "%s", long_text));
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    assert_memory_equal(error.text, "xxx", 3);
}

/* The texts are an interface: headers of dead letters, metrics, queries of analysts. */
static void names_every_reason_once(void **state)
{
    (void)state;
    for (int i = 0; i < REASON_COUNT; i++) {
        assert_non_null(reason_text[i]);
        assert_int_equal(strspn(reason_text[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"),
                         strlen(reason_text[i]));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(reason_text[i], reason_text[j]);
    }
    assert_string_equal(reason_text[REASON_ID_CONFLICT], "ID_CONFLICT");
    assert_string_equal(reason_text[REASON_CRASH_SUSPECT], "CRASH_SUSPECT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_kind_and_text),      cmocka_unit_test(poisons_with_a_reason),
        cmocka_unit_test(puts_context_before),     cmocka_unit_test(cuts_what_is_too_long),
        cmocka_unit_test(names_every_reason_once),
    };

    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
