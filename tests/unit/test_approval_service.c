/* What each event leaves: the rows, the answer, and what later events see of it. */
#include <math.h>

#include "common/core/bytes.h"
#include "tests/support/approval_examples.h"

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
    row = fake_row_of(&sql_insert_decision);
    assert_int_equal(row[1].integer, 1); /* version */
    fake_assert_text(&row[3], "retail");
    fake_assert_text(&row[5], "WAIT");
    fake_assert_text(&row[6], "SCORE_UNCERTAIN");
    assert_int_equal(row[8].integer, 10); /* rule */
    fake_assert_text(&row[9], "7");
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
    assert_true(fake_row_of(&sql_insert_decision)[10].boolean);
    assert_int_equal(fake_row_of(&sql_insert_decision)[11].kind, VALUE_NULL);
    tell_evaluation("{'identityVerificationId': 'v2'}");
    ask("{'identityVerificationId': 'v2'}");
    assert_int_equal(fake_row_of(&sql_insert_decision)[8].kind, VALUE_NULL);
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
    struct decision *known = fake_know(&decision_kind, bytes_of("v"));

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
    fake_assert_contract("identityVerificationId is of another user");
}

static void without_a_process_type_the_default_counts(void **state)
{
    (void)state;
    tell_evaluation(NULL);
    ask("{'processType': null}");
    assert_answer("OK", "ACCEPTED");
    assert_int_equal(fake_row_of(&sql_insert_decision)[3].kind, VALUE_NULL);
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
    fake_assert_contract(fault->text);
    end(state);
}

static void facts_of_nobody_are_refused(void **state)
{
    struct evaluation_completed evaluation = {.userId = " ", .identityVerificationId = "v"};
    struct consent_completed consent = {.userId = "u", .consentType = ""};

    (void)state;
    fake_handle(&service, &topic_evaluation_completed, &evaluation);
    fake_assert_contract("userId is blank or too long");
    evaluation = (struct evaluation_completed){.userId = "u", .identityVerificationId = "\n"};
    fake_handle(&service, &topic_evaluation_completed, &evaluation);
    fake_assert_contract("identityVerificationId is blank or too long");
    fake_handle(&service, &topic_consent_completed, &consent);
    fake_assert_contract("consentType is blank or too long");
    consent = (struct consent_completed){.userId = "", .consentType = "GDPR"};
    fake_handle(&service, &topic_consent_completed, &consent);
    fake_assert_contract("userId is blank or too long");
}

static const struct CMUnitTest cases[] = {
    CASE(a_request_leaves_a_decision_and_a_face),
    CASE(the_row_tells_who_what_and_why),
    CASE(an_accepted_row_has_no_rule),
    CASE(a_repeated_request_gets_the_decision),
    CASE(a_repeated_request_gets_what_the_database_knows),
    CASE(a_decision_is_not_another_users),
    CASE(without_a_process_type_the_default_counts),
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
