/* Who is found by what, which id is answered, and the rows that each event leaves. */
#include "tests/support/lookup_examples.h"

static void a_customer_is_found(void **state)
{
    const struct outcome *out;

    (void)state;
    assert_int_equal(tell(NULL)->row_count, 3);
    assert_int_equal(fake_rows_of(&sql_put_identity), 3);
    assert_int_equal(fake.outcome.event_count, 0);
    out = ask(NULL);
    assert_answer("FOUND", "c1");
    assert_int_equal(out->row_count, 1);
    assert_string_equal(out->key, "p");
    assert_string_equal(fake_member("processId"), "p");
    assert_string_equal(fake_member("processType"), "retail");
    assert_string_equal(fake_member("policyVersion"), "7");
    assert_string_equal(fake_member("decidedAt"), "2026-03-15T12:00:00.000Z");
    assert_string_equal(fake_member("consent"), "NOT_EVALUATED");
    assert_string_equal(fake_member("consentRequired"), "false");
}

static void the_order_of_keys_does_not_matter(void **state)
{
    (void)state;
    tell(NULL);
    ask("{'identification': {'clientNumber': ''}}");
    assert_answer("INSUFFICIENT", "null");
    fake_handle(&service, &topic_lookup_requested,
                record_patched(&lookup_requested_schema,
                               "{'processId': 'p', 'processType': 'retail', 'identification':"
                               " {'birthDate': '1990-02-28', 'clientNumber': '1234'}}",
                               NULL, &fake.arena));
    assert_answer("FOUND", "c1");
}

static void every_set_leads_to_the_customer(void **state)
{
    (void)state;
    tell(NULL);
    ask(BY_NUMBER);
    assert_answer("FOUND", "c1");
    ask(BY_MAIL);
    assert_answer("FOUND", "c1");
}

static void dates_are_read_in_three_forms(void **state)
{
    (void)state;
    tell(NULL);
    ask("{'identification': {'birthDate': '636163200000'}}");
    assert_answer("FOUND", "c1");
    ask("{'identification': {'birthDate': '[1990,2,28]'}}");
    assert_answer("FOUND", "c1");
}

static void an_unreadable_date_is_missing(void **state)
{
    (void)state;
    tell(NULL);
    ask("{'identification': {'birthDate': '28.2.1990'}}");
    assert_answer("INSUFFICIENT", "null");
}

static void an_unknown_identifier_does_not_matter(void **state)
{
    (void)state;
    tell(NULL);
    ask("{'identification': {'shoeSize': '39'}}");
    assert_answer("FOUND", "c1");
}

static void the_first_complete_set_decides(void **state)
{
    (void)state;
    tell(NULL);
    tell("{'userId': 'c2', 'identifiers': {'clientNumber': '99'}, 'personalNumber': '2',"
         " 'email': 'other@example.com'}");
    ask("{'identification': {'clientNumber': '99', 'personalNumber': '9052280001'}}");
    assert_answer("FOUND", "c2");
}

static void nobody_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(ask(NULL)->row_count, 1);
    assert_answer("NOT_FOUND", "null");
    assert_string_equal(fake_member("consent"), "NOT_EVALUATED");
}

static void two_customers_are_ambiguous(void **state)
{
    (void)state;
    tell(NULL);
    tell("{'userId': 'c2', 'identifiers': {'clientNumber': '99'}, 'personalNumber': '2'}");
    ask(BY_MAIL);
    assert_answer("AMBIGUOUS", "null");
    ask(BY_NUMBER);
    assert_answer("FOUND", "c1");
}

static const char *repeated(char letter, size_t count)
{
    char *text = arena_alloc(&fake.arena, count + 1, 1);

    return memset(text, letter, count);
}

static void blank_ids_break_the_contract(void **state)
{
    struct lookup_requested asked = {.processId = " ", .processType = "retail"};
    struct customer_registered told = {.userId = ""};
    struct consent_completed consented = {.processId = "p", .userId = "u", .consentType = "\t"};

    (void)state;
    assert_true(fake_handle(&service, &topic_lookup_requested, &asked)->rejected);
    assert_string_equal(fake.outcome.text, "processId is blank or too long");
    assert_true(fake_handle(&service, &topic_customer_registered, &told)->rejected);
    assert_string_equal(fake.outcome.text, "userId is blank or too long");
    assert_true(fake_handle(&service, &topic_consent_completed, &consented)->rejected);
    assert_string_equal(fake.outcome.text, "consentType is blank or too long");
    consented = (struct consent_completed){.processId = "", .userId = "u", .consentType = "c"};
    assert_true(fake_handle(&service, &topic_consent_completed, &consented)->rejected);
    assert_int_equal(fake.outcome.reason, REASON_CONTRACT);
}

static void values_have_bounds(void **state)
{
    struct text_entry entry = {"email", repeated('a', 255)};
    struct lookup_requested asked = {
        .processId = repeated('p', 255), .processType = "retail", .identification = {&entry, 1}};

    (void)state;
    assert_false(fake_handle(&service, &topic_lookup_requested, &asked)->rejected);
    entry.value = repeated('a', 256);
    assert_true(fake_handle(&service, &topic_lookup_requested, &asked)->rejected);
    assert_string_equal(fake.outcome.text, "identification has too many, or too long values");
    entry.value = "a";
    asked.processId = repeated('p', 256);
    assert_true(fake_handle(&service, &topic_lookup_requested, &asked)->rejected);
}

static const struct CMUnitTest cases[] = {
    CASE(a_customer_is_found),
    CASE(the_order_of_keys_does_not_matter),
    CASE(every_set_leads_to_the_customer),
    CASE(dates_are_read_in_three_forms),
    CASE(an_unreadable_date_is_missing),
    CASE(an_unknown_identifier_does_not_matter),
    CASE(the_first_complete_set_decides),
    CASE(nobody_is_not_found),
    CASE(two_customers_are_ambiguous),
    CASE(blank_ids_break_the_contract),
    CASE(values_have_bounds),
};

int main(void)
{
    return cmocka_run_group_tests_name("lookup_service", cases, NULL, NULL);
}
