/* What is due as an event: the same each time, or told what is wrong with it. */
#include "services/schedule/schedule.h"

#include <string.h>

#include "common/avro/codec.h"
#include "process_expired.h"
#include "services/schedule/config.h"
#include "tests/support/test.h"
#include "topics.h"

#define EXPIRED "onboarding.process.expired.v1"
#define GOOD    "{\"processId\": \"P-1\", \"userId\": null, \"expiredAt\": 1769903999123}"

static const struct due good = {EXPIRED, "P-1", GOOD, INT64_C(1769903999123)};

static const struct bad {
    const char *name;
    struct due due;
    enum reason reason;
    const char *text;
} bads[] = {
    {"no such topic", {"onboarding.x.v1", "P-1", GOOD, 0}, REASON_CONTRACT, "no such topic"},
    {"a topic of workers",
     {"onboarding.lookup.completed.v1", "P-1", GOOD, 0},
     REASON_CONTRACT,
     "only workers"},
    {"no name", {EXPIRED, "", GOOD, 0}, REASON_CONTRACT, "no name"},
    {"no JSON", {EXPIRED, "P-1", "{", 0}, REASON_MALFORMED, "no JSON"},
    {"no object", {EXPIRED, "P-1", "[1]", 0}, REASON_CONTRACT, ""},
    {"a field is missing",
     {EXPIRED, "P-1", "{\"processId\": \"P-1\"}", 0},
     REASON_CONTRACT,
     "expiredAt"},
    {"a field too many",
     {EXPIRED, "P-1", "{\"processId\": \"P-1\", \"expiredAt\": 1, \"x\": 1}", 0},
     REASON_CONTRACT,
     ""},
    {"an empty key",
     {EXPIRED, "P-1", "{\"processId\": \"\", \"expiredAt\": 1}", 0},
     REASON_CONTRACT,
     "processId"},
};

static void is_refused(void **state)
{
    const struct bad *bad = *state;
    struct arena arena = {0};
    struct error error = {0};
    struct timer timer = {0};

    assert_false(timer_read(&bad->due, &arena, &timer, &error));
    assert_int_equal(error.kind, ERROR_POISON);
    assert_int_equal(error.reason, bad->reason);
    assert_non_null(strstr(error.text, bad->text));
    assert_null(timer.topic);
    arena_done(&arena);
}

static const char *header_text(const struct timer *timer, const char *name, struct arena *arena)
{
    for (size_t i = 0; i < timer->headers.count; i++)
        if (strcmp(timer->headers.items[i].name, name) == 0)
            return arena_copy(arena, (const char *)timer->headers.items[i].value.data,
                              timer->headers.items[i].value.size);
    return NULL;
}

static void is_an_ordinary_event(void **state)
{
    struct schema_store *store = schema_store_new();
    struct arena arena = {0};
    struct timer timer;
    struct error error = {0};
    void *record;

    (void)state;
    schema_store_add(store, topic_process_expired.schema);
    struct decoder *decoder = decoder_new(store);
    assert_true(timer_read(&good, &arena, &timer, &error));
    assert_ptr_equal(timer.topic, &topic_process_expired);
    assert_int_equal(timer.key.size, 3);
    assert_memory_equal(timer.key.data, "P-1", 3);
    assert_string_equal(header_text(&timer, HEADER_ID, &arena),
                        "f98249a7-5a42-5ce1-b2c9-2a6fb5a33288");
    assert_string_equal(header_text(&timer, HEADER_SOURCE, &arena), "onboarding/schedule");
    assert_string_equal(header_text(&timer, HEADER_TYPE, &arena), EXPIRED);
    assert_string_equal(header_text(&timer, HEADER_TIME, &arena), "2026-01-31T23:59:59.123Z");
    assert_true(decoder_read(decoder, timer.topic->schema, timer.value, &arena, &record, &error));
    const struct process_expired *expired = record;
    assert_string_equal(expired->processId, "P-1");
    assert_null(expired->userId);
    assert_int_equal(expired->expiredAt, good.due_ms);
    decoder_free(decoder);
    schema_store_free(store);
    arena_done(&arena);
}

/* Another program, a clock later, another value: the event is the same one. */
static void has_an_id_of_topic_and_name_alone(void **state)
{
    struct due later = good;
    struct arena arena = {0};
    struct timer one;
    struct timer two;
    struct error error;

    (void)state;
    later.due_ms++;
    later.data = "{\"expiredAt\": 7, \"processId\": \"P-1\"}";
    assert_true(timer_read(&good, &arena, &one, &error));
    assert_true(timer_read(&later, &arena, &two, &error));
    assert_memory_equal(&one.id, &two.id, sizeof one.id);

    const struct uuid others[] = {
        timer_id(EXPIRED, "P-2"),
        timer_id("onboarding.otp.expired.v1", "P-1"),
        timer_id(EXPIRED, ""),
    };
    for (size_t i = 0; i < COUNT(others); i++)
        assert_memory_not_equal(&one.id, &others[i], sizeof one.id);
    arena_done(&arena);
}

static void looks_back_further_than_processes_live(void **state)
{
    static struct problems problems;
    struct schedule_config config = {.process_expiry_ms = 10000, .look_back_ms = 10001};

    (void)state;
    schedule_config_check(&config, &problems);
    assert_int_equal(problems.count, 0);
    config.look_back_ms = 10000;
    schedule_config_check(&config, &problems);
    assert_int_equal(problems.count, 1);
    assert_non_null(strstr(problems.items[0], "ONBOARDING_LOOK_BACK"));
}

int main(void)
{
    struct CMUnitTest tests[COUNT(bads) + 3];
    size_t count = 0;

    for (size_t i = 0; i < COUNT(bads); i++)
        tests[count++] = EXAMPLE(is_refused, &bads[i]);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(is_an_ordinary_event);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(has_an_id_of_topic_and_name_alone);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(looks_back_further_than_processes_live);
    return _cmocka_run_group_tests("schedule", tests, count, NULL, NULL);
}
