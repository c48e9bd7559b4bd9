/* Users with several ids: what is told of one of them, and which ids are one person's. */
#include "customer_linked.h"
#include "links_sql.h"
#include "tests/support/approval_examples.h"

static const char linked[] = "{'userId': 'u2', 'firstId': 'u', 'linkedAt': 1000}";

static const struct outcome *tell_link(const char *change)
{
    return fake_send(&service, &topic_customer_linked, linked, change);
}

static void answers_of_one_id_hold_for_the_other(void **state)
{
    (void)state;
    tell_link(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_link), 1);
    tell_evaluation(NULL);
    ask("{" CONSENTING "}");
    assert_answer("WAIT", "CONSENT_PENDING");
    tell_consent("{'userId': 'u2'}");
    tell_consent("{'userId': 'u2', 'consentType': 'SCORING'}");
    assert_answer("OK", "ACCEPTED");
    assert_int_equal(fake_rows_of(&sql_put_consent), 2);
    assert_string_equal(fake.outcome.key, "p");
}

static void a_link_brings_what_the_other_id_answered(void **state)
{
    (void)state;
    tell_consent("{'userId': 'u2'}");
    tell_consent("{'userId': 'u2', 'consentType': 'SCORING'}");
    tell_evaluation(NULL);
    ask("{" CONSENTING "}");
    assert_answer("WAIT", "CONSENT_PENDING");
    tell_link(NULL);
    assert_answer("OK", "ACCEPTED");
    assert_int_equal(fake_rows_of(&sql_put_consent), 2);
}

static void of_answers_under_two_ids_the_latest_counts(void **state)
{
    (void)state;
    tell_consent("{'approved': false, 'recordedAt': 2000}");
    tell_consent("{'userId': 'u2'}");
    tell_link(NULL);
    tell_evaluation(NULL);
    ask("{" CONSENTING "}");
    assert_answer("NOK", "CONSENT_REFUSED");
    ask("{" OTHER ", " CONSENTING ", " NO_FRAME "}");
    assert_answer("NOK", "CONSENT_REFUSED");
}

static void a_third_id_shares_with_both(void **state)
{
    (void)state;
    tell_link(NULL);
    tell_link("{'userId': 'u3'}");
    tell_consent("{'userId': 'u2'}");
    assert_int_equal(fake_rows_of(&sql_put_consent), 3);
}

static void a_link_is_kept_once(void **state)
{
    (void)state;
    tell_link(NULL);
    assert_int_equal(tell_link("{'linkedAt': 2000}")->row_count, 0);
}

static void one_person_has_one_face_under_all_ids(void **state)
{
    (void)state;
    ask(NULL);
    tell_link(NULL);
    tell_evaluation("{" OTHER "}");
    ask("{" OTHER "}");
    assert_answer("OK", "ACCEPTED");
    assert_int_equal(fake_rows_of(&sql_put_face_use), 1);
    ask("{'userId': 'u3', 'processId': 'p3', 'identityVerificationId': 'v3'}");
    assert_answer("WAIT", "FACE_IN_USE");
}

static void ask_in_vain(const char *user, int number)
{
    char change[200];

    snprintf(change, sizeof change,
             "{" NO_FRAME ", 'status': 'FAILURE', 'processId': 'w%d', 'userId': '%s',"
             " 'identityVerificationId': 'w%d'}",
             number, user, number);
    ask(change);
    assert_answer("NOK", "PROVIDER_FAILURE");
}

static void attempts_of_a_day_are_the_persons(void **state)
{
    (void)state;
    ask_in_vain("u2", 1);
    ask_in_vain("u2", 2);
    ask_in_vain("u", 3);
    tell_link(NULL);
    ask_in_vain("u", 4);
    ask_in_vain("u2", 5);
    tell_evaluation(NULL);
    ask("{" NO_FRAME "}");
    assert_answer("NOK", "TOO_MANY_ATTEMPTS");
    assert_int_equal(fake_row_of(&sql_insert_decision)[14].integer, 1);
    assert_int_equal(fake_row_of(&sql_insert_decision)[15].integer, 6);
}

static void documents_shown_under_one_id_count_for_the_other(void **state)
{
    (void)state;
    tell_link(NULL);
    tell_evaluation("{'userId': 'u2'}");
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
    ask("{'identityVerificationId': 'v2'}");
    assert_answer("WAIT", "EVALUATION_PENDING");
    tell_evaluation("{'userId': 'u2', 'identityVerificationId': 'v2'}");
    assert_answer("OK", "ACCEPTED");
}

static void a_link_brings_what_the_other_id_showed(void **state)
{
    (void)state;
    ask(NULL);
    tell_evaluation("{'userId': 'u2'}");
    assert_silence();
    tell_link(NULL);
    assert_answer("OK", "ACCEPTED");
}

static void a_decision_is_the_persons_under_all_ids(void **state)
{
    (void)state;
    tell_evaluation(NULL);
    ask(NULL);
    tell_link(NULL);
    ask("{'userId': 'u2'}");
    assert_answer("OK", "ACCEPTED");
    assert_string_equal(fake_member("userId"), "u");
}

static void a_link_of_nobody_is_refused(void **state)
{
    (void)state;
    tell_link("{'userId': ' '}");
    fake_assert_contract("userId is blank or too long");
    tell_link("{'firstId': '\\n'}");
    fake_assert_contract("firstId is blank or too long");
    tell_link("{'userId': 'u'}");
    fake_assert_contract("userId and firstId are one");
}

static const struct CMUnitTest tests[] = {
    CASE(answers_of_one_id_hold_for_the_other),
    CASE(a_link_brings_what_the_other_id_answered),
    CASE(of_answers_under_two_ids_the_latest_counts),
    CASE(a_third_id_shares_with_both),
    CASE(a_link_is_kept_once),
    CASE(one_person_has_one_face_under_all_ids),
    CASE(attempts_of_a_day_are_the_persons),
    CASE(documents_shown_under_one_id_count_for_the_other),
    CASE(a_link_brings_what_the_other_id_showed),
    CASE(a_decision_is_the_persons_under_all_ids),
    CASE(a_link_of_nobody_is_refused),
};

int main(void)
{
    return cmocka_run_group_tests_name("approval_persons", tests, NULL, NULL);
}
