/* Memory of a batch: aligned, zeroed, apart from each other, kept at a reset. */
#include "common/core/arena.h"

#include <stdbool.h>
#include <string.h>

#include "common/core/base.h"
#include "tests/support/test.h"

enum { MANY = 5000, LARGE = 1 << 20 };

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

static bool is_zero(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void aligns_as_asked(void **state)
{
    for (size_t align = 1; align <= _Alignof(max_align_t); align *= 2) {
        (void)arena_alloc(*state, 1, 1);
        assert_int_equal((uintptr_t)arena_alloc(*state, 3, align) % align, 0);
    }
}

/* Over many blocks, each piece keeps what was written to it. */
static void keeps_pieces_apart(void **state)
{
    static unsigned char *pieces[MANY];

    for (size_t i = 0; i < MANY; i++) {
        pieces[i] = arena_alloc(*state, i % 97 + 1, 1);
        memset(pieces[i], (int)(i % 251), i % 97 + 1);
    }
    for (size_t i = 0; i < MANY; i++)
        for (size_t j = 0; j < i % 97 + 1; j++)
            assert_int_equal(pieces[i][j], i % 251);
}

static void is_zeroed_when_used_again(void **state)
{
    char *bytes = arena_alloc(*state, LARGE, 1);

    memset(bytes, 0xff, LARGE);
    arena_reset(*state);
    for (size_t done = 0; done < LARGE; done += 4096)
        assert_true(is_zero(arena_alloc(*state, 4096, 8), 4096));
}

/* A steady load takes no memory from the system. */
static void keeps_its_largest_block(void **state)
{
    char *before = arena_alloc(*state, LARGE, 1);

    for (int i = 0; i < 3; i++) {
        (void)arena_alloc(*state, 100, 1); /* a block of its own: the large one is full */
        arena_reset(*state);
        assert_ptr_equal(arena_alloc(*state, LARGE, 1), before);
    }
}

static void copies_with_a_final_nul(void **state)
{
    const char *copy = arena_copy(*state, "a\0bc", 3);

    assert_memory_equal(copy, "a\0b", 4);
    assert_string_equal(arena_copy(*state, "", 0), "");
}

static void is_usable_after_done(void **state)
{
    (void)arena_alloc(*state, 10, 1);
    arena_done(*state);
    arena_done(*state);
    arena_reset(*state);
    assert_true(is_zero(arena_alloc(*state, 10, 1), 10));
}

/* Over several blocks. */
static void overwrites_what_leaves_it(void **state)
{
    static const size_t sizes[] = {10, 100000, LARGE};
    struct arena *arena = *state;
    char *pieces[COUNT(sizes)];

    for (int wiped = 0; wiped <= 1; wiped++) {
        arena->wiped = wiped != 0;
        for (size_t i = 0; i < COUNT(sizes); i++)
            memset(pieces[i] = arena_alloc(arena, sizes[i], 1), '7', sizes[i]);
        arena_reset(arena);
        for (size_t i = 0; i < COUNT(sizes); i++)
            assert_int_equal(is_zero(pieces[i], sizes[i]), wiped); /* blocks are kept */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(aligns_as_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_pieces_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(is_zeroed_when_used_again, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_its_largest_block, setup, teardown),
        cmocka_unit_test_setup_teardown(copies_with_a_final_nul, setup, teardown),
        cmocka_unit_test_setup_teardown(overwrites_what_leaves_it, setup, teardown),
        cmocka_unit_test_setup_teardown(is_usable_after_done, setup, teardown),
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
