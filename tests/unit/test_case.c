/* Cases: opened where the rules say WAIT, closed once, and what reviewers are told of it. */
#include "common/core/bytes.h"
#include "review_decided.h"
#include "review_expired.h"
#include "review_sql.h"
#include "services/review/case_job.h"
#include "services/review/config.h"
#include "tests/support/fake_worker.h"
#include "topics.h"

enum { HOUR_MS = 3600 * 1000 };

static const char decision[] = "{'processId': 'p', 'identityVerificationId': 'v', 'userId': 'u',"
                               " 'job': 'APPROVAL', 'decision': 'NOK', 'reason': '',"
                               " 'decidedBy': 'reviewer-1'}";
static const char expiry[] = "{'processId': 'p', 'identityVerificationId': 'v',"
                             " 'job': 'APPROVAL', 'expiredAt': '2026-03-15T11:00:00Z'}";

/* What a job would have decided without a case. */
static const struct case_decided *decided;

static bool find_decided(const struct turn *turn, const char *identity_verification_id,
                         struct case_decided *out)
{
    (void)turn;
    assert_string_equal(identity_verification_id, "v");
    if (decided != NULL)
        *out = *decided;
    return decided != NULL;
}

/* What the job was told of a case that ended. */
static struct conclusion concluded;

static void conclude(const struct turn *turn, struct outcome *out,
                     const char *identity_verification_id, const struct conclusion *conclusion)
{
    (void)turn;
    (void)out;
    assert_string_equal(identity_verification_id, "v");
    concluded = *conclusion;
}

static const struct state_kind decision_kind = {.name = "decision", .size = 1};

const struct case_job case_job = {
    .job = REVIEW_JOB_APPROVAL,
    .decision_kind = &decision_kind,
    .find = find_decided,
    .conclude = conclude,
};

static void load_opening(const struct turn *turn, struct keys *keys)
{
    (void)turn;
    keys_add_text(keys, &process_case_kind, "p");
    keys_add_text(keys, &case_kind, "v");
}

/* Any event will do to open one. */
static void handle_opening(const struct turn *turn, struct outcome *out)
{
    case_open(turn, out, "v",
              (struct review_case){
                  .process_id = "p",
                  .process_type = "retail",
                  .user_id = "u",
                  .code = "FACE_IN_USE",
                  .reason = "Another user has this face.",
                  .expires_ms = case_expiry(turn, 72),
              });
}

static const struct route routes[] = {
    {&topic_review_decided, case_load_reviewed, case_handle_reviewed},
    {&topic_review_expired, case_load_expired, case_handle_expired},
    {&topic_process_expired, case_load_process_expired, case_handle_process_expired},
    {&topic_evaluation_requested, load_opening, handle_opening},
};
static const struct state_kind *const states[] = {&process_case_kind, &decision_kind, &case_kind};
static const struct topic *const outputs[] = {&topic_review_completed};
static const struct service service = {
    .name = "test",
    .routes = routes,
    .route_count = COUNT(routes),
    .states = states,
    .state_count = COUNT(states),
    .outputs = outputs,
    .output_count = COUNT(outputs),
};

static int start(void **state)
{
    (void)state;
    decided = NULL;
    concluded = (struct conclusion){0};
    review_config = (struct review_config){0};
    fake_start(&service, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_end();
    return 0;
}

static const struct outcome *open_case(void)
{
    return fake_handle(&service, &topic_evaluation_requested,
                       record_patched(&review_decided_schema, decision, NULL, &fake.arena));
}

static const struct outcome *decide(const char *change)
{
    return fake_send(&service, &topic_review_decided, decision, change);
}

static const struct outcome *expire(const char *change)
{
    return fake_send(&service, &topic_review_expired, expiry, change);
}

/* A case that the database knows, expired an hour ago. */
static struct review_case *know(enum case_state state)
{
    struct review_case *known = fake_know(&case_kind, bytes_of("v"));

    *known = (struct review_case){
        .version = 3,
        .state = state,
        .process_id = "p",
        .process_type = "retail",
        .user_id = "u",
        .code = "FACE_IN_USE",
        .reason = "Another user has this face.",
        .opened_ms = fake_now_ms - 73 * HOUR_MS,
        .expires_ms = fake_now_ms - HOUR_MS,
        .result = REVIEW_DECISION_OK,
        .closed_code = state == CASE_OPEN ? NULL : "REVIEWED",
        .closed_ms = state == CASE_OPEN ? 0 : fake_now_ms - HOUR_MS,
    };
    return known;
}

static struct review_case *case_of_v(void)
{
    return fake_find(&case_kind, bytes_of("v"))->items[0];
}

static void assert_told(const char *outcome, const char *result, const char *code)
{
    assert_int_equal(fake.outcome.event_count, 1);
    assert_ptr_equal(fake.outcome.topic, &topic_review_completed);
    assert_string_equal(fake.outcome.key, "p");
    assert_string_equal(fake_member("outcome"), outcome);
    assert_string_equal(fake_member("result"), result);
    assert_string_equal(fake_member("code"), code);
}

static void an_open_case_is_a_row_without_result(void **state)
{
    const struct value *row = open_case()->rows[0].values;

    (void)state;
    assert_int_equal(fake.outcome.row_count, 1);
    assert_int_equal(fake.outcome.event_count, 0);
    fake_assert_text(&row[0], "v");
    assert_int_equal(row[1].integer, 1);
    fake_assert_text(&row[2], "OPEN");
    fake_assert_text(&row[3], "p");
    fake_assert_text(&row[4], "retail");
    fake_assert_text(&row[5], "u");
    fake_assert_text(&row[6], "FACE_IN_USE");
    fake_assert_text(&row[7], "Another user has this face.");
    assert_int_equal(row[8].integer, fake_now_ms);
    assert_int_equal(row[9].kind, VALUE_NULL);
    assert_int_equal(row[10].integer, fake_now_ms + 72 * HOUR_MS);
    for (size_t i = 11; i < 14; i++)
        assert_int_equal(row[i].kind, VALUE_NULL);
}

static void an_open_case_stays_as_old_as_it_is(void **state)
{
    int64_t opened_ms = know(CASE_OPEN)->opened_ms;
    const struct value *row = open_case()->rows[0].values;

    (void)state;
    assert_int_equal(row[1].integer, 4);
    assert_int_equal(row[8].integer, opened_ms);
}

static void a_closed_case_is_opened_anew(void **state)
{
    const struct value *row;

    (void)state;
    know(CASE_RESOLVED);
    row = open_case()->rows[0].values;
    assert_int_equal(row[1].integer, 4);
    fake_assert_text(&row[2], "OPEN");
    assert_int_equal(row[8].integer, fake_now_ms);
    assert_int_equal(row[11].kind, VALUE_NULL);
}

static void a_reviewer_closes_it(void **state)
{
    const struct value *row;

    (void)state;
    open_case();
    row = decide(NULL)->rows[0].values;
    assert_int_equal(fake.outcome.row_count, 1);
    assert_int_equal(row[1].integer, 2);
    fake_assert_text(&row[2], "RESOLVED");
    fake_assert_text(&row[11], "NOK");
    fake_assert_text(&row[12], "REVIEWED");
    assert_int_equal(row[13].integer, fake_now_ms);
    assert_int_equal(concluded.closing.state, CASE_RESOLVED);
    assert_string_equal(concluded.reason, "Refused by a reviewer.");
    assert_null(concluded.words);
    assert_string_equal(concluded.reviewed_by, "reviewer-1");
    assert_told("RESOLVED", "NOK", "REVIEWED");
    assert_string_equal(fake_member("processId"), "p");
    assert_string_equal(fake_member("userId"), "u");
    assert_string_equal(fake_member("identityVerificationId"), "v");
    assert_string_equal(fake_member("job"), "APPROVAL");
    assert_string_equal(fake_member("decidedAt"), "2026-03-15T12:00:00.000Z");
}

static void each_end_is_called_back_once(void **state)
{
    (void)state;
    review_config.callback.url = "https://onboarding.example.com";
    assert_int_equal(open_case()->effect_count, 0);
    assert_int_equal(decide(NULL)->effect_count, 1);
    assert_string_equal(fake.outcome.effects[0].path, "/api/private/client/approve");
    assert_string_equal(fake.outcome.effects[0].reference, "v");
    assert_string_equal(fake.outcome.effects[0].subject, "u");
    assert_non_null(memmem(fake.outcome.effects[0].body.data, fake.outcome.effects[0].body.size,
                           "\"processId\":\"p\"", 15));
    assert_int_equal(decide("{'decision': 'OK'}")->effect_count, 0);
    assert_int_equal(open_case()->effect_count, 0);
    case_of_v()->expires_ms = fake_now_ms;
    assert_int_equal(expire(NULL)->effect_count, 1);
}

static void whoever_comes_second_is_told_so(void **state)
{
    (void)state;
    open_case();
    decide(NULL);
    assert_int_equal(decide("{'decision': 'OK'}")->row_count, 0);
    assert_told("ALREADY_DECIDED", "NOK", "REVIEWED");
}

static void what_the_database_knows_closed_stays_so(void **state)
{
    (void)state;
    know(CASE_SUPERSEDED);
    assert_int_equal(decide(NULL)->row_count, 0);
    assert_told("ALREADY_DECIDED", "OK", "REVIEWED");
    assert_string_equal(fake_member("decidedAt"), "2026-03-15T11:00:00.000Z");
}

static void what_the_rules_decided_has_no_case_to_resolve(void **state)
{
    static const struct case_decided by_rules = {"p", "u", REVIEW_DECISION_OK, "ACCEPTED", 5};

    (void)state;
    decided = &by_rules;
    assert_int_equal(decide(NULL)->row_count, 0);
    assert_told("ALREADY_DECIDED", "OK", "ACCEPTED");
    assert_string_equal(fake_member("decidedAt"), "1970-01-01T00:00:00.005Z");
}

static void what_nobody_knows_is_no_case(void **state)
{
    (void)state;
    assert_int_equal(decide(NULL)->row_count, 0);
    assert_told("NO_SUCH_CASE", "null", "null");
    assert_string_equal(fake_member("decidedAt"), "null");
}

static void another_users_case_is_none(void **state)
{
    (void)state;
    open_case();
    assert_int_equal(decide("{'userId': 'u2'}")->row_count, 0);
    assert_told("NO_SUCH_CASE", "null", "null");
}

static void another_processs_case_is_none(void **state)
{
    (void)state;
    open_case();
    assert_int_equal(decide("{'processId': 'p2'}")->row_count, 0);
    assert_int_equal(fake.outcome.event_count, 1);
    assert_string_equal(fake.outcome.key, "p2");
    assert_string_equal(fake_member("outcome"), "NO_SUCH_CASE");
}

static void time_closes_what_nobody_decided(void **state)
{
    const struct value *row;

    (void)state;
    know(CASE_OPEN);
    row = expire(NULL)->rows[0].values;
    fake_assert_text(&row[2], "EXPIRED");
    fake_assert_text(&row[11], "NOK");
    fake_assert_text(&row[12], "CASE_EXPIRED");
    assert_int_equal(fake.outcome.event_count, 0);
    assert_string_equal(concluded.reason, "Nobody could look at the case in time.");
    assert_null(concluded.reviewed_by);
    decide(NULL);
    assert_told("ALREADY_DECIDED", "NOK", "CASE_EXPIRED");
}

static void assert_ignored(void)
{
    assert_true(fake.outcome.ignored && fake.outcome.row_count + fake.outcome.event_count == 0);
}

static void time_leaves_what_was_decided(void **state)
{
    (void)state;
    know(CASE_RESOLVED);
    expire(NULL);
    assert_ignored();
}

static void time_leaves_what_it_does_not_know(void **state)
{
    (void)state;
    expire(NULL);
    assert_ignored();
}

static void time_leaves_another_processs_case(void **state)
{
    (void)state;
    know(CASE_OPEN);
    expire("{'processId': 'p2'}");
    assert_ignored();
}

static void a_case_does_not_expire_early(void **state)
{
    (void)state;
    know(CASE_OPEN)->expires_ms = fake_now_ms + 60 * 1000 + 1;
    expire(NULL);
    assert_ignored();
}

static void clocks_may_differ_a_little(void **state)
{
    (void)state;
    know(CASE_OPEN)->expires_ms = fake_now_ms + 60 * 1000;
    expire(NULL);
    assert_int_equal(fake_rows_of(&sql_insert_case), 1);
}

static void a_reviewer_without_words_has_a_text(void **state)
{
    struct review_decided event = {.decision = REVIEW_DECISION_OK, .reason = " \n"};

    (void)state;
    assert_string_equal(case_review_reason(&event), "Accepted by a reviewer.");
    assert_null(case_review_words(&event));
    event = (struct review_decided){.decision = REVIEW_DECISION_NOK, .reason = " It is fine"};
    assert_string_equal(case_review_reason(&event), "Refused by a reviewer.");
    assert_string_equal(case_review_words(&event), " It is fine");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_open_case_is_a_row_without_result),
        CASE(an_open_case_stays_as_old_as_it_is),
        CASE(a_closed_case_is_opened_anew),
        CASE(a_reviewer_closes_it),
        CASE(each_end_is_called_back_once),
        CASE(whoever_comes_second_is_told_so),
        CASE(what_the_database_knows_closed_stays_so),
        CASE(what_the_rules_decided_has_no_case_to_resolve),
        CASE(what_nobody_knows_is_no_case),
        CASE(another_users_case_is_none),
        CASE(another_processs_case_is_none),
        CASE(time_closes_what_nobody_decided),
        CASE(time_leaves_what_was_decided),
        CASE(time_leaves_what_it_does_not_know),
        CASE(time_leaves_another_processs_case),
        CASE(a_case_does_not_expire_early),
        CASE(clocks_may_differ_a_little),
        cmocka_unit_test(a_reviewer_without_words_has_a_text),
    };

    return cmocka_run_group_tests_name("case", tests, NULL, NULL);
}
