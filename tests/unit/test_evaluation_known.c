/* Whose an identity is, and what is known of customers. */
#include "tests/support/evaluation_examples.h"

static void an_identity_is_one_users(void **state)
{
    (void)state;
    ask(NULL);
    assert_int_equal(ask("{" OTHER "}")->row_count, 1);
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void a_personal_number_alone_is_an_identity(void **state)
{
    (void)state;
    ask(NULL);
    ask("{" OTHER ", 'documents': [{'data': {'documentNumber': 'X1'}}]}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void a_document_alone_is_an_identity(void **state)
{
    (void)state;
    ask(NULL);
    ask("{" OTHER ", 'documents': [{'data': {'personalNumber': null}}]}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void another_countrys_document_is_another_identity(void **state)
{
    (void)state;
    ask(NULL);
    ask("{" OTHER ", 'documents': [{'country': 'SVK', 'data': {'personalNumber': null}}]}");
    assert_answer("OK", "ACCEPTED");
}

static void another_type_is_another_identity(void **state)
{
    (void)state;
    ask(NULL);
    ask("{" OTHER ", 'documents': [{'type': 'PASSPORT', 'data': {'personalNumber': null}}]}");
    assert_answer("OK", "ACCEPTED");
}

static void without_a_country_a_document_is_an_identity_too(void **state)
{
    (void)state;
    ask("{'documents': [{'country': null, 'data': {'personalNumber': null}}]}");
    ask("{" OTHER ", 'documents': [{'country': ' ', 'data': {'personalNumber': null}}]}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void the_same_user_may_show_it_again(void **state)
{
    (void)state;
    ask(NULL);
    assert_int_equal(ask("{'identityVerificationId': 'v2'}")->row_count, 1);
    assert_answer("OK", "ACCEPTED");
}

static void a_refused_case_ties_nothing(void **state)
{
    (void)state;
    assert_int_equal(ask("{'score': 1}")->row_count, 1);
    ask("{" OTHER "}");
    assert_answer("OK", "ACCEPTED");
}

static void a_case_that_waits_ties_what_it_shows(void **state)
{
    (void)state;
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 0);
    ask("{" UNSURE "}");
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 2);
    ask("{" OTHER "}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void a_known_customer_is_compared(void **state)
{
    (void)state;
    tell(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_customer), 1);
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 2);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
}

static void another_surname_waits(void **state)
{
    (void)state;
    tell("{'surname': 'Jiná'}");
    ask(NULL);
    assert_answer("WAIT", "NAME_MISMATCH");
}

static void another_birth_date_is_refused(void **state)
{
    (void)state;
    tell("{'birthDate': '1990-03-01'}");
    ask(NULL);
    assert_answer("NOK", "CUSTOMER_MISMATCH");
}

static void another_personal_number_is_refused(void **state)
{
    (void)state;
    tell("{'personalNumber': '905228/0002'}");
    ask(NULL);
    assert_answer("NOK", "CUSTOMER_MISMATCH");
}

static void what_is_not_known_of_a_customer_does_not_differ(void **state)
{
    (void)state;
    tell("{'surname': null, 'birthDate': 'unknown', 'personalNumber': ' '}");
    assert_int_equal(fake.outcome.rows[fake.outcome.row_count - 1].values[2].kind, VALUE_NULL);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
}

static void a_customers_document_is_no_other_users(void **state)
{
    (void)state;
    tell("{'personalNumber': null}");
    ask("{" OTHER "}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void a_customers_personal_number_is_no_other_users(void **state)
{
    (void)state;
    tell("{'documents': []}");
    ask("{" OTHER "}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void a_registration_takes_over_what_still_waits(void **state)
{
    (void)state;
    ask("{" OTHER ", " UNSURE "}");
    tell(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 2);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
}

static void a_registration_leaves_what_another_user_has(void **state)
{
    (void)state;
    ask("{" OTHER "}");
    tell(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 0);
    ask(NULL);
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void the_same_registration_again_changes_nothing(void **state)
{
    (void)state;
    tell(NULL);
    assert_int_equal(tell(NULL)->row_count, 0);
}

static void a_later_registration_replaces_the_earlier(void **state)
{
    (void)state;
    tell("{'surname': 'Jiná', 'personalNumber': '1'}");
    tell(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_customer), 1);
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 2); /* 1 set free, another tied */
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
    ask("{" OTHER ", 'documents': [{'data': {'personalNumber': '1', 'documentNumber': 'X'}}]}");
    assert_answer("OK", "ACCEPTED");
}

static const struct CMUnitTest cases[] = {
    CASE(an_identity_is_one_users),
    CASE(a_personal_number_alone_is_an_identity),
    CASE(a_document_alone_is_an_identity),
    CASE(another_countrys_document_is_another_identity),
    CASE(another_type_is_another_identity),
    CASE(without_a_country_a_document_is_an_identity_too),
    CASE(the_same_user_may_show_it_again),
    CASE(a_refused_case_ties_nothing),
    CASE(a_case_that_waits_ties_what_it_shows),
    CASE(a_known_customer_is_compared),
    CASE(another_surname_waits),
    CASE(another_birth_date_is_refused),
    CASE(another_personal_number_is_refused),
    CASE(what_is_not_known_of_a_customer_does_not_differ),
    CASE(a_customers_document_is_no_other_users),
    CASE(a_customers_personal_number_is_no_other_users),
    CASE(a_registration_takes_over_what_still_waits),
    CASE(a_registration_leaves_what_another_user_has),
    CASE(the_same_registration_again_changes_nothing),
    CASE(a_later_registration_replaces_the_earlier),
};

int main(void)
{
    return cmocka_run_group_tests_name("evaluation_known", cases, NULL, NULL);
}
