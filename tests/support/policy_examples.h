#ifndef TESTS_SUPPORT_POLICY_EXAMPLES_H
#define TESTS_SUPPORT_POLICY_EXAMPLES_H

/* Broken policy files and the mistakes to be listed; ' stands for " in the text. */
#include <stdlib.h>
#include <string.h>

#include "common/core/problems.h"
#include "tests/support/test.h"

enum { MISTAKES_MAX = 6 };

struct broken_policy {
    const char *name;
    const char *text;
    const char *mistakes[MISTAKES_MAX]; /* in their order; NULL ends them */
};

typedef void *policy_parser(const char *text, size_t size, struct problems *problems);

/* The text gets just its size, so that the sanitizer sees who reads beyond it. */
static inline void *parse_quoted(policy_parser *parse, const char *quoted,
                                 struct problems *problems)
{
    size_t size = strlen(quoted);
    char *text = malloc(size == 0 ? 1 : size);
    void *policy;

    assert_non_null(text);
    for (size_t i = 0; i < size; i++)
        text[i] = quoted[i] == '\'' ? '"' : quoted[i];
    policy = parse(text, size, problems);
    free(text);
    return policy;
}

/* A policy without mistakes, else the test fails. */
static inline void *parse_good(policy_parser *parse, const char *quoted)
{
    static struct problems problems;
    void *policy;

    problems.count = 0;
    policy = parse_quoted(parse, quoted, &problems);
    if (policy == NULL)
        fail_msg("%s", problems.items[0]);
    return policy;
}

static inline void assert_mistakes(policy_parser *parse, const struct broken_policy *example)
{
    struct problems problems = {0};
    size_t count = 0;

    assert_null(parse_quoted(parse, example->text, &problems));
    while (count < MISTAKES_MAX && example->mistakes[count] != NULL)
        count++;
    for (size_t i = 0; i < count && i < problems.count; i++)
        assert_string_equal(problems.items[i], example->mistakes[i]);
    if (problems.count > count)
        fail_msg("one too many: %s", problems.items[count]);
    assert_int_equal(problems.count, count);
}

#endif
