/* What SQLSTATEs mean to whoever runs the program. */
#include "common/postgres/refusal.h"

#include "test.h"

static void says_what_to_do(void **state)
{
    static const struct {
        const char *sqlstate, *text;
    } examples[] = {
        {"42P01", "PostgreSQL refused with SQLSTATE 42P01: schema otp or a table of it is missing:"
                  " run the migrations"},
        {"42501", "PostgreSQL refused with SQLSTATE 42501: schema otp is closed to this role,"
                  " which must be the service's own"},
        {"40001", "PostgreSQL refused with SQLSTATE 40001"},
    };
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        assert_false(refusal_set(examples[i].sqlstate, "otp", &error));
        assert_int_equal(error.kind, ERROR_RETRY);
        assert_string_equal(error.text, examples[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_to_do)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
