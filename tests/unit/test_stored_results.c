/* Stored results come back as they were made, and half their bytes are not stored. */
#include "common/ledger/results.h"

#include <string.h>

#include "common/avro/codec.h"
#include "common/ledger/pack.h"
#include "stored_results.h"
#include "test.h"
#include "tests/support/arena.h"

#define LITERAL(text)                                                                              \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
#define HEADERS(...)                                                                               \
    {                                                                                              \
        (const struct header[]){__VA_ARGS__},                                                      \
            sizeof((const struct header[]){__VA_ARGS__}) / sizeof(struct header)                   \
    }

/* Each differs from the one before it in another way. */
static const struct result results[] = {
    {.id = "id-1",
     .topic = "decisions",
     .partition = 3,
     .key = LITERAL("key"),
     .value = LITERAL("value"),
     .headers =
         HEADERS({"ce_id", LITERAL("id-1")}, {"ce_time", LITERAL("noon")},
                 {"ce_correlationid", LITERAL("cause")}, {"ce_causationid", LITERAL("cause")})},
    {.id = "id-2",
     .topic = "decisions",
     .partition = 0,
     .key = LITERAL("key"),
     .value = LITERAL("other"),
     .headers = HEADERS({"ce_id", LITERAL("id-2")}, {"ce_time", LITERAL("noon")},
                        {"ce_correlationid", LITERAL("c2")}, {"ce_causationid", LITERAL("c2")},
                        {"tracestate", LITERAL("x=1")})},
    {.dead_letter = true,
     .topic = "requests.dlt",
     .partition = 1,
     .headers = HEADERS({"", LITERAL("nameless")}, {"ce_id", {0}}, {"", {0}}, {"", LITERAL("")},
                        {"same", LITERAL("v")}, {"same", LITERAL("v")})},
    {.id = "id-3",
     .topic = "decisions",
     .partition = 1,
     .key = LITERAL(""),
     .value = LITERAL(""),
     .headers = HEADERS({"ce_id", LITERAL("another")}, {"ce_time", LITERAL("")},
                        {"ce_correlationid", {0}}, {"traceparent", LITERAL("00")})},
    {.id = "id-4",
     .topic = "reviews",
     .partition = 1,
     .headers = HEADERS({"ce_id", LITERAL("id-4")}, {"ce_time", LITERAL("")},
                        {"ce_correlationid", {0}}, {"traceparent", LITERAL("01")})},
    {.dead_letter = true, .topic = "requests.dlt", .partition = 1},
    {.id = "id-5", .topic = "reviews", .partition = 1},
    {.id = "id-6",
     .topic = "reviews",
     .partition = 1,
     .headers = HEADERS({"ce_id", LITERAL("id-6")})},
};

enum { RESULTS = sizeof results / sizeof results[0], PER_RECORD = 2 };

static struct result copies[RESULTS];
static struct record records[RESULTS / PER_RECORD];

static struct bytes encode(size_t *count)
{
    const struct record *list[RESULTS / PER_RECORD];

    memcpy(copies, results, sizeof results);
    for (size_t i = 0; i < COUNT(list); i++) {
        records[i] = (struct record){.offset = 40 + (int64_t)i};
        results_init(&records[i].results);
        for (size_t k = 0; k < PER_RECORD; k++)
            results_add(&records[i].results, &copies[PER_RECORD * i + k]);
        list[i] = &records[i];
    }
    return results_encode(list, COUNT(list), &arena, count);
}

/* As the schema has them. */
static struct bytes encode_plain(void)
{
    struct bytes plain;
    struct error error;
    size_t count;

    assert_true(ids_unpack(encode(&count), &arena, &plain, &error));
    return plain;
}

static void assert_bytes(struct bytes a, struct bytes b)
{
    assert_int_equal(a.data == NULL, b.data == NULL);
    assert_int_equal(a.size, b.size);
    if (a.size != 0)
        assert_memory_equal(a.data, b.data, a.size);
}

static void assert_result(const struct result *read, const struct result *wanted)
{
    assert_int_equal(read->dead_letter, wanted->dead_letter);
    assert_string_equal(read->id, wanted->dead_letter ? "" : wanted->id);
    assert_string_equal(read->topic, wanted->topic);
    assert_int_equal(read->partition, wanted->partition);
    assert_bytes(read->key, wanted->key);
    assert_bytes(read->value, wanted->value);
    assert_int_equal(read->headers.count, wanted->headers.count);
    for (size_t i = 0; i < wanted->headers.count; i++) {
        assert_string_equal(read->headers.items[i].name, wanted->headers.items[i].name);
        assert_bytes(read->headers.items[i].value, wanted->headers.items[i].value);
    }
}

static void come_back_as_they_were(void **state)
{
    struct stored_list list;
    struct error error;
    size_t count;
    (void)state;

    struct bytes stored = encode(&count);
    assert_int_equal(count, RESULTS);
    assert_true(results_decode(stored, &arena, &list, &error));
    assert_int_equal(list.count, RESULTS);
    for (size_t i = 0; i < RESULTS; i++) {
        assert_int_equal(list.items[i].offset, 40 + i / PER_RECORD);
        assert_result(&list.items[i].result, &results[i]);
    }
}

/* They are written by hand: the schema's own writer would write the same. */
static void are_what_the_schema_says(void **state)
{
    struct error error;
    void *out;
    (void)state;

    struct bytes stored = encode_plain();
    assert_true(record_decode(&stored_results_schema, stored, &arena, &out, &error));
    assert_bytes(record_encode(&stored_results_schema, out, &arena), stored);
}

static void say_nothing_twice(void **state)
{
    void *out;
    struct error error;
    (void)state;

    assert_true(record_decode(&stored_results_schema, encode_plain(), &arena, &out, &error));
    const struct stored_result *second = &((const struct stored_results *)out)->results.items[1];
    assert_string_equal(second->id, "");
    assert_string_equal(second->topic, "");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(second->headers.items[i].name.size, 0);
    assert_null(second->headers.items[1].value.data);
    assert_non_null(second->headers.items[3].value.data);
    assert_int_equal(second->headers.items[3].value.size, 0);
}

static void a_reference_to_nothing_is_refused(void **state)
{
    struct stored_header headers[] = {{.name = LITERAL("ce_id")}, {.name = LITERAL("")}};
    struct stored_result items[] = {
        {.id = "a", .topic = "t", .headers = {headers, 1}},
        {.id = "b", .topic = "t", .headers = {headers, 2}},
    };
    struct stored_list list;
    struct error error;
    (void)state;

    struct bytes stored = record_encode(&stored_results_schema,
                                        &(struct stored_results){.results = {items, 2}}, &arena);
    assert_false(results_decode(stored, &arena, &list, &error));
    assert_int_equal(error.kind, ERROR_FATAL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(come_back_as_they_were, drop_arena),
        cmocka_unit_test_teardown(are_what_the_schema_says, drop_arena),
        cmocka_unit_test_teardown(say_nothing_twice, drop_arena),
        cmocka_unit_test_teardown(a_reference_to_nothing_is_refused, drop_arena),
    };

    return cmocka_run_group_tests_name("stored_results", tests, NULL, NULL);
}
