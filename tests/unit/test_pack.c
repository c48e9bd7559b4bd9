/* Packed ids come back byte for byte, and bytes that nobody packed are refused. */
#include "common/core/bytes.h"
#include "common/ledger/pack.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/arena.h"
#include "tests/support/test.h"

#define ONE    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
#define OTHER  "8a6e0804-2bd0-4672-b79d-d97027f9071a"
#define DIGITS "4bf92f3577b34da6"

static const struct example {
    const char *name, *plain;
    size_t size; /* packed */
} examples[] = {
    {"nothing", "", 3},
    {"no id", "a text with - and --", 23},
    {"a UUID", ONE, 1 + 2 + 16 + 2},
    {"twice", ONE ONE, 1 + 2 + 16 + 2 + 2},
    {"after seven others",
     ONE "10000000-79b0-7cc3-98c4-dc0c0c073980"
         "20000000-79b0-7cc3-98c4-dc0c0c073980"
         "30000000-79b0-7cc3-98c4-dc0c0c073980"
         "40000000-79b0-7cc3-98c4-dc0c0c073980"
         "50000000-79b0-7cc3-98c4-dc0c0c073980"
         "60000000-79b0-7cc3-98c4-dc0c0c073980"
         "70000000-79b0-7cc3-98c4-dc0c0c073980" ONE,
     1 + 8 * 18 + 2 + 2},
    {"after eight others",
     ONE "10000000-79b0-7cc3-98c4-dc0c0c073980"
         "20000000-79b0-7cc3-98c4-dc0c0c073980"
         "30000000-79b0-7cc3-98c4-dc0c0c073980"
         "40000000-79b0-7cc3-98c4-dc0c0c073980"
         "50000000-79b0-7cc3-98c4-dc0c0c073980"
         "60000000-79b0-7cc3-98c4-dc0c0c073980"
         "70000000-79b0-7cc3-98c4-dc0c0c073980" OTHER ONE,
     1 + 10 * 18 + 2},
    {"text around", "key " ONE " of " OTHER ".", 1 + 6 + 16 + 6 + 16 + 3},
    {"capital letters", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F", 1 + 1 + 36 + 1},
    {"cut off", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", 1 + 1 + 35 + 1},
    {"digits of another id run into it", "f" ONE, 1 + 3 + 16 + 2},
    {"a trace", "00-" DIGITS DIGITS "-00f067aa0ba902b7-01", 1 + 6 + 16 + 4 + 8 + 5},
    {"too few digits", "-4bf92f3577b34da", 1 + 1 + 16 + 1},
    {"an odd number of digits", "-" DIGITS "e", 1 + 4 + 8 + 3},
};

static void comes_back(struct bytes plain)
{
    struct bytes back;
    struct error error;

    assert_true(ids_unpack(ids_pack(plain, &arena), &arena, &back, &error));
    assert_int_equal(back.size, plain.size);
    assert_memory_equal(back.data, plain.data, plain.size);
}

static void is_packed(void **state)
{
    const struct example *example = *state;
    const struct bytes plain = bytes_of(example->plain);

    comes_back(plain);
    assert_int_equal(ids_pack(plain, &arena).size, example->size);
}

/* Every length of what stands between, so that each form of a size is met. */
static void long_texts_come_back(void **state)
{
    enum { LONG = 40000 };
    char *text = malloc(LONG + sizeof ONE);

    (void)state;
    assert_non_null(text);
    for (size_t size = 1; size < LONG; size = 2 * size + 1) {
        memset(text, '-', size);
        memcpy(text + size, ONE, sizeof ONE);
        comes_back((struct bytes){(const uint8_t *)text, size + sizeof ONE});
    }
    free(text);
}

static void plain_bytes_are_left_as_they_are(void **state)
{
    static const uint8_t plain[] = {2, 1, 0};
    struct bytes back;
    struct error error;

    (void)state;
    assert_true(ids_unpack((struct bytes){plain, sizeof plain}, &arena, &back, &error));
    assert_ptr_equal(back.data, plain);
    assert_int_equal(back.size, sizeof plain);
}

/* In a block of its own size, so that a step beyond is seen. */
static bool unpacks(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size);
    struct bytes back;
    struct error error;

    assert_non_null(copy);
    memcpy(copy, data, size);
    bool fine = ids_unpack((struct bytes){copy, size}, &arena, &back, &error);
    free(copy);
    assert_true(fine || error.kind == ERROR_FATAL);
    return fine;
}

static void what_is_cut_off_is_refused(void **state)
{
    static const char text[] = "key " ONE ONE " 00-" DIGITS DIGITS "-";
    struct bytes packed = ids_pack((struct bytes){(const uint8_t *)text, sizeof text}, &arena);

    (void)state;
    assert_true(unpacks(packed.data, packed.size));
    for (size_t size = 1; size < packed.size; size++)
        assert_false(unpacks(packed.data, size));
}

static void what_nobody_packed_is_refused(void **state)
{
    static const struct {
        uint8_t bytes[8];
        size_t size;
    } wrong[] = {
        {{PACKED, 0, PACK_AGAIN}, 4},                         /* no UUID before */
        {{PACKED, 0, PACK_AGAIN + PACK_KEPT}, 4},             /* nor so many */
        {{PACKED, 0, PACK_END, 0}, 4},                        /* bytes behind the end */
        {{PACKED, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, 8}, /* a size over all bounds */
        {{PACKED, 0, PACK_DIGITS, 9, 1, 2, 3}, 7},            /* more digits than there are */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_false(unpacks(wrong[i].bytes, wrong[i].size));
}

int main(void)
{
    struct CMUnitTest tests[COUNT(examples) + 4] = {
        cmocka_unit_test_teardown(long_texts_come_back, drop_arena),
        cmocka_unit_test_teardown(plain_bytes_are_left_as_they_are, drop_arena),
        cmocka_unit_test_teardown(what_is_cut_off_is_refused, drop_arena),
        cmocka_unit_test_teardown(what_nobody_packed_is_refused, drop_arena),
    };

    for (size_t i = 0; i < COUNT(examples); i++) {
        tests[4 + i] = EXAMPLE(is_packed, &examples[i]);
        tests[4 + i].teardown_func = drop_arena;
    }
    return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
