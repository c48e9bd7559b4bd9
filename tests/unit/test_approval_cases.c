/* What waits for a person: its case, and what closes it. */
#include "common/core/bytes.h"
#include "process_expired.h"
#include "tests/support/approval_examples.h"

static void what_waits_has_a_case(void **state)
{
    const struct value *row;

    (void)state;
    ask("{" UNSURE "}");
    row = fake_row_of(&sql_insert_case);
    fake_assert_text(&row[2], "OPEN");
    fake_assert_text(&row[6], "EVALUATION_PENDING");
    fake_assert_text(&row[7], "The documents are not decided on yet.");
    assert_int_equal(row[8].integer, fake_now_ms);
    assert_int_equal(row[9].integer, fake_now_ms + 10 * MINUTE_MS);
    assert_int_equal(row[10].integer, fake_now_ms + (int64_t)72 * 60 * MINUTE_MS);
    tell_evaluation(NULL);
    row = fake_row_of(&sql_insert_case);
    assert_int_equal(row[1].integer, 2);
    fake_assert_text(&row[2], "OPEN");
    fake_assert_text(&row[6], "SCORE_UNCERTAIN");
    assert_int_equal(row[9].kind, VALUE_NULL);
}

static void a_case_expires_when_it_was_to_from_the_start(void **state)
{
    (void)state;
    know_waiting(MINUTE_MS);
    tell_evaluation(NULL);
    assert_answer("WAIT", "SCORE_UNCERTAIN");
    assert_int_equal(fake_row_of(&sql_insert_case)[10].integer, fake_now_ms + MINUTE_MS);
}

static void what_is_decided_has_none(void **state)
{
    (void)state;
    tell_evaluation(NULL);
    ask(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_case), 0);
}

static void a_fact_closes_the_case(void **state)
{
    const struct value *row;

    (void)state;
    ask(NULL);
    tell_evaluation("{'result': 'NOK'}");
    row = fake_row_of(&sql_insert_case);
    fake_assert_text(&row[2], "SUPERSEDED");
    fake_assert_text(&row[11], "NOK");
    fake_assert_text(&row[12], "EVALUATION_NOT_OK");
    assert_int_equal(fake.outcome.event_count, 1); /* no reviewer is told */
}

static void a_review_resolves_a_case(void **state)
{
    const struct value *row;

    (void)state;
    ask("{" UNSURE "}");
    tell_evaluation(NULL);
    decide(NULL);
    assert_answer("OK", "REVIEWED");
    assert_string_equal(fake_member_on(&topic_approval_completed, "resultReason"),
                        "Accepted by a reviewer.");
    assert_string_equal(fake_member_on(&topic_review_completed, "outcome"), "RESOLVED");
    assert_string_equal(fake_member_on(&topic_review_completed, "job"), "APPROVAL");
    fake_assert_text(&fake_row_of(&sql_insert_case)[2], "RESOLVED");
    row = fake_row_of(&sql_insert_decision);
    assert_int_equal(row[1].integer, 3);
    assert_int_equal(row[8].kind, VALUE_NULL);
    fake_assert_text(&row[19], "u/decision.reviewed_by/v/3=reviewer-1");
    assert_int_equal(row[20].kind, VALUE_NULL);
    ask("{" UNSURE "}");
    assert_answer("OK", "REVIEWED");
}

static void a_reviewers_words_are_the_reason(void **state)
{
    (void)state;
    ask(NULL);
    decide("{'decision': 'NOK', 'reason': 'The picture is of somebody else.'}");
    assert_answer("NOK", "REVIEWED");
    assert_string_equal(fake_member_on(&topic_approval_completed, "resultReason"),
                        "The picture is of somebody else.");
    assert_string_equal(fake.outcome.subject, "u"); /* so that the result is stored sealed */
    fake_assert_text(&fake_row_of(&sql_insert_decision)[7], "Refused by a reviewer.");
    fake_assert_text(&fake_row_of(&sql_insert_decision)[20],
                     "u/decision.words/v/2=The picture is of somebody else.");
}

static void what_a_person_decided_no_fact_changes(void **state)
{
    (void)state;
    ask(NULL);
    decide(NULL);
    tell_evaluation("{'result': 'NOK'}");
    assert_silence();
}

static void a_second_reviewer_is_told(void **state)
{
    (void)state;
    ask(NULL);
    decide(NULL);
    decide("{'decision': 'NOK'}");
    assert_int_equal(fake.outcome.event_count, 1);
    assert_string_equal(fake_member_on(&topic_review_completed, "outcome"), "ALREADY_DECIDED");
    assert_string_equal(fake_member_on(&topic_review_completed, "result"), "OK");
    assert_int_equal(fake.outcome.row_count, 0);
}

static void a_reviewer_of_what_the_rules_decided_is_told(void **state)
{
    (void)state;
    ask("{'status': 'FAILURE'}");
    decide(NULL);
    assert_string_equal(fake_member_on(&topic_review_completed, "outcome"), "ALREADY_DECIDED");
    assert_string_equal(fake_member_on(&topic_review_completed, "code"), "PROVIDER_FAILURE");
}

static void a_reviewer_of_nothing_is_told(void **state)
{
    (void)state;
    decide(NULL);
    assert_string_equal(fake_member_on(&topic_review_completed, "outcome"), "NO_SUCH_CASE");
}

static void a_review_names_the_cases_user_and_process(void **state)
{
    (void)state;
    ask(NULL);
    decide("{'userId': 'u2'}");
    assert_string_equal(fake_member_on(&topic_review_completed, "outcome"), "NO_SUCH_CASE");
    decide("{'processId': 'p2'}");
    assert_string_equal(fake_member_on(&topic_review_completed, "outcome"), "NO_SUCH_CASE");
    assert_int_equal(fake.outcome.row_count, 0);
}

static void a_review_by_nobody_is_parked(void **state)
{
    (void)state;
    ask("{" UNSURE "}");
    decide("{'decidedBy': ' \\t'}");
    fake_assert_contract("decidedBy is blank");
    decide(NULL); /* the case is open still */
    assert_answer("OK", "REVIEWED");
}

static void a_review_of_evaluation_is_ignored(void **state)
{
    (void)state;
    assert_true(decide("{'job': 'EVALUATION'}")->ignored);
    assert_true(expire("{'job': 'EVALUATION'}")->ignored);
}

static void a_case_expires(void **state)
{
    (void)state;
    know_waiting(0);
    ((struct review_case *)fake_find(&case_kind, bytes_of("v"))->items[0])->expires_ms =
        fake_now_ms;
    expire(NULL);
    assert_answer("NOK", "CASE_EXPIRED");
    assert_string_equal(fake_member("resultReason"), "Nobody could look at the case in time.");
    fake_assert_text(&fake_row_of(&sql_insert_case)[2], "EXPIRED");
    assert_int_equal(fake_row_of(&sql_insert_decision)[19].kind, VALUE_NULL);
    assert_true(expire(NULL)->ignored);
}

static void a_case_does_not_expire_early(void **state)
{
    (void)state;
    ask(NULL);
    assert_true(expire(NULL)->ignored);
}

static const struct outcome *expire_process(const char *process_id)
{
    return fake_handle(&service, &topic_process_expired,
                       &(struct process_expired){.processId = process_id});
}

static void a_process_that_expires_ends_its_cases(void **state)
{
    (void)state;
    ask("{'status': 'FAILURE', 'identityVerificationId': 'w'}");
    ask(NULL);
    ask("{'identityVerificationId': 'v2'}");
    expire_process("p");
    assert_int_equal(fake.outcome.event_count, 2);
    assert_int_equal(fake_rows_of(&sql_insert_decision), 2);
    fake_assert_text(&fake_row_of(&sql_insert_case)[2], "EXPIRED");
    assert_string_equal(fake_member("code"), "PROCESS_EXPIRED");
    assert_string_equal(fake_member("resultReason"), "The onboarding was not finished in time.");
    expire_process("p");
    assert_silence();
    assert_int_equal(fake.outcome.row_count, 0);
}

static void a_process_that_expires_ends_what_the_database_knows(void **state)
{
    struct process_case *known = fake_know(&process_case_kind, bytes_of("p"));

    (void)state;
    know_waiting(0);
    known->identity_verification_id = "v";
    expire_process("p");
    assert_answer("NOK", "PROCESS_EXPIRED");
    expire_process("p2");
    assert_silence();
}

static const struct CMUnitTest cases[] = {
    CASE(what_waits_has_a_case),
    CASE(a_case_expires_when_it_was_to_from_the_start),
    CASE(what_is_decided_has_none),
    CASE(a_fact_closes_the_case),
    CASE(a_review_resolves_a_case),
    CASE(a_reviewers_words_are_the_reason),
    CASE(what_a_person_decided_no_fact_changes),
    CASE(a_second_reviewer_is_told),
    CASE(a_reviewer_of_what_the_rules_decided_is_told),
    CASE(a_reviewer_of_nothing_is_told),
    CASE(a_review_names_the_cases_user_and_process),
    CASE(a_review_by_nobody_is_parked),
    CASE(a_review_of_evaluation_is_ignored),
    CASE(a_case_expires),
    CASE(a_case_does_not_expire_early),
    CASE(a_process_that_expires_ends_its_cases),
    CASE(a_process_that_expires_ends_what_the_database_knows),
};

int main(void)
{
    return cmocka_run_group_tests_name("approval_cases", cases, NULL, NULL);
}
