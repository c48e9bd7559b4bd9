/* Whether a consent is still due. */
#include "common/core/bytes.h"
#include "tests/support/lookup_examples.h"

static const struct outcome *consent_to(const char *change)
{
    return fake_send(&service, &topic_consent_completed, consent, change);
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
    struct person *person = fake_know(&person_kind, bytes_of("c1"));

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

static const struct CMUnitTest cases[] = {
    CASE(consent_is_due_until_all_is_approved),
    CASE(a_withdrawn_consent_is_due_again),
    CASE(an_older_answer_to_a_consent_comes_too_late),
    CASE(consents_count_under_all_ids_of_a_person),
    CASE(a_process_type_may_need_no_consent),
    CASE(a_new_prospect_of_this_batch_has_no_consents),
};

int main(void)
{
    return cmocka_run_group_tests_name("lookup_consents", cases, NULL, NULL);
}
