/* Who is found by what, which id is answered, and the rows that each event leaves. */
#include "consent_completed.h"
#include "lookup_sql.h"
#include "services/lookup/consents.h"
#include "services/lookup/lookup.h"
#include "services/lookup/people.h"
#include "tests/support/fake_worker.h"
#include "tests/support/policy_examples.h"
#include "topics.h"

extern const struct service service;

static const char request[] =
    "{'processId': 'p', 'processType': 'retail',"
    " 'identification': {'clientNumber': '12-34', 'birthDate': '1990-02-28'}}";
static const char customer[] =
    "{'userId': 'c1', 'identifiers': {'clientNumber': '1234'}, 'birthDate': '1990-02-28',"
    " 'personalNumber': '905228/0001', 'email': 'zofie@example.com',"
    " 'phoneNumber': '+420 600 000 001'}";
static const char consent[] = "{'processId': 'p', 'userId': 'c1', 'consentType': 'GDPR',"
                              " 'approved': true, 'recordedAt': 1000}";

/* The ids that the fake worker gives out with the first two events. */
#define PROSPECT_1 "01020304-0506-7000-8000-000000000001"
#define PROSPECT_2 "01020304-0506-7000-8000-000000000002"

#define IDENTITY(members) "{'identification': {'clientNumber': '', " members "}}"
#define BY_NUMBER         IDENTITY("'personalNumber': '9052280001'")
#define BY_MAIL           IDENTITY("'email': ' Zofie@Example.com', 'phoneNumber': '+420600000001'")

/* As load_person.sql: an answer for every id. */
static void answer_person(const struct state_kind *kind, struct bytes key)
{
    if (kind != &person_kind)
        return;
    struct person *person = fake_know(kind, key);
    person->user_id = arena_copy(&fake.arena, (const char *)key.data, key.size);
}

static void begin(const char *policy)
{
    fake_start(&service);
    fake.otherwise = answer_person;
    fake.policy = parse_good(service.policy->parse, policy);
}

static int start(void **state)
{
    (void)state;
    begin("{'version': '7', 'default': {'prospects': 'refuse'},"
          " 'processTypes': {'new': {'prospects': 'create'},"
          " 'consenting': {'consent': 'required', 'consentTypes': ['GDPR', 'SCORING']},"
          " 'free': {'consent': 'not-required'},"
          " 'named': {'prospects': 'create', 'identifierSets': [['personalNumber']]}}}");
    return 0;
}

static int end(void **state)
{
    (void)state;
    service.policy->free(fake.policy);
    fake_end();
    return 0;
}

static const struct outcome *ask_as(const char *type, const char *change)
{
    struct lookup_requested event = *(const struct lookup_requested *)record_patched(
        &lookup_requested_schema, request, change, &fake.arena);

    event.processType = type;
    return fake_handle(&service, &topic_lookup_requested, &event);
}

static const struct outcome *ask(const char *change)
{
    return ask_as("retail", change);
}

static const struct outcome *tell(const char *change)
{
    return fake_handle(&service, &topic_customer_registered,
                       record_patched(&customer_registered_schema, customer, change, &fake.arena));
}

static const struct outcome *consent_to(const char *change)
{
    return fake_handle(&service, &topic_consent_completed,
                       record_patched(&consent_completed_schema, consent, change, &fake.arena));
}

static void assert_answer(const char *code, const char *user_id)
{
    assert_false(fake.outcome.rejected);
    assert_int_equal(fake.outcome.event_count, 1);
    assert_ptr_equal(fake.outcome.topic, &topic_lookup_completed);
    assert_string_equal(fake_member("code"), code);
    assert_string_equal(fake_member("userId"), user_id);
    assert_int_equal(fake_rows_of(&sql_insert_answer), 1);
}

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
    struct entry *entry = fake_know(&entry_kind, fake_bytes("c1"));
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
    struct person *person = fake_know(&person_kind, fake_bytes("c1"));

    (void)state;
    *person = (struct person){.user_id = "c1", .first_id = "first"};
    tell(NULL);
    ask(BY_NUMBER);
    assert_answer("FOUND", "first");
}

static void consent_is_due_until_all_is_approved(void **state)
{
    (void)state;
    tell(NULL);
    ask_as("consenting", NULL);
    assert_string_equal(fake_member("consent"), "REQUIRED");
    assert_string_equal(fake_member("consentRequired"), "true");
    assert_int_equal(consent_to(NULL)->row_count, 1);
    ask_as("consenting", NULL);
    assert_string_equal(fake_member("consent"), "REQUIRED");
    consent_to("{'consentType': 'SCORING'}");
    ask_as("consenting", NULL);
    assert_string_equal(fake_member("consent"), "NOT_REQUIRED");
    assert_string_equal(fake_member("consentRequired"), "false");
}

static void a_withdrawn_consent_is_due_again(void **state)
{
    (void)state;
    tell(NULL);
    consent_to("{'consentType': 'SCORING'}");
    consent_to(NULL);
    consent_to("{'approved': false, 'recordedAt': 1001}");
    ask_as("consenting", NULL);
    assert_string_equal(fake_member("consent"), "REQUIRED");
}

static void an_older_answer_to_a_consent_comes_too_late(void **state)
{
    (void)state;
    tell(NULL);
    consent_to("{'consentType': 'SCORING'}");
    consent_to(NULL);
    assert_int_equal(consent_to("{'approved': false, 'recordedAt': 999}")->row_count, 0);
    ask_as("consenting", NULL);
    assert_string_equal(fake_member("consent"), "NOT_REQUIRED");
}

static void consents_count_under_all_ids_of_a_person(void **state)
{
    struct person *person = fake_know(&person_kind, fake_bytes("c1"));

    (void)state;
    *person = (struct person){.user_id = "c1", .first_id = "first"};
    tell(NULL);
    consent_to("{'userId': 'first'}");
    consent_to("{'consentType': 'SCORING'}");
    ask_as("consenting", NULL);
    assert_answer("FOUND", "first");
    assert_string_equal(fake_member("consent"), "NOT_REQUIRED");
}

static void a_process_type_may_need_no_consent(void **state)
{
    (void)state;
    tell(NULL);
    ask_as("free", NULL);
    assert_string_equal(fake_member("consent"), "NOT_REQUIRED");
}

static void a_new_prospect_of_this_batch_has_no_consents(void **state)
{
    (void)state;
    end(state);
    begin("{'version': '1', 'default': {'prospects': 'create', 'consent': 'required',"
          " 'consentTypes': ['GDPR']}}");
    ask(NULL);
    assert_answer("PROSPECT", PROSPECT_1);
    assert_string_equal(fake_member("consent"), "REQUIRED");
    ask(NULL);
    assert_answer("FOUND", PROSPECT_1);
    assert_string_equal(fake_member("consent"), "REQUIRED");
    tell(NULL);
    ask(BY_NUMBER);
    assert_answer("FOUND", PROSPECT_1);
    assert_string_equal(fake_member("consent"), "REQUIRED");
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

/* clang-format off */
static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_customer_is_found, start, end),
    cmocka_unit_test_setup_teardown(the_order_of_keys_does_not_matter, start, end),
    cmocka_unit_test_setup_teardown(every_set_leads_to_the_customer, start, end),
    cmocka_unit_test_setup_teardown(dates_are_read_in_three_forms, start, end),
    cmocka_unit_test_setup_teardown(an_unreadable_date_is_missing, start, end),
    cmocka_unit_test_setup_teardown(an_unknown_identifier_does_not_matter, start, end),
    cmocka_unit_test_setup_teardown(the_first_complete_set_decides, start, end),
    cmocka_unit_test_setup_teardown(nobody_is_not_found, start, end),
    cmocka_unit_test_setup_teardown(two_customers_are_ambiguous, start, end),
    cmocka_unit_test_setup_teardown(a_prospect_gets_an_id_for_ever, start, end),
    cmocka_unit_test_setup_teardown(a_prospect_is_stored_under_every_set, start, end),
    cmocka_unit_test_setup_teardown(a_prospect_is_stored_under_sets_of_other_process_types, start, end),
    cmocka_unit_test_setup_teardown(a_prospect_makes_nobody_ambiguous, start, end),
    cmocka_unit_test_setup_teardown(insufficient_makes_no_prospect, start, end),
    cmocka_unit_test_setup_teardown(a_prospect_keeps_its_id_as_a_customer, start, end),
    cmocka_unit_test_setup_teardown(a_registration_again_keeps_the_first_id, start, end),
    cmocka_unit_test_setup_teardown(two_prospects_turn_out_to_be_one_person, start, end),
    cmocka_unit_test_setup_teardown(a_prospect_is_one_customer, start, end),
    cmocka_unit_test_setup_teardown(a_known_customer_keeps_its_id, start, end),
    cmocka_unit_test_setup_teardown(a_prospect_may_be_registered_under_its_own_id, start, end),
    cmocka_unit_test_setup_teardown(a_registration_replaces_the_former, start, end),
    cmocka_unit_test_setup_teardown(what_the_database_knows_is_replaced_as_well, start, end),
    cmocka_unit_test_setup_teardown(an_alias_of_the_database_is_resolved, start, end),
    cmocka_unit_test_setup_teardown(consent_is_due_until_all_is_approved, start, end),
    cmocka_unit_test_setup_teardown(a_withdrawn_consent_is_due_again, start, end),
    cmocka_unit_test_setup_teardown(an_older_answer_to_a_consent_comes_too_late, start, end),
    cmocka_unit_test_setup_teardown(consents_count_under_all_ids_of_a_person, start, end),
    cmocka_unit_test_setup_teardown(a_process_type_may_need_no_consent, start, end),
    cmocka_unit_test_setup_teardown(a_new_prospect_of_this_batch_has_no_consents, start, end),
    cmocka_unit_test_setup_teardown(blank_ids_break_the_contract, start, end),
    cmocka_unit_test_setup_teardown(values_have_bounds, start, end),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests_name("lookup_service", tests, NULL, NULL);
}
