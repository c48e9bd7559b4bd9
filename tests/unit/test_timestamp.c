/* RFC 3339 to milliseconds and back. */
#include "common/core/timestamp.h"

#include "tests/support/test.h"

static const struct good {
    const char *name, *text;
    int64_t ms;
} goods[] = {
    {"the epoch", "1970-01-01T00:00:00Z", 0},
    {"milliseconds", "2026-01-31T23:59:59.123Z", INT64_C(1769903999123)},
    {"one digit", "1970-01-01T00:00:00.1Z", 100},
    {"nanoseconds are cut", "1970-01-01T00:00:00.123999999Z", 123},
    {"ahead of UTC", "1970-01-01T02:00:00+02:00", 0},
    {"behind UTC", "1969-12-31T18:30:00-05:30", 0},
    {"unknown offset", "1970-01-01T00:00:00-00:00", 0},
    {"small letters", "1970-01-01t00:00:00z", 0},
    {"leap second", "2016-12-31T23:59:60Z", INT64_C(1483228800000)},
    {"the last", "9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    {"leap day", "2024-02-29T12:00:00Z", INT64_C(1709208000000)},
};

static const struct bad {
    const char *name, *text;
} bads[] = {
    {"empty", ""},
    {"no zone", "2026-01-31T23:59:59"},
    {"no zone behind the fraction", "2026-01-31T23:59:59.1"},
    {"year 0", "0000-01-01T00:00:00Z"},
    {"before 1970", "1969-12-31T23:59:59.999Z"},
    {"before 1970 by its zone", "1970-01-01T00:59:59+01:00"},
    {"beyond 9999", "9999-12-31T23:59:60Z"},
    {"beyond 9999 by its zone", "9999-12-31T23:59:59-00:01"},
    {"no such day", "2023-02-29T00:00:00Z"},
    {"hour 24", "2023-01-01T24:00:00Z"},
    {"minute 60", "2023-01-01T00:60:00Z"},
    {"second 61", "2023-01-01T00:00:61Z"},
    {"a space", "2023-01-01 00:00:00Z"},
    {"only a date", "2023-01-01"},
    {"no seconds", "2023-01-01T00:00Z"},
    {"fraction without digits", "2023-01-01T00:00:00.Z"},
    {"too fine", "2023-01-01T00:00:00.1234567890Z"},
    {"comma", "2023-01-01T00:00:00,1Z"},
    {"offset without a colon", "2023-01-01T00:00:00+0100"},
    {"offset of 24 hours", "2023-01-01T00:00:00+24:00"},
    {"offset of 60 minutes", "2023-01-01T00:00:00+01:60"},
    {"something behind", "2023-01-01T00:00:00Z "},
    {"something behind the offset", "2023-01-01T00:00:00+01:00Z"},
    {"a sign", "+2023-01-01T00:00:00Z"},
    {"five digits", "12023-01-01T00:00:00Z"},
};

static void parses(void **state)
{
    const struct good *example = *state;
    int64_t ms;

    assert_true(time_parse(example->text, &ms));
    assert_int_equal(ms, example->ms);
}

static void refuses(void **state)
{
    const struct bad *example = *state;
    int64_t ms = 42;

    assert_false(time_parse(example->text, &ms));
    assert_int_equal(ms, 42);
}

static const struct written {
    const char *name, *text;
    int64_t ms;
} writtens[] = {
    {"the epoch", "1970-01-01T00:00:00.000Z", 0},
    {"some moment", "2026-01-31T23:59:59.123Z", INT64_C(1769903999123)},
    {"the last", "9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    {"before the first", "1970-01-01T00:00:00.000Z", -1},
    {"after the last", "9999-12-31T23:59:59.999Z", INT64_MAX},
};

static void formats(void **state)
{
    const struct written *example = *state;
    char text[TIME_TEXT_SIZE];

    time_format(example->ms, text);
    assert_string_equal(text, example->text);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(goods) + COUNT(bads) + COUNT(writtens)];
    size_t count = 0;

    for (size_t i = 0; i < COUNT(goods); i++)
        tests[count++] = EXAMPLE(parses, &goods[i]);
    for (size_t i = 0; i < COUNT(bads); i++)
        tests[count++] = EXAMPLE(refuses, &bads[i]);
    for (size_t i = 0; i < COUNT(writtens); i++)
        tests[count++] = EXAMPLE(formats, &writtens[i]);
    return cmocka_run_group_tests_name("timestamp", tests, NULL, NULL);
}
