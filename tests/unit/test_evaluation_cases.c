/* What waits for a person: its case, and what closes it. */
#include "common/core/bytes.h"
#include "process_expired.h"
#include "review_expired.h"
#include "tests/support/evaluation_examples.h"

/* What came of a case: told to the reviewer, who asked, and as the job's result. */
static void assert_closed(const char *result, const char *code)
{
    assert_int_equal(fake.outcome.event_count, 2);
    assert_string_equal(fake_member_on(&topic_review_completed, "outcome"), "RESOLVED");
    assert_string_equal(fake_member_on(&topic_review_completed, "result"), result);
    assert_string_equal(fake_member_on(&topic_evaluation_completed, "result"), result);
    assert_string_equal(fake_member_on(&topic_evaluation_completed, "code"), code);
}

static void assert_told(const char *outcome, const char *result)
{
    assert_int_equal(fake.outcome.row_count, 0);
    assert_int_equal(fake.outcome.event_count, 1);
    assert_string_equal(fake_member_on(&topic_review_completed, "outcome"), outcome);
    assert_string_equal(fake_member_on(&topic_review_completed, "result"), result);
}

static const struct outcome *expire(const char *job)
{
    return fake_handle(
        &service, &topic_review_expired,
        &(struct review_expired){
            .processId = "p",
            .identityVerificationId = "v",
            .job = strcmp(job, "APPROVAL") == 0 ? EXPIRED_JOB_APPROVAL : EXPIRED_JOB_EVALUATION,
        });
}

static const struct outcome *expire_process(void)
{
    return fake_handle(&service, &topic_process_expired,
                       &(struct process_expired){.processId = "p"});
}

static struct review_case *case_of(const char *identity_verification_id)
{
    return fake_find(&case_kind, bytes_of(identity_verification_id))->items[0];
}

static void a_review_resolves_a_case(void **state)
{
    const struct outcome *out;

    (void)state;
    ask("{" UNSURE "}");
    out = decide(NULL);
    assert_closed("OK", "REVIEWED");
    assert_ptr_equal(out->events[0].topic, &topic_review_completed); /* is the reply */
    assert_string_equal(out->key, "p");
    assert_string_equal(fake_member("resultReason"), "Accepted by a reviewer.");
    assert_int_equal(fake_rows_of(&sql_insert_case), 1);
    assert_int_equal(fake_rows_of(&sql_insert_decision), 1);
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 2); /* firm now */

    const struct value *row = out->rows[1].values;
    assert_int_equal(row[1].integer, 2);
    assert_int_equal(row[8].kind, VALUE_NULL);
    assert_int_equal(row[10].kind, VALUE_NULL);
    assert_int_equal(row[12].kind, VALUE_NULL);
    assert_int_equal(row[13].kind, VALUE_NULL);
    fake_assert_text(&row[14], "u/decision.reviewed_by/v/2=reviewer-1");
    assert_int_equal(row[15].kind, VALUE_NULL);
    assert_null(out->subject);
}

static void a_reviewers_words_are_the_reason(void **state)
{
    (void)state;
    ask("{" UNSURE "}");
    decide("{'decision': 'NOK', 'reason': 'The picture is of somebody else.'}");
    assert_closed("NOK", "REVIEWED");
    assert_string_equal(fake_member("resultReason"), "The picture is of somebody else.");
    assert_string_equal(fake.outcome.subject, "u"); /* so that the result is stored sealed */
    fake_assert_text(&fake.outcome.rows[1].values[7], "Refused by a reviewer.");
    fake_assert_text(&fake.outcome.rows[1].values[15],
                     "u/decision.words/v/2=The picture is of somebody else.");
}

/* Of an earlier batch; once the user is erased, the text of the code has to do. */
static void words_are_opened_for_a_later_request(void **state)
{
    static const char *const owners[] = {"u", "somebody else"};

    (void)state;
    for (size_t i = 0; i < COUNT(owners); i++) {
        *(struct decision *)fake_know(&decision_kind, bytes_of("v")) = (struct decision){
            .version = 2,
            .process_id = "p",
            .process_type = "t",
            .user_id = "u",
            .result = EVALUATION_RESULT_NOK,
            .code = "REVIEWED",
            .reason = "Refused by a reviewer.",
            .policy_version = "1",
            .sealed_words = fake_seal(owners[i], "decision.words", "v/2", bytes_of("Blurred.")),
        };
        ask(NULL);
        assert_string_equal(fake_member("resultReason"),
                            i == 0 ? "Blurred." : "Refused by a reviewer.");
        assert_true((fake.outcome.subject != NULL) == (i == 0));
        end(NULL);
        start(NULL);
    }
}

static void a_refusal_by_a_reviewer_sets_the_identity_free(void **state)
{
    (void)state;
    ask("{" UNSURE "}");
    decide("{'decision': 'NOK'}");
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 2);
    assert_int_equal(fake.outcome.rows[2].values[1].integer, 2);       /* version */
    assert_int_equal(fake.outcome.rows[2].values[2].kind, VALUE_NULL); /* nobody's */
    ask("{" OTHER "}");
    assert_answer("OK", "ACCEPTED");
}

static void a_refusal_leaves_what_another_case_accepted(void **state)
{
    (void)state;
    ask("{" UNSURE "}");
    ask("{'identityVerificationId': 'v2'}");
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 2); /* firm now */
    decide("{'decision': 'NOK'}");
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 0);
    ask("{'userId': 'u3', 'identityVerificationId': 'v3'}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void a_request_after_the_review_gets_its_decision(void **state)
{
    (void)state;
    ask("{" UNSURE "}");
    decide(NULL);
    assert_int_equal(ask("{" UNSURE "}")->row_count, 0);
    assert_answer("OK", "REVIEWED");
}

static void a_second_reviewer_is_told(void **state)
{
    (void)state;
    ask("{" UNSURE "}");
    decide(NULL);
    decide("{'decision': 'NOK'}");
    assert_told("ALREADY_DECIDED", "OK");
}

static void a_reviewer_of_what_the_rules_decided_is_told(void **state)
{
    (void)state;
    ask("{'score': 1}");
    decide(NULL);
    assert_told("ALREADY_DECIDED", "NOK");
    assert_string_equal(fake_member("code"), "SCORE_TOO_LOW");
}

static void only_what_waits_opens_a_case(void **state)
{
    const struct value *row;

    (void)state;
    ask(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_case), 0);
    ask("{'identityVerificationId': 'v1', 'score': 1}");
    assert_int_equal(fake_rows_of(&sql_insert_case), 0);
    ask("{'identityVerificationId': 'v2', " UNSURE "}");
    assert_int_equal(fake_rows_of(&sql_insert_case), 1);
    row = fake.outcome.rows[fake.outcome.row_count - 1].values;
    assert_memory_equal(row[6].bytes.data, "SCORE_UNCERTAIN", 15);
    assert_int_equal(row[10].integer, fake_now_ms + INT64_C(72) * 3600 * 1000);
}

static void assert_refused(const char *code, const char *reason)
{
    assert_answer("NOK", code);
    assert_string_equal(fake_member("resultReason"), reason);
    assert_int_equal(fake_rows_of(&sql_insert_case), 1);
    assert_int_equal(fake_rows_of(&sql_insert_decision), 1);
    assert_int_equal(fake.outcome.rows[1].values[14].kind, VALUE_NULL);
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 2); /* set free */
}

static void a_case_that_nobody_decides_is_refused(void **state)
{
    (void)state;
    ask("{" UNSURE "}");
    assert_true(expire("EVALUATION")->ignored); /* not yet */
    case_of("v")->expires_ms = fake_now_ms;
    assert_true(expire("APPROVAL")->ignored);
    expire("EVALUATION");
    assert_refused("CASE_EXPIRED", "Nobody could look at the case in time.");
    decide(NULL);
    assert_told("ALREADY_DECIDED", "NOK");
}

static void an_expired_process_has_no_open_cases(void **state)
{
    (void)state;
    ask("{" UNSURE "}"); /* in the same batch */
    expire_process();
    assert_refused("PROCESS_EXPIRED", "The onboarding was not finished in time.");
    assert_int_equal(expire_process()->row_count, 0); /* it is closed */
}

static void know_waiting(void)
{
    *(struct decision *)fake_know(&decision_kind, bytes_of("v")) =
        (struct decision){.version = 1,
                          .process_id = "p",
                          .process_type = "retail",
                          .user_id = "u",
                          .result = EVALUATION_RESULT_WAIT,
                          .code = "SCORE_UNCERTAIN",
                          .reason = "Uncertain."};
}

static void an_expired_process_has_no_cases_that_the_database_knows(void **state)
{
    struct process_case *known = fake_know(&process_case_kind, bytes_of("p"));

    (void)state;
    known->identity_verification_id = "v";
    know_waiting();
    *(struct review_case *)fake_know(&case_kind, bytes_of("v")) =
        (struct review_case){.version = 1,
                             .state = CASE_OPEN,
                             .process_id = "p",
                             .user_id = "u",
                             .code = "SCORE_UNCERTAIN",
                             .reason = "Uncertain."};
    expire_process();
    assert_answer("NOK", "PROCESS_EXPIRED");
    assert_int_equal(fake_rows_of(&sql_insert_case), 1);
}

static void an_expired_process_may_have_no_cases(void **state)
{
    (void)state;
    assert_int_equal(expire_process()->row_count, 0);
    assert_int_equal(fake.outcome.event_count, 0);
    assert_false(fake.outcome.rejected);
}

static void a_review_of_approval_is_ignored(void **state)
{
    (void)state;
    assert_true(decide("{'job': 'APPROVAL', 'identityVerificationId': 'unknown'}")->ignored);
}

static void a_reviewer_of_nothing_is_told(void **state)
{
    (void)state;
    decide(NULL);
    assert_told("NO_SUCH_CASE", "null");
}

static void a_review_by_nobody_is_parked(void **state)
{
    (void)state;
    ask("{" UNSURE "}");
    decide("{'decidedBy': '  '}");
    assert_true(fake.outcome.rejected);
    assert_int_equal(fake.outcome.row_count, 0);
    decide(NULL); /* the case is open still */
    assert_closed("OK", "REVIEWED");
}

static void a_review_names_the_cases_user_and_process(void **state)
{
    (void)state;
    ask("{" UNSURE "}");
    decide("{'userId': 'u2'}");
    assert_told("NO_SUCH_CASE", "null");
    decide("{'processId': 'p2'}");
    assert_told("NO_SUCH_CASE", "null");
    decide(NULL);
    assert_closed("OK", "REVIEWED");
}

static const struct CMUnitTest cases[] = {
    CASE(a_review_resolves_a_case),
    CASE(a_reviewers_words_are_the_reason),
    CASE(words_are_opened_for_a_later_request),
    CASE(a_refusal_by_a_reviewer_sets_the_identity_free),
    CASE(a_refusal_leaves_what_another_case_accepted),
    CASE(a_request_after_the_review_gets_its_decision),
    CASE(a_second_reviewer_is_told),
    CASE(a_reviewer_of_what_the_rules_decided_is_told),
    CASE(only_what_waits_opens_a_case),
    CASE(a_case_that_nobody_decides_is_refused),
    CASE(an_expired_process_has_no_open_cases),
    CASE(an_expired_process_has_no_cases_that_the_database_knows),
    CASE(an_expired_process_may_have_no_cases),
    CASE(a_review_of_approval_is_ignored),
    CASE(a_reviewer_of_nothing_is_told),
    CASE(a_review_by_nobody_is_parked),
    CASE(a_review_names_the_cases_user_and_process),
};

int main(void)
{
    return cmocka_run_group_tests_name("evaluation_cases", cases, NULL, NULL);
}
