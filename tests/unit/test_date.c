/* Dates in their three forms, days that do not exist, and ages around birthdays. */
#include "common/core/date.h"

#include <string.h>

#include "tests/support/test.h"

static const struct good {
    const char *name, *text, *date;
} goods[] = {
    {"plain", "1990-01-01", "1990-01-01"},
    {"milliseconds", "631152000000", "1990-01-01"},
    {"the last millisecond of the day before", "631151999999", "1989-12-31"},
    {"array", "[1990,1,1]", "1990-01-01"},
    {"array of two digits", "[1990,12,31]", "1990-12-31"},
    {"zero milliseconds", "0", "1970-01-01"},
    {"one millisecond before", "-1", "1969-12-31"},
    {"negative milliseconds", "-2208988800000", "1900-01-01"},
    {"eight digits of whole minutes", "86400000", "1970-01-02"},
    {"leap day", "2024-02-29", "2024-02-29"},
    {"leap day of a fourth century", "2000-02-29", "2000-02-29"},
    {"first", "1900-01-01", "1900-01-01"},
    {"last", "9999-12-31", "9999-12-31"},
    {"last in milliseconds", "253402300799999", "9999-12-31"},
};

static const struct bad {
    const char *name, *text;
} bads[] = {
    {"empty", ""},
    {"no leap year", "2023-02-29"},
    {"no leap century", "2100-02-29"},
    {"zeros", "0000-00-00"},
    {"month 0", "1990-00-10"},
    {"month 13", "1990-13-10"},
    {"day 0", "1990-01-00"},
    {"31 April", "1990-04-31"},
    {"before the bound", "1899-12-31"},
    {"milliseconds before the bound", "-2208988800001"},
    {"milliseconds beyond the bound", "253402300800000"},
    {"too many digits", "1000000000000000"},
    {"far too many digits", "99999999999999999999999999"},
    {"American", "01/02/2003"},
    {"day first", "01-02-2003"},
    {"without dashes", "19900101"},
    {"without dashes, day first", "15012000"},
    {"short month", "1990-1-01"},
    {"long year", "11990-01-1"},
    {"with a time", "1990-01-01T00:00:00Z"},
    {"spaces", " 1990-01-01"},
    {"a space behind", "1990-01-01 "},
    {"Arabic digits", "\xd9\xa1\xd9\xa9\xd9\xa9\xd9\xa0-01"},
    {"a sign", "+631152000000"},
    {"two signs", "--1"},
    {"only a sign", "-"},
    {"leading zero", "0631152000000"},
    {"fraction", "631152000000.5"},
    {"exponent", "6.3e11"},
    {"array of two", "[1990,1]"},
    {"array of four", "[1990,1,1,0]"},
    {"array left open", "[1990,1,1"},
    {"array with a tail", "[1990,1,1]]"},
    {"array of a day that is none", "[2023,2,29]"},
    {"array of texts", "[\"1990\",1,1]"},
    {"empty array", "[]"},
    {"bracket", "["},
    {"dashes only", "----------"},
};

static void parses(void **state)
{
    const struct good *example = *state;
    char text[DATE_TEXT_SIZE];
    int32_t days;

    assert_true(date_parse(example->text, &days));
    date_format(days, text);
    assert_string_equal(text, example->date);
}

static void refuses(void **state)
{
    const struct bad *example = *state;
    int32_t days = 4711;

    assert_false(date_parse(example->text, &days));
    assert_int_equal(days, 4711);
}

static int32_t days_of(const char *text)
{
    int32_t days;

    assert_true(date_parse(text, &days));
    return days;
}

/* Every day from the first to the last, counted by hand. */
static void makes_and_splits_every_day(void **state)
{
    int32_t expected = days_of("1900-01-01");
    struct date date = {DATE_YEAR_MIN, 1, 1};

    (void)state;
    assert_int_equal(expected, -25567);
    while (date.year <= DATE_YEAR_MAX) {
        int32_t days;

        if (!date_make(date, &days)) {
            date = date.month == 12 ? (struct date){date.year + 1, 1, 1}
                                    : (struct date){date.year, date.month + 1, 1};
            continue;
        }
        struct date split = date_split(days);
        if (days != expected || memcmp(&split, &date, sizeof date) != 0)
            fail_msg("%d-%d-%d", date.year, date.month, date.day);
        expected++;
        date.day++;
    }
    assert_int_equal(expected, 2932897); /* 10000-01-01 */
}

static const struct aged {
    const char *name, *born, *at;
    int age;
} ages[] = {
    {"the day before the birthday", "2000-06-15", "2018-06-14", 17},
    {"the birthday", "2000-06-15", "2018-06-15", 18},
    {"the month before", "2000-06-15", "2018-05-30", 17},
    {"newborn", "2000-06-15", "2000-06-15", 0},
    {"unborn", "2000-06-15", "2000-06-14", -1},
    {"leap day, on 28 February", "2004-02-29", "2022-02-28", 17},
    {"leap day, on 1 March", "2004-02-29", "2022-03-01", 18},
    {"leap day, in a leap year", "2004-02-29", "2024-02-29", 20},
    {"leap day, the day before", "2004-02-29", "2024-02-28", 19},
};

static void counts_years(void **state)
{
    const struct aged *example = *state;

    assert_int_equal(date_age(days_of(example->born), days_of(example->at)), example->age);
}

enum { SINGLE = 1 };

int main(void)
{
    struct CMUnitTest tests[COUNT(goods) + COUNT(bads) + COUNT(ages) + SINGLE];
    size_t count = 0;

    for (size_t i = 0; i < COUNT(goods); i++)
        tests[count++] = EXAMPLE(parses, &goods[i]);
    for (size_t i = 0; i < COUNT(bads); i++)
        tests[count++] = EXAMPLE(refuses, &bads[i]);
    for (size_t i = 0; i < COUNT(ages); i++)
        tests[count++] = EXAMPLE(counts_years, &ages[i]);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(makes_and_splits_every_day);
    return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
