/* Templates of bodies: what they become, and which are refused. */
#include "common/effects/body_template.h"

#include <jansson.h>
#include <string.h>

#include "tests/support/test.h"

static const struct body_field fields[] = {
    {"destination", true},
    {"text", true},
    {"reference", false},
};

static const struct good {
    const char *name; /* the template */
    const char *values[COUNT(fields)];
    const char *wanted;
} goods[] = {
    {"{\"to\":\"{{destination}}\",\"text\":\"{{text}}\"}",
     {"+420777123456", "Your code: 1234", "r-1"},
     "{\"to\":\"+420777123456\",\"text\":\"Your code: 1234\"}"},
    {"{\"a\":[\"tel:{{destination}}!\",\"{{text}}{{reference}}{{text}}\"],\"n\":1}",
     {"1", "t", "r"},
     "{\"a\":[\"tel:1!\",\"trt\"],\"n\":1}"},
    {"{\"to\":\"{{destination}}\",\"text\":\"{{text}}\"}\n",
     {"\"},{\"x\":\"", "a\\\"b\n\t\x01\x1f/é€", ""},
     "{\"to\":\"\\\"},{\\\"x\\\":\\\"\",\"text\":\"a\\\\\\\"b\\u000a\\u0009\\u0001\\u001f/é€\"}\n"},
    {"{\"to\":\"{{destination}}\",\"text\":\"\\\\{{text}}\"}",
     {"{{text}}", "}}{{", ""},
     "{\"to\":\"{{text}}\",\"text\":\"\\\\}}{{\"}"},
    {"{\"to\":\"{{destination}}\",\"text\":\"{{text}}\"}",
     {"", "", ""},
     "{\"to\":\"\",\"text\":\"\"}"},
};

static void test_good(void **state)
{
    const struct good *good = *state;
    struct arena arena = {0};
    const char *fault = "";
    struct body_template *template =
        body_template_parse(good->name, strlen(good->name), fields, COUNT(fields), &fault);
    struct bytes body;
    json_t *root;

    assert_null(fault);
    assert_non_null(template);
    body = body_template_fill(template, good->values, &arena);
    assert_int_equal(body.size, strlen(good->wanted));
    assert_memory_equal(body.data, good->wanted, body.size);
    root = json_loadb((const char *)body.data, body.size, 0, NULL);
    assert_non_null(root);
    json_decref(root);
    body_template_free(template);
    arena_done(&arena);
}

#define BOTH     "\"to\":\"{{destination}}\",\"text\":\"{{text}}\""
#define NO_JSON  "is not JSON with its places inside of strings"
#define REQUIRED "lacks a place that is required"

static const struct bad {
    const char *name; /* the template */
    const char *fault;
} bads[] = {
    {"", REQUIRED},
    {"{}", REQUIRED},
    {"{\"to\":\"{{destination}}\"}", REQUIRED},
    {"{\"to\":\"{{destination}}\",\"text\":{{text}}}", NO_JSON},
    {"{\"to\":\"{{destination}}\",\"text\":\"x\"{{text}}}", NO_JSON},
    {"{\"to\":\"{{destination}}\",\"text\":\"\\{{text}}\"}", NO_JSON},
    {"{\"to\":\"{{destination}}\",\"text\":\"\\u00{{text}}\"}", NO_JSON},
    {"{" BOTH, NO_JSON},
    {"{" BOTH ",\"to\":\"x\"}", NO_JSON},
    {"{" BOTH "} x", NO_JSON},
    {"\"{{destination}}{{text}}\"", NO_JSON},
    {"{" BOTH ",\"x\":\"{{code}}\"}", "has a place of an unknown name"},
    {"{" BOTH ",\"x\":\"{{ text }}\"}", "has a place of an unknown name"},
    {"{" BOTH ",\"x\":\"{{}}\"}", "has a place of an unknown name"},
    {"{" BOTH ",\"x\":\"{{tex\"}", "has a place that does not end"},
    {"{" BOTH ",\"x\":\"{{text}\"}", "has a place that does not end"},
};

static void test_bad(void **state)
{
    const struct bad *bad = *state;
    const char *fault = NULL;

    assert_null(body_template_parse(bad->name, strlen(bad->name), fields, COUNT(fields), &fault));
    assert_string_equal(fault, bad->fault);
}

static void test_bounds(void **state)
{
    static char text[BODY_TEMPLATE_MAX + 2];
    const char *fault = NULL;
    size_t size;

    (void)state;
    memset(text, ' ', sizeof text);
    memcpy(text, "{" BOTH "}", sizeof "{" BOTH "}" - 1);
    body_template_free(body_template_parse(text, BODY_TEMPLATE_MAX, fields, COUNT(fields), &fault));
    assert_null(fault);
    assert_null(body_template_parse(text, BODY_TEMPLATE_MAX + 1, fields, COUNT(fields), &fault));
    assert_string_equal(fault, "is too large");
    assert_null(body_template_parse("{\0}", 3, fields, COUNT(fields), &fault));
    assert_string_equal(fault, "holds a NUL byte");

    size = strlen("[\"{{destination}}\",\"");
    memcpy(text, "[\"{{destination}}\",\"", size);
    for (int i = 1; i < BODY_PLACES_MAX; i++, size += strlen("{{text}}"))
        memcpy(text + size, "{{text}}", strlen("{{text}}"));
    memcpy(text + size, "\"]", 2);
    body_template_free(body_template_parse(text, size + 2, fields, COUNT(fields), &fault));
    assert_null(fault);
    memcpy(text + size, "{{text}}\"]", 10);
    assert_null(body_template_parse(text, size + 10, fields, COUNT(fields), &fault));
    assert_string_equal(fault, "has too many places");
}

static void test_file(void **state)
{
    static struct problems problems;

    (void)state;
    assert_null(body_template_read("NAME", "/nonexistent/file", fields, COUNT(fields), &problems));
    assert_null(body_template_read("NAME", "/", fields, COUNT(fields), &problems));
    assert_null(body_template_read("NAME", "/dev/null", fields, COUNT(fields), &problems));
    assert_int_equal(problems.count, 3);
    assert_string_equal(problems.items[0], "NAME: cannot be opened");
    assert_string_equal(problems.items[1], "NAME: cannot be read");
    assert_string_equal(problems.items[2], "NAME: " REQUIRED);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(goods) + COUNT(bads) + 2];
    size_t count = 0;

    for (size_t i = 0; i < COUNT(goods); i++)
        tests[count++] = EXAMPLE(test_good, &goods[i]);
    for (size_t i = 0; i < COUNT(bads); i++)
        tests[count++] = EXAMPLE(test_bad, &bads[i]);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_bounds);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_file);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
