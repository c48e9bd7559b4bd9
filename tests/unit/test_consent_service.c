/* What is recorded and said of each answer, and which text each request gets. */
#include "common/core/bytes.h"
#include "consent_completed.h"
#include "consent_sql.h"
#include "consent_submitted.h"
#include "consent_text_completed.h"
#include "consent_text_requested.h"
#include "services/consent/known.h"
#include "tests/support/fake_worker.h"
#include "topics.h"

extern const struct service service;

static const char answer[] = "{'processId': 'p', 'processType': 'retail', 'userId': 'u1',"
                             " 'consentType': 'GDPR', 'approved': true, 'textVersion': null,"
                             " 'language': 'cs', 'channel': 'MOBILE'}";
static const char request[] = "{'processId': 'p', 'processType': 'retail', 'userId': 'u1',"
                              " 'consentType': 'GDPR', 'language': 'cs',"
                              " 'variables': {'name': 'Žofie <b>'}}";

static void know_text(const char *key, struct edition edition)
{
    edition.digest = bytes_of("digest");
    *(struct edition *)fake_know(&edition_kind, bytes_of(key)) = edition;
    *(struct edition *)fake_know(&text_kind, bytes_of(key)) = edition;
}

static int start(void **state)
{
    (void)state;
    fake_start(&service, "{'version': '7', 'types': ['GDPR', 'SCORING', 'NEW'],"
                         " 'default': {'language': 'en', 'required': ['GDPR', 'SCORING']},"
                         " 'processTypes': {'loan': {'language': 'cs', 'required': ['SCORING']}}}");
    know_text("GDPR/cs", (struct edition){"cs", "1", FAKE_DAY - 10, {0}, "<p>Staré</p>"});
    know_text("GDPR/cs", (struct edition){"cs", "2", FAKE_DAY, {0}, "<p>Já, {{name}}</p>"});
    know_text("GDPR/cs", (struct edition){"cs", "3", FAKE_DAY + 1, {0}, "<p>Nové</p>"});
    know_text("GDPR/en", (struct edition){"en", "5", FAKE_DAY - 5, {0}, "<p>I agree</p>"});
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_end();
    return 0;
}

static const struct outcome *submit(const char *change)
{
    return fake_send(&service, &topic_consent_submitted, answer, change);
}

static const struct outcome *ask(const char *change)
{
    return fake_send(&service, &topic_consent_text_requested, request, change);
}

/* Column of the one row, from 0; "-": NULL. */
static const char *column(size_t index)
{
    const struct value *value = &fake.outcome.rows[0].values[index];

    assert_int_equal(fake.outcome.row_count, 1);
    if (value->kind == VALUE_NULL)
        return "-";
    if (value->kind == VALUE_BOOL)
        return value->boolean ? "true" : "false";
    assert_true(value->kind == VALUE_TEXT || value->kind == VALUE_BYTES);
    return arena_copy(&fake.arena, (const char *)value->bytes.data, value->bytes.size);
}

enum { COLUMN_NUMBER = 2, COLUMN_STATE = 5, COLUMN_SHOWN = 6, COLUMN_RECORDED = 15 };

static int64_t number(size_t index)
{
    return fake.outcome.rows[0].values[index].integer;
}

static void an_answer_is_recorded_and_told(void **state)
{
    const struct outcome *out = submit(NULL);
    static const char *const texts[] = {"u1",       "GDPR", NULL, "p",      "retail",
                                        "APPROVED", "2",    "cs", "digest", "true",
                                        "MOBILE",   "s",    "e",  "7"};

    (void)state;
    assert_int_equal(fake_rows_of(&sql_insert_submission), 1);
    for (size_t i = 0; i < COUNT(texts); i++)
        if (texts[i] != NULL)
            assert_string_equal(column(i), texts[i]);
    assert_int_equal(number(COLUMN_NUMBER), 1);
    assert_int_equal(number(COLUMN_RECORDED - 1), fake_now_ms);
    assert_int_equal(number(COLUMN_RECORDED), fake_now_ms);

    assert_int_equal(out->event_count, 1);
    assert_ptr_equal(out->topic, &topic_consent_completed);
    assert_string_equal(out->key, "p");
    assert_string_equal(fake_member("processId"), "p");
    assert_string_equal(fake_member("processType"), "retail");
    assert_string_equal(fake_member("userId"), "u1");
    assert_string_equal(fake_member("consentType"), "GDPR");
    assert_string_equal(fake_member("approved"), "true");
    assert_string_equal(fake_member("textVersion"), "2");
    assert_string_equal(fake_member("language"), "cs");
    assert_string_equal(fake_member("withdrawn"), "false");
    assert_string_equal(fake_member("required"), "true");
    assert_string_equal(fake_member("complete"), "false");
    assert_string_equal(fake_member("policyVersion"), "7");
    assert_string_equal(fake_member("recordedAt"), "2026-03-15T12:00:00.000Z");
}

static void answers_follow_each_other(void **state)
{
    (void)state;
    submit(NULL);
    submit("{'approved': false}");
    assert_string_equal(column(COLUMN_STATE), "WITHDRAWN");
    assert_int_equal(number(COLUMN_NUMBER), 2);
    assert_int_equal(number(COLUMN_RECORDED), fake_now_ms + 1);
    assert_string_equal(fake_member("approved"), "false");
    assert_string_equal(fake_member("withdrawn"), "true");
    assert_string_equal(fake_member("recordedAt"), "2026-03-15T12:00:00.001Z");
    submit(NULL);
    assert_string_equal(column(COLUMN_STATE), "APPROVED");
    assert_int_equal(number(COLUMN_NUMBER), 3);
}

static void an_answer_follows_what_the_database_knows(void **state)
{
    (void)state;
    *(struct holding *)fake_know(&holding_kind, bytes_of("u1")) =
        (struct holding){"SCORING", CONSENT_STATE_APPROVED, 2, fake_now_ms};
    *(struct holding *)fake_know(&holding_kind, bytes_of("u1")) =
        (struct holding){"GDPR", CONSENT_STATE_APPROVED, 4, fake_now_ms + 5000};
    submit("{'approved': false}");
    assert_string_equal(column(COLUMN_STATE), "WITHDRAWN");
    assert_int_equal(number(COLUMN_NUMBER), 5);
    assert_int_equal(number(COLUMN_RECORDED), fake_now_ms + 5001);
    assert_string_equal(fake_member("complete"), "false");
    submit(NULL);
    assert_string_equal(fake_member("complete"), "true");
}

static void a_refusal_is_no_withdrawal(void **state)
{
    (void)state;
    submit("{'approved': false}");
    assert_string_equal(column(COLUMN_STATE), "REFUSED");
    assert_string_equal(fake_member("withdrawn"), "false");
    submit("{'approved': false, 'userId': 'u2'}");
    assert_int_equal(number(COLUMN_NUMBER), 1);
}

static void the_process_type_says_what_is_required(void **state)
{
    (void)state;
    submit("{'processType': 'loan'}");
    assert_string_equal(fake_member("required"), "false");
    assert_string_equal(fake_member("complete"), "false");
    submit("{'processType': 'loan', 'consentType': 'SCORING'}");
    assert_string_equal(fake_member("required"), "true");
    assert_string_equal(fake_member("complete"), "true");
}

static const struct shown_example {
    const char *name;
    const char *change;
    const char *version, *language, *digest;
} shown[] = {
    {"told", "{'textVersion': '1'}", "1", "cs", "digest"},
    {"told, of another system", "{'textVersion': '9'}", "9", "cs", "-"},
    {"told blank", "{'textVersion': ' '}", "2", "cs", "digest"},
    {"a language with its country", "{'language': 'cs-CZ'}", "2", "cs", "digest"},
    {"no language", "{'language': null}", "5", "en", "digest"},
    {"a language of nobody", "{'language': 'Klingon'}", "5", "en", "digest"},
    {"a language without a text", "{'language': 'de'}", "5", "en", "digest"},
    {"the fallback of the process type", "{'language': 'de', 'processType': 'loan'}", "2", "cs",
     "digest"},
    {"a type without texts", "{'consentType': 'NEW'}", "-", "cs", "-"},
};

static void the_text_shown_is_recorded(void **state)
{
    const struct shown_example *example = *state;

    submit(example->change);
    assert_string_equal(column(COLUMN_SHOWN), example->version);
    assert_string_equal(column(COLUMN_SHOWN + 1), example->language);
    assert_string_equal(column(COLUMN_SHOWN + 2), example->digest);
}

/* A text member of an event, set to what JSON would not let in. */
struct fault_example {
    const char *name;
    size_t member; /* offset */
    const char *value;
    const char *fault;
};

static char too_long[257];

#define OF_ANSWER(name)  offsetof(struct consent_submitted, name)
#define OF_REQUEST(name) offsetof(struct consent_text_requested, name)

/* clang-format off */
static const struct fault_example answer_faults[] = {
    {"blank process",      OF_ANSWER(processId),   " ",      "processId is blank or too long"},
    {"long process",       OF_ANSWER(processId),   too_long, "processId is blank or too long"},
    {"blank process type", OF_ANSWER(processType), "",       "processType is blank or too long"},
    {"blank user",         OF_ANSWER(userId),      "\t",     "userId is blank or too long"},
    {"long version",       OF_ANSWER(textVersion), too_long, "textVersion or channel is too long"},
    {"long channel",       OF_ANSWER(channel),     too_long, "textVersion or channel is too long"},
    {"unknown type",       OF_ANSWER(consentType), "gdpr",   "consentType is not in the policy"},
    {"a key for a type",   OF_ANSWER(consentType), "GDPR/cs", "consentType is not in the policy"},
};

static const struct fault_example request_faults[] = {
    {"blank process",      OF_REQUEST(processId),   " ",      "processId is blank or too long"},
    {"blank process type", OF_REQUEST(processType), "",       "processType is blank or too long"},
    {"blank user",         OF_REQUEST(userId),      "",       "userId is blank or too long"},
    {"blank type",         OF_REQUEST(consentType), " ",      "consentType is blank or too long"},
    {"long type",          OF_REQUEST(consentType), too_long, "consentType is blank or too long"},
};
/* clang-format on */

static void assert_parked(const struct outcome *out, const char *fault)
{
    assert_true(out->rejected);
    assert_int_equal(out->reason, REASON_CONTRACT);
    assert_string_equal(out->text, fault);
    assert_int_equal(out->row_count, 0);
    assert_int_equal(out->event_count, 0);
}

static void set_member(void *event, const struct fault_example *example)
{
    memset(too_long, 'x', sizeof too_long - 1);
    memcpy((char *)event + example->member, &example->value, sizeof example->value);
}

static void an_answer_is_parked(void **state)
{
    const struct fault_example *example = *state;
    struct consent_submitted event = *(const struct consent_submitted *)record_patched(
        &consent_submitted_schema, answer, NULL, &fake.arena);

    set_member(&event, example);
    assert_parked(fake_handle(&service, &topic_consent_submitted, &event), example->fault);
}

static struct consent_text_requested good_request(void)
{
    return *(const struct consent_text_requested *)record_patched(&consent_text_requested_schema,
                                                                  request, NULL, &fake.arena);
}

static void a_request_is_parked(void **state)
{
    const struct fault_example *example = *state;
    struct consent_text_requested event = good_request();

    set_member(&event, example);
    assert_parked(fake_handle(&service, &topic_consent_text_requested, &event), example->fault);
}

static void variables_are_bounded(void **state)
{
    static char value[1002];
    static struct text_entry entries[21];
    struct consent_text_requested event = good_request();

    (void)state;
    memset(value, 'x', sizeof value - 1);
    entries[0] = (struct text_entry){"name", value};
    event.variables = (struct text_map){entries, 1};
    assert_parked(fake_handle(&service, &topic_consent_text_requested, &event),
                  "the value of a variable is too long");
    value[1000] = '\0';
    assert_false(fake_handle(&service, &topic_consent_text_requested, &event)->rejected);
    for (size_t i = 1; i < COUNT(entries); i++)
        entries[i] = (struct text_entry){"x", ""};
    event.variables.count = 20;
    assert_false(fake_handle(&service, &topic_consent_text_requested, &event)->rejected);
    event.variables.count = 21;
    assert_parked(fake_handle(&service, &topic_consent_text_requested, &event),
                  "too many variables");
}

static const struct text_example {
    const char *name;
    const char *change;
    const char *code, *text, *language, *version, *from;
} texts[] = {
    {"in force since today", NULL, "TEXT", "<p>Já, Žofie &lt;b&gt;</p>", "cs", "2", "2026-03-15"},
    {"in English", "{'language': 'EN_gb'}", "TEXT", "<p>I agree</p>", "en", "5", "2026-03-10"},
    {"no language", "{'language': null}", "TEXT", "<p>I agree</p>", "en", "5", "2026-03-10"},
    {"a language without a text", "{'language': 'de'}", "TEXT", "<p>I agree</p>", "en", "5",
     "2026-03-10"},
    {"fallback of the process type", "{'language': 'de', 'processType': 'loan'}", "TEXT",
     "<p>Já, Žofie &lt;b&gt;</p>", "cs", "2", "2026-03-15"},
    {"unknown type", "{'consentType': 'COOKIES'}", "UNKNOWN_TYPE", "null", "null", "null", "null"},
    {"a type without texts", "{'consentType': 'NEW'}", "NO_TEXT", "null", "null", "null", "null"},
};

static void a_text_is_given(void **state)
{
    const struct text_example *example = *state;
    const struct outcome *out = ask(example->change);

    assert_false(out->rejected);
    assert_int_equal(out->row_count, 0);
    assert_int_equal(out->event_count, 1);
    assert_ptr_equal(out->topic, &topic_consent_text_completed);
    assert_string_equal(out->key, "p");
    assert_string_equal(fake_member("processId"), "p");
    assert_string_equal(fake_member("userId"), "u1");
    assert_string_equal(fake_member("code"), example->code);
    assert_string_equal(fake_member("consentText"), example->text);
    assert_string_equal(fake_member("language"), example->language);
    assert_string_equal(fake_member("textVersion"), example->version);
    assert_string_equal(fake_member("effectiveFrom"), example->from);
}

static void a_variable_without_a_value_is_told(void **state)
{
    struct consent_text_requested event = good_request();

    (void)state;
    event.variables = (struct text_map){0};
    fake_handle(&service, &topic_consent_text_requested, &event);
    assert_string_equal(fake_member("code"), "VARIABLE_MISSING");
    assert_string_equal(fake_member("consentText"), "null");
    assert_string_equal(fake_member("textVersion"), "null");
}

static void what_grows_too_large_is_told(void **state)
{
    enum { REPEATS = 500 };
    static char html[REPEATS * 8 + 1];
    static char value[1001];
    struct text_entry entry = {"name", value};
    struct consent_text_requested event = *(const struct consent_text_requested *)record_patched(
        &consent_text_requested_schema, request, "{'consentType': 'NEW'}", &fake.arena);

    (void)state;
    for (size_t i = 0; i < REPEATS; i++)
        memcpy(html + i * 8, "{{name}}", 8);
    memset(value, '<', sizeof value - 1); /* four bytes each */
    know_text("NEW/cs", (struct edition){"cs", "1", FAKE_DAY, {0}, html});
    event.variables = (struct text_map){&entry, 1};
    fake_handle(&service, &topic_consent_text_requested, &event);
    assert_string_equal(fake_member("code"), "TOO_LARGE");
}

static const struct CMUnitTest single[] = {
    cmocka_unit_test_setup_teardown(an_answer_is_recorded_and_told, start, end),
    cmocka_unit_test_setup_teardown(answers_follow_each_other, start, end),
    cmocka_unit_test_setup_teardown(an_answer_follows_what_the_database_knows, start, end),
    cmocka_unit_test_setup_teardown(a_refusal_is_no_withdrawal, start, end),
    cmocka_unit_test_setup_teardown(the_process_type_says_what_is_required, start, end),
    cmocka_unit_test_setup_teardown(variables_are_bounded, start, end),
    cmocka_unit_test_setup_teardown(a_variable_without_a_value_is_told, start, end),
    cmocka_unit_test_setup_teardown(what_grows_too_large_is_told, start, end),
};

/* cmocka gives *state to the set-up first, which leaves it alone. */
#define ADD(list, function)                                                                        \
    for (size_t i = 0; i < COUNT(list); i++) {                                                     \
        tests[count] = EXAMPLE(function, &(list)[i]);                                              \
        tests[count].setup_func = start;                                                           \
        tests[count++].teardown_func = end;                                                        \
    }

int main(void)
{
    struct CMUnitTest tests[COUNT(single) + COUNT(shown) + COUNT(answer_faults) +
                            COUNT(request_faults) + COUNT(texts)];
    size_t count = COUNT(single);

    memcpy(tests, single, sizeof single);
    ADD(shown, the_text_shown_is_recorded)
    ADD(answer_faults, an_answer_is_parked)
    ADD(request_faults, a_request_is_parked)
    ADD(texts, a_text_is_given)
    return cmocka_run_group_tests_name("consent_service", tests, NULL, NULL);
}
