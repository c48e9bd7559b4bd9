/* Ids of one person are no other users. */
#include "customer_linked.h"
#include "links_sql.h"
#include "tests/support/evaluation_examples.h"

static const char link[] = "{'userId': 'u2', 'firstId': 'u', 'linkedAt': 1000}";

static const struct outcome *tell_link(const char *change)
{
    return fake_send(&service, &topic_customer_linked, link, change);
}

static void a_prospect_who_was_registered_is_no_other_user(void **state)
{
    (void)state;
    tell("{'userId': 'u2'}");
    tell_link(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_link), 1);
    assert_int_equal(fake.outcome.event_count, 0);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
    ask("{'userId': 'u3', 'identityVerificationId': 'v3'}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void later_ids_of_one_person_are_no_other_users(void **state)
{
    (void)state;
    tell_link(NULL);
    tell_link("{'userId': 'u3'}");
    ask("{" OTHER "}");
    ask("{'userId': 'u3', 'identityVerificationId': 'v3'}");
    assert_answer("OK", "ACCEPTED");
}

static void a_link_is_kept_once(void **state)
{
    (void)state;
    tell_link(NULL);
    assert_int_equal(tell_link("{'linkedAt': 2000}")->row_count, 0);
}

static void a_link_of_others_changes_nothing(void **state)
{
    (void)state;
    tell("{'userId': 'u2'}");
    tell_link("{'firstId': 'u3'}");
    ask(NULL);
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void what_the_bank_knows_counts_under_all_ids(void **state)
{
    static const char otherwise_born[] = "{'userId': 'u2', 'birthDate': '1991-01-01',"
                                         " 'personalNumber': null, 'documents': []}";

    (void)state;
    tell(otherwise_born);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
    tell_link(NULL);
    ask("{'identityVerificationId': 'v2'}");
    assert_answer("NOK", "CUSTOMER_MISMATCH");
    ask("{'identityVerificationId': 'v3', 'userId': 'u3'}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void what_the_bank_tells_later_counts_under_all_ids(void **state)
{
    (void)state;
    tell_link(NULL);
    tell_link("{'userId': 'u3'}");
    tell("{'userId': 'u3', 'surname': 'Nová'}");
    ask(NULL);
    assert_answer("WAIT", "NAME_MISMATCH");
    ask("{" OTHER "}");
    assert_answer("WAIT", "NAME_MISMATCH");
}

static void a_decision_is_the_persons_under_all_ids(void **state)
{
    (void)state;
    ask(NULL);
    tell_link(NULL);
    ask("{'userId': 'u2'}");
    assert_answer("OK", "ACCEPTED");
    assert_string_equal(fake_member("userId"), "u");
    ask("{'userId': 'u3'}");
    fake_assert_contract("identityVerificationId is of another user");
}

static void a_link_of_nobody_is_refused(void **state)
{
    struct customer_linked event = {.userId = " ", .firstId = "u"};

    (void)state;
    fake_handle(&service, &topic_customer_linked, &event);
    fake_assert_contract("userId is blank or too long");
    event = (struct customer_linked){.userId = "u2", .firstId = ""};
    fake_handle(&service, &topic_customer_linked, &event);
    fake_assert_contract("firstId is blank or too long");
}

static const struct CMUnitTest cases[] = {
    CASE(a_prospect_who_was_registered_is_no_other_user),
    CASE(later_ids_of_one_person_are_no_other_users),
    CASE(a_link_is_kept_once),
    CASE(a_link_of_others_changes_nothing),
    CASE(what_the_bank_knows_counts_under_all_ids),
    CASE(what_the_bank_tells_later_counts_under_all_ids),
    CASE(a_decision_is_the_persons_under_all_ids),
    CASE(a_link_of_nobody_is_refused),
};

int main(void)
{
    return cmocka_run_group_tests_name("evaluation_persons", cases, NULL, NULL);
}
