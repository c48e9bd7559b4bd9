/* Headers in and out: what is taken, what is refused with which words, what is ignored. */
#include "common/kafka/event_meta.h"

#include <string.h>

#include "tests/support/test.h"

#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
/* clang-format off */
#define TEXT(name, text) {name, {(const uint8_t *)(text), sizeof(text) - 1}}
#define NOTHING(name)    {name, {NULL, 0}}
/* clang-format on */
#define ID     TEXT(HEADER_ID, "e-1")
#define SOURCE TEXT(HEADER_SOURCE, "upstream")

#define NO_TIME "ce_time is no time of RFC 3339 with its zone in 1970..9999"

enum { LIST_MAX = 8, TIMESTAMP = 1000, BIG = 70000 };

static char big[BIG + 1];  /* 'x's */
static struct arena arena; /* emptied after each test */

static int empty_arena(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

#define TIDY(test) cmocka_unit_test_teardown(test, empty_arena)

static struct header_list list_of(const struct header *headers)
{
    size_t count = 0;

    while (count < LIST_MAX && headers[count].name != NULL)
        count++;
    return (struct header_list){headers, count};
}

/* clang-format off */
static const struct refused {
    const char *name;
    struct header headers[LIST_MAX];
    const char *text;
} refused[] = {
    {"nothing at all", {{0}}, "ce_id is missing"},
    {"no id", {SOURCE}, "ce_id is missing"},
    {"null id", {NOTHING(HEADER_ID), SOURCE}, "ce_id is missing"},
    {"empty id", {TEXT(HEADER_ID, ""), SOURCE}, "ce_id is empty"},
    {"id of 256 bytes", {{HEADER_ID, {(const uint8_t *)big, 256}}, SOURCE}, "ce_id is too long"},
    {"id with a newline", {TEXT(HEADER_ID, "a\nb"), SOURCE}, "ce_id is holding control characters"},
    {"id with NUL", {TEXT(HEADER_ID, "a\0b"), SOURCE}, "ce_id is holding control characters"},
    {"id with DEL", {TEXT(HEADER_ID, "\x7f"), SOURCE}, "ce_id is holding control characters"},
    {"id with NEL", {TEXT(HEADER_ID, "\xc2\x85"), SOURCE}, "ce_id is holding control characters"},
    {"id not UTF-8", {TEXT(HEADER_ID, "\xc0\x80"), SOURCE}, "ce_id is not UTF-8"},
    {"id cut in a character", {TEXT(HEADER_ID, "a\xe2\x82"), SOURCE}, "ce_id is not UTF-8"},
    {"id twice", {ID, ID, SOURCE}, "ce_id is given twice"},
    {"id twice, once null", {ID, SOURCE, NOTHING(HEADER_ID)}, "ce_id is given twice"},
    {"no source", {ID}, "ce_source is missing"},
    {"empty source", {ID, TEXT(HEADER_SOURCE, "")}, "ce_source is empty"},
    {"source twice", {ID, SOURCE, SOURCE}, "ce_source is given twice"},
    {"source too long", {ID, {HEADER_SOURCE, {(const uint8_t *)big, 256}}}, "ce_source is too long"},
    {"names are case-sensitive", {TEXT("CE_ID", "e-1"), SOURCE}, "ce_id is missing"},
    {"type with a newline", {ID, SOURCE, TEXT(HEADER_TYPE, "\n")}, "ce_type is holding control characters"},
    {"subject too long", {ID, SOURCE, {HEADER_SUBJECT, {(const uint8_t *)big, 1025}}}, "ce_subject is too long"},
    {"correlation twice", {ID, SOURCE, TEXT(HEADER_CORRELATION_ID, "a"), TEXT(HEADER_CORRELATION_ID, "a")}, "ce_correlationid is given twice"},
    {"time without zone", {ID, SOURCE, TEXT(HEADER_TIME, "2026-01-31T23:59:59")}, NO_TIME},
    {"time of year 0", {ID, SOURCE, TEXT(HEADER_TIME, "0000-01-01T00:00:00Z")}, NO_TIME},
    {"empty time", {ID, SOURCE, TEXT(HEADER_TIME, "")}, NO_TIME},
    {"time with NUL behind", {ID, SOURCE, TEXT(HEADER_TIME, "2026-01-31T23:59:59Z\0")}, NO_TIME},
    {"time without an end", {ID, SOURCE, {HEADER_TIME, {(const uint8_t *)big, 60000}}}, NO_TIME},
    {"time twice", {ID, SOURCE, TEXT(HEADER_TIME, "?"), TEXT(HEADER_TIME, "?")}, "ce_time is given twice"},
    {"a foreign header too large", {ID, SOURCE, {"x", {(const uint8_t *)big, BIG}}},
     "more than 65536 bytes of headers"},
    {"a name too large", {ID, SOURCE, {big, {NULL, 0}}}, "more than 65536 bytes of headers"},
    {"headers too large together", {ID, SOURCE, {"x", {(const uint8_t *)big, 33000}},
     {"y", {(const uint8_t *)big, 33000}}}, "more than 65536 bytes of headers"},
};
/* clang-format on */

static void refuses(void **state)
{
    const struct refused *example = *state;
    struct event_meta meta = {.id = "untouched"};
    struct error error;

    assert_false(event_meta_read(list_of(example->headers), TIMESTAMP, &arena, &meta, &error));
    assert_int_equal(error.kind, ERROR_POISON);
    assert_int_equal(error.reason, REASON_HEADERS_INVALID);
    assert_string_equal(error.text, example->text);
    assert_string_equal(meta.id, "untouched");
}

static void refuses_a_hundred_and_one_headers(void **state)
{
    struct header headers[EVENT_HEADERS_MAX + 1] = {ID, SOURCE};
    struct event_meta meta;
    struct error error;

    (void)state;
    for (size_t i = 2; i < COUNT(headers); i++)
        headers[i] = (struct header)TEXT("foreign", "value");
    assert_true(event_meta_read((struct header_list){headers, EVENT_HEADERS_MAX}, TIMESTAMP, &arena,
                                &meta, &error));
    assert_false(event_meta_read((struct header_list){headers, EVENT_HEADERS_MAX + 1}, TIMESTAMP,
                                 &arena, &meta, &error));
    assert_string_equal(error.text, "101 headers, more than 100");
}

static struct event_meta read_list(struct header_list headers)
{
    struct event_meta meta;
    struct error error;

    if (!event_meta_read(headers, TIMESTAMP, &arena, &meta, &error))
        fail_msg("%s", error.text);
    return meta;
}

static void reads_every_attribute(void **state)
{
    const struct header headers[] = {
        TEXT(HEADER_SPECVERSION, "1.0"),
        ID,
        SOURCE,
        TEXT(HEADER_TYPE, "onboarding.lookup.requested.v1"),
        TEXT(HEADER_TIME, "2026-01-31T23:59:59.123Z"),
        TEXT(HEADER_SUBJECT, "proces\xc5\xa1-7"),
        TEXT(HEADER_CORRELATION_ID, "c-1"),
        TEXT(HEADER_CAUSATION_ID, "e-0"),
        TEXT(HEADER_TRACEPARENT, TRACEPARENT),
        TEXT(HEADER_TRACESTATE, "congo=t61rcWkgMzE"),
        TEXT(HEADER_REPLY_TOPIC, "edge.replies"),
        TEXT(HEADER_REPLY_PARTITION, "\0\0\1\2"),
        TEXT(HEADER_REPLY_CORRELATION, "\0\xff\n"),
    };
    struct event_meta meta = read_list((struct header_list){headers, COUNT(headers)});

    (void)state;
    assert_string_equal(meta.id, "e-1");
    assert_string_equal(meta.source, "upstream");
    assert_string_equal(meta.type, "onboarding.lookup.requested.v1");
    assert_string_equal(meta.subject, "proces\xc5\xa1-7");
    assert_string_equal(meta.correlation_id, "c-1");
    assert_string_equal(meta.causation_id, "e-0");
    assert_string_equal(meta.traceparent, TRACEPARENT);
    assert_string_equal(meta.tracestate, "congo=t61rcWkgMzE");
    assert_true(meta.time_ms == INT64_C(1769903999123));
    assert_string_equal(meta.reply.topic, "edge.replies");
    assert_int_equal(meta.reply.partition, 258);
    assert_int_equal(meta.reply.correlation.size, 3);
    assert_memory_equal(meta.reply.correlation.data, "\0\xff\n", 3);
}

static void does_with_id_and_source(void **state)
{
    struct header headers[LIST_MAX] = {{HEADER_ID, {(const uint8_t *)big, EVENT_ID_MAX}},
                                       SOURCE,
                                       TEXT(HEADER_SUBJECT, ""),
                                       NOTHING(HEADER_TYPE)};
    struct event_meta meta = read_list(list_of(headers));

    (void)state;
    assert_int_equal(strlen(meta.id), EVENT_ID_MAX);
    assert_null(meta.type);
    assert_null(meta.subject);
    assert_null(meta.correlation_id);
    assert_null(meta.causation_id);
    assert_null(meta.tracestate);
    assert_null(meta.reply.topic);
    assert_int_equal(meta.time_ms, TIMESTAMP);
    assert_int_equal(strlen(meta.traceparent), TRACEPARENT_SIZE - 1);
}

static void keeps_timestamps_in_bounds(void **state)
{
    static const struct header headers[LIST_MAX] = {ID, SOURCE};
    struct event_meta early, late;
    struct error error;

    (void)state;
    assert_true(event_meta_read(list_of(headers), -1, &arena, &early, &error));
    assert_true(event_meta_read(list_of(headers), INT64_MAX, &arena, &late, &error));
    assert_int_equal(early.time_ms, 0);
    assert_true(late.time_ms == TIME_MS_MAX);
}

/* A broken or repeated traceparent starts another trace, and tracestate goes with the old one. */
static void starts_a_new_trace(void **state)
{
    static const struct header broken[LIST_MAX] = {
        ID, SOURCE,
        TEXT(HEADER_TRACEPARENT, "00-00000000000000000000000000000000-b7ad6b7169203331-01"),
        TEXT(HEADER_TRACESTATE, "congo=t61rcWkgMzE")};
    static const struct header repeated[LIST_MAX] = {
        ID, SOURCE, TEXT(HEADER_TRACEPARENT, TRACEPARENT), TEXT(HEADER_TRACEPARENT, TRACEPARENT),
        TEXT(HEADER_TRACESTATE, "congo=t61rcWkgMzE")};
    struct event_meta one = read_list(list_of(broken));
    struct event_meta two = read_list(list_of(repeated));

    (void)state;
    assert_string_not_equal(one.traceparent, two.traceparent);
    assert_memory_not_equal(two.traceparent, TRACEPARENT, 35);
    assert_null(one.tracestate);
    assert_null(two.tracestate);
}

static void drops_a_repeated_tracestate(void **state)
{
    static const struct header headers[LIST_MAX] = {
        ID, SOURCE, TEXT(HEADER_TRACEPARENT, TRACEPARENT), TEXT(HEADER_TRACESTATE, "a=b"),
        TEXT(HEADER_TRACESTATE, "c=d")};
    struct event_meta meta = read_list(list_of(headers));

    (void)state;
    assert_string_equal(meta.traceparent, TRACEPARENT);
    assert_null(meta.tracestate);
}

/* clang-format off */
static const struct replied {
    const char *name;
    struct header headers[LIST_MAX];
    const char *topic; /* NULL: ignored */
    int32_t partition;
} replies[] = {
    {"four bytes", {TEXT(HEADER_REPLY_TOPIC, "r"), TEXT(HEADER_REPLY_PARTITION, "\0\0\0\3")}, "r", 3},
    {"largest", {TEXT(HEADER_REPLY_TOPIC, "r"), TEXT(HEADER_REPLY_PARTITION, "\x7f\xff\xff\xff")}, "r", INT32_MAX},
    {"digits", {TEXT(HEADER_REPLY_TOPIC, "r"), TEXT(HEADER_REPLY_PARTITION, "12")}, "r", 12},
    {"four digits", {TEXT(HEADER_REPLY_TOPIC, "r"), TEXT(HEADER_REPLY_PARTITION, "1234")}, "r", 1234},
    {"any partition", {TEXT(HEADER_REPLY_TOPIC, "r")}, "r", -1},
    {"negative partition", {TEXT(HEADER_REPLY_TOPIC, "r"), TEXT(HEADER_REPLY_PARTITION, "\xff\xff\xff\xff")}, NULL, -1},
    {"three bytes", {TEXT(HEADER_REPLY_TOPIC, "r"), TEXT(HEADER_REPLY_PARTITION, "\0\0\1")}, NULL, -1},
    {"no digits", {TEXT(HEADER_REPLY_TOPIC, "r"), TEXT(HEADER_REPLY_PARTITION, "")}, NULL, -1},
    {"2^31", {TEXT(HEADER_REPLY_TOPIC, "r"), TEXT(HEADER_REPLY_PARTITION, "2147483648")}, NULL, -1},
    {"no topic", {TEXT(HEADER_REPLY_PARTITION, "1")}, NULL, -1},
    {"empty topic", {TEXT(HEADER_REPLY_TOPIC, "")}, NULL, -1},
    {"topic with a slash", {TEXT(HEADER_REPLY_TOPIC, "a/b")}, NULL, -1},
    {"topic with NUL", {TEXT(HEADER_REPLY_TOPIC, "a\0")}, NULL, -1},
    {"topic .", {TEXT(HEADER_REPLY_TOPIC, ".")}, NULL, -1},
    {"topic ..", {TEXT(HEADER_REPLY_TOPIC, "..")}, NULL, -1},
    {"topic ..a", {TEXT(HEADER_REPLY_TOPIC, "..a")}, "..a", -1},
    {"topic of 250 bytes", {{HEADER_REPLY_TOPIC, {(const uint8_t *)big, 250}}}, NULL, -1},
    {"topic twice", {TEXT(HEADER_REPLY_TOPIC, "a"), TEXT(HEADER_REPLY_TOPIC, "b")}, NULL, -1},
    {"correlation twice", {TEXT(HEADER_REPLY_TOPIC, "a"), TEXT(HEADER_REPLY_CORRELATION, "b"), TEXT(HEADER_REPLY_CORRELATION, "b")}, NULL, -1},
    {"correlation too long", {TEXT(HEADER_REPLY_TOPIC, "a"), {HEADER_REPLY_CORRELATION, {(const uint8_t *)big, 256}}}, NULL, -1},
};
/* clang-format on */

static void reads_reply_address(void **state)
{
    const struct replied *example = *state;
    struct header headers[LIST_MAX + 2] = {ID, SOURCE};
    struct header_list reply = list_of(example->headers);

    memcpy(headers + 2, reply.items, reply.count * sizeof *headers);
    struct event_meta meta = read_list((struct header_list){headers, reply.count + 2});
    if (example->topic == NULL)
        assert_null(meta.reply.topic);
    else
        assert_string_equal(meta.reply.topic, example->topic);
    assert_int_equal(meta.reply.partition, example->partition);
}

static struct bytes value_of(struct header_list headers, const char *name)
{
    struct bytes found = {0};

    for (size_t i = 0; i < headers.count; i++)
        if (strcmp(headers.items[i].name, name) == 0) {
            assert_null(found.data);
            found = headers.items[i].value;
        }
    return found;
}

static void assert_header(struct header_list headers, const char *name, const char *expected)
{
    struct bytes value = value_of(headers, name);

    assert_non_null(value.data);
    assert_int_equal(value.size, strlen(expected));
    assert_memory_equal(value.data, expected, value.size);
}

static const struct event_meta cause = {.id = "e-1",
                                        .source = "upstream",
                                        .correlation_id = "c-1",
                                        .traceparent = TRACEPARENT,
                                        .tracestate = "a=b"};

static struct header_list written(const struct event_meta *because)
{
    struct result_meta meta = {"r-1", "onboarding/lookup",    "onboarding.lookup.completed.v1",
                               "p-7", INT64_C(1769903999123), because};

    return event_meta_write(&meta, &arena);
}

static void writes_what_a_result_says(void **state)
{
    struct header_list headers = written(&cause);
    struct bytes traceparent = value_of(headers, HEADER_TRACEPARENT);

    (void)state;
    assert_header(headers, HEADER_SPECVERSION, "1.0");
    assert_header(headers, HEADER_ID, "r-1");
    assert_header(headers, HEADER_SOURCE, "onboarding/lookup");
    assert_header(headers, HEADER_TYPE, "onboarding.lookup.completed.v1");
    assert_header(headers, HEADER_TIME, "2026-01-31T23:59:59.123Z");
    assert_header(headers, HEADER_SUBJECT, "p-7");
    assert_header(headers, HEADER_CORRELATION_ID, "c-1");
    assert_header(headers, HEADER_CAUSATION_ID, "e-1");
    assert_header(headers, HEADER_CONTENT_TYPE, "application/avro");
    assert_header(headers, HEADER_TRACESTATE, "a=b");
    assert_int_equal(traceparent.size, TRACEPARENT_SIZE - 1);
    assert_memory_equal(traceparent.data, TRACEPARENT, 36);
    assert_memory_not_equal(traceparent.data + 36, &TRACEPARENT[36], 16);
    assert_memory_equal(traceparent.data + 52, "-01", 3);
    assert_int_equal(headers.count, 11);
}

static void reads_what_it_writes(void **state)
{
    struct event_meta meta = read_list(written(&cause));

    (void)state;
    assert_string_equal(meta.id, "r-1");
    assert_string_equal(meta.causation_id, "e-1");
    assert_string_equal(meta.correlation_id, "c-1");
    assert_true(meta.time_ms == INT64_C(1769903999123));
}

static void correlates_with_the_first_event(void **state)
{
    struct event_meta first = cause;

    (void)state;
    first.correlation_id = NULL;
    assert_header(written(&first), HEADER_CORRELATION_ID, "e-1");
}

static void writes_events_without_a_cause(void **state)
{
    struct header_list headers = written(NULL);

    (void)state;
    assert_null(value_of(headers, HEADER_CAUSATION_ID).data);
    assert_null(value_of(headers, HEADER_CORRELATION_ID).data);
    assert_null(value_of(headers, HEADER_TRACESTATE).data);
    assert_int_equal(value_of(headers, HEADER_TRACEPARENT).size, TRACEPARENT_SIZE - 1);
}

static const struct CMUnitTest singles[] = {
    TIDY(refuses_a_hundred_and_one_headers),
    TIDY(reads_every_attribute),
    TIDY(does_with_id_and_source),
    TIDY(keeps_timestamps_in_bounds),
    TIDY(starts_a_new_trace),
    TIDY(drops_a_repeated_tracestate),
    TIDY(writes_what_a_result_says),
    TIDY(reads_what_it_writes),
    TIDY(correlates_with_the_first_event),
    TIDY(writes_events_without_a_cause),
};

int main(void)
{
    struct CMUnitTest tests[COUNT(refused) + COUNT(replies) + COUNT(singles)];
    size_t count = COUNT(singles);

    memset(big, 'x', BIG);
    memcpy(tests, singles, sizeof singles);
    for (size_t i = 0; i < COUNT(refused); i++) {
        tests[count] = EXAMPLE(refuses, &refused[i]);
        tests[count++].teardown_func = empty_arena;
    }
    for (size_t i = 0; i < COUNT(replies); i++) {
        tests[count] = EXAMPLE(reads_reply_address, &replies[i]);
        tests[count++].teardown_func = empty_arena;
    }
    return cmocka_run_group_tests_name("event_meta", tests, NULL, NULL);
}
