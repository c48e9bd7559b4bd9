/* What handlers append: kept whole for good events, dropped for bad ones, sorted at the end. */
#include "common/worker/outcomes.h"

#include <stdio.h>

#include "common/kafka/client.h"
#include "common/ledger/results.h"
#include "stored_results.h"
#include "tests/support/fake_db.h"

static const struct parameter parameters[] = {{COLUMN_TEXT, true}, {COLUMN_INT8, true}};
static const struct statement names = {"names", "", parameters, 2};
static const struct statement numbers = {"numbers", "", parameters + 1, 1};

/* Any schema will do; this one holds bytes without a bound. */
static const struct topic results_topic = {.name = "onboarding.results.v1",
                                           .schema = &stored_results_schema};
static const struct output_topic outputs[] = {{&results_topic, 4, 77}};
static const struct outcome_options options = {outputs, 1, FRAMING_SINGLE_OBJECT,
                                               "onboarding/test"};

static struct arena arena;
static struct outcome *out;
static const struct event_meta meta = {
    .id = "cause",
    .source = "upstream",
    .traceparent = "00-a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1-b2b2b2b2b2b2b2b2-01"};
static const struct turn turn = {.meta = &meta, .now_ms = 1700000000000, .arena = &arena};

/* An event's record of `size` bytes. */
static const struct stored_results *event_of(size_t size)
{
    struct stored_result *item = arena_new(&arena, struct stored_result);
    struct stored_results *event = arena_new(&arena, struct stored_results);

    item->id = item->topic = "";
    item->value = (struct bytes){arena_alloc(&arena, size + 1, 1), size};
    event->results.items = item;
    event->results.count = 1;
    return event;
}

static void a_good_event_keeps_all(void **state)
{
    struct record record = {0};

    (void)state;
    outcomes_start(out, &record, &turn);
    outcome_row(out, &names, TEXT("ann"), INT(1));
    outcome_event(out, &results_topic, "key-1", event_of(10));
    outcome_event(out, &results_topic, "key-1", event_of(20));
    outcomes_end(out);
    assert_int_equal(record.fate, FATE_DONE);
    assert_int_equal(record.results.count, 2);

    const struct result *first = record.results.first;
    const struct result *second = first->next;
    assert_null(second->next);
    assert_string_equal(first->topic, results_topic.name);
    assert_memory_equal(first->key.data, "key-1", 5);
    assert_int_equal(first->partition, kafka_partition_of(first->key, 4));
    assert_memory_equal(first->value.data, "\xc3\x01", 2);
    assert_int_equal(strlen(first->id), UUID_TEXT_SIZE - 1);
    assert_int_equal(first->id[14], '7');
    assert_string_not_equal(first->id, second->id);
    assert_false(first->dead_letter);
}

static void headers_name_the_cause(void **state)
{
    struct record record = {0};
    size_t met = 0;

    (void)state;
    outcomes_start(out, &record, &turn);
    outcome_event(out, &results_topic, "key-1", event_of(10));
    outcomes_end(out);
    const struct result *result = record.results.first;
    const struct {
        const char *name, *value;
    } expected[] = {{HEADER_ID, result->id},
                    {HEADER_SOURCE, "onboarding/test"},
                    {HEADER_TYPE, results_topic.name},
                    {HEADER_CAUSATION_ID, "cause"},
                    {HEADER_TIME, "2023-11-14T22:13:20.000Z"}};
    for (size_t i = 0; i < result->headers.count; i++)
        for (size_t k = 0; k < COUNT(expected); k++)
            if (strcmp(result->headers.items[i].name, expected[k].name) == 0) {
                struct bytes value = result->headers.items[i].value;
                assert_int_equal(value.size, strlen(expected[k].value));
                assert_memory_equal(value.data, expected[k].value, value.size);
                met++;
            }
    assert_int_equal(met, COUNT(expected));
}

static void framing_is_by_option(void **state)
{
    struct outcome_options confluent = options;
    struct record record = {0};

    (void)state;
    confluent.framing = FRAMING_CONFLUENT;
    out = outcomes_new(&confluent, 1, &arena);
    outcomes_start(out, &record, &turn);
    outcome_event(out, &results_topic, "k", event_of(1));
    outcomes_end(out);
    assert_memory_equal(record.results.first->value.data, "\0\0\0\0\x4d", 5);
}

static void ignoring_is_an_outcome(void **state)
{
    struct record record = {0};

    (void)state;
    outcomes_start(out, &record, &turn);
    outcome_ignore(out);
    outcomes_end(out);
    assert_int_equal(record.fate, FATE_IGNORED);
    assert_int_equal(record.results.count, 0);
    outcomes_start(out, &record, &turn); /* the next one is not ignored by that */
    outcomes_end(out);
    assert_int_equal(record.fate, FATE_DONE);
}

/* Rows of the events before and after stay, those of statements first met as well. */
static void a_rejected_event_leaves_no_rows(void **state)
{
    struct record good = {0};
    struct record bad = {0};

    (void)state;
    outcomes_start(out, &good, &turn);
    outcome_row(out, &names, TEXT("ann"), INT(1));
    outcomes_end(out);
    outcomes_start(out, &bad, &turn);
    outcome_row(out, &names, TEXT("bob"), INT(2));
    outcome_event(out, &results_topic, "key", event_of(1));
    outcome_reject(out, REASON_CONTRACT, "a rule that %s", "it broke");
    outcome_reject(out, REASON_TOO_LARGE, "and another");
    outcome_row(out, &numbers, INT(3));
    outcomes_end(out);
    assert_int_equal(bad.fate, FATE_DEAD_LETTER);
    assert_int_equal(bad.error.kind, ERROR_POISON);
    assert_int_equal(bad.error.reason, REASON_CONTRACT);
    assert_string_equal(bad.error.text, "a rule that it broke");
    assert_int_equal(bad.results.count, 0);
    outcomes_start(out, &good, &turn);
    outcome_row(out, &names, TEXT("cid"), INT(4));
    outcomes_end(out);

    outcomes_queue(out, NULL);
    assert_int_equal(fake_db.queued, 1);
    assert_ptr_equal(fake_db.queue[0].statement, &names);
    assert_int_equal(fake_db.queue[0].row_count, 2);
    assert_memory_equal(fake_db.queue[0].values[0].bytes.data, "ann", 3);
    assert_memory_equal(fake_db.queue[0].values[2].bytes.data, "cid", 3);
}

static void a_result_too_large_rejects(void **state)
{
    struct record record = {0};

    (void)state;
    outcomes_start(out, &record, &turn);
    outcome_event(out, &results_topic, "key", event_of(RESULT_BYTES_MAX - 100));
    outcomes_end(out);
    assert_int_equal(record.fate, FATE_DONE);
    outcomes_start(out, &record, &turn);
    outcome_row(out, &names, TEXT("ann"), INT(1));
    outcome_event(out, &results_topic, "key", event_of(RESULT_BYTES_MAX + 1));
    outcomes_end(out);
    assert_int_equal(record.fate, FATE_DEAD_LETTER);
    assert_int_equal(record.error.reason, REASON_TOO_LARGE);
    outcomes_queue(out, NULL);
    assert_int_equal(fake_db.queued, 0);
}

/* By their first column; those of one key in the order of their events. */
static void rows_are_sorted(void **state)
{
    static const struct {
        const char *name;
        int64_t number;
    } rows[] = {{"cid", 1}, {"ann", 2}, {"bob", 3}, {"ann", 4}, {"an", 5}, {"ann", 6}};
    static const int64_t order[] = {5, 2, 4, 6, 3, 1};
    struct record record = {0};

    (void)state;
    outcomes_start(out, &record, &turn);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char name[8];
        snprintf(name, sizeof name, "%s", rows[i].name); /* is copied: this one goes away */
        outcome_row(out, &names, TEXT(name), INT(rows[i].number));
        outcome_row(out, &numbers, INT(-rows[i].number));
        name[0] = 'x';
    }
    outcome_row(out, &names, NOTHING, INT(7));
    outcomes_end(out);
    outcomes_queue(out, NULL);
    assert_int_equal(fake_db.queued, 2);
    const struct fake_statement *sorted = &fake_db.queue[0];
    assert_int_equal(sorted->values[1].integer, 7); /* NULL first, wherever: but one place */
    for (size_t i = 0; i < COUNT(order); i++)
        assert_int_equal(sorted->values[2 * (i + 1) + 1].integer, order[i]);
    for (size_t i = 0; i < COUNT(order); i++)
        assert_int_equal(fake_db.queue[1].values[i].integer, (int64_t)i - 6);
}

static void many_rows_fit(void **state)
{
    struct record record = {0};

    (void)state;
    outcomes_start(out, &record, &turn);
    for (int i = 0; i < 1000; i++)
        outcome_row(out, &numbers, INT(i));
    outcome_reject(out, REASON_CONTRACT, "after all");
    outcomes_end(out);
    outcomes_start(out, &record, &turn);
    for (int i = 0; i < 60; i++)
        outcome_row(out, &numbers, INT(59 - i));
    outcomes_end(out);
    outcomes_queue(out, NULL);
    assert_int_equal(fake_db.queue[0].row_count, 60);
    for (int i = 0; i < 60; i++)
        assert_int_equal(fake_db.queue[0].values[i].integer, i);
}

static int start(void **state)
{
    (void)state;
    out = outcomes_new(&options, 1, &arena);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    fake_db_clear();
    arena_reset(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_good_event_keeps_all, start, finish),
        cmocka_unit_test_setup_teardown(headers_name_the_cause, start, finish),
        cmocka_unit_test_setup_teardown(framing_is_by_option, start, finish),
        cmocka_unit_test_setup_teardown(ignoring_is_an_outcome, start, finish),
        cmocka_unit_test_setup_teardown(a_rejected_event_leaves_no_rows, start, finish),
        cmocka_unit_test_setup_teardown(a_result_too_large_rejects, start, finish),
        cmocka_unit_test_setup_teardown(rows_are_sorted, start, finish),
        cmocka_unit_test_setup_teardown(many_rows_fit, start, finish),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    arena_done(&arena);
    return failed;
}
