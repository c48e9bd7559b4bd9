/* The shape that all policy files share, with a table of the test's own. */
#include "common/core/policy_file.h"

#include <stdio.h>

#include "common/core/base.h"
#include "tests/support/policy_examples.h"

struct rules {
    double ratio;
    int64_t days;
    int mode;
    uint32_t flags;
    const char *title;
    struct json_texts names;
};

struct shared {
    int64_t limit;
};

static const char *const modes[] = {"slow", "fast", NULL};
static const char *const flags[] = {"red", "green", "blue", NULL};

/* clang-format off */
#define AT(field) .offset = offsetof(struct rules, field)
static const struct json_member members[] = {
    {"ratio", json_read_double,  AT(ratio), .min = 0.5, .max = 2},
    {"days",  json_read_integer, AT(days), .min = -1, .max = 30},
    {"mode",  json_read_choice,  AT(mode), .choices = modes},
    {"flags", json_read_choices, AT(flags), .choices = flags},
    {"title", json_read_text,    AT(title), .required = true},
    {"names", json_read_texts,   AT(names)},
};
static const struct json_member shared_members[] = {
    {"limit", json_read_integer, .offset = offsetof(struct shared, limit), .max = 9},
};

static const struct broken_policy broken[] = {
    {"nothing", "", {"policy: is not JSON at line 1, column 0"}},
    {"half an object", "{\n 'version'", {"policy: is not JSON at line 2, column 10"}},
    {"text after the value", "{'version': '1'} x", {"policy: is not JSON at line 1, column 18"}},
    {"a list", "[]", {"policy: must be an object"}},
    {"a member twice", "{'version': '1', 'version': '2'}", {"policy: repeats a member at line 1, column 26"}},
    {"no version", "{'default': {'title': 't'}}", {"version: is missing"}},
    {"a number for the version", "{'version': 1, 'default': {'title': 't'}}", {"version: must be a text"}},
    {"an empty version", "{'version': '', 'default': {'title': 't'}}", {"version: must have 1..64 bytes"}},
    {"a version of 65 bytes",
     "{'version': '12345678901234567890123456789012345678901234567890123456789012345', 'default': {'title': 't'}}",
     {"version: must have 1..64 bytes"}},
    {"an unknown member", "{'version': '1', 'default': {'title': 't'}, 'procesTypes': {}}", {"procesTypes: is not known"}},
    {"a default that is no object", "{'version': '1', 'default': 3}", {"default: must be an object"}},
    {"process types that are no object", "{'version': '1', 'default': {'title': 't'}, 'processTypes': []}", {"processTypes: must be an object"}},
    {"a required member missing", "{'version': '1', 'default': {}}", {"default.title: is missing"}},
    {"all mistakes at once",
     "{'default': {'ratio': 'x', 'days': 31, 'modes': 1, 'title': 't'}, 'limit': 10,"
     " 'processTypes': {'loan': {'mode': 'medium', 'title': 't'}}}",
     {"version: is missing", "limit: must be in 0..9", "default.ratio: must be a number",
      "default.days: must be in -1..30", "default.modes: is not known",
      "processTypes.loan.mode: must be one of slow, fast"}},
    {"too small a number", "{'version': '1', 'default': {'ratio': 0.49, 'title': 't'}}", {"default.ratio: must be in 0.5..2"}},
    {"a fraction", "{'version': '1', 'default': {'days': 1.5, 'title': 't'}}", {"default.days: must be a whole number"}},
    {"a choice of a list", "{'version': '1', 'default': {'flags': ['red', 'pink', 1], 'title': 't'}}",
     {"default.flags[1]: must be one of red, green, blue", "default.flags[2]: must be one of red, green, blue"}},
    {"a choice twice", "{'version': '1', 'default': {'flags': ['red', 'red'], 'title': 't'}}", {"default.flags[1]: stands there twice"}},
    {"no list", "{'version': '1', 'default': {'flags': 'red', 'names': {}, 'title': 't'}}",
     {"default.flags: must be a list", "default.names: must be a list"}},
    {"a text twice", "{'version': '1', 'default': {'names': ['a', 'b', 'a', 3], 'title': 't'}}",
     {"default.names[2]: stands there twice", "default.names[3]: must be a text"}},
    {"what finish() finds", "{'version': '1', 'default': {'days': 13, 'title': 't'}, 'limit': 3}",
     {"default.days: is unlucky with 3"}},
    {"what finish() finds of a process type",
     "{'version': '1', 'default': {'title': 't'}, 'processTypes': {'loan': {'days': 13, 'title': 't'}}}",
     {"processTypes.loan.days: is unlucky with 7"}},
};
/* clang-format on */

static void finish(void *rules, const void *shared, const struct json_at *at)
{
    struct json_at here = json_at_member(at, "days");

    if (((struct rules *)rules)->days == 13)
        json_problem(&here, "is unlucky with %d", (int)((const struct shared *)shared)->limit);
    ((struct rules *)rules)->ratio *= 2;
}

static const struct policy_table table = {
    .members = members,
    .member_count = COUNT(members),
    .builtin = &(const struct rules){.ratio = 1, .days = 2, .title = "built in"},
    .size = sizeof(struct rules),
    .finish = finish,
    .shared_members = shared_members,
    .shared_member_count = COUNT(shared_members),
    .shared_builtin = &(const struct shared){7},
    .shared_size = sizeof(struct shared),
};

static void *parse(const char *text, size_t size, struct problems *problems)
{
    return policy_parse(text, size, &table, problems);
}

static void lists_the_mistakes(void **state)
{
    assert_mistakes(parse, *state);
}

static struct policy *good(const char *text)
{
    return parse_good(parse, text);
}

static void fills_what_the_file_says(void **state)
{
    struct policy *policy = good("{'version': '2026-1', 'limit': 5, 'default': {'ratio': 1.5,"
                                 " 'days': -1, 'mode': 'fast', 'flags': ['blue', 'red'],"
                                 " 'title': 'T', 'names': ['a', 'b']}}");
    const struct rules *rules = policy_rules(policy, "any");

    (void)state;
    assert_string_equal(policy->version, "2026-1");
    assert_int_equal(((const struct shared *)policy->shared)->limit, 5);
    assert_true(rules->ratio == 3);
    assert_int_equal(rules->days, -1);
    assert_int_equal(rules->mode, 1);
    assert_int_equal(rules->flags, 5);
    assert_string_equal(rules->title, "T");
    assert_int_equal(rules->names.count, 2);
    assert_string_equal(rules->names.items[1], "b");
    policy_free(policy);
}

static void leaves_what_the_file_does_not_say(void **state)
{
    struct policy *policy = good("{'version': '1'}");
    const struct rules *rules = policy_rules(policy, "");

    (void)state;
    assert_string_equal(rules->title, "built in");
    assert_int_equal(rules->days, 2);
    assert_int_equal(((const struct shared *)policy->shared)->limit, 7);
    policy_free(policy);
}

static void process_types_change_the_default(void **state)
{
    struct policy *policy =
        good("{'version': '1', 'processTypes': {'loan': {'days': 9, 'title': 'L'},"
             " 'card': {'title': 'C'}}, 'default': {'days': 8, 'title': 'D'}}");

    (void)state;
    assert_int_equal(((const struct rules *)policy_rules(policy, "loan"))->days, 9);
    assert_int_equal(((const struct rules *)policy_rules(policy, "card"))->days, 8);
    assert_string_equal(((const struct rules *)policy_rules(policy, "card"))->title, "C");
    assert_string_equal(((const struct rules *)policy_rules(policy, "Loan"))->title, "D");
    policy_free(policy);
}

static void has_bounds(void **state)
{
    static char text[200000];
    struct problems problems = {0};
    size_t used = (size_t)snprintf(text, sizeof text, "{\"version\":\"1\",\"processTypes\":{");

    (void)state;
    for (int i = 0; i < 101; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s\"t%d\":{\"title\":\"t\"}",
                                 i == 0 ? "" : ",", i);
    used += (size_t)snprintf(text + used, sizeof text - used, "}}");
    assert_null(parse(text, used, &problems));
    assert_string_equal(problems.items[0], "processTypes: must have at most 100 members");

    used = (size_t)snprintf(text, sizeof text,
                            "{\"version\":\"1\",\"default\":{\"title\":\"t\",\"names\":[");
    for (int i = 0; i < 301; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s\"n%d\"", i == 0 ? "" : ",", i);
    used += (size_t)snprintf(text + used, sizeof text - used, "]}}");
    problems.count = 0;
    assert_null(parse(text, used, &problems));
    assert_string_equal(problems.items[0], "default.names: must have at most 300 items");
}

enum { SINGLE = 4 };

int main(void)
{
    struct CMUnitTest tests[COUNT(broken) + SINGLE] = {
        cmocka_unit_test(fills_what_the_file_says),
        cmocka_unit_test(leaves_what_the_file_does_not_say),
        cmocka_unit_test(process_types_change_the_default),
        cmocka_unit_test(has_bounds),
    };

    for (size_t i = 0; i < COUNT(broken); i++)
        tests[SINGLE + i] = EXAMPLE(lists_the_mistakes, &broken[i]);
    return cmocka_run_group_tests_name("policy_file", tests, NULL, NULL);
}
