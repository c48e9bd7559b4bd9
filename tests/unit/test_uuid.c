/* Ids in the order of their making, names that always give the same id, and what is no id. */
#include "common/core/uuid.h"

#include <string.h>

#include "tests/support/test.h"

enum { MANY = 100000 };

static const int64_t moment = INT64_C(1645557742000);

static struct uuid parsed(const char *text)
{
    struct uuid id;

    assert_true(uuid_parse(text, strlen(text), &id));
    return id;
}

static int64_t ms_of(struct uuid id)
{
    int64_t ms = 0;

    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id.bytes[i];
    return ms;
}

static void v7_has_its_time_version_and_variant(void **state)
{
    char text[UUID_TEXT_SIZE];

    (void)state;
    uuid_format(uuid_v7(moment), text); /* the example of RFC 9562 A.6 */
    assert_memory_equal(text, "017f22e2-79b0-7", 15);
    assert_non_null(strchr("89ab", text[19]));
    assert_int_equal(strlen(text), UUID_TEXT_SIZE - 1);
}

static void v7_rises_within_a_millisecond(void **state)
{
    struct uuid before = uuid_v7(moment + 1);

    (void)state;
    for (int i = 0; i < MANY; i++) {
        struct uuid id = uuid_v7(moment + 1);

        assert_true(memcmp(before.bytes, id.bytes, sizeof id.bytes) < 0);
        assert_int_equal(id.bytes[6] >> 4, 7);
        assert_int_equal(id.bytes[8] >> 6, 2);
        before = id;
    }
    assert_true(ms_of(before) - (moment + 1) < 50); /* it does not run ahead of the clock */
}

static void v7_rises_when_the_clock_is_set_back(void **state)
{
    struct uuid before = uuid_v7(moment + 5000);
    struct uuid id = uuid_v7(moment);

    (void)state;
    assert_true(memcmp(before.bytes, id.bytes, sizeof id.bytes) < 0);
}

static void v7_steps_cannot_be_guessed(void **state)
{
    struct uuid a = uuid_v7(moment + 9000);
    struct uuid b = uuid_v7(moment + 9000);
    struct uuid c = uuid_v7(moment + 9000);

    (void)state;
    uint32_t first =
        (uint32_t)((b.bytes[14] << 8 | b.bytes[15]) - (a.bytes[14] << 8 | a.bytes[15]));
    uint32_t second =
        (uint32_t)((c.bytes[14] << 8 | c.bytes[15]) - (b.bytes[14] << 8 | b.bytes[15]));
    assert_false(first == 1 && second == 1);
}

static void v5_is_the_example_of_the_rfc(void **state)
{
    struct uuid dns = parsed("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    char text[UUID_TEXT_SIZE];

    (void)state;
    uuid_format(uuid_v5(dns, (struct bytes){(const uint8_t *)"www.example.com", 15}), text);
    assert_string_equal(text, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

static void v5_tells_names_and_spaces_apart(void **state)
{
    struct uuid dns = parsed("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    struct uuid url = parsed("6ba7b811-9dad-11d1-80b4-00c04fd430c8");
    struct uuid id = uuid_v5(dns, (struct bytes){(const uint8_t *)"name", 4});

    (void)state;
    struct uuid other_name = uuid_v5(dns, (struct bytes){(const uint8_t *)"nam", 3});
    struct uuid other_space = uuid_v5(url, (struct bytes){(const uint8_t *)"name", 4});
    assert_memory_not_equal(id.bytes, other_name.bytes, sizeof id.bytes);
    assert_memory_not_equal(id.bytes, other_space.bytes, sizeof id.bytes);
}

static const struct refused {
    const char *name, *text;
} refused[] = {
    {"empty", ""},
    {"one character short", "017f22e2-79b0-7cc3-98c4-dc0c0c07398"},
    {"one too many", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0"},
    {"upper case", "017F22E2-79b0-7cc3-98c4-dc0c0c07398f"},
    {"no dashes", "017f22e279b07cc398c4dc0c0c07398f0000"},
    {"a dash astray", "017f22e-279b0-7cc3-98c4-dc0c0c07398f"},
    {"not a digit", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g"},
    {"braces", "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}"},
    {"a dash for a digit", "017f22e2-79b0-7cc3-98c4-dc0c0c0739--"},
    {"past the digits", "017f22e2-79b0-7cc3-98c4-dc0c0c07398:"},
    {"before the letters", "017f22e2-79b0-7cc3-98c4-dc0c0c07398`"},
    {"far past the letters", "017f22e2-79b0-7cc3-98c4-dc0c0c07398o"},
    {"before the digits", "017f22e2-79/0-7cc3-98c4-dc0c0c07398f"},
    {"over seven bits", "\xb0"
                        "17f22e2-79b0-7cc3-98c4-dc0c0c07398f"},
    {"one in the middle", "017f22e2-79b0-7cc3-98g4-dc0c0c07398f"},
};

static void refuses(void **state)
{
    const struct refused *example = *state;
    struct uuid id = {.bytes = {42}};

    assert_false(uuid_parse(example->text, strlen(example->text), &id));
    assert_int_equal(id.bytes[0], 42);
}

static void parses_what_it_formats(void **state)
{
    static const char all[] = "01234567-89ab-cdef-0123-456789abcdef";
    char text[UUID_TEXT_SIZE];

    (void)state;
    uuid_format(parsed(all), text);
    assert_string_equal(text, all);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(refused) + 7] = {
        cmocka_unit_test(v7_has_its_time_version_and_variant),
        cmocka_unit_test(v7_rises_within_a_millisecond),
        cmocka_unit_test(v7_rises_when_the_clock_is_set_back),
        cmocka_unit_test(v7_steps_cannot_be_guessed),
        cmocka_unit_test(v5_is_the_example_of_the_rfc),
        cmocka_unit_test(v5_tells_names_and_spaces_apart),
        cmocka_unit_test(parses_what_it_formats),
    };

    for (size_t i = 0; i < COUNT(refused); i++)
        tests[7 + i] = EXAMPLE(refuses, &refused[i]);
    return cmocka_run_group_tests_name("uuid", tests, NULL, NULL);
}
