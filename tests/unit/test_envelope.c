/* Lines of `onboarding publish`: headers, key and value; every mistake by its path. */
#include "services/cli/envelope.h"

#include <stdio.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/core/uuid.h"
#include "common/kafka/reader.h"
#include "lookup_requested.h"
#include "test.h"
#include "tests/support/arena.h"
#include "topics.h"

static const struct envelope_rules rules = {
    .topic = &topic_lookup_requested, .source = "test", .now_ms = 1700000000123};

#define DATA                                                                                       \
    "\"data\": {\"processId\": \"p-1\", \"processType\": \"t\", \"identification\": {\"a\": "      \
    "\"b\"}}"

static bool read_line(const struct envelope_rules *by, const char *line, struct envelope *out,
                      struct problems *problems)
{
    *problems = (struct problems){0};
    return envelope_read(by, line, strlen(line), &arena, out, problems);
}

static const char *header_text(const struct envelope *envelope, const char *name)
{
    const struct bytes *value = header_find(envelope->headers, name);

    return value == NULL ? "(none)" : arena_copy(&arena, (const char *)value->data, value->size);
}

static void a_line_becomes_a_record(void **state)
{
    struct schema_store *store = schema_store_new();
    struct envelope envelope;
    struct problems problems;
    struct error error;
    void *decoded;

    (void)state;
    assert_true(read_line(&rules, "{" DATA "}", &envelope, &problems));
    assert_int_equal(envelope.key.size, 3);
    assert_memory_equal(envelope.key.data, "p-1", 3);
    schema_store_add(store, &lookup_requested_schema);
    struct decoder *decoder = decoder_new(store);
    assert_true(
        decoder_read(decoder, &lookup_requested_schema, envelope.value, &arena, &decoded, &error));
    const struct lookup_requested *event = decoded;
    assert_string_equal(event->processType, "t");
    assert_string_equal(event->identification.items[0].value, "b");
    decoder_free(decoder);
    schema_store_free(store);
}

static void what_is_left_out_is_made_up(void **state)
{
    struct envelope envelope;
    struct problems problems;
    struct uuid id;

    (void)state;
    assert_true(read_line(&rules, "{" DATA "}", &envelope, &problems));
    assert_true(uuid_parse(header_text(&envelope, HEADER_ID), UUID_TEXT_SIZE - 1, &id));
    assert_string_equal(header_text(&envelope, HEADER_SOURCE), "test");
    assert_string_equal(header_text(&envelope, HEADER_TYPE), "onboarding.lookup.requested.v1");
    assert_string_equal(header_text(&envelope, HEADER_TIME), "2023-11-14T22:13:20.123Z");
    assert_string_equal(header_text(&envelope, HEADER_SPECVERSION), "1.0");
    assert_string_equal(header_text(&envelope, HEADER_CONTENT_TYPE), "application/avro");
    assert_string_equal(header_text(&envelope, HEADER_SUBJECT), "(none)");
    assert_string_equal(header_text(&envelope, HEADER_CORRELATION_ID), "(none)");
    assert_string_equal(header_text(&envelope, HEADER_REPLY_TOPIC), "(none)");
    assert_int_equal(strlen(header_text(&envelope, HEADER_TRACEPARENT)), 55);
}

static void attributes_become_headers(void **state)
{
    struct envelope envelope;
    struct problems problems;

    (void)state;
    assert_true(read_line(&rules,
                          "{\"id\": \"i\", \"source\": \"s\", \"type\": \"t\", \"subject\": \"u\","
                          "\"time\": \"2026-01-31T12:00:00+01:00\", \"correlationId\": \"c\","
                          "\"causationId\": \"d\", \"specversion\": \"1.0\","
                          "\"datacontenttype\": \"application/json\", " DATA "}",
                          &envelope, &problems));
    assert_string_equal(header_text(&envelope, HEADER_ID), "i");
    assert_string_equal(header_text(&envelope, HEADER_SOURCE), "s");
    assert_string_equal(header_text(&envelope, HEADER_TYPE), "t");
    assert_string_equal(header_text(&envelope, HEADER_SUBJECT), "u");
    assert_string_equal(header_text(&envelope, HEADER_TIME), "2026-01-31T11:00:00.000Z");
    assert_string_equal(header_text(&envelope, HEADER_CORRELATION_ID), "c");
    assert_string_equal(header_text(&envelope, HEADER_CAUSATION_ID), "d");
}

static void a_trace_goes_on(void **state)
{
    static const char parent[] = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
    struct envelope envelope;
    struct problems problems;
    char line[512];

    (void)state;
    snprintf(line, sizeof line, "{\"traceparent\": \"%s\", " DATA "}", parent);
    assert_true(read_line(&rules, line, &envelope, &problems));
    assert_memory_equal(header_text(&envelope, HEADER_TRACEPARENT), parent, 36);
}

static void a_reply_is_asked_for(void **state)
{
    struct envelope_rules asking = rules;
    struct envelope envelope;
    struct problems problems;

    (void)state;
    asking.reply_topic = "onboarding.replies.x";
    asking.reply_partition = 0x01020304;
    assert_true(read_line(&asking, "{\"id\": \"i\", " DATA "}", &envelope, &problems));
    assert_string_equal(header_text(&envelope, HEADER_REPLY_TOPIC), "onboarding.replies.x");
    assert_string_equal(header_text(&envelope, HEADER_REPLY_CORRELATION), "i");
    const struct bytes *partition = header_find(envelope.headers, HEADER_REPLY_PARTITION);
    assert_int_equal(partition->size, 4);
    assert_memory_equal(partition->data, "\1\2\3\4", 4);

    asking.reply_partition = -1;
    asking.correlation = "c";
    assert_true(read_line(&asking, "{\"id\": \"i\", " DATA "}", &envelope, &problems));
    assert_string_equal(header_text(&envelope, HEADER_REPLY_CORRELATION), "c");
    assert_null(header_find(envelope.headers, HEADER_REPLY_PARTITION));
}

static const struct mistake {
    const char *name;
    const char *line;
    const char *told;
} mistakes[] = {
    {"nothing", "", "event: is no JSON, at byte 0"},
    {"half an object", "{\"id\": ", "event: is no JSON, at byte 7"},
    {"an array", "[]", "event: is no JSON object"},
    {"a number", "1", "event: is no JSON object"},
    {"text behind", "{} x", "event: goes on after its end, at byte 4"},
    {"a NUL", "{\"id\": \"a\\u0000b\", " DATA "}", "event: has a NUL, at byte 17"},
    {"a NUL in a name", "{\"i\\u0000\": 1}", "event: has a NUL, at byte 10"},
    {"no UTF-8", "{\"id\": \"\xc0\x80\"}", "event: is not UTF-8, at byte 8"},
    {"a member twice", "{\"id\": \"a\", \"id\": \"b\"}", "event: has a member twice, at byte 16"},
    {"no data", "{\"id\": \"i\"}", "data: missing"},
    {"data null", "{\"data\": null}", "data: not an object"},
    {"a field missing", "{\"data\": {\"processId\": \"p\", \"processType\": \"t\"}}",
     "data.identification: missing"},
    {"a field of another type",
     "{\"data\": {\"processId\": \"p\", \"processType\": [], \"identification\": {}}}",
     "data.processType: not text"},
    {"an unknown field",
     "{\"data\": {\"processId\": \"p\", \"processType\": \"t\", \"identification\": {}, \"z\": 1}}",
     "data.z: no such field"},
    {"a field outside of data", "{\"processId\": \"p\", " DATA "}",
     "event: has a member that is none of an event's; its fields go into \"data\""},
    {"id a number", "{\"id\": 1, " DATA "}", "id: is no text, or empty"},
    {"id empty", "{\"id\": \"\", " DATA "}", "id: is no text, or empty"},
    {"source with a control", "{\"source\": \"a\\u0007\", " DATA "}",
     "event: ce_source is holding control characters"},
    {"time without zone", "{\"time\": \"2026-01-31T12:00:00\", " DATA "}",
     "time: is no time such as 2026-01-31T23:59:59.123Z"},
    {"trace broken", "{\"traceparent\": \"00-1\", " DATA "}",
     "traceparent: is none by W3C's rules"},
    {"specversion", "{\"specversion\": \"0.3\", " DATA "}", "specversion: is not \"1.0\""},
    {"content type", "{\"datacontenttype\": \"text/xml\", " DATA "}",
     "datacontenttype: is not \"application/json\""},
};

static void tells(void **state)
{
    const struct mistake *mistake = *state;
    struct envelope envelope = {.key = {(const uint8_t *)"k", 1}};
    struct problems problems;

    assert_false(read_line(&rules, mistake->line, &envelope, &problems));
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.items[0], mistake->told);
    assert_int_equal(envelope.key.size, 1); /* left alone */
}

static void all_mistakes_are_told(void **state)
{
    struct envelope envelope;
    struct problems problems;

    (void)state;
    assert_false(read_line(&rules,
                           "{\"id\": 1, \"x\": 1, \"data\": {\"processType\": 1},"
                           " \"time\": \"noon\", \"traceparent\": \"0\"}",
                           &envelope, &problems));
    assert_int_equal(problems.count, 7);
}

int main(void)
{
    enum { OTHERS = 6 };
    struct CMUnitTest tests[COUNT(mistakes) + OTHERS] = {
        cmocka_unit_test(a_line_becomes_a_record),   cmocka_unit_test(what_is_left_out_is_made_up),
        cmocka_unit_test(attributes_become_headers), cmocka_unit_test(a_trace_goes_on),
        cmocka_unit_test(a_reply_is_asked_for),      cmocka_unit_test(all_mistakes_are_told),
    };

    for (size_t i = 0; i < COUNT(mistakes); i++)
        tests[OTHERS + i] = EXAMPLE(tells, &mistakes[i]);
    return cmocka_run_group_tests_name("envelope", tests, NULL, drop_arena);
}
