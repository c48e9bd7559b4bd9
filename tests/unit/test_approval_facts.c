/* What is known from before, and what other workers tell before a request or after. */
#include "common/core/bytes.h"
#include "tests/support/approval_examples.h"

static void a_face_with_another_user_needs_a_person(void **state)
{
    (void)state;
    ask(NULL);
    tell_evaluation("{" OTHER "}");
    ask("{" OTHER "}");
    assert_answer("WAIT", "FACE_IN_USE");
    assert_true(fake_row_of(&sql_insert_decision)[13].boolean);
    assert_int_equal(fake_rows_of(&sql_put_face_use), 1);
}

static void a_user_may_show_the_same_face_again(void **state)
{
    (void)state;
    ask(NULL);
    tell_evaluation("{'identityVerificationId': 'v2'}");
    ask("{'identityVerificationId': 'v2'}");
    assert_answer("OK", "ACCEPTED");
    assert_int_equal(fake_rows_of(&sql_put_face_use), 0);
}

static void another_face_is_another(void **state)
{
    (void)state;
    ask(NULL);
    tell_evaluation("{" OTHER "}");
    ask("{" OTHER ", 'frame': {'data': '/9j/AAAB'}}");
    assert_answer("OK", "ACCEPTED");
}

static void by_reference_it_is_the_same_face(void **state)
{
    struct key key = {.bytes = {'k', 'e', 'y'}, .present = true};
    struct digest digest =
        digest_of(&key, (struct bytes){(const uint8_t *)"\xff\xd8\xff\0\0\0", 6});
    struct approval_requested event;
    struct presence_frame frame = {.digest = digest_bytes(&digest)};

    (void)state;
    ask(NULL);
    tell_evaluation("{" OTHER "}");
    event = *(const struct approval_requested *)record_patched(&approval_requested_schema, request,
                                                               "{" OTHER "}", &fake.arena);
    event.frame = &frame;
    fake_handle(&service, &topic_approval_requested, &event);
    assert_answer("WAIT", "FACE_IN_USE");
}

static void the_picture_itself_is_in_no_row(void **state)
{
    (void)state;
    ask(NULL);
    for (size_t i = 0; i < fake.outcome.row_count; i++)
        for (size_t k = 0; k < FAKE_VALUES_MAX; k++) {
            const struct value *value = &fake.outcome.rows[i].values[k];

            if (value->kind == VALUE_TEXT || value->kind == VALUE_BYTES)
                assert_null(memmem(value->bytes.data, value->bytes.size, "\xff\xd8\xff", 3));
        }
}

/* Facts. */

static void without_an_evaluation_it_waits(void **state)
{
    (void)state;
    ask(NULL);
    assert_answer("WAIT", "EVALUATION_PENDING");
    assert_true(fake_row_of(&sql_insert_decision)[16].boolean);
}

static void an_evaluation_that_comes_later_resolves_it(void **state)
{
    const struct outcome *out;
    const struct value *row;

    (void)state;
    ask("{'score': 7.5}");
    out = tell_evaluation("{'processId': 'p-other'}");
    assert_answer("OK", "ACCEPTED");
    assert_string_equal(out->key, "p");
    row = fake_row_of(&sql_insert_decision);
    assert_int_equal(row[1].integer, 2);
    fake_assert_text(&row[3], "retail");
    assert_int_equal(row[8].kind, VALUE_NULL);
    assert_true(row[11].number == 7.5);
    assert_true(row[12].boolean);
    assert_false(row[16].boolean);
    assert_int_equal(row[19].kind, VALUE_NULL);
    assert_int_equal(fake_rows_of(&sql_put_evaluation), 1);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
    assert_int_equal(fake.outcome.row_count, 0);
}

static void a_refused_evaluation_that_comes_later_refuses_it(void **state)
{
    (void)state;
    ask(NULL);
    tell_evaluation("{'result': 'NOK', 'code': 'UNDER_AGE'}");
    assert_answer("NOK", "EVALUATION_NOT_OK");
}

static void a_refused_evaluation_that_came_before_refuses_it(void **state)
{
    (void)state;
    tell_evaluation("{'result': 'NOK', 'code': 'UNDER_AGE'}");
    assert_silence();
    ask(NULL);
    assert_answer("NOK", "EVALUATION_NOT_OK");
}

static void an_evaluation_that_waits_changes_nothing(void **state)
{
    (void)state;
    ask(NULL);
    tell_evaluation("{'result': 'WAIT'}");
    assert_silence();
    assert_int_equal(fake.outcome.row_count, 1); /* the fact */
    tell_evaluation("{'decidedAt': 2000}");
    assert_answer("OK", "ACCEPTED");
}

static void of_evaluations_the_latest_counts(void **state)
{
    (void)state;
    tell_evaluation("{'result': 'NOK', 'decidedAt': 2000}");
    assert_int_equal(tell_evaluation("{'decidedAt': 1999}")->row_count, 0);
    ask(NULL);
    assert_answer("NOK", "EVALUATION_NOT_OK");
}

static void of_one_moment_the_final_evaluation_counts(void **state)
{
    (void)state;
    tell_evaluation(NULL);
    assert_int_equal(tell_evaluation("{'result': 'WAIT'}")->row_count, 0);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
    tell_evaluation("{'identityVerificationId': 'v2', 'result': 'WAIT'}");
    tell_evaluation("{'identityVerificationId': 'v2'}");
    ask("{'identityVerificationId': 'v2'}");
    assert_answer("OK", "ACCEPTED");
}

static void another_users_evaluation_is_none(void **state)
{
    (void)state;
    tell_evaluation("{'userId': 'u2'}");
    ask(NULL);
    assert_answer("WAIT", "EVALUATION_PENDING");
    tell_evaluation("{'userId': 'u2', 'decidedAt': 2000}");
    assert_silence();
}

static void consents_that_come_later_resolve_it(void **state)
{
    (void)state;
    tell_evaluation(NULL);
    ask("{" CONSENTING "}");
    assert_answer("WAIT", "CONSENT_PENDING");
    tell_consent(NULL);
    assert_silence();
    tell_consent("{'consentType': 'SCORING', 'processId': 'p-other'}");
    assert_answer("OK", "ACCEPTED");
    assert_string_equal(fake.outcome.key, "p");
}

static void consents_that_came_before_count(void **state)
{
    (void)state;
    tell_consent(NULL);
    tell_consent("{'consentType': 'SCORING'}");
    tell_evaluation(NULL);
    ask("{" CONSENTING "}");
    assert_answer("OK", "ACCEPTED");
}

static void a_consent_refused_later_refuses_it(void **state)
{
    (void)state;
    ask("{" CONSENTING "}");
    assert_answer("WAIT", "EVALUATION_PENDING");
    tell_consent("{'approved': false}");
    assert_answer("NOK", "CONSENT_REFUSED");
}

static void of_answers_the_latest_counts(void **state)
{
    (void)state;
    tell_consent("{'recordedAt': 2000}");
    assert_int_equal(tell_consent("{'approved': false}")->row_count, 0);
    assert_int_equal(tell_consent("{'approved': false, 'recordedAt': 2000}")->row_count, 0);
    tell_consent("{'consentType': 'SCORING'}");
    tell_evaluation(NULL);
    ask("{" CONSENTING "}");
    assert_answer("OK", "ACCEPTED");
}

static void another_users_consent_is_none(void **state)
{
    (void)state;
    tell_evaluation(NULL);
    ask("{" CONSENTING "}");
    tell_consent("{'userId': 'u2'}");
    tell_consent("{'userId': 'u2', 'consentType': 'SCORING'}");
    assert_silence();
}

static void a_consent_may_resolve_several(void **state)
{
    (void)state;
    ask("{" CONSENTING "}");
    ask("{" CONSENTING ", 'identityVerificationId': 'v2'}");
    tell_consent("{'approved': false}");
    assert_int_equal(fake.outcome.event_count, 2);
    assert_int_equal(fake_rows_of(&sql_insert_decision), 2);
}

static void one_fact_after_the_other(void **state)
{
    (void)state;
    ask("{" CONSENTING ", " UNSURE "}");
    assert_answer("WAIT", "EVALUATION_PENDING");
    tell_evaluation(NULL);
    assert_answer("WAIT", "CONSENT_PENDING");
    tell_consent(NULL);
    tell_consent("{'consentType': 'SCORING'}");
    assert_answer("WAIT", "SCORE_UNCERTAIN");
    assert_int_equal(fake_row_of(&sql_insert_decision)[1].integer, 3);
    tell_evaluation("{'result': 'NOK', 'decidedAt': 2000}");
    assert_silence(); /* a person has to decide now */
}

static void a_fact_counts_until_the_time_is_over(void **state)
{
    (void)state;
    know_waiting(10 * MINUTE_MS);
    tell_evaluation("{'result': 'NOK'}");
    assert_answer("NOK", "EVALUATION_NOT_OK");
    assert_string_equal(fake_member("policyVersion"), "7");
}

static void after_that_a_person_decides(void **state)
{
    (void)state;
    know_waiting(10 * MINUTE_MS + 1);
    tell_evaluation("{'result': 'NOK'}");
    assert_silence();
    assert_int_equal(fake.outcome.row_count, 1); /* the fact */
    decide(NULL);
    assert_answer("OK", "REVIEWED");
}

static void a_consent_finds_what_the_database_knows_to_wait(void **state)
{
    (void)state;
    know_waiting(MINUTE_MS);
    ((struct decision *)fake_find(&decision_kind, bytes_of("v"))->items[0])->process_type =
        "consenting";
    tell_consent("{'approved': false}");
    assert_answer("NOK", "CONSENT_REFUSED");
}

static const struct CMUnitTest cases[] = {
    CASE(a_face_with_another_user_needs_a_person),
    CASE(a_user_may_show_the_same_face_again),
    CASE(another_face_is_another),
    CASE(by_reference_it_is_the_same_face),
    CASE(the_picture_itself_is_in_no_row),
    CASE(without_an_evaluation_it_waits),
    CASE(an_evaluation_that_comes_later_resolves_it),
    CASE(a_refused_evaluation_that_comes_later_refuses_it),
    CASE(a_refused_evaluation_that_came_before_refuses_it),
    CASE(an_evaluation_that_waits_changes_nothing),
    CASE(of_evaluations_the_latest_counts),
    CASE(of_one_moment_the_final_evaluation_counts),
    CASE(another_users_evaluation_is_none),
    CASE(consents_that_come_later_resolve_it),
    CASE(consents_that_came_before_count),
    CASE(a_consent_refused_later_refuses_it),
    CASE(of_answers_the_latest_counts),
    CASE(another_users_consent_is_none),
    CASE(a_consent_may_resolve_several),
    CASE(one_fact_after_the_other),
    CASE(a_fact_counts_until_the_time_is_over),
    CASE(after_that_a_person_decides),
    CASE(a_consent_finds_what_the_database_knows_to_wait),
};

int main(void)
{
    return cmocka_run_group_tests_name("approval_facts", cases, NULL, NULL);
}
