/* Results as PostgreSQL keeps them, and dead letters with their headers. */
#include "common/core/bytes.h"
#include "common/ledger/results.h"

#include <stdlib.h>
#include <string.h>

#include "common/ledger/partition.h"
#include "tests/support/test.h"

static struct arena arena;

static void assert_bytes(struct bytes bytes, const char *text)
{
    if (text == NULL) {
        assert_null(bytes.data);
        return;
    }
    assert_non_null(bytes.data);
    assert_int_equal(bytes.size, strlen(text));
    assert_memory_equal(bytes.data, text, bytes.size);
}

static void lists_keep_order(void **state)
{
    struct result_list list;
    struct result results[3] = {0};

    (void)state;
    results_init(&list);
    for (size_t i = 0; i < COUNT(results); i++)
        results_add(&list, &results[i]);
    assert_int_equal(list.count, 3);
    assert_ptr_equal(list.first, &results[0]);
    assert_ptr_equal(list.first->next, &results[1]);
    assert_ptr_equal(list.first->next->next, &results[2]);
    assert_null(results[2].next);
}

static void nothing_is_no_bytes(void **state)
{
    struct record record = {0};
    const struct record *const records[] = {&record, &record};
    size_t count = 99;

    (void)state;
    results_init(&record.results);
    assert_null(results_encode(records, 2, &arena, &count).data);
    assert_int_equal(count, 0);
}

/* What was stored comes back: bytes with NUL, empty and absent ones, odd header names. */
static void results_travel(void **state)
{
    static const struct header headers[] = {
        {"ce_id", {(const uint8_t *)"id", 2}},
        {"", {(const uint8_t *)"", 0}},
        {"null \xff", {NULL, 0}},
    };
    struct result event = {.id = "id-1",
                           .topic = "out.v1",
                           .partition = 3,
                           .key = bytes_of("key"),
                           .value = {(const uint8_t *)"a\0b", 3},
                           .headers = {headers, COUNT(headers)}};
    struct result second = {.id = "id-2", .topic = "out.v1", .value = bytes_of("")};
    struct result parked = {.dead_letter = true, .topic = "in.v1.dlt", .partition = 1};
    struct record first = {.offset = 7};
    struct record quiet = {.offset = 8};
    struct record last = {.offset = INT64_C(1) << 40};
    const struct record *const records[] = {&first, &quiet, &last};
    struct stored_list list;
    struct error error;
    size_t count;

    (void)state;
    results_init(&first.results);
    results_add(&first.results, &event);
    results_add(&first.results, &second);
    results_init(&quiet.results);
    results_init(&last.results);
    results_add(&last.results, &parked);
    struct bytes stored = results_encode(records, 3, &arena, &count);
    assert_int_equal(count, 3);
    assert_true(results_decode(stored, &arena, &list, &error));
    assert_int_equal(list.count, 3);

    const struct result *back = &list.items[0].result;
    assert_int_equal(list.items[0].offset, 7);
    assert_string_equal(back->id, "id-1");
    assert_string_equal(back->topic, "out.v1");
    assert_int_equal(back->partition, 3);
    assert_false(back->dead_letter);
    assert_bytes(back->key, "key");
    assert_int_equal(back->value.size, 3);
    assert_memory_equal(back->value.data, "a\0b", 3);
    assert_int_equal(back->headers.count, 3);
    for (size_t i = 0; i < COUNT(headers); i++)
        assert_string_equal(back->headers.items[i].name, headers[i].name);
    assert_bytes(back->headers.items[0].value, "id");
    assert_bytes(back->headers.items[1].value, "");
    assert_bytes(back->headers.items[2].value, NULL);

    assert_int_equal(list.items[1].offset, 7);
    assert_bytes(list.items[1].result.key, NULL);
    assert_bytes(list.items[1].result.value, "");
    assert_int_equal(list.items[2].offset, INT64_C(1) << 40);
    assert_true(list.items[2].result.dead_letter);
    assert_bytes(list.items[2].result.value, NULL);
}

static void what_we_did_not_write_is_fatal(void **state)
{
    static const uint8_t wrong[][4] = {{0xff, 0xff, 0xff, 0xff}, {2, 0, 0, 0}, {0, 0, 0, 0}};
    struct stored_list list = {.count = 42};
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(results_decode((struct bytes){wrong[i], 4}, &arena, &list, &error));
        assert_int_equal(error.kind, ERROR_FATAL);
        assert_int_equal(list.count, 42);
    }
}

static const char *header_of(const struct result *result, const char *name)
{
    const char *found = NULL;

    for (size_t i = 0; i < result->headers.count; i++) {
        const struct header *header = &result->headers.items[i];
        if (strcmp(header->name, name) != 0)
            continue;
        assert_null(found); /* once */
        found = arena_copy(&arena, (const char *)header->value.data, header->value.size);
    }
    return found;
}

static void a_dead_letter_says_why_and_where_from(void **state)
{
    static const struct topic input = {.name = "in.v1"};
    static const struct parked_by us = {"a group", "a service", "1.2"};
    static const struct header headers[] = {{"ce_id", {(const uint8_t *)"one", 3}},
                                            {"x", {NULL, 0}},
                                            {"ce_id", {(const uint8_t *)"two", 3}}};
    static const struct {
        const char *name, *value;
    } expected[] = {
        {HEADER_DLT_REASON, "HEADERS_INVALID"},
        {HEADER_DLT_DETAIL, "ce_id twice"},
        {HEADER_DLT_TOPIC, "in.v1"},
        {HEADER_DLT_PARTITION, "2"},
        {HEADER_DLT_OFFSET, "9007199254740993"},
        {HEADER_DLT_TIMESTAMP, "-1"},
        {HEADER_DLT_GROUP, "a group"},
        {HEADER_DLT_SERVICE, "a service"},
        {HEADER_DLT_VERSION, "1.2"},
        {HEADER_DLT_ATTEMPTS, "6"},
        {HEADER_DLT_DIGEST, "ab00000000000000000000000000000000000000000000000000000000000001"},
    };
    struct partition *place = partition_new(&input, 1, 2);
    struct record record = {.partition = place,
                            .offset = 9007199254740993,
                            .timestamp_ms = -1,
                            .key = {NULL, 0},
                            .value = bytes_of("broken"),
                            .headers = {headers, COUNT(headers)},
                            .digest = {.bytes = {0xab, [DIGEST_SIZE - 1] = 1}}};

    (void)state;
    place->deaths = 5;
    (void)error_poison(&record.error, REASON_HEADERS_INVALID, "ce_id twice");
    const struct result *letter = dead_letter_of(&record, &us, &arena);
    assert_true(letter->dead_letter);
    assert_null(letter->id);
    assert_string_equal(letter->topic, "in.v1.dlt");
    assert_int_equal(letter->partition, 2);
    assert_bytes(letter->key, NULL);
    assert_bytes(letter->value, "broken");
    assert_int_equal(letter->headers.count, COUNT(headers) + COUNT(expected));
    assert_memory_equal(letter->headers.items, headers, sizeof headers);
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_string_equal(header_of(letter, expected[i].name), expected[i].value);
    partition_free(place);
}

static const struct parked_by by = {"group", "service", "1.0.0"};

static const struct topic topic = {.name = "input"};
static struct partition partition = {.topic = &topic, .number = 3};

static const struct result *park(size_t value_size, size_t header_size)
{
    const uint8_t *content = arena_alloc(&arena, value_size + header_size + 1, 1);
    struct header *header = arena_new(&arena, struct header);
    struct record *record = arena_new(&arena, struct record);

    *header = (struct header){"own", {content, header_size}};
    *record = (struct record){.partition = &partition,
                              .offset = 7,
                              .key = {content, 1},
                              .value = {content, value_size},
                              .headers = {header, 1}};
    error_poison(&record->error, REASON_MALFORMED, "it is bad");
    return dead_letter_of(record, &by, &arena);
}

static const char *detail_of(const struct result *result)
{
    for (size_t i = 0; i < result->headers.count; i++)
        if (strcmp(result->headers.items[i].name, HEADER_DLT_DETAIL) == 0)
            return arena_copy(&arena, (const char *)result->headers.items[i].value.data,
                              result->headers.items[i].value.size);
    return NULL;
}

static void keeps_what_fits(void **state)
{
    size_t room = DEAD_LETTER_CONTENT_MAX - 1 - strlen("own") - 10;
    const struct result *result = park(room - 100, 100);

    (void)state;
    assert_int_equal(result->value.size, room - 100);
    assert_int_equal(result->key.size, 1);
    assert_int_equal(result->headers.count, 1 + DEAD_LETTER_HEADERS);
    assert_string_equal(detail_of(result), "it is bad");
}

static void check_left_out(size_t value_size, size_t header_size)
{
    const struct result *result = park(value_size, header_size);

    assert_null(result->key.data);
    assert_null(result->value.data);
    assert_int_equal(result->headers.count, DEAD_LETTER_HEADERS);
    assert_string_equal(detail_of(result),
                        "it is bad; key, value and headers are too large to be kept");
}

static void leaves_out_what_its_topic_would_refuse(void **state)
{
    size_t room = DEAD_LETTER_CONTENT_MAX - 1 - strlen("own") - 10;

    (void)state;
    check_left_out(room + 1, 0);
    check_left_out(0, room + 1);
    check_left_out(room, 1);
}

static int drop(void **state)
{
    (void)state;
    arena_reset(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(lists_keep_order, drop),
        cmocka_unit_test_teardown(nothing_is_no_bytes, drop),
        cmocka_unit_test_teardown(results_travel, drop),
        cmocka_unit_test_teardown(what_we_did_not_write_is_fatal, drop),
        cmocka_unit_test_teardown(keeps_what_fits, drop),
        cmocka_unit_test_teardown(leaves_out_what_its_topic_would_refuse, drop),
        cmocka_unit_test_teardown(a_dead_letter_says_why_and_where_from, drop),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    arena_done(&arena);
    return failed;
}
