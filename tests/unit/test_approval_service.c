/* What each event leaves: the rows, the answer, and what later events see of it. */
#include <math.h>

#include "approval_completed.h"
#include "approval_requested.h"
#include "approval_sql.h"
#include "consent_completed.h"
#include "evaluation_completed.h"
#include "process_expired.h"
#include "review_decided.h"
#include "review_expired.h"
#include "review_sql.h"
#include "services/approval/approval.h"
#include "services/approval/cases.h"
#include "services/approval/facts.h"
#include "services/approval/known.h"
#include "services/review/case.h"
#include "tests/support/fake_worker.h"
#include "tests/support/policy_examples.h"
#include "topics.h"

extern const struct service service;

static const char request[] =
    "{'processId': 'p', 'processType': 'retail', 'userId': 'u', 'identityVerificationId': 'v',"
    " 'provider': 'iProov', 'status': 'SUCCESS', 'score': 9,"
    " 'frame': {'data': '/9j/AAAA', 'mediaType': 'image/jpeg'}}";
static const char evaluated[] =
    "{'processId': 'p', 'userId': 'u', 'identityVerificationId': 'v', 'result': 'OK',"
    " 'code': 'ACCEPTED', 'resultReason': 'Accepted.', 'policyVersion': '1', 'decidedAt': 1000}";
static const char consented[] = "{'processId': 'p', 'userId': 'u', 'consentType': 'GDPR',"
                                " 'approved': true, 'recordedAt': 1000}";
static const char review[] = "{'processId': 'p', 'identityVerificationId': 'v', 'userId': 'u',"
                             " 'job': 'APPROVAL', 'decision': 'OK', 'reason': '',"
                             " 'decidedBy': 'reviewer-1'}";
static const char expiry[] = "{'processId': 'p', 'identityVerificationId': 'v', 'job': 'APPROVAL',"
                             " 'expiredAt': 1000}";

static const char policy[] =
    "{'version': '7', 'processTypes': {'consenting': {'consents': ['GDPR', 'SCORING']}}}";

#define UNSURE     "'score': 5"
#define NO_FRAME   "'frame': null"
#define OTHER      "'userId': 'u2', 'processId': 'p2', 'identityVerificationId': 'v2'"
#define CONSENTING "'processType': 'consenting'"

enum { MINUTE_MS = 60 * 1000 };

static int start(void **state)
{
    (void)state;
    fake_start(&service);
    fake.policy = parse_good(service.policy->parse, policy);
    return 0;
}

static int end(void **state)
{
    (void)state;
    service.policy->free(fake.policy);
    fake_end();
    return 0;
}

static const struct outcome *send(const struct topic *topic, const char *event, const char *change)
{
    return fake_handle(&service, topic, record_patched(topic->schema, event, change, &fake.arena));
}

static const struct outcome *ask(const char *change)
{
    return send(&topic_approval_requested, request, change);
}

static const struct outcome *tell_evaluation(const char *change)
{
    return send(&topic_evaluation_completed, evaluated, change);
}

static const struct outcome *tell_consent(const char *change)
{
    return send(&topic_consent_completed, consented, change);
}

static const struct outcome *decide(const char *change)
{
    return send(&topic_review_decided, review, change);
}

static const struct outcome *expire(const char *change)
{
    return send(&topic_review_expired, expiry, change);
}

static void assert_answer(const char *result, const char *code)
{
    assert_false(fake.outcome.rejected);
    assert_string_equal(fake_member_on(&topic_approval_completed, "code"), code);
    assert_string_equal(fake_member_on(&topic_approval_completed, "result"), result);
}

static void assert_silence(void)
{
    assert_false(fake.outcome.rejected);
    assert_int_equal(fake.outcome.event_count, 0);
}

static void assert_contract(const char *text)
{
    assert_true(fake.outcome.rejected);
    assert_int_equal(fake.outcome.reason, REASON_CONTRACT);
    assert_string_equal(fake.outcome.text, text);
}

static const struct value *row_of(const struct statement *statement)
{
    for (size_t i = 0; i < fake.outcome.row_count; i++)
        if (fake.outcome.rows[i].statement == statement)
            return fake.outcome.rows[i].values;
    fail_msg("no such row");
    return NULL;
}

static void assert_text(const struct value *value, const char *text)
{
    assert_int_equal(value->bytes.size, strlen(text));
    assert_memory_equal(value->bytes.data, text, value->bytes.size);
}

/* Requests. */

static void a_request_leaves_a_decision_and_a_face(void **state)
{
    const struct outcome *out;

    (void)state;
    tell_evaluation(NULL);
    out = ask(NULL);
    assert_answer("OK", "ACCEPTED");
    assert_string_equal(out->key, "p");
    assert_string_equal(fake_member("processId"), "p");
    assert_string_equal(fake_member("userId"), "u");
    assert_string_equal(fake_member("identityVerificationId"), "v");
    assert_string_equal(fake_member("resultReason"), "Accepted.");
    assert_string_equal(fake_member("policyVersion"), "7");
    assert_string_equal(fake_member("decidedAt"), "2026-03-15T12:00:00.000Z");
    assert_int_equal(fake_rows_of(&sql_insert_decision), 1);
    assert_int_equal(fake_rows_of(&sql_put_face_use), 1);
    assert_int_equal(out->row_count, 2);
}

static void the_row_tells_who_what_and_why(void **state)
{
    const struct value *row;

    (void)state;
    tell_evaluation(NULL);
    ask("{" UNSURE "}");
    row = row_of(&sql_insert_decision);
    assert_int_equal(row[1].integer, 1); /* version */
    assert_text(&row[3], "retail");
    assert_text(&row[5], "WAIT");
    assert_text(&row[6], "SCORE_UNCERTAIN");
    assert_int_equal(row[8].integer, 10); /* rule */
    assert_text(&row[9], "7");
    assert_false(row[10].boolean); /* failed */
    assert_true(row[11].number == 5);
    assert_true(row[12].boolean);         /* frame */
    assert_false(row[13].boolean);        /* in use */
    assert_int_equal(row[14].integer, 1); /* attempts */
    assert_int_equal(row[15].integer, 1);
    assert_false(row[16].boolean); /* awaits facts */
    assert_int_equal(row[17].integer, FAKE_DAY);
    assert_int_equal(row[19].kind, VALUE_NULL); /* reviewer */
}

static void an_accepted_row_has_no_rule(void **state)
{
    (void)state;
    tell_evaluation(NULL);
    ask("{'score': null, 'status': 'FAILURE'}");
    assert_true(row_of(&sql_insert_decision)[10].boolean);
    assert_int_equal(row_of(&sql_insert_decision)[11].kind, VALUE_NULL);
    tell_evaluation("{'identityVerificationId': 'v2'}");
    ask("{'identityVerificationId': 'v2'}");
    assert_int_equal(row_of(&sql_insert_decision)[8].kind, VALUE_NULL);
}

static void a_repeated_request_gets_the_decision(void **state)
{
    const struct outcome *out;

    (void)state;
    ask("{'status': 'FAILURE'}");
    out = ask("{'processId': 'p2'}");
    assert_answer("NOK", "PROVIDER_FAILURE");
    assert_int_equal(out->row_count, 0);
    assert_string_equal(out->key, "p2");
    assert_string_equal(fake_member("processId"), "p2");
}

static void a_repeated_request_gets_what_the_database_knows(void **state)
{
    struct decision *known = fake_know(&decision_kind, fake_bytes("v"));

    (void)state;
    *known = (struct decision){.identity_verification_id = "v",
                               .version = 2,
                               .process_id = "p",
                               .user_id = "u",
                               .result = APPROVAL_RESULT_NOK,
                               .code = "REVIEWED",
                               .reason = "Refused by a reviewer.",
                               .policy_version = "6",
                               .decided_at_ms = 1};
    assert_int_equal(ask(NULL)->row_count, 0);
    assert_answer("NOK", "REVIEWED");
    assert_string_equal(fake_member("policyVersion"), "6");
    assert_string_equal(fake_member("decidedAt"), "1970-01-01T00:00:00.001Z");
}

static void a_decision_is_not_another_users(void **state)
{
    (void)state;
    ask(NULL);
    ask("{'userId': 'u2'}");
    assert_contract("identityVerificationId is of another user");
}

static void without_a_process_type_the_default_counts(void **state)
{
    (void)state;
    tell_evaluation(NULL);
    ask("{'processType': null}");
    assert_answer("OK", "ACCEPTED");
    assert_int_equal(row_of(&sql_insert_decision)[3].kind, VALUE_NULL);
}

/* Attempts. */

static void ask_failed(const char *process, const char *user, int number)
{
    char change[200];

    snprintf(change, sizeof change,
             "{" NO_FRAME ", 'status': 'FAILURE', 'processId': '%s', 'userId': '%s',"
             " 'identityVerificationId': 'w%d'}",
             process, user, number);
    ask(change);
    assert_answer("NOK", "PROVIDER_FAILURE");
}

static void the_sixth_verification_of_a_process_is_too_many(void **state)
{
    static const char *const users[] = {"a", "b", "c", "d", "e"};

    (void)state;
    for (int i = 0; i < 5; i++)
        ask_failed("p", users[i], i);
    tell_evaluation(NULL);
    ask("{" NO_FRAME "}");
    assert_answer("NOK", "TOO_MANY_ATTEMPTS");
    assert_int_equal(row_of(&sql_insert_decision)[14].integer, 6);
    assert_int_equal(row_of(&sql_insert_decision)[15].integer, 1);
}

static void the_sixth_verification_of_a_users_day_is_too_many(void **state)
{
    static const char *const processes[] = {"a", "b", "c", "d", "e"};

    (void)state;
    for (int i = 0; i < 5; i++)
        ask_failed(processes[i], "u", i);
    tell_evaluation(NULL);
    ask("{" NO_FRAME "}");
    assert_answer("NOK", "TOO_MANY_ATTEMPTS");
    assert_int_equal(row_of(&sql_insert_decision)[14].integer, 1);
    assert_int_equal(row_of(&sql_insert_decision)[15].integer, 6);
}

static void a_repeat_is_no_further_attempt(void **state)
{
    (void)state;
    for (int i = 0; i < 9; i++)
        ask("{" NO_FRAME ", 'identityVerificationId': 'w', 'status': 'FAILURE'}");
    tell_evaluation(NULL);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
    assert_int_equal(row_of(&sql_insert_decision)[14].integer, 2);
}

static void attempts_that_the_database_knows_count(void **state)
{
    struct attempts *known = fake_know(&process_attempts_kind, fake_bytes("p"));

    (void)state;
    known->count = 5;
    tell_evaluation(NULL);
    ask(NULL);
    assert_answer("NOK", "TOO_MANY_ATTEMPTS");
}

static void attempts_of_a_day_are_that_days(void **state)
{
    struct attempts *yesterday = fake_know(&day_attempts_kind, fake_bytes("20526/u"));
    struct attempts *today = fake_know(&day_attempts_kind, fake_bytes("20527/u"));

    (void)state;
    yesterday->count = 5;
    today->count = 4;
    tell_evaluation(NULL);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
    assert_int_equal(today->count, 5);
}

/* Faces. */

static void a_face_with_another_user_needs_a_person(void **state)
{
    (void)state;
    ask(NULL);
    tell_evaluation("{" OTHER "}");
    ask("{" OTHER "}");
    assert_answer("WAIT", "FACE_IN_USE");
    assert_true(row_of(&sql_insert_decision)[13].boolean);
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
    struct presence_frame frame = {.digest = {digest.bytes, sizeof digest.bytes}};

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
    assert_true(row_of(&sql_insert_decision)[16].boolean);
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
    row = row_of(&sql_insert_decision);
    assert_int_equal(row[1].integer, 2);
    assert_text(&row[3], "retail");
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
    assert_int_equal(row_of(&sql_insert_decision)[1].integer, 3);
    tell_evaluation("{'result': 'NOK', 'decidedAt': 2000}");
    assert_silence(); /* a person has to decide now */
}

static void know_waiting(int64_t age_ms)
{
    struct decision *known = fake_know(&decision_kind, fake_bytes("v"));
    struct awaiting *awaiting = fake_know(&awaiting_kind, fake_bytes("u"));
    struct review_case *open = fake_know(&case_kind, fake_bytes("v"));

    awaiting->identity_verification_id = "v";
    *known = (struct decision){.identity_verification_id = "v",
                               .version = 1,
                               .process_id = "p",
                               .user_id = "u",
                               .result = APPROVAL_RESULT_WAIT,
                               .code = "EVALUATION_PENDING",
                               .reason = "Pending.",
                               .policy_version = "6",
                               .presence = {.process_attempt = 1, .day_attempt = 1},
                               .awaits_facts = true,
                               .requested_at_ms = fake_now_ms - age_ms};
    *open = (struct review_case){.version = 1,
                                 .state = CASE_OPEN,
                                 .process_id = "p",
                                 .user_id = "u",
                                 .code = "EVALUATION_PENDING",
                                 .reason = "Pending.",
                                 .opened_ms = fake_now_ms - age_ms,
                                 .facts_until_ms = fake_now_ms - age_ms + 10 * MINUTE_MS,
                                 .expires_ms = fake_now_ms + MINUTE_MS};
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
    ((struct decision *)fake_find(&decision_kind, fake_bytes("v"))->items[0])->process_type =
        "consenting";
    tell_consent("{'approved': false}");
    assert_answer("NOK", "CONSENT_REFUSED");
}

/* Cases. */

static void what_waits_has_a_case(void **state)
{
    const struct value *row;

    (void)state;
    ask("{" UNSURE "}");
    row = row_of(&sql_insert_case);
    assert_text(&row[2], "OPEN");
    assert_text(&row[6], "EVALUATION_PENDING");
    assert_text(&row[7], "The documents are not decided on yet.");
    assert_int_equal(row[8].integer, fake_now_ms);
    assert_int_equal(row[9].integer, fake_now_ms + 10 * MINUTE_MS);
    assert_int_equal(row[10].integer, fake_now_ms + (int64_t)72 * 60 * MINUTE_MS);
    tell_evaluation(NULL);
    row = row_of(&sql_insert_case);
    assert_int_equal(row[1].integer, 2);
    assert_text(&row[2], "OPEN");
    assert_text(&row[6], "SCORE_UNCERTAIN");
    assert_int_equal(row[9].kind, VALUE_NULL);
}

static void a_case_expires_when_it_was_to_from_the_start(void **state)
{
    (void)state;
    know_waiting(MINUTE_MS);
    tell_evaluation(NULL);
    assert_answer("WAIT", "SCORE_UNCERTAIN");
    assert_int_equal(row_of(&sql_insert_case)[10].integer, fake_now_ms + MINUTE_MS);
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
    row = row_of(&sql_insert_case);
    assert_text(&row[2], "SUPERSEDED");
    assert_text(&row[11], "NOK");
    assert_text(&row[12], "EVALUATION_NOT_OK");
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
    assert_text(&row_of(&sql_insert_case)[2], "RESOLVED");
    row = row_of(&sql_insert_decision);
    assert_int_equal(row[1].integer, 3);
    assert_int_equal(row[8].kind, VALUE_NULL);
    assert_text(&row[19], "u/decision.reviewed_by/v/3=reviewer-1");
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
    assert_text(&row_of(&sql_insert_decision)[7], "Refused by a reviewer.");
    assert_text(&row_of(&sql_insert_decision)[20],
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
    assert_contract("decidedBy is blank");
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
    ((struct review_case *)fake_find(&case_kind, fake_bytes("v"))->items[0])->expires_ms =
        fake_now_ms;
    expire(NULL);
    assert_answer("NOK", "CASE_EXPIRED");
    assert_string_equal(fake_member("resultReason"), "Nobody could look at the case in time.");
    assert_text(&row_of(&sql_insert_case)[2], "EXPIRED");
    assert_int_equal(row_of(&sql_insert_decision)[19].kind, VALUE_NULL);
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
    assert_text(&row_of(&sql_insert_case)[2], "EXPIRED");
    assert_string_equal(fake_member("code"), "PROCESS_EXPIRED");
    assert_string_equal(fake_member("resultReason"), "The onboarding was not finished in time.");
    expire_process("p");
    assert_silence();
    assert_int_equal(fake.outcome.row_count, 0);
}

static void a_process_that_expires_ends_what_the_database_knows(void **state)
{
    struct process_case *known = fake_know(&process_case_kind, fake_bytes("p"));

    (void)state;
    know_waiting(0);
    known->identity_verification_id = "v";
    expire_process("p");
    assert_answer("NOK", "PROCESS_EXPIRED");
    expire_process("p2");
    assert_silence();
}

/* Faults. */

static double bad_score;
static struct presence_frame bad_frame;

static void spoil_process(struct approval_requested *event)
{
    event->processId = " ";
}

static void spoil_user(struct approval_requested *event)
{
    event->userId = "";
}

static void spoil_verification(struct approval_requested *event)
{
    event->identityVerificationId = "\t\n";
}

static void lengthen_user(struct approval_requested *event)
{
    char *text = arena_alloc(&fake.arena, 257, 1);

    memset(text, 'u', 256);
    event->userId = text;
}

static void lower_score(struct approval_requested *event)
{
    bad_score = -0.001;
    event->score = &bad_score;
}

static void raise_score(struct approval_requested *event)
{
    bad_score = 10.001;
    event->score = &bad_score;
}

static void confuse_score(struct approval_requested *event)
{
    bad_score = (double)NAN;
    event->score = &bad_score;
}

static void empty_frame(struct approval_requested *event)
{
    bad_frame = (struct presence_frame){.data = {(const uint8_t *)"", 0}};
    event->frame = &bad_frame;
}

static void clear_frame(struct approval_requested *event)
{
    bad_frame = (struct presence_frame){.mediaType = "image/jpeg"};
    event->frame = &bad_frame;
}

static void cut_digest(struct approval_requested *event)
{
    bad_frame =
        (struct presence_frame){.digest = {(const uint8_t *)"0123456789012345678901234567890", 31}};
    event->frame = &bad_frame;
}

/* clang-format off */
static const struct fault {
    const char *name;
    void (*spoil)(struct approval_requested *event);
    const char *text;
} faults[] = {
    {"a blank processId", spoil_process, "processId is blank or too long"},
    {"an empty userId", spoil_user, "userId is blank or too long"},
    {"a userId of 256 bytes", lengthen_user, "userId is blank or too long"},
    {"a blank identityVerificationId", spoil_verification, "identityVerificationId is blank or too long"},
    {"a score below 0", lower_score, "score is not in 0..10"},
    {"a score above 10", raise_score, "score is not in 0..10"},
    {"a score that is no number", confuse_score, "score is not in 0..10"},
    {"a picture of no bytes", empty_frame, "frame is empty"},
    {"a picture that is nowhere", clear_frame, "frame has neither data nor digest"},
    {"a digest of 31 bytes", cut_digest, "digest of the frame is not of 32 bytes"},
};
/* clang-format on */

static void refuses(void **state)
{
    const struct fault *fault = *state;
    struct approval_requested event;

    assert_int_equal(start(state), 0);
    event = *(const struct approval_requested *)record_patched(&approval_requested_schema, request,
                                                               NULL, &fake.arena);
    fault->spoil(&event);
    fake_handle(&service, &topic_approval_requested, &event);
    assert_contract(fault->text);
    end(state);
}

static void facts_of_nobody_are_refused(void **state)
{
    struct evaluation_completed evaluation = {.userId = " ", .identityVerificationId = "v"};
    struct consent_completed consent = {.userId = "u", .consentType = ""};

    (void)state;
    fake_handle(&service, &topic_evaluation_completed, &evaluation);
    assert_contract("userId is blank or too long");
    evaluation = (struct evaluation_completed){.userId = "u", .identityVerificationId = "\n"};
    fake_handle(&service, &topic_evaluation_completed, &evaluation);
    assert_contract("identityVerificationId is blank or too long");
    fake_handle(&service, &topic_consent_completed, &consent);
    assert_contract("consentType is blank or too long");
    consent = (struct consent_completed){.userId = "", .consentType = "GDPR"};
    fake_handle(&service, &topic_consent_completed, &consent);
    assert_contract("userId is blank or too long");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

static const struct CMUnitTest cases[] = {
    CASE(a_request_leaves_a_decision_and_a_face),
    CASE(the_row_tells_who_what_and_why),
    CASE(an_accepted_row_has_no_rule),
    CASE(a_repeated_request_gets_the_decision),
    CASE(a_repeated_request_gets_what_the_database_knows),
    CASE(a_decision_is_not_another_users),
    CASE(without_a_process_type_the_default_counts),
    CASE(the_sixth_verification_of_a_process_is_too_many),
    CASE(the_sixth_verification_of_a_users_day_is_too_many),
    CASE(a_repeat_is_no_further_attempt),
    CASE(attempts_that_the_database_knows_count),
    CASE(attempts_of_a_day_are_that_days),
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
    CASE(facts_of_nobody_are_refused),
};

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + COUNT(faults)];

    memcpy(tests, cases, sizeof cases);
    for (size_t i = 0; i < COUNT(faults); i++)
        tests[COUNT(cases) + i] = EXAMPLE(refuses, &faults[i]);
    return cmocka_run_group_tests_name("approval_service", tests, NULL, NULL);
}
