/* What each event leaves: the rows, the answer, and what later events see of it. */
#include <math.h>

#include "customer_linked.h"
#include "evaluation_sql.h"
#include "process_expired.h"
#include "review_decided.h"
#include "review_expired.h"
#include "review_sql.h"
#include "services/evaluation/evaluation.h"
#include "services/evaluation/known.h"
#include "services/evaluation/waiting.h"
#include "services/review/case.h"
#include "tests/support/fake_worker.h"
#include "tests/support/policy_examples.h"
#include "topics.h"

extern const struct service service;

static const char request[] =
    "{'processId': 'p', 'processType': 'retail', 'userId': 'u', 'identityVerificationId': 'v',"
    " 'provider': 'ZenID', 'status': 'SUCCESS', 'score': 9,"
    " 'documents': [{'type': 'ID_CARD', 'country': 'CZE',"
    "   'data': {'givenNames': 'Žofie', 'surname': 'Vymyšlená', 'dateOfBirth': '1990-02-28',"
    "            'personalNumber': '905228/0001', 'documentNumber': '998877665'}}]}";
static const char review[] = "{'processId': 'p', 'identityVerificationId': 'v', 'userId': 'u',"
                             " 'job': 'EVALUATION', 'decision': 'OK', 'reason': '',"
                             " 'decidedBy': 'reviewer-1'}";
static const char customer[] =
    "{'userId': 'u', 'surname': 'Vymyšlená', 'birthDate': '1990-02-28',"
    " 'personalNumber': '9052280001',"
    " 'documents': [{'type': 'ID_CARD', 'country': 'CZE', 'documentNumber': '998 877 665'}]}";

static const char link[] = "{'userId': 'u2', 'firstId': 'u', 'linkedAt': 1000}";

#define UNSURE "'score': 5"
#define OTHER  "'userId': 'u2', 'identityVerificationId': 'v2'"

static int start(void **state)
{
    (void)state;
    fake_start(&service);
    fake.policy = parse_good(service.policy->parse, "{'version': '7'}");
    return 0;
}

static int end(void **state)
{
    (void)state;
    service.policy->free(fake.policy);
    fake_end();
    return 0;
}

static const struct outcome *ask(const char *change)
{
    return fake_handle(&service, &topic_evaluation_requested,
                       record_patched(&evaluation_requested_schema, request, change, &fake.arena));
}

static const struct outcome *decide(const char *change)
{
    return fake_handle(&service, &topic_review_decided,
                       record_patched(&review_decided_schema, review, change, &fake.arena));
}

static const struct outcome *tell(const char *change)
{
    return fake_handle(&service, &topic_customer_registered,
                       record_patched(&customer_registered_schema, customer, change, &fake.arena));
}

static void assert_answer(const char *result, const char *code)
{
    assert_false(fake.outcome.rejected);
    assert_int_equal(fake.outcome.event_count, 1);
    assert_ptr_equal(fake.outcome.topic, &topic_evaluation_completed);
    assert_string_equal(fake_member("result"), result);
    assert_string_equal(fake_member("code"), code);
}

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
    return fake_find(&case_kind, fake_bytes(identity_verification_id))->items[0];
}

static void assert_contract(const char *text)
{
    assert_true(fake.outcome.rejected);
    assert_int_equal(fake.outcome.reason, REASON_CONTRACT);
    assert_string_equal(fake.outcome.text, text);
}

static void a_request_leaves_a_decision_and_ties(void **state)
{
    const struct outcome *out = ask(NULL);

    (void)state;
    assert_answer("OK", "ACCEPTED");
    assert_string_equal(out->key, "p");
    assert_string_equal(fake_member("processId"), "p");
    assert_string_equal(fake_member("userId"), "u");
    assert_string_equal(fake_member("identityVerificationId"), "v");
    assert_string_equal(fake_member("resultReason"), "Accepted.");
    assert_string_equal(fake_member("policyVersion"), "7");
    assert_string_equal(fake_member("decidedAt"), "2026-03-15T12:00:00.000Z");
    assert_int_equal(fake_rows_of(&sql_insert_decision), 1);
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 2); /* the number, the document */
    assert_int_equal(out->row_count, 3);
}

static void the_row_tells_who_what_and_why(void **state)
{
    const struct value *row = ask("{" UNSURE "}")->rows[0].values;

    (void)state;
    assert_int_equal(row[1].integer, 1); /* version */
    assert_memory_equal(row[5].bytes.data, "WAIT", 4);
    assert_memory_equal(row[6].bytes.data, "SCORE_UNCERTAIN", 15);
    assert_int_equal(row[8].integer, 15); /* rule */
    assert_true(row[10].number == 5);
    assert_int_equal(row[11].integer, FAKE_DAY);
    assert_memory_equal(row[12].bytes.data,
                        "[{\"type\":\"ID_CARD\",\"status\":\"SUCCESS\",\"country\":\"CZE\"", 52);
    assert_int_equal(row[13].bytes.size, 2 * DIGEST_SIZE);
    assert_int_equal(row[14].kind, VALUE_NULL); /* reviewer */
}

static void an_accepted_row_has_no_rule(void **state)
{
    (void)state;
    assert_int_equal(ask(NULL)->rows[0].values[8].kind, VALUE_NULL);
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
    *known = (struct decision){.version = 2,
                               .process_id = "p",
                               .process_type = "retail",
                               .user_id = "u",
                               .result = EVALUATION_RESULT_NOK,
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

static void an_identity_is_one_users(void **state)
{
    (void)state;
    ask(NULL);
    assert_int_equal(ask("{" OTHER "}")->row_count, 1);
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void a_personal_number_alone_is_an_identity(void **state)
{
    (void)state;
    ask(NULL);
    ask("{" OTHER ", 'documents': [{'data': {'documentNumber': 'X1'}}]}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void a_document_alone_is_an_identity(void **state)
{
    (void)state;
    ask(NULL);
    ask("{" OTHER ", 'documents': [{'data': {'personalNumber': null}}]}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void another_countrys_document_is_another_identity(void **state)
{
    (void)state;
    ask(NULL);
    ask("{" OTHER ", 'documents': [{'country': 'SVK', 'data': {'personalNumber': null}}]}");
    assert_answer("OK", "ACCEPTED");
}

static void another_type_is_another_identity(void **state)
{
    (void)state;
    ask(NULL);
    ask("{" OTHER ", 'documents': [{'type': 'PASSPORT', 'data': {'personalNumber': null}}]}");
    assert_answer("OK", "ACCEPTED");
}

static void without_a_country_a_document_is_an_identity_too(void **state)
{
    (void)state;
    ask("{'documents': [{'country': null, 'data': {'personalNumber': null}}]}");
    ask("{" OTHER ", 'documents': [{'country': ' ', 'data': {'personalNumber': null}}]}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static const struct outcome *tell_link(const char *change)
{
    return fake_handle(&service, &topic_customer_linked,
                       record_patched(&customer_linked_schema, link, change, &fake.arena));
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

static void a_link_of_nobody_is_refused(void **state)
{
    struct customer_linked event = {.userId = " ", .firstId = "u"};

    (void)state;
    fake_handle(&service, &topic_customer_linked, &event);
    assert_contract("userId is blank or too long");
    event = (struct customer_linked){.userId = "u2", .firstId = ""};
    fake_handle(&service, &topic_customer_linked, &event);
    assert_contract("firstId is blank or too long");
}

static void the_same_user_may_show_it_again(void **state)
{
    (void)state;
    ask(NULL);
    assert_int_equal(ask("{'identityVerificationId': 'v2'}")->row_count, 1);
    assert_answer("OK", "ACCEPTED");
}

static void a_refused_case_ties_nothing(void **state)
{
    (void)state;
    assert_int_equal(ask("{'score': 1}")->row_count, 1);
    ask("{" OTHER "}");
    assert_answer("OK", "ACCEPTED");
}

static void a_case_that_waits_ties_what_it_shows(void **state)
{
    (void)state;
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 0);
    ask("{" UNSURE "}");
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 2);
    ask("{" OTHER "}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void assert_sealed(struct value value, const char *text)
{
    assert_int_equal(value.bytes.size, strlen(text));
    assert_memory_equal(value.bytes.data, text, value.bytes.size);
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
    assert_sealed(row[14], "u/decision.reviewed_by/v/2=reviewer-1");
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
    assert_sealed(fake.outcome.rows[1].values[7], "Refused by a reviewer.");
    assert_sealed(fake.outcome.rows[1].values[15],
                  "u/decision.words/v/2=The picture is of somebody else.");
}

/* Of an earlier batch; once the user is erased, the text of the code has to do. */
static void words_are_opened_for_a_later_request(void **state)
{
    static const char *const owners[] = {"u", "somebody else"};

    (void)state;
    for (size_t i = 0; i < COUNT(owners); i++) {
        *(struct decision *)fake_know(&decision_kind, fake_bytes("v")) = (struct decision){
            .version = 2,
            .process_id = "p",
            .process_type = "t",
            .user_id = "u",
            .result = EVALUATION_RESULT_NOK,
            .code = "REVIEWED",
            .reason = "Refused by a reviewer.",
            .policy_version = "1",
            .sealed_words = fake_seal(owners[i], "decision.words", "v/2", fake_bytes("Blurred.")),
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
    *(struct decision *)fake_know(&decision_kind, fake_bytes("v")) =
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
    struct process_case *known = fake_know(&process_case_kind, fake_bytes("p"));

    (void)state;
    known->identity_verification_id = "v";
    know_waiting();
    *(struct review_case *)fake_know(&case_kind, fake_bytes("v")) =
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

static void a_known_customer_is_compared(void **state)
{
    (void)state;
    tell(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_customer), 1);
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 2);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
}

static void another_surname_waits(void **state)
{
    (void)state;
    tell("{'surname': 'Jiná'}");
    ask(NULL);
    assert_answer("WAIT", "NAME_MISMATCH");
}

static void another_birth_date_is_refused(void **state)
{
    (void)state;
    tell("{'birthDate': '1990-03-01'}");
    ask(NULL);
    assert_answer("NOK", "CUSTOMER_MISMATCH");
}

static void another_personal_number_is_refused(void **state)
{
    (void)state;
    tell("{'personalNumber': '905228/0002'}");
    ask(NULL);
    assert_answer("NOK", "CUSTOMER_MISMATCH");
}

static void what_is_not_known_of_a_customer_does_not_differ(void **state)
{
    (void)state;
    tell("{'surname': null, 'birthDate': 'unknown', 'personalNumber': ' '}");
    assert_int_equal(fake.outcome.rows[fake.outcome.row_count - 1].values[2].kind, VALUE_NULL);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
}

static void a_customers_document_is_no_other_users(void **state)
{
    (void)state;
    tell("{'personalNumber': null}");
    ask("{" OTHER "}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void a_customers_personal_number_is_no_other_users(void **state)
{
    (void)state;
    tell("{'documents': []}");
    ask("{" OTHER "}");
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void a_registration_takes_over_what_still_waits(void **state)
{
    (void)state;
    ask("{" OTHER ", " UNSURE "}");
    tell(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 2);
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
}

static void a_registration_leaves_what_another_user_has(void **state)
{
    (void)state;
    ask("{" OTHER "}");
    tell(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 0);
    ask(NULL);
    assert_answer("NOK", "IDENTITY_IN_USE");
}

static void the_same_registration_again_changes_nothing(void **state)
{
    (void)state;
    tell(NULL);
    assert_int_equal(tell(NULL)->row_count, 0);
}

static void a_later_registration_replaces_the_earlier(void **state)
{
    (void)state;
    tell("{'surname': 'Jiná', 'personalNumber': '1'}");
    tell(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_customer), 1);
    assert_int_equal(fake_rows_of(&sql_insert_identity_use), 2); /* 1 set free, another tied */
    ask(NULL);
    assert_answer("OK", "ACCEPTED");
    ask("{" OTHER ", 'documents': [{'data': {'personalNumber': '1', 'documentNumber': 'X'}}]}");
    assert_answer("OK", "ACCEPTED");
}

static double bad_score;

static void spoil_process(struct evaluation_requested *event)
{
    event->processId = " ";
}

static void spoil_user(struct evaluation_requested *event)
{
    event->userId = "";
}

static void spoil_verification(struct evaluation_requested *event)
{
    event->identityVerificationId = "\t\n";
}

static void lengthen_user(struct evaluation_requested *event)
{
    char *text = arena_alloc(&fake.arena, 257, 1);

    memset(text, 'u', 256);
    event->userId = text;
}

static void lower_score(struct evaluation_requested *event)
{
    bad_score = -0.001;
    event->score = &bad_score;
}

static void raise_score(struct evaluation_requested *event)
{
    bad_score = 10.001;
    event->score = &bad_score;
}

static void confuse_score(struct evaluation_requested *event)
{
    bad_score = (double)NAN;
    event->score = &bad_score;
}

static void spoil_documents_score(struct evaluation_requested *event)
{
    bad_score = 11;
    event->documents.items[0].score = &bad_score;
}

static void multiply_documents(struct evaluation_requested *event)
{
    event->documents.items =
        arena_alloc(&fake.arena, 21 * sizeof(struct document), _Alignof(struct document));
    event->documents.count = 21;
}

/* clang-format off */
static const struct fault {
    const char *name;
    void (*spoil)(struct evaluation_requested *event);
    const char *text;
} faults[] = {
    {"a blank processId", spoil_process, "processId is blank or too long"},
    {"an empty userId", spoil_user, "userId is blank or too long"},
    {"a userId of 256 bytes", lengthen_user, "userId is blank or too long"},
    {"a blank identityVerificationId", spoil_verification, "identityVerificationId is blank or too long"},
    {"a score below 0", lower_score, "score is not in 0..10"},
    {"a score above 10", raise_score, "score is not in 0..10"},
    {"a score that is no number", confuse_score, "score is not in 0..10"},
    {"a document's score above 10", spoil_documents_score, "score of a document is not in 0..10"},
    {"21 documents", multiply_documents, "too many documents"},
};

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup_teardown(a_request_leaves_a_decision_and_ties, start, end),
    cmocka_unit_test_setup_teardown(the_row_tells_who_what_and_why, start, end),
    cmocka_unit_test_setup_teardown(an_accepted_row_has_no_rule, start, end),
    cmocka_unit_test_setup_teardown(a_repeated_request_gets_the_decision, start, end),
    cmocka_unit_test_setup_teardown(a_repeated_request_gets_what_the_database_knows, start, end),
    cmocka_unit_test_setup_teardown(a_decision_is_not_another_users, start, end),
    cmocka_unit_test_setup_teardown(an_identity_is_one_users, start, end),
    cmocka_unit_test_setup_teardown(a_personal_number_alone_is_an_identity, start, end),
    cmocka_unit_test_setup_teardown(a_document_alone_is_an_identity, start, end),
    cmocka_unit_test_setup_teardown(another_countrys_document_is_another_identity, start, end),
    cmocka_unit_test_setup_teardown(another_type_is_another_identity, start, end),
    cmocka_unit_test_setup_teardown(without_a_country_a_document_is_an_identity_too, start, end),
    cmocka_unit_test_setup_teardown(a_prospect_who_was_registered_is_no_other_user, start, end),
    cmocka_unit_test_setup_teardown(later_ids_of_one_person_are_no_other_users, start, end),
    cmocka_unit_test_setup_teardown(a_link_is_kept_once, start, end),
    cmocka_unit_test_setup_teardown(a_link_of_others_changes_nothing, start, end),
    cmocka_unit_test_setup_teardown(a_link_of_nobody_is_refused, start, end),
    cmocka_unit_test_setup_teardown(the_same_user_may_show_it_again, start, end),
    cmocka_unit_test_setup_teardown(a_refused_case_ties_nothing, start, end),
    cmocka_unit_test_setup_teardown(a_case_that_waits_ties_what_it_shows, start, end),
    cmocka_unit_test_setup_teardown(a_review_resolves_a_case, start, end),
    cmocka_unit_test_setup_teardown(a_reviewers_words_are_the_reason, start, end),
    cmocka_unit_test_setup_teardown(words_are_opened_for_a_later_request, start, end),
    cmocka_unit_test_setup_teardown(a_refusal_by_a_reviewer_sets_the_identity_free, start, end),
    cmocka_unit_test_setup_teardown(a_refusal_leaves_what_another_case_accepted, start, end),
    cmocka_unit_test_setup_teardown(a_request_after_the_review_gets_its_decision, start, end),
    cmocka_unit_test_setup_teardown(a_second_reviewer_is_told, start, end),
    cmocka_unit_test_setup_teardown(a_reviewer_of_what_the_rules_decided_is_told, start, end),
    cmocka_unit_test_setup_teardown(only_what_waits_opens_a_case, start, end),
    cmocka_unit_test_setup_teardown(a_case_that_nobody_decides_is_refused, start, end),
    cmocka_unit_test_setup_teardown(an_expired_process_has_no_open_cases, start, end),
    cmocka_unit_test_setup_teardown(an_expired_process_has_no_cases_that_the_database_knows, start, end),
    cmocka_unit_test_setup_teardown(an_expired_process_may_have_no_cases, start, end),
    cmocka_unit_test_setup_teardown(a_review_of_approval_is_ignored, start, end),
    cmocka_unit_test_setup_teardown(a_reviewer_of_nothing_is_told, start, end),
    cmocka_unit_test_setup_teardown(a_review_by_nobody_is_parked, start, end),
    cmocka_unit_test_setup_teardown(a_review_names_the_cases_user_and_process, start, end),
    cmocka_unit_test_setup_teardown(a_known_customer_is_compared, start, end),
    cmocka_unit_test_setup_teardown(another_surname_waits, start, end),
    cmocka_unit_test_setup_teardown(another_birth_date_is_refused, start, end),
    cmocka_unit_test_setup_teardown(another_personal_number_is_refused, start, end),
    cmocka_unit_test_setup_teardown(what_is_not_known_of_a_customer_does_not_differ, start, end),
    cmocka_unit_test_setup_teardown(a_customers_document_is_no_other_users, start, end),
    cmocka_unit_test_setup_teardown(a_customers_personal_number_is_no_other_users, start, end),
    cmocka_unit_test_setup_teardown(a_registration_takes_over_what_still_waits, start, end),
    cmocka_unit_test_setup_teardown(a_registration_leaves_what_another_user_has, start, end),
    cmocka_unit_test_setup_teardown(the_same_registration_again_changes_nothing, start, end),
    cmocka_unit_test_setup_teardown(a_later_registration_replaces_the_earlier, start, end),
};
/* clang-format on */

static void refuses(void **state)
{
    const struct fault *fault = *state;
    struct evaluation_requested event;

    assert_int_equal(start(state), 0);
    event = *(const struct evaluation_requested *)record_patched(&evaluation_requested_schema,
                                                                 request, NULL, &fake.arena);
    fault->spoil(&event);
    fake_handle(&service, &topic_evaluation_requested, &event);
    assert_contract(fault->text);
    end(state);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + COUNT(faults)];

    memcpy(tests, cases, sizeof cases);
    for (size_t i = 0; i < COUNT(faults); i++)
        tests[COUNT(cases) + i] = EXAMPLE(refuses, &faults[i]);
    return cmocka_run_group_tests_name("evaluation_service", tests, NULL, NULL);
}
