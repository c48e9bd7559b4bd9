/* Persons of several ids: whose contact a code goes to. */
#include "customer_linked.h"
#include "links_sql.h"
#include "tests/support/otp_examples.h"

#define AS_PROSPECT "{'userId': 'first'}"

static const struct outcome *linked(const char *user_id, const char *first_id)
{
    struct customer_linked event = {.userId = user_id, .firstId = first_id, .linkedAt = 1000};

    return fake_handle(&service, &topic_customer_linked, &event);
}

static void assert_unreachable(void)
{
    assert_int_equal(ask(AS_PROSPECT)->effect_count, 0);
    assert_string_equal(fake_member("code"), "NO_DESTINATION");
}

static void the_prospect_is_reached_as_the_customer(void **state)
{
    (void)state;
    registered(NULL);
    assert_unreachable();
    assert_int_equal(linked("u1", "first")->row_count, 1);
    assert_string_equal(column_of(&sql_insert_link, 0, 0), "u1");
    assert_string_equal(column_of(&sql_insert_link, 0, 1), "first");
    assert_true(holds(sent(ask(AS_PROSPECT))->body, PHONE));
    assert_string_equal(fake.outcome.effects[0].subject, "first");
    assert_true(holds(sent(ask("{'processId': 'p2'}"))->body, PHONE)); /* as before */
}

static void whichever_id_came_first(void **state)
{
    (void)state;
    linked("u1", "first");
    assert_unreachable();
    registered(NULL);
    assert_true(holds(sent(ask(AS_PROSPECT))->body, PHONE));
}

static void a_contact_of_the_id_itself_comes_first(void **state)
{
    (void)state;
    registered(NULL);
    registered("{'userId': 'first', 'phoneNumber': '+420601000009'}");
    linked("u1", "first");
    assert_true(holds(sent(ask(AS_PROSPECT))->body, "+420601000009"));
}

static void the_customer_is_reached_as_the_prospect(void **state)
{
    (void)state;
    registered("{'userId': 'first'}");
    linked("u1", "first");
    linked("u2", "first");
    assert_true(holds(sent(ask(NULL))->body, PHONE));
    assert_true(holds(sent(ask("{'userId': 'u2', 'processId': 'p2'}"))->body, PHONE));
}

static void the_first_later_id_with_a_contact_counts(void **state)
{
    (void)state;
    registered(NULL);
    linked("u0", "first");
    linked("u1", "first");
    assert_true(holds(sent(ask(AS_PROSPECT))->body, PHONE));
}

static void a_link_is_noted_once(void **state)
{
    (void)state;
    linked("u1", "first");
    assert_int_equal(linked("u1", "first")->row_count, 0);
    assert_int_equal(linked("u2", "first")->row_count, 1);
}

static void a_link_of_nobody_is_parked(void **state)
{
    (void)state;
    assert_true(linked(" ", "first")->rejected);
    assert_true(linked("u1", "")->rejected);
    assert_true(linked("u1", "u1")->rejected);
}

static const struct CMUnitTest cases[] = {
    CASE(the_prospect_is_reached_as_the_customer),
    CASE(whichever_id_came_first),
    CASE(a_contact_of_the_id_itself_comes_first),
    CASE(the_customer_is_reached_as_the_prospect),
    CASE(the_first_later_id_with_a_contact_counts),
    CASE(a_link_is_noted_once),
    CASE(a_link_of_nobody_is_parked),
};

int main(void)
{
    return cmocka_run_group_tests_name("otp_links", cases, NULL, NULL);
}
