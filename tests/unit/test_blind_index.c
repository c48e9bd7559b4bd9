/* Which texts have the same digest. */
#include "common/core/blind_index.h"

#include <string.h>

#include "common/core/base.h"
#include "tests/support/test.h"

enum { PARTS_MAX = 3 };

static const struct key key = {.bytes = {1}, .present = true};

/* All differ from the first, and so do not from themselves. */
static const struct example {
    const char *name;
    const char *domain;
    const char *parts[PARTS_MAX];
    size_t count;
} base = {"base", "domain", {"ab", "c"}, 2},
  examples[] = {
      {"parts cut elsewhere", "domain", {"a", "bc"}, 2},
      {"parts in another order", "domain", {"c", "ab"}, 2},
      {"one part", "domain", {"abc"}, 1},
      {"an empty part more", "domain", {"ab", "c", ""}, 3},
      {"no part", "domain", {NULL}, 0},
      {"another domain", "domaim", {"ab", "c"}, 2},
      {"the first part in the domain", "domainab", {"c"}, 1},
      {"other case", "domain", {"Ab", "c"}, 2},
};

static struct digest index_of(const struct example *example, const struct key *with)
{
    struct arena arena = {0};
    struct digest digest =
        blind_index(with, example->domain, example->parts, example->count, &arena);

    arena_done(&arena);
    return digest;
}

static void differs(void **state)
{
    struct digest expected = index_of(&base, &key), actual = index_of(*state, &key);

    assert_memory_not_equal(&actual, &expected, sizeof actual);
}

static void is_the_same_each_time(void **state)
{
    struct digest first = index_of(&base, &key), second = index_of(&base, &key);

    (void)state;
    assert_memory_equal(&first, &second, sizeof first);
}

static void depends_on_the_key(void **state)
{
    const struct key other = {.bytes = {2}, .present = true};
    struct digest first = index_of(&base, &key), second = index_of(&base, &other);

    (void)state;
    assert_memory_not_equal(&first, &second, sizeof first);
}

/* HMAC-SHA-256 over the lengths (32 bits, big endian) and texts: stored, so never to change. */
static void has_the_stored_form(void **state)
{
    static const uint8_t message[] = "\0\0\0\6domain\0\0\0\2ab\0\0\0\1c";
    struct digest expected = digest_of(&key, (struct bytes){message, sizeof message - 1});
    struct digest actual = index_of(&base, &key);

    (void)state;
    assert_memory_equal(&actual, &expected, sizeof actual);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(examples) + 3] = {
        cmocka_unit_test(is_the_same_each_time),
        cmocka_unit_test(depends_on_the_key),
        cmocka_unit_test(has_the_stored_form),
    };

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[3 + i] = EXAMPLE(differs, &examples[i]);
    return cmocka_run_group_tests_name("blind_index", tests, NULL, NULL);
}
