/* Which attempt of a process, and of a user on a day, a verification is. */
#include "common/core/bytes.h"
#include "tests/support/approval_examples.h"

static void ask_failed(const char *process, const char *user, int number)
{
    char change[200];

    snprintf(change, sizeof change,
             "{" NO_FRAME ", 'status': 'FAILURE', 'processId': '%s', 'userId': '%s',"
             " 'identityVerificationId': 'w%d'}",
             process, user, number);
    ask(change);
    assert_answer("NOK", "PROVIDER_FAILURE");
}

static void the_sixth_verification_of_a_process_is_too_many(void **state)
{
    static const char *const users[] = {"a", "b", "c", "d", "e"};

    (void)state;
    for (int i = 0; i < 5; i++)
        ask_failed("p", users[i], i);
    tell_evaluation(NULL);
    ask("{" NO_FRAME "}");
    assert_answer("NOK", "TOO_MANY_ATTEMPTS");
    assert_int_equal(fake_row_of(&sql_insert_decision)[14].integer, 6);
    assert_int_equal(fake_row_of(&sql_insert_decision)[15].integer, 1);
}

static void the_sixth_verification_of_a_users_day_is_too_many(void **state)
{
    static const char *const processes[] = {"a", "b", "c", "d", "e"};

    (void)state;
    for (int i = 0; i < 5; i++)
        ask_failed(processes[i], "u", i);
    tell_evaluation(NULL);
    ask("{" NO_FRAME "}");
    assert_answer("NOK", "TOO_MANY_ATTEMPTS");
    assert_int_equal(fake_row_of(&sql_insert_decision)[14].integer, 1);
    assert_int_equal(fake_row_of(&sql_insert_decision)[15].integer, 6);
}

static void a_repeat_is_no_further_attempt(void **state)
{
    (void)state;
    for (int i = 0; i < 9; i++)
        ask("{" NO_FRAME ", 'identityVerificationId': 'w', 'status': 'FAILURE'}");
    tell_evaluation(NULL);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
    assert_int_equal(fake_row_of(&sql_insert_decision)[14].integer, 2);
}

static void attempts_that_the_database_knows_count(void **state)
{
    struct attempts *known = fake_know(&process_attempts_kind, bytes_of("p"));

    (void)state;
    known->count = 5;
    tell_evaluation(NULL);
    ask(NULL);
    assert_answer("NOK", "TOO_MANY_ATTEMPTS");
}

static void attempts_of_a_day_are_that_days(void **state)
{
    struct day_attempts *yesterday = fake_know(&day_attempts_kind, bytes_of("u"));
    struct day_attempts *today = fake_know(&day_attempts_kind, bytes_of("u"));

    (void)state;
    *yesterday = (struct day_attempts){FAKE_DAY - 1, 5};
    *today = (struct day_attempts){FAKE_DAY, 4};
    tell_evaluation(NULL);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
    assert_int_equal(today->count, 5);
}

static const struct CMUnitTest cases[] = {
    CASE(the_sixth_verification_of_a_process_is_too_many),
    CASE(the_sixth_verification_of_a_users_day_is_too_many),
    CASE(a_repeat_is_no_further_attempt),
    CASE(attempts_that_the_database_knows_count),
    CASE(attempts_of_a_day_are_that_days),
};

int main(void)
{
    return cmocka_run_group_tests_name("approval_known", cases, NULL, NULL);
}
