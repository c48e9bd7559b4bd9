/* Effects as rows: what is asked for stands in the table, and how it ends. */
#include "common/core/bytes.h"
#include "common/worker/effect_rows.h"

#include <stdio.h>

#include "common/effects/provider.h"
#include "common/ledger/partition.h"
#include "common/worker/outcomes.h"
#include "common/worker/subjects.h"
#include "tests/support/fake_db.h"

extern const struct statement sql_insert_effects, sql_finish_effects;

enum { INPUT_TOPIC = 3, PSEUDO_TOPIC = 7, GROUP = 2 };

/* Columns of sql_insert_effects and sql_finish_effects, from 0. */
enum { TOPIC = 1, KIND = 4, ORDER_KEY = 5, SUBJECT = 7, CONTENT = 10, SEALED_BY = 11 };
enum { STATE = 1, FAILURE, ATTEMPTS, UNKNOWNS, STATUS, PROVIDER_ID, LEASED_EPOCH };

static const struct key digest_key = {.bytes = {'d'}, .present = true};
static const struct key_ring ring = {
    .keys = {{.bytes = {'r'}, .present = true}}, .ids = {1}, .count = 1};
static const struct subject_options vault = {&digest_key, &ring};
static const struct outcome_options options = {.source = "onboarding/test"};
static const struct topic input_topic = {.name = "onboarding.input.v1"};
static const struct topic pseudo_topic = {.name = "effects/onboarding.input.v1"};
static const struct effect_kind sms = {.name = "sms"};
static const struct event_meta meta = {
    .id = "event-1",
    .source = "upstream",
    .correlation_id = "corr",
    .traceparent = "00-a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1-b2b2b2b2b2b2b2b2-01",
    .time_ms = 1700000000123,
    .reply = {"onboarding.replies.v1", 3, {(const uint8_t *)"\x01\x00\x02", 3}},
};

static struct arena arena;
static struct outcome *out;
static struct subjects *subjects;
static struct partition *partition;
static struct record record;
static const struct turn turn = {.meta = &meta, .now_ms = 1700000000000, .arena = &arena};

static int start(void **state)
{
    (void)state;
    out = outcomes_new(&options, GROUP, &arena);
    subjects = subjects_new(&vault, &arena);
    partition = partition_new(&input_topic, INPUT_TOPIC, 5);
    partition_add_effects(partition, &pseudo_topic, PSEUDO_TOPIC);
    record = (struct record){.partition = partition};
    return 0;
}

static int finish(void **state)
{
    (void)state;
    partition_free(partition);
    fake_db_clear();
    arena_reset(&arena);
    return 0;
}

static void ask(const char *order_key, const char *subject, const char *body)
{
    outcome_effect(out, &(struct effect_request){.kind = &sms,
                                                 .order_key = order_key,
                                                 .subject = subject,
                                                 .expires_ms = 1700000300000,
                                                 .body = bytes_of(body)});
}

/* The rows of what was asked for. */
static const struct fake_statement *queue(void)
{
    outcomes_ask_for_keys(out, subjects);
    outcomes_seal(out, subjects);
    outcomes_queue(out, NULL);
    return &fake_db.queue[0];
}

static const struct value *cell(const struct fake_statement *rows, size_t row, size_t column)
{
    return &rows->values[row * rows->statement->parameter_count + column];
}

static void assert_text(const struct value *value, const char *expected)
{
    if (expected == NULL) {
        assert_int_equal(value->kind, VALUE_NULL);
        return;
    }
    assert_int_equal(value->bytes.size, strlen(expected));
    assert_memory_equal(value->bytes.data, expected, strlen(expected));
}

static void what_is_asked_for_stands_beside_the_input(void **state)
{
    (void)state;
    outcomes_start(out, &record, &turn);
    assert_false(outcomes_has_effects(out));
    ask("key", "user-1", "the code is 123456");
    ask(NULL, NULL, "for nobody");
    outcomes_end(out);
    assert_true(outcomes_has_effects(out));

    const struct fake_statement *rows = queue();
    assert_ptr_equal(rows->statement, &sql_insert_effects);
    assert_int_equal(rows->row_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(cell(rows, i, 0)->integer, GROUP);
        assert_int_equal(cell(rows, i, TOPIC)->integer, PSEUDO_TOPIC);
        assert_int_equal(cell(rows, i, TOPIC + 1)->integer, 5);
        assert_text(cell(rows, i, KIND), "sms");
    }
    assert_text(cell(rows, 0, ORDER_KEY), "key");
    assert_text(cell(rows, 1, ORDER_KEY), NULL);
    assert_text(cell(rows, 0, SUBJECT), "user-1");
    /* Two keys: the user's, and the day's. */
    assert_memory_not_equal(cell(rows, 0, SEALED_BY)->bytes.data,
                            cell(rows, 1, SEALED_BY)->bytes.data, DIGEST_SIZE);
    struct bytes content = cell(rows, 0, CONTENT)->bytes;
    assert_null(memmem(content.data, content.size, "123456", 6));
    assert_true(content.size > SEAL_OVERHEAD + strlen("the code is 123456"));
}

static void rows_rise_in_the_order_asked_for(void **state)
{
    (void)state;
    outcomes_start(out, &record, &turn);
    for (int i = 0; i < 5; i++)
        ask("key", "user-1", "x");
    outcomes_end(out);
    const struct fake_statement *rows = queue();
    for (size_t i = 1; i < 5; i++)
        assert_true(memcmp(&cell(rows, i - 1, 3)->uuid, &cell(rows, i, 3)->uuid, 16) < 0);
}

static void a_rejected_event_asks_for_nothing(void **state)
{
    struct record second = record;

    (void)state;
    outcomes_start(out, &record, &turn);
    ask("kept", "user-1", "x");
    outcomes_end(out);
    outcomes_start(out, &second, &turn);
    ask("dropped", "user-1", "x");
    outcome_reject(out, REASON_CONTRACT, "after all");
    outcomes_end(out);
    outcomes_start(out, &record, &turn);
    ask("kept too", "user-1", "x");
    outcomes_end(out);
    const struct fake_statement *rows = queue();
    assert_int_equal(rows->row_count, 2);
    assert_text(cell(rows, 0, ORDER_KEY), "kept");
    assert_text(cell(rows, 1, ORDER_KEY), "kept too");
}

static void too_much_for_a_provider_rejects(void **state)
{
    static const uint8_t body[PROVIDER_BODY_MAX + 1];
    struct effect_request request = {
        .kind = &sms, .body = {body, PROVIDER_BODY_MAX}, .expires_ms = 1};

    (void)state;
    outcomes_start(out, &record, &turn);
    outcome_effect(out, &request);
    outcomes_end(out);
    assert_int_equal(record.fate, FATE_DONE);
    request.body.size++;
    outcomes_start(out, &record, &turn);
    outcome_effect(out, &request);
    outcomes_end(out);
    assert_int_equal(record.fate, FATE_DEAD_LETTER);
    assert_int_equal(record.error.reason, REASON_TOO_LARGE);
}

/* An end that asks for more does so at its own place. */
static void an_end_asks_from_the_pseudo_partition(void **state)
{
    (void)state;
    record.partition = partition->effects;
    outcomes_start(out, &record, &turn);
    ask(NULL, "user-1", "x");
    outcomes_end(out);
    assert_int_equal(cell(queue(), 0, TOPIC)->integer, PSEUDO_TOPIC);
}

static void the_cause_comes_back(void **state)
{
    struct event_meta back;
    struct error error;

    (void)state;
    assert_true(effect_cause_decode(effect_cause_encode(&meta, &arena), &arena, &back, &error));
    assert_string_equal(back.id, meta.id);
    assert_string_equal(back.source, meta.source);
    assert_string_equal(back.correlation_id, meta.correlation_id);
    assert_string_equal(back.traceparent, meta.traceparent);
    assert_null(back.type);
    assert_null(back.tracestate);
    assert_int_equal(back.time_ms, meta.time_ms);
    assert_string_equal(back.reply.topic, meta.reply.topic);
    assert_int_equal(back.reply.partition, 3);
    assert_int_equal(back.reply.correlation.size, 3);
    assert_memory_equal(back.reply.correlation.data, "\x01\x00\x02", 3);
    assert_false(effect_cause_decode(bytes_of("x"), &arena, &back, &error));
}

static void the_content_comes_back(void **state)
{
    static const struct effect_content examples[] = {
        {"ann@example.com", "", {(const uint8_t *)"mail", 4}},
        {NULL, "/path?x=1", {(const uint8_t *)"\x00\xff", 2}},
        {NULL, NULL, {NULL, 0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        const struct effect_content *from = &examples[i];
        struct effect_content back;
        struct error error;
        assert_true(
            effect_content_decode(effect_content_encode(from, &arena), &arena, &back, &error));
        assert_int_equal(back.recipient == NULL, from->recipient == NULL);
        if (from->recipient != NULL)
            assert_string_equal(back.recipient, from->recipient);
        assert_string_equal(back.path, from->path == NULL ? "" : from->path);
        assert_int_equal(back.body.size, from->body.size);
        if (from->body.size != 0)
            assert_memory_equal(back.body.data, from->body.data, from->body.size);
    }
}

static void ends_are_written(void **state)
{
    struct effect_end sent = {
        .outcome = {.state = EFFECT_SENT, .attempts = 2, .status = 202, .provider_id = "m-1"},
        .unknowns = 1,
        .leased_epoch = 9};
    struct effect_end failed = {.outcome = {.state = EFFECT_FAILED,
                                            .failure = EFFECT_EXPIRED,
                                            .provider_id = "said by somebody else"}};
    struct record first = {.partition = partition->effects, .event = &sent};
    struct record between = {.partition = partition};
    struct record refused = {.partition = partition->effects, .event = &failed, .parked = true};
    struct record *records[] = {&first, &between, &refused};

    (void)state;
    effect_rows_finish(records + 1, 1, &arena, NULL);
    assert_int_equal(fake_db.queued, 0);
    effect_rows_finish(records, COUNT(records), &arena, NULL);
    const struct fake_statement *rows = &fake_db.queue[0];
    assert_ptr_equal(rows->statement, &sql_finish_effects);
    assert_int_equal(rows->row_count, 2);
    assert_text(cell(rows, 0, STATE), "SENT");
    assert_text(cell(rows, 0, FAILURE), NULL);
    assert_int_equal(cell(rows, 0, ATTEMPTS)->integer, 2);
    assert_int_equal(cell(rows, 0, UNKNOWNS)->integer, 1);
    assert_int_equal(cell(rows, 0, STATUS)->integer, 202);
    assert_text(cell(rows, 0, PROVIDER_ID), "m-1");
    assert_int_equal(cell(rows, 0, LEASED_EPOCH)->integer, 9);
    assert_text(cell(rows, 1, STATE), "FAILED");
    assert_text(cell(rows, 1, FAILURE), "EXPIRED");
    assert_int_equal(cell(rows, 1, STATUS)->kind, VALUE_NULL);
    assert_text(cell(rows, 1, PROVIDER_ID), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_asked_for_stands_beside_the_input, start, finish),
        cmocka_unit_test_setup_teardown(rows_rise_in_the_order_asked_for, start, finish),
        cmocka_unit_test_setup_teardown(a_rejected_event_asks_for_nothing, start, finish),
        cmocka_unit_test_setup_teardown(too_much_for_a_provider_rejects, start, finish),
        cmocka_unit_test_setup_teardown(an_end_asks_from_the_pseudo_partition, start, finish),
        cmocka_unit_test_setup_teardown(the_cause_comes_back, start, finish),
        cmocka_unit_test_setup_teardown(the_content_comes_back, start, finish),
        cmocka_unit_test_setup_teardown(ends_are_written, start, finish),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    arena_done(&arena);
    return failed;
}
