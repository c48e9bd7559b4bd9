/* What each event leaves: the rows, the answer, and what later events see of it. */
#include <math.h>

#include "common/core/bytes.h"
#include "tests/support/evaluation_examples.h"

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
    struct decision *known = fake_know(&decision_kind, bytes_of("v"));

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
    fake_assert_contract("identityVerificationId is of another user");
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
    fake_assert_contract(fault->text);
    end(state);
}

static const struct CMUnitTest cases[] = {
    CASE(a_request_leaves_a_decision_and_ties),
    CASE(the_row_tells_who_what_and_why),
    CASE(an_accepted_row_has_no_rule),
    CASE(a_repeated_request_gets_the_decision),
    CASE(a_repeated_request_gets_what_the_database_knows),
    CASE(a_decision_is_not_another_users),
};

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + COUNT(faults)];

    memcpy(tests, cases, sizeof cases);
    for (size_t i = 0; i < COUNT(faults); i++)
        tests[COUNT(cases) + i] = EXAMPLE(refuses, &faults[i]);
    return cmocka_run_group_tests_name("evaluation_service", tests, NULL, NULL);
}
