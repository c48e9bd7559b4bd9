/* Values to PostgreSQL's binary format and back: scalars, columns of rows, NULL everywhere. */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/bytes.h"
#include "common/postgres/db.h"
#include "common/postgres/encode.h"
#include "tests/support/test.h"

static struct arena arena;

static const struct uuid id = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255}};

/* A result of one column and one row, as libpq would hold it. */
static PGresult *result_of(enum column_type type, struct bytes bytes)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc column = {.name = (char *)(uintptr_t) "c",
                           .format = 1,
                           .typid = column_oid(type),
                           .typlen = -1,
                           .atttypmod = -1};

    assert_int_equal(PQsetResultAttrs(result, 1, &column), 1);
    assert_int_equal(PQsetvalue(result, 0, 0, (char *)(uintptr_t)bytes.data,
                                bytes.data == NULL ? -1 : (int)bytes.size),
                     1);
    return result;
}

/* clang-format off */
static const struct integer {
    const char *name;
    enum column_type type;
    int64_t value;
    size_t size;
    uint8_t bytes[8];
} integers[] = {
    {"smallint, smallest", COLUMN_INT2, INT16_MIN, 2, {0x80, 0}},
    {"smallint -1", COLUMN_INT2, -1, 2, {0xff, 0xff}},
    {"integer, smallest", COLUMN_INT4, INT32_MIN, 4, {0x80, 0, 0, 0}},
    {"integer, largest", COLUMN_INT4, INT32_MAX, 4, {0x7f, 0xff, 0xff, 0xff}},
    {"integer -2", COLUMN_INT4, -2, 4, {0xff, 0xff, 0xff, 0xfe}},
    {"bigint, smallest", COLUMN_INT8, INT64_MIN, 8, {0x80, 0, 0, 0, 0, 0, 0, 0}},
    {"bigint 258", COLUMN_INT8, 258, 8, {0, 0, 0, 0, 0, 0, 1, 2}},
    {"date 2000-01-01", COLUMN_DATE, 10957, 4, {0, 0, 0, 0}},
    {"date 1970-01-01", COLUMN_DATE, 0, 4, {0xff, 0xff, 0xd5, 0x33}},
    {"date 0001-01-01", COLUMN_DATE, -719162, 4, {0xff, 0xf4, 0xdb, 0xf9}},
};

static const struct moment {
    const char *name;
    int64_t ms;
    uint8_t bytes[8];
} moments[] = {
    {"2000-01-01T00:00:00Z", 946684800000, {0}},
    {"1970-01-01T00:00:00Z", 0, {0xff, 0xfc, 0xa2, 0xfe, 0xc4, 0xc8, 0x20, 0x00}},
    {"a millisecond before 2000", 946684799999, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfc, 0x18}},
    {"9999-12-31T23:59:59.999Z", 253402300799999, {0x03, 0x80, 0xe7, 0x0b, 0x91, 0x3b, 0x7c, 0x18}},
};
/* clang-format on */

static void integer_travels(void **state)
{
    const struct integer *example = *state;
    struct value value = INT(example->value);
    struct bytes bytes = encode_scalar(example->type, &value, &arena);

    assert_int_equal(bytes.size, example->size);
    assert_memory_equal(bytes.data, example->bytes, example->size);
    PGresult *result = result_of(example->type, bytes);
    struct row row = {result, 0};
    assert_true(row_int(&row, 0) == example->value);
    PQclear(result);
}

static void moment_travels(void **state)
{
    const struct moment *example = *state;
    struct value value = TIME_MS(example->ms);
    struct bytes bytes = encode_scalar(COLUMN_TIMESTAMPTZ, &value, &arena);

    assert_int_equal(bytes.size, 8);
    PGresult *result = result_of(COLUMN_TIMESTAMPTZ, bytes);
    struct row row = {result, 0};
    assert_true(row_time_ms(&row, 0) == example->ms);
    assert_memory_equal(bytes.data, example->bytes, 8);
    PQclear(result);
}

/* A clock between two milliseconds counts as the earlier, before 2000 too. */
static void microseconds_are_cut(void **state)
{
    static const uint8_t after[8] = {0, 0, 0, 0, 0, 0, 0x07, 0xcf}; /* +1999 µs */
    static const uint8_t before[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}; /* -1 µs */
    PGresult *late = result_of(COLUMN_TIMESTAMPTZ, (struct bytes){after, 8});
    PGresult *early = result_of(COLUMN_TIMESTAMPTZ, (struct bytes){before, 8});
    struct row late_row = {late, 0};
    struct row early_row = {early, 0};

    (void)state;
    assert_true(row_time_ms(&late_row, 0) == 946684800001);
    assert_true(row_time_ms(&early_row, 0) == 946684799999);
    PQclear(late);
    PQclear(early);
}

static void others_travel(void **state)
{
    static const uint8_t raw[] = {0, 1, 0, 255};
    const struct {
        enum column_type type;
        struct value value;
    } cases[] = {
        {COLUMN_BOOL, BOOL(true)},
        {COLUMN_FLOAT8, DOUBLE(-0.1)},
        {COLUMN_TEXT, TEXT("Žluťoučký")},
        {COLUMN_TEXT, TEXT("")},
        {COLUMN_BYTEA, BYTES(((struct bytes){raw, sizeof raw}))},
        {COLUMN_UUID, UUID_VALUE(id)},
        {COLUMN_JSONB, TEXT("{\"a\": 1}")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bytes bytes = encode_scalar(cases[i].type, &cases[i].value, &arena);
        PGresult *result = result_of(cases[i].type, bytes);
        struct row row = {result, 0};

        assert_false(row_is_null(&row, 0));
        if (cases[i].type == COLUMN_BOOL)
            assert_true(row_bool(&row, 0));
        else if (cases[i].type == COLUMN_FLOAT8)
            assert_true(row_double(&row, 0) == -0.1);
        else if (cases[i].type == COLUMN_UUID) {
            struct uuid back = row_uuid(&row, 0);
            assert_memory_equal(back.bytes, id.bytes, sizeof id.bytes);
        } else if (cases[i].type == COLUMN_BYTEA) {
            struct bytes back = row_bytes(&row, 0, &arena);
            assert_int_equal(back.size, sizeof raw);
            assert_memory_equal(back.data, raw, sizeof raw);
        } else {
            assert_string_equal(row_text(&row, 0, &arena), (const char *)cases[i].value.bytes.data);
        }
        PQclear(result);
    }
}

static void a_choice_reads_as_its_place(void **state)
{
    static const char *const names[] = {"OK", "NOK"};
    static const struct {
        const char *text;
        int place;
    } choices[] = {{"OK", 0}, {"NOK", 1}, {"O", 7}, {"", 7}, {NULL, 7}};

    (void)state;
    for (size_t i = 0; i < COUNT(choices); i++) {
        struct value value = TEXT(choices[i].text);
        PGresult *result = result_of(COLUMN_TEXT, encode_scalar(COLUMN_TEXT, &value, &arena));
        struct row row = {result, 0};

        assert_int_equal(row_choice(&row, 0, names, COUNT(names), 7), choices[i].place);
        PQclear(result);
    }
}

static void null_reads_as_nothing(void **state)
{
    struct value nothing = NOTHING;

    (void)state;
    for (enum column_type type = 0; type < COLUMN_TYPES; type++) {
        struct bytes bytes = encode_scalar(type, &nothing, &arena);
        assert_null(bytes.data);
        PGresult *result = result_of(type, bytes);
        struct row row = {result, 0};
        assert_true(row_is_null(&row, 0));
        assert_null(row_text(&row, 0, &arena));
        assert_null(row_bytes(&row, 0, &arena).data);
        assert_true(row_int(&row, 0) == 0);
        assert_false(row_bool(&row, 0));
        assert_true(row_double(&row, 0) == 0);
        assert_int_equal(row_uuid(&row, 0).bytes[15], 0);
        PQclear(result);
    }
    assert_int_equal(value_text(NULL).kind, VALUE_NULL);
    assert_int_equal(BYTES_OR_NULL((struct bytes){0}).kind, VALUE_NULL);
    assert_int_equal(BYTES_OR_NULL(bytes_of("")).kind, VALUE_BYTES);
}

/* The second column of three rows of two; the middle one is NULL. */
static void column_becomes_an_array(void **state)
{
    const struct value rows[] = {INT(7), TEXT("a"), INT(8), NOTHING, INT(9), TEXT("bc")};
    static const uint8_t expected[] = {0,   0,    0,    1,    0,    0, 0, 1, 0, 0,   0,  25,
                                       0,   0,    0,    3,    0,    0, 0, 1, 0, 0,   0,  1,
                                       'a', 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 'b', 'c'};
    struct bytes array = encode_array(COLUMN_TEXT, &rows[1], 2, 3, &arena);

    (void)state;
    assert_int_equal(array.size, sizeof expected);
    assert_memory_equal(array.data, expected, sizeof expected);

    static const uint8_t whole[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 21, 0,
                                    0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0,  7};
    array = encode_array(COLUMN_INT2, &rows[0], 2, 1, &arena);
    assert_int_equal(array.size, sizeof whole);
    assert_memory_equal(array.data, whole, sizeof whole);
}

static int drop(void **state)
{
    (void)state;
    arena_reset(&arena);
    return 0;
}

int main(void)
{
    struct CMUnitTest tests[COUNT(integers) + COUNT(moments) + 5] = {
        cmocka_unit_test(microseconds_are_cut),        cmocka_unit_test(others_travel),
        cmocka_unit_test(a_choice_reads_as_its_place), cmocka_unit_test(null_reads_as_nothing),
        cmocka_unit_test(column_becomes_an_array),
    };
    size_t count = 5;

    for (size_t i = 0; i < COUNT(integers); i++)
        tests[count++] = EXAMPLE(integer_travels, &integers[i]);
    for (size_t i = 0; i < COUNT(moments); i++)
        tests[count++] = EXAMPLE(moment_travels, &moments[i]);
    int failed = cmocka_run_group_tests(tests, NULL, drop);
    arena_done(&arena);
    return failed;
}
