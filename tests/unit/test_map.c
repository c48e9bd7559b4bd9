/* Keys of bytes: found again, kept apart, kept in order, copied. */
#include "common/core/bytes.h"
#include "common/core/map.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/test.h"

enum { MANY = 20000 };

static struct bytes numbered(int i, char out[static 16])
{
    int size = snprintf(out, 16, "key-%d", i);

    return (struct bytes){(const uint8_t *)out, (size_t)size};
}

static int setup(void **state)
{
    static struct arena arena;

    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_done(*state);
    return 0;
}

static void finds_nothing_in_an_empty_map(void **state)
{
    struct map map;

    map_start(&map, *state);
    assert_null(map_find(&map, bytes_of("absent")));
    assert_null(map.first);
}

static void finds_what_was_put(void **state)
{
    struct map map;
    int one, two;

    map_start(&map, *state);
    *map_put(&map, bytes_of("one")) = &one;
    *map_put(&map, bytes_of("two")) = &two;
    assert_ptr_equal(map_find(&map, bytes_of("one")), &one);
    assert_ptr_equal(map_find(&map, bytes_of("two")), &two);
    assert_null(map_find(&map, bytes_of("three")));
    assert_ptr_equal(*map_put(&map, bytes_of("one")), &one);
    assert_int_equal(map.count, 2);
}

static void keeps_many_and_their_order(void **state)
{
    static int values[MANY];
    struct map map;
    char text[16];
    void **first = NULL;

    map_start(&map, *state);
    for (int i = 0; i < MANY; i++) {
        void **slot = map_put(&map, numbered(i, text));

        assert_null(*slot);
        *slot = &values[i];
        if (i == 0)
            first = slot;
    }
    assert_int_equal(map.count, MANY);
    assert_ptr_equal(*first, &values[0]); /* slots do not move */
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(map_find(&map, numbered(i, text)), &values[i]);
    assert_null(map_find(&map, numbered(MANY, text)));

    int seen = 0;
    for (const struct map_entry *entry = map.first; entry != NULL; entry = entry->next)
        assert_ptr_equal(entry->value, &values[seen++]);
    assert_int_equal(seen, MANY);
}

static void tells_keys_apart_that_look_alike(void **state)
{
    static const struct bytes keys[] = {
        {(const uint8_t *)"", 0},         {(const uint8_t *)"\0", 1},
        {(const uint8_t *)"\0\0", 2},     {(const uint8_t *)"a\0b", 3},
        {(const uint8_t *)"a\0c", 3},     {(const uint8_t *)"a", 1},
        {(const uint8_t *)"12345678", 8}, {(const uint8_t *)"12345678\0", 9},
    };
    struct map map;

    map_start(&map, *state);
    for (size_t i = 0; i < COUNT(keys); i++)
        *map_put(&map, keys[i]) = (void *)(uintptr_t)&keys[i];
    assert_int_equal(map.count, COUNT(keys));
    for (size_t i = 0; i < COUNT(keys); i++)
        assert_ptr_equal(map_find(&map, keys[i]), &keys[i]);
    assert_ptr_equal(map_find(&map, (struct bytes){NULL, 0}), &keys[0]);
}

static void copies_its_keys(void **state)
{
    struct map map;
    char text[] = "before";
    int value;

    map_start(&map, *state);
    *map_put(&map, bytes_of(text)) = &value;
    memcpy(text, "after!", sizeof text);
    assert_ptr_equal(map_find(&map, bytes_of("before")), &value);
    assert_null(map_find(&map, bytes_of("after!")));
}

/* All 64 bits move with every bit of the key: else chosen keys could pile up. */
static void hashes_every_byte(void **state)
{
    uint8_t bytes[20] = {0};
    struct bytes key = {bytes, sizeof bytes};
    uint64_t plain = map_hash(key);

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 1;
        int flipped = __builtin_popcountll(map_hash(key) ^ plain);
        bytes[i] = 0;
        assert_in_range(flipped, 8, 56);
    }
    assert_true(map_hash(key) == plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_nothing_in_an_empty_map, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_what_was_put, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_many_and_their_order, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_keys_apart_that_look_alike, setup, teardown),
        cmocka_unit_test_setup_teardown(copies_its_keys, setup, teardown),
        cmocka_unit_test(hashes_every_byte),
    };

    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
