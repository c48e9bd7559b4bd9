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

/* `parse` is that of a policy_format or of a wrapper of the same shape. */
static inline void *parse_quoted(void *(*parse)(const char *text, size_t size,
                                                struct problems *problems),
                                 const char *quoted, struct problems *problems)
{
    size_t size = strlen(quoted);
    char *text = malloc(size + 1); /* of just the size, for the sanitizer to see an overrun */
    void *policy;

    assert_non_null(text);
    for (size_t i = 0; i < size; i++)
        text[i] = quoted[i] == '\'' ? '"' : quoted[i];
    text = realloc(text, size == 0 ? 1 : size);
    policy = parse(text, size, problems);
    free(text);
    return policy;
}

static inline void assert_mistakes(void *(*parse)(const char *text, size_t size,
                                                  struct problems *problems),
                                   const struct broken_policy *example)
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
