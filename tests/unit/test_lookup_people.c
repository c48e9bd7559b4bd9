/* Prospects, customers and their ids: who is one person, and which id is answered. */
#include "common/core/bytes.h"
#include "tests/support/lookup_examples.h"

static void a_prospect_gets_an_id_for_ever(void **state)
{
    (void)state;
    assert_int_equal(ask_as("new", NULL)->row_count, 2);
    assert_answer("PROSPECT", PROSPECT_1);
    ask_as("new", NULL);
    assert_answer("FOUND", PROSPECT_1);
    ask(NULL);
    assert_answer("FOUND", PROSPECT_1);
}

static void a_prospect_is_stored_under_every_set(void **state)
{
    (void)state;
    ask_as("new", "{'identification': {'personalNumber': '9052280001'}}");
    assert_answer("PROSPECT", PROSPECT_1);
    assert_int_equal(fake_rows_of(&sql_put_identity), 2);
    ask(BY_NUMBER);
    assert_answer("FOUND", PROSPECT_1);
}

static void a_prospect_is_stored_under_sets_of_other_process_types(void **state)
{
    (void)state;
    ask_as("named", "{'identification': {'personalNumber': '9052280001'}}");
    assert_answer("PROSPECT", PROSPECT_1);
    ask(NULL);
    assert_answer("FOUND", PROSPECT_1);
}

static void a_prospect_makes_nobody_ambiguous(void **state)
{
    (void)state;
    ask_as("new", BY_MAIL);
    assert_answer("PROSPECT", PROSPECT_1);
    ask_as("new", "{'identification': {'email': 'zofie@example.com',"
                  " 'phoneNumber': '+420600000001'}}");
    assert_answer("PROSPECT", PROSPECT_2);
    assert_int_equal(fake_rows_of(&sql_put_identity), 1);
    ask(BY_MAIL);
    assert_answer("FOUND", PROSPECT_1);
}

static void insufficient_makes_no_prospect(void **state)
{
    (void)state;
    assert_int_equal(ask_as("new", IDENTITY("'email': 'zofie@example.com'"))->row_count, 1);
    assert_answer("INSUFFICIENT", "null");
}

static void a_prospect_keeps_its_id_as_a_customer(void **state)
{
    (void)state;
    ask_as("new", NULL);
    tell(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_alias), 1);
    assert_memory_equal(fake.outcome.rows[0].values[0].bytes.data, "c1", 2);
    assert_memory_equal(fake.outcome.rows[0].values[1].bytes.data, PROSPECT_1, 36);
    assert_int_equal(fake.outcome.event_count, 1);
    assert_ptr_equal(fake.outcome.topic, &topic_customer_linked);
    assert_string_equal(fake.outcome.key, "c1");
    assert_string_equal(fake_member("userId"), "c1");
    assert_string_equal(fake_member("firstId"), PROSPECT_1);
    ask(NULL);
    assert_answer("FOUND", PROSPECT_1);
    ask(BY_NUMBER); /* which the prospect did not give */
    assert_answer("FOUND", PROSPECT_1);
}

static void a_registration_again_keeps_the_first_id(void **state)
{
    (void)state;
    ask_as("new", NULL);
    tell(NULL);
    assert_int_equal(tell(NULL)->row_count, 0);
    ask(BY_NUMBER);
    assert_answer("FOUND", PROSPECT_1);
}

static void two_prospects_turn_out_to_be_one_person(void **state)
{
    (void)state;
    ask_as("new", NULL);
    ask_as("new", BY_NUMBER);
    assert_answer("PROSPECT", PROSPECT_2);
    tell(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_alias), 2);
    assert_int_equal(fake.outcome.event_count, 2);
    ask(BY_NUMBER);
    assert_answer("FOUND", PROSPECT_1);
    ask(NULL);
    assert_answer("FOUND", PROSPECT_1);
    tell("{'userId': 'c2', 'identifiers': {'clientNumber': '99'}, 'email': null}");
    assert_int_equal(fake_rows_of(&sql_insert_alias), 0); /* both are somebody already */
}

static void a_prospect_is_one_customer(void **state)
{
    (void)state;
    ask_as("new", BY_MAIL);
    tell(NULL);
    tell("{'userId': 'c2', 'identifiers': {'clientNumber': '99'}, 'personalNumber': '2'}");
    assert_int_equal(fake_rows_of(&sql_insert_alias), 0);
    ask(BY_MAIL);
    assert_answer("AMBIGUOUS", "null");
    ask(BY_NUMBER);
    assert_answer("FOUND", PROSPECT_1);
}

static void a_known_customer_keeps_its_id(void **state)
{
    (void)state;
    tell("{'personalNumber': null}");
    ask_as("new", BY_NUMBER);
    assert_answer("PROSPECT", PROSPECT_2);
    tell(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_alias), 1);
    ask(BY_NUMBER);
    assert_answer("FOUND", "c1");
}

static void a_prospect_may_be_registered_under_its_own_id(void **state)
{
    (void)state;
    ask_as("new", NULL);
    tell("{'userId': '" PROSPECT_1 "'}");
    assert_int_equal(fake_rows_of(&sql_insert_alias), 0);
    assert_int_equal(fake.outcome.event_count, 0);
    assert_int_equal(fake_rows_of(&sql_put_identity), 3);
    tell("{'userId': 'c2', 'personalNumber': '2', 'email': null}");
    assert_int_equal(fake_rows_of(&sql_insert_alias), 0);
    ask(NULL);
    assert_answer("AMBIGUOUS", "null");
}

static void a_registration_replaces_the_former(void **state)
{
    (void)state;
    tell(NULL);
    tell("{'email': 'new@example.com'}");
    assert_int_equal(fake.outcome.row_count, 2); /* one away, one new */
    ask(BY_MAIL);
    assert_answer("NOT_FOUND", "null");
    ask(IDENTITY("'email': 'new@example.com', 'phoneNumber': '+420600000001'"));
    assert_answer("FOUND", "c1");
    tell(NULL);
    ask(BY_MAIL);
    assert_answer("FOUND", "c1");
}

static void what_the_database_knows_is_replaced_as_well(void **state)
{
    static const uint8_t digest[DIGEST_SIZE] = {1};
    struct bytes index = {digest, sizeof digest};
    struct entry *entry = fake_know(&entry_kind, bytes_of("c1"));
    struct identity *identity = fake_know(&identity_kind, index);

    (void)state;
    memcpy(entry->index.bytes, digest, sizeof digest);
    identity->user_id = "c1";
    assert_int_equal(tell(NULL)->row_count, 4);
    assert_memory_equal(fake.outcome.rows[0].values[0].bytes.data, digest, sizeof digest);
    assert_false(fake.outcome.rows[0].values[3].boolean);
}

static void an_alias_of_the_database_is_resolved(void **state)
{
    struct person *person = fake_know(&person_kind, bytes_of("c1"));

    (void)state;
    *person = (struct person){.user_id = "c1", .first_id = "first"};
    tell(NULL);
    ask(BY_NUMBER);
    assert_answer("FOUND", "first");
}

static const struct CMUnitTest cases[] = {
    CASE(a_prospect_gets_an_id_for_ever),
    CASE(a_prospect_is_stored_under_every_set),
    CASE(a_prospect_is_stored_under_sets_of_other_process_types),
    CASE(a_prospect_makes_nobody_ambiguous),
    CASE(insufficient_makes_no_prospect),
    CASE(a_prospect_keeps_its_id_as_a_customer),
    CASE(a_registration_again_keeps_the_first_id),
    CASE(two_prospects_turn_out_to_be_one_person),
    CASE(a_prospect_is_one_customer),
    CASE(a_known_customer_keeps_its_id),
    CASE(a_prospect_may_be_registered_under_its_own_id),
    CASE(a_registration_replaces_the_former),
    CASE(what_the_database_knows_is_replaced_as_well),
    CASE(an_alias_of_the_database_is_resolved),
};

int main(void)
{
    return cmocka_run_group_tests_name("lookup_people", cases, NULL, NULL);
}
