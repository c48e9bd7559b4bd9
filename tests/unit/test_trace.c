/* traceparent by the rules of W3C: what is taken over, what starts a new trace. */
#include "common/core/bytes.h"
#include "common/kafka/trace.h"

#include <string.h>

#include "tests/support/test.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN  "b7ad6b7169203331"

static const struct good {
    const char *name, *text, *read;
} goods[] = {
    {"sampled", "00-" TRACE "-" SPAN "-01", "00-" TRACE "-" SPAN "-01"},
    {"not sampled", "00-" TRACE "-" SPAN "-00", "00-" TRACE "-" SPAN "-00"},
    {"unknown flags are carried", "00-" TRACE "-" SPAN "-03", "00-" TRACE "-" SPAN "-03"},
    {"later version", "cc-" TRACE "-" SPAN "-01", "00-" TRACE "-" SPAN "-01"},
    {"later version with more", "cc-" TRACE "-" SPAN "-00-what", "00-" TRACE "-" SPAN "-00"},
    {"later version, its own flags", "01-" TRACE "-" SPAN "-fe", "00-" TRACE "-" SPAN "-00"},
    {"later version, sampled among them", "01-" TRACE "-" SPAN "-ff", "00-" TRACE "-" SPAN "-01"},
};

static const struct bad {
    const char *name, *text;
} bads[] = {
    {"empty", ""},
    {"version ff", "ff-" TRACE "-" SPAN "-01"},
    {"zero trace", "00-00000000000000000000000000000000-" SPAN "-01"},
    {"zero span", "00-" TRACE "-0000000000000000-01"},
    {"upper case", "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01"},
    {"upper case span", "00-" TRACE "-B7AD6B7169203331-01"},
    {"upper case version", "CC-" TRACE "-" SPAN "-01"},
    {"not hexadecimal", "00-" TRACE "-b7ad6b716920333x-01"},
    {"short", "00-" TRACE "-" SPAN "-0"},
    {"version 00 with more", "00-" TRACE "-" SPAN "-01-what"},
    {"version 00 with a digit more", "00-" TRACE "-" SPAN "-011"},
    {"later version with a digit more", "cc-" TRACE "-" SPAN "-011"},
    {"other separators", "00_" TRACE "_" SPAN "_01"},
    {"spaces", " 00-" TRACE "-" SPAN "-01"},
};

static void reads(void **state)
{
    const struct good *example = *state;
    char out[TRACEPARENT_SIZE];

    assert_true(traceparent_read(bytes_of(example->text), out));
    assert_string_equal(out, example->read);
}

static void ignores(void **state)
{
    const struct bad *example = *state;
    char out[TRACEPARENT_SIZE];

    assert_false(traceparent_read(bytes_of(example->text), out));
}

static void starts_traces_that_differ(void **state)
{
    char one[TRACEPARENT_SIZE], two[TRACEPARENT_SIZE], read[TRACEPARENT_SIZE];

    (void)state;
    traceparent_start(one);
    traceparent_start(two);
    assert_true(traceparent_read(bytes_of(one), read));
    assert_string_equal(one, read);
    assert_memory_not_equal(one + 3, two + 3, 16);
    assert_memory_not_equal(one + 19, two + 19, 16);
    assert_memory_not_equal(one + 36, two + 36, 16);
    assert_string_equal(one + 52, "-01");
}

static void goes_on_with_a_new_span(void **state)
{
    static const char from[] = "00-" TRACE "-" SPAN "-00";
    char next[TRACEPARENT_SIZE], read[TRACEPARENT_SIZE];

    (void)state;
    traceparent_next(from, next);
    assert_true(traceparent_read(bytes_of(next), read));
    assert_memory_equal(next, from, 36);
    assert_memory_not_equal(next + 36, from + 36, 16);
    assert_string_equal(next + 52, "-00");
}

static void has_an_id(void **state)
{
    char id[TRACE_ID_SIZE];

    (void)state;
    traceparent_id("00-" TRACE "-" SPAN "-00", id);
    assert_string_equal(id, TRACE);
}

static void holds_tracestate_to_its_bounds(void **state)
{
    static char longest[TRACESTATE_BYTES_MAX + 2];

    (void)state;
    memset(longest, 'x', TRACESTATE_BYTES_MAX + 1);
    assert_true(tracestate_is_good(bytes_of("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")));
    assert_false(tracestate_is_good(bytes_of(longest)));
    longest[TRACESTATE_BYTES_MAX] = '\0';
    assert_true(tracestate_is_good(bytes_of(longest)));
    assert_false(tracestate_is_good(bytes_of("")));
    assert_false(tracestate_is_good(bytes_of("a=b\nc=d")));
    assert_false(tracestate_is_good(bytes_of("a=\xc3\xa9")));
    assert_false(tracestate_is_good((struct bytes){NULL, 0}));
}

enum { SINGLE = 4 };

int main(void)
{
    struct CMUnitTest tests[COUNT(goods) + COUNT(bads) + SINGLE] = {
        cmocka_unit_test(starts_traces_that_differ),
        cmocka_unit_test(goes_on_with_a_new_span),
        cmocka_unit_test(has_an_id),
        cmocka_unit_test(holds_tracestate_to_its_bounds),
    };
    size_t count = SINGLE;

    for (size_t i = 0; i < COUNT(goods); i++)
        tests[count++] = EXAMPLE(reads, &goods[i]);
    for (size_t i = 0; i < COUNT(bads); i++)
        tests[count++] = EXAMPLE(ignores, &bads[i]);
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
