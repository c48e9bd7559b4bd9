/* Fields of a writer that we don't have: read over, and checked like the rest. */
#include <stdio.h>
#include <string.h>

#include "common/avro/parse.h"
#include "common/avro/plan.h"
#include "hex.h"
#include "lookup_requested.h"
#include "test.h"
#include "tests/support/arena.h"

#define LOOKUP "'p' 't' "

/* A plan for what somebody else writes as LookupRequested, with a field more that we don't have. */
static struct plan *plan_with(const char *type)
{
    char json[1000];
    struct writer writer;
    struct plan *plan = NULL;
    struct error error;

    snprintf(
        json, sizeof json,
        "{\"type\": \"record\", \"name\": \"LookupRequested\", \"fields\": ["
        "{\"name\": \"processId\", \"type\": \"string\"},"
        "{\"name\": \"processType\", \"type\": \"string\"},"
        "{\"name\": \"extra\", \"type\": %s},"
        "{\"name\": \"identification\", \"type\": {\"type\": \"map\", \"values\": \"string\"}}]}",
        type);
    if (!writer_parse(json, strlen(json), &writer, &error) ||
        !plan_new(writer.schema, &lookup_requested_schema, &plan, &error))
        fail_msg("%s", error.text);
    writer_done(&writer);
    return plan;
}

#define NODE                                                                                       \
    "{\"type\": \"record\", \"name\": \"Node\", \"fields\": [{\"name\": \"next\", \"type\": "      \
    "[\"null\", \"Node\"]}]}"

static const struct extra {
    const char *name;
    const char *type;
    const char *bytes;
    const char *text; /* "": the bytes are fine */
} extras[] = {
    {"skip null", "\"null\"", LOOKUP "00", ""},
    {"skip boolean", "\"boolean\"", LOOKUP "01 00", ""},
    {"skip boolean 2", "\"boolean\"", LOOKUP "02 00", "extra: a boolean other than 0 and 1"},
    {"skip int", "\"int\"", LOOKUP "fe ff ff ff 0f 00", ""},
    {"skip int over 32 bits", "\"int\"", LOOKUP "80 80 80 80 10 00", "extra: an int over 32 bits"},
    {"skip float", "\"float\"", LOOKUP "0000803f 00", ""},
    {"skip float NaN", "\"float\"", LOOKUP "0000c07f 00", "extra: not a finite number"},
    {"skip bytes", "\"bytes\"", LOOKUP "06 00ff00 00", ""},
    {"skip text", "\"string\"", LOOKUP "'text' 00", ""},
    {"skip text not UTF-8", "\"string\"", LOOKUP "02 ff 00",
     "extra: text that is not UTF-8, or has a NUL"},
    {"skip fixed", "{\"type\": \"fixed\", \"name\": \"F\", \"size\": 4}", LOOKUP "00ff00ff 00", ""},
    {"skip fixed too short", "{\"type\": \"fixed\", \"name\": \"F\", \"size\": 4}", LOOKUP "00ff00",
     "extra: cut off"},
    {"skip fixed of 2^40", "{\"type\": \"fixed\", \"name\": \"F\", \"size\": 1099511627776}",
     LOOKUP "00ff00", "extra: cut off"},
    {"skip enum", "{\"type\": \"enum\", \"name\": \"E\", \"symbols\": [\"A\", \"B\"]}",
     LOOKUP "02 00", ""},
    {"skip enum out of range", "{\"type\": \"enum\", \"name\": \"E\", \"symbols\": [\"A\", \"B\"]}",
     LOOKUP "04 00", "extra: an enum's index out of range"},
    {"skip union", "[\"int\", \"string\"]", LOOKUP "02 'x' 00", ""},
    {"skip array", "{\"type\": \"array\", \"items\": \"long\"}", LOOKUP "04 02 04 01 02 06 00 00",
     ""},
    {"skip array of another size", "{\"type\": \"array\", \"items\": \"long\"}",
     LOOKUP "03 06 02 00 00 00", "extra: a block of another size than it says"},
    {"skip some nulls", "{\"type\": \"array\", \"items\": \"null\"}", LOOKUP "80 80 08 00 00", ""},
    {"skip 2^40 nulls", "{\"type\": \"array\", \"items\": \"null\"}",
     LOOKUP "80 80 80 80 80 40 00 00", "extra: more items than such a value may have"},
    {"skip 2^40 empty records",
     "{\"type\": \"array\", \"items\": {\"type\": \"record\", \"name\": \"R\", \"fields\": []}}",
     LOOKUP "80 80 80 80 80 40 00 00", "extra: more items than such a value may have"},
    {"skip nulls in a block with bytes", "{\"type\": \"array\", \"items\": \"null\"}",
     LOOKUP "03 02 ff 00 00", "extra: a block of another size than it says"},
    {"skip map", "{\"type\": \"map\", \"values\": \"int\"}", LOOKUP "02 'k' 02 00 00", ""},
    {"skip recursion", NODE, LOOKUP "02 02 02 00 00", ""},
    {"skip decimal", "{\"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 4}",
     LOOKUP "'0123456789' 00", ""},
};

static void is_skipped_or_refused(void **state)
{
    const struct extra *extra = *state;
    struct plan *plan = plan_with(extra->type);
    struct error error = {0};
    void *out = NULL;
    bool done = plan_read(plan, hex_bytes(extra->bytes, &arena), 65536, &arena, &out, &error);

    assert_string_equal(error.text, extra->text);
    assert_int_equal(done, extra->text[0] == '\0');
    if (done)
        assert_int_equal(((struct lookup_requested *)out)->identification.count, 0);
    plan_free(plan);
}

/* A list of so many nodes in the field that we don't have. */
static bool read_nested(const struct plan *plan, size_t depth, struct error *error)
{
    struct bytes head = hex_bytes(LOOKUP, &arena);
    struct bytes body = {.size = head.size + depth + 2};
    uint8_t *data = arena_alloc(&arena, body.size, 1);
    void *out;

    memcpy(data, head.data, head.size);
    memset(data + head.size, 2, depth);
    body.data = data;
    return plan_read(plan, body, 65536, &arena, &out, error);
}

static void recursion_has_an_end(void **state)
{
    (void)state;
    struct plan *plan = plan_with(NODE);
    struct error error;

    assert_true(read_nested(plan, 30, &error));
    assert_false(read_nested(plan, 10000, &error));
    assert_non_null(strstr(error.text, "nested too deeply"));
    assert_int_equal(error.reason, REASON_MALFORMED);
    plan_free(plan);
}

int main(void)
{
    struct CMUnitTest tests[1 + COUNT(extras)] = {cmocka_unit_test(recursion_has_an_end)};

    for (size_t i = 0; i < COUNT(extras); i++)
        tests[1 + i] = EXAMPLE(is_skipped_or_refused, &extras[i]);
    return cmocka_run_group_tests_name("walk_skip", tests, NULL, drop_arena);
}
