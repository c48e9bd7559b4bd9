/* Dead letters keep their record whole, as long as their topic can take it. */
#include "common/ledger/results.h"

#include <string.h>

#include "common/ledger/partition.h"
#include "tests/support/test.h"

static const struct parked_by by = {"group", "service", "1.0.0"};

static const struct topic topic = {.name = "input"};
static struct partition partition = {.topic = &topic, .number = 3};

static const struct result *park(size_t value_size, size_t header_size, struct arena *arena)
{
    const uint8_t *content = arena_alloc(arena, value_size + header_size + 1, 1);
    struct header *header = arena_new(arena, struct header);
    struct record *record = arena_new(arena, struct record);

    *header = (struct header){"own", {content, header_size}};
    *record = (struct record){.partition = &partition,
                              .offset = 7,
                              .key = {content, 1},
                              .value = {content, value_size},
                              .headers = {header, 1}};
    error_poison(&record->error, REASON_MALFORMED, "it is bad");
    return dead_letter_of(record, &by, arena);
}

static const char *detail_of(const struct result *result, struct arena *arena)
{
    for (size_t i = 0; i < result->headers.count; i++)
        if (strcmp(result->headers.items[i].name, HEADER_DLT_DETAIL) == 0)
            return arena_copy(arena, (const char *)result->headers.items[i].value.data,
                              result->headers.items[i].value.size);
    return NULL;
}

static void keeps_what_fits(void **state)
{
    struct arena arena = {0};
    size_t room = DEAD_LETTER_CONTENT_MAX - 1 - strlen("own") - 10;
    const struct result *result = park(room - 100, 100, &arena);

    (void)state;
    assert_int_equal(result->value.size, room - 100);
    assert_int_equal(result->key.size, 1);
    assert_int_equal(result->headers.count, 1 + DEAD_LETTER_HEADERS);
    assert_string_equal(detail_of(result, &arena), "it is bad");
    arena_done(&arena);
}

static void check_left_out(size_t value_size, size_t header_size)
{
    struct arena arena = {0};
    const struct result *result = park(value_size, header_size, &arena);

    assert_null(result->key.data);
    assert_null(result->value.data);
    assert_int_equal(result->headers.count, DEAD_LETTER_HEADERS);
    assert_string_equal(detail_of(result, &arena),
                        "it is bad; key, value and headers are too large to be kept");
    arena_done(&arena);
}

static void leaves_out_what_its_topic_would_refuse(void **state)
{
    size_t room = DEAD_LETTER_CONTENT_MAX - 1 - strlen("own") - 10;

    (void)state;
    check_left_out(room + 1, 0);
    check_left_out(0, room + 1);
    check_left_out(room, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_fits),
        cmocka_unit_test(leaves_out_what_its_topic_would_refuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
