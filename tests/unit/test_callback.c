/* The call-back's body, and what an answer comes to. */
#include "common/core/bytes.h"
#include "services/review/callback.h"

#include "review_sql.h"
#include "services/review/config.h"
#include "tests/support/fake_worker.h"
#include "topics.h"

static struct arena arena;

/* Any event will do to ask for a call. */
static void ask(const struct turn *turn, struct outcome *out)
{
    callback_ask(turn, out,
                 &(struct callback){REVIEW_JOB_APPROVAL, REVIEW_DECISION_OK, "p", "u", "v"});
}

static const struct route routes[] = {{&topic_review_decided, NULL, ask}};
static const struct service service = {
    .name = "test",
    .routes = routes,
    .route_count = COUNT(routes),
    .effects = review_effects,
    .effect_count = REVIEW_EFFECT_COUNT,
};

static int clear(void **state)
{
    (void)state;
    arena_done(&arena);
    fake_end();
    review_config = (struct review_config){0};
    return 0;
}

static void assert_body(enum review_job job, const char *path, const char *text)
{
    struct bytes body =
        callback_body(&(struct callback){job, REVIEW_DECISION_NOK, "p", "u \"1\"", "v"}, &arena);

    assert_string_equal(callback_path(job), path);
    assert_int_equal(body.size, strlen(text));
    assert_memory_equal(body.data, text, body.size);
}

static void each_job_has_its_call(void **state)
{
    (void)state;
    assert_body(REVIEW_JOB_EVALUATION, "/api/private/client/evaluate",
                "{\"processId\":\"p\",\"userId\":\"u \\\"1\\\"\",\"identityVerificationId\":\"v\","
                "\"evaluationResult\":\"NOK\"}");
    assert_body(REVIEW_JOB_APPROVAL, "/api/private/client/approve",
                "{\"processId\":\"p\",\"userId\":\"u \\\"1\\\"\",\"identityVerificationId\":\"v\","
                "\"approvalResult\":\"NOK\"}");
}

static void an_acceptance_is_told(void **state)
{
    struct bytes body = callback_body(
        &(struct callback){REVIEW_JOB_APPROVAL, REVIEW_DECISION_OK, "p", "u", "v"}, &arena);

    (void)state;
    assert_non_null(strstr((const char *)body.data, "\"approvalResult\":\"OK\""));
}

/* clang-format off */
static const struct example {
    const char *name;
    const char *response;
    const char *state;
    const char *reason; /* NULL: none */
} examples[] = {
    {"taken", "{\"result\": \"OK\", \"resultReason\": null}", "OK", NULL},
    {"taken, without more", "{\"result\":\"OK\"}", "OK", NULL},
    {"taken, with words", "{\"resultReason\": \"fine\", \"result\": \"OK\"}", "OK", "fine"},
    {"refused", "{\"result\": \"NOK\", \"resultReason\": \"no such process\"}", "NOK", "no such process"},
    {"unknown members", "{\"x\": {\"result\": \"OK\"}, \"result\": \"NOK\", \"y\": [1]}", "NOK", NULL},
    {"a reason that is no text", "{\"result\": \"NOK\", \"resultReason\": 7}", "NOK", NULL},
    {"lines", "{\"result\": \"NOK\", \"resultReason\": \"a\\nb\\u007fc\\u001b\"}", "NOK", "a b c "},
    {"another result", "{\"result\": \"WAIT\", \"resultReason\": \"x\"}", "UNREADABLE", NULL},
    {"lower case", "{\"result\": \"ok\"}", "UNREADABLE", NULL},
    {"no result", "{\"resultReason\": \"x\"}", "UNREADABLE", NULL},
    {"a result that is no text", "{\"result\": true}", "UNREADABLE", NULL},
    {"a list", "[\"OK\"]", "UNREADABLE", NULL},
    {"a page", "<html>OK</html>", "UNREADABLE", NULL},
    {"cut short", "{\"result\": \"OK\"", "UNREADABLE", NULL},
    {"nothing", "", "UNREADABLE", NULL},
};
/* clang-format on */

static struct callback_answer read_sent(const char *response)
{
    return callback_read(&(struct effect_outcome){.state = EFFECT_SENT,
                                                  .status = 200,
                                                  .response = bytes_of(response)},
                         &arena);
}

static void reads(void **state)
{
    const struct example *example = *state;
    struct callback_answer answer = read_sent(example->response);

    assert_string_equal(callback_state_text[answer.state], example->state);
    if (example->reason == NULL)
        assert_null(answer.reason);
    else
        assert_string_equal(answer.reason, example->reason);
    arena_done(&arena);
}

static void an_answer_without_a_body_is_unreadable(void **state)
{
    (void)state;
    assert_int_equal(callback_read(&(struct effect_outcome){.state = EFFECT_SENT}, &arena).state,
                     CALLBACK_UNREADABLE);
}

/* 255 bytes end within the second byte of a character. */
static void long_words_are_cut_between_characters(void **state)
{
    char response[1000];
    struct callback_answer answer;

    (void)state;
    snprintf(response, sizeof response,
             "{\"result\": \"NOK\", \"resultReason\": \"%0254d\u0159\u0159\"}", 0);
    answer = read_sent(response);
    assert_int_equal(strlen(answer.reason), 254);
    assert_int_equal(strspn(answer.reason, "0"), 254);
    snprintf(response, sizeof response,
             "{\"result\": \"NOK\", \"resultReason\": \"%0253d\u0159\u0159\"}", 0);
    assert_int_equal(strlen(read_sent(response).reason), 255);
}

static void an_unreadable_answers_words_are_not_kept(void **state)
{
    (void)state;
    assert_null(read_sent("{\"result\": \"?\", \"resultReason\": \"x\"}").reason);
}

static void assert_state(enum effect_state state, enum effect_failure failure, const char *text)
{
    /* What a refusal answers is an error page, no answer. */
    static const char page[] = "{\"result\": \"OK\"}";
    struct callback_answer answer = callback_read(
        &(struct effect_outcome){.state = state,
                                 .failure = failure,
                                 .response = {(const uint8_t *)page, sizeof page - 1}},
        &arena);

    assert_string_equal(callback_state_text[answer.state], text);
    assert_null(answer.reason);
}

static void what_was_not_taken_has_a_state(void **state)
{
    (void)state;
    assert_state(EFFECT_UNKNOWN, EFFECT_FAILURE_NONE, "UNKNOWN");
    assert_state(EFFECT_FAILED, EFFECT_REFUSED, "REFUSED");
    assert_state(EFFECT_FAILED, EFFECT_EXHAUSTED, "EXHAUSTED");
    assert_state(EFFECT_FAILED, EFFECT_EXPIRED, "EXPIRED");
    assert_state(EFFECT_FAILED, EFFECT_ERASED, "ERASED");
}

static void without_a_server_nobody_is_called(void **state)
{
    (void)state;
    review_config.callback.url = "";
    assert_int_equal(fake_handle(&service, &topic_review_decided, NULL)->effect_count, 0);
}

static void a_call_is_asked_for(void **state)
{
    const struct effect_request *asked;

    (void)state;
    review_config.callback.url = "https://onboarding.example.com";
    assert_int_equal(fake_handle(&service, &topic_review_decided, NULL)->effect_count, 1);
    asked = &fake.outcome.effects[0];
    assert_ptr_equal(asked->kind, &callback_kind);
    assert_string_equal(asked->path, "/api/private/client/approve");
    assert_non_null(memmem(asked->body.data, asked->body.size, "\"approvalResult\":\"OK\"", 21));
    assert_string_equal(asked->order_key, "v"); /* a case that is opened again has a second call */
    assert_string_equal(asked->reference, "v");
    assert_string_equal(asked->subject, "u");
    assert_null(asked->recipient);
    assert_int_equal(asked->expires_ms, fake_now_ms + INT64_C(24) * 3600 * 1000);
}

static const struct value *settle(const struct effect_outcome *outcome)
{
    fake_settle(&service, &callback_kind, outcome);
    assert_int_equal(fake_rows_of(&sql_insert_callback), 1);
    assert_int_equal(fake.outcome.row_count, 1);
    assert_int_equal(fake.outcome.event_count, 0);
    return fake.outcome.rows[0].values;
}

static void its_end_is_recorded(void **state)
{
    static const char page[] = "{\"result\": \"NOK\", \"resultReason\": \"gone\"}";
    static const char sealed[] =
        "u/review_callback.reason/07000000-0000-0000-0000-000000000000=gone";
    const struct value *row =
        settle(&(struct effect_outcome){.id = {{7}},
                                        .reference = "v",
                                        .subject = "u",
                                        .state = EFFECT_SENT,
                                        .attempts = 2,
                                        .status = 200,
                                        .response = {(const uint8_t *)page, sizeof page - 1}});

    (void)state;
    assert_int_equal(row[0].uuid.bytes[0], 7);
    assert_memory_equal(row[1].bytes.data, "v", 1);
    assert_memory_equal(row[2].bytes.data, "NOK", 3);
    assert_int_equal(row[3].integer, 200);
    assert_int_equal(row[4].integer, 2);
    assert_int_equal(row[5].bytes.size, strlen(sealed));
    assert_memory_equal(row[5].bytes.data, sealed, strlen(sealed));
    assert_int_equal(row[6].integer, fake_now_ms);
}

static void what_had_no_answer_has_no_status(void **state)
{
    const struct value *row = settle(&(struct effect_outcome){.reference = "v",
                                                              .subject = "u",
                                                              .state = EFFECT_FAILED,
                                                              .failure = EFFECT_EXHAUSTED,
                                                              .attempts = 9});

    (void)state;
    assert_memory_equal(row[2].bytes.data, "EXHAUSTED", 9);
    assert_int_equal(row[3].kind, VALUE_NULL);
    assert_int_equal(row[5].kind, VALUE_NULL);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_teardown(each_job_has_its_call, clear),
    cmocka_unit_test_teardown(an_acceptance_is_told, clear),
    cmocka_unit_test_teardown(an_answer_without_a_body_is_unreadable, clear),
    cmocka_unit_test_teardown(long_words_are_cut_between_characters, clear),
    cmocka_unit_test_teardown(an_unreadable_answers_words_are_not_kept, clear),
    cmocka_unit_test_teardown(what_was_not_taken_has_a_state, clear),
    cmocka_unit_test_teardown(without_a_server_nobody_is_called, clear),
    cmocka_unit_test_teardown(a_call_is_asked_for, clear),
    cmocka_unit_test_teardown(its_end_is_recorded, clear),
    cmocka_unit_test_teardown(what_had_no_answer_has_no_status, clear),
};

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + COUNT(examples)];

    memcpy(tests, cases, sizeof cases);
    for (size_t i = 0; i < COUNT(examples); i++)
        tests[COUNT(cases) + i] = EXAMPLE(reads, &examples[i]);
    return cmocka_run_group_tests_name("callback", tests, NULL, NULL);
}
