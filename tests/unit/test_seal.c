/* Sealed values open with their key and at their place only; data keys with their ring only. */
#include "common/core/bytes.h"
#include "common/core/seal.h"

#include <string.h>

#include "tests/support/arena.h"
#include "tests/support/test.h"

static const struct key key = {.bytes = "0123456789abcdef0123456789ABCDE", .present = true};
static const struct key other_key = {.bytes = "0123456789abcdef0123456789ABCDF", .present = true};

static bool holds(struct bytes sealed, const char *text)
{
    return memmem(sealed.data, sealed.size, text, strlen(text)) != NULL;
}

static void opens_what_was_sealed(void **state)
{
    static const char *const texts[] = {"", "x", "+420 600 000 001",
                                        "a longer text of 36 characters.…"};
    const struct seal_place place = {"contact.phone", bytes_of("7")};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct bytes sealed = seal(&key, &place, bytes_of(texts[i]), &arena);
        struct bytes clear;
        assert_int_equal(sealed.size, strlen(texts[i]) + SEAL_OVERHEAD);
        assert_true(*texts[i] == '\0' || strlen(texts[i]) < 4 || !holds(sealed, texts[i]));
        assert_true(seal_open(&key, &place, sealed, &arena, &clear));
        assert_int_equal(clear.size, strlen(texts[i]));
        assert_memory_equal(clear.data, texts[i], clear.size);
    }
}

/* Equal values must not look alike. */
static void seals_anew_each_time(void **state)
{
    const struct seal_place place = {"contact.phone", bytes_of("7")};
    struct bytes one = seal(&key, &place, bytes_of("value"), &arena);
    struct bytes two = seal(&key, &place, bytes_of("value"), &arena);

    (void)state;
    for (size_t at = 1; at < SEAL_OVERHEAD - 16; at += 4)
        assert_memory_not_equal(one.data + at, two.data + at, 4);
    assert_memory_not_equal(one.data + 13, two.data + 13, 5);
}

static const struct stranger {
    const char *name;
    const struct key *key;
    const char *column, *row;
} strangers[] = {
    {"another key", &other_key, "contact.phone", "7"},
    {"another column", &key, "contact.email", "7"},
    {"another row", &key, "contact.phone", "8"},
    {"the border between column and row", &key, "contact.phone7", ""},
};

static void opens_nowhere_else(void **state)
{
    const struct stranger *stranger = *state;
    const struct seal_place place = {"contact.phone", bytes_of("7")};
    const struct seal_place there = {stranger->column, bytes_of(stranger->row)};
    struct bytes sealed = seal(&key, &place, bytes_of("value"), &arena);
    struct bytes clear = {NULL, 77};

    assert_false(seal_open(stranger->key, &there, sealed, &arena, &clear));
    assert_int_equal(clear.size, 77);
}

static void refuses_changed_bytes(void **state)
{
    const struct seal_place place = {"contact.phone", bytes_of("7")};
    struct bytes sealed = seal(&key, &place, bytes_of("value"), &arena);
    uint8_t *bytes = (uint8_t *)(uintptr_t)sealed.data;
    struct bytes clear;

    (void)state;
    for (size_t i = 0; i < sealed.size; i++) {
        bytes[i] ^= 1;
        assert_false(seal_open(&key, &place, sealed, &arena, &clear));
        bytes[i] ^= 1;
    }
    for (size_t size = 0; size < sealed.size; size++)
        assert_false(seal_open(&key, &place, (struct bytes){bytes, size}, &arena, &clear));
    assert_true(seal_open(&key, &place, sealed, &arena, &clear));
}

static void knows_subjects_by_keyed_digests(void **state)
{
    struct digest one = subject_of_user(&key, "U-1");
    struct digest again = subject_of_user(&key, "U-1");
    struct digest two = subject_of_user(&key, "U-2");
    struct digest keyed = subject_of_user(&other_key, "U-1");
    struct digest day = subject_of_day(&key, "U-1");

    (void)state;
    assert_memory_equal(&one, &again, sizeof one);
    assert_memory_not_equal(&one, &two, sizeof one);
    assert_memory_not_equal(&one, &keyed, sizeof one);
    assert_memory_not_equal(&one, &day, sizeof one);
}

static struct key_ring ring_of(int count)
{
    struct key_ring ring = {.count = (size_t)count};

    for (int i = 0; i < count; i++) {
        ring.ids[i] = (int16_t)(i + 1);
        ring.keys[i] = i == 0 ? key : other_key;
    }
    return ring;
}

static void wraps_with_the_newest_key(void **state)
{
    struct key_ring one = ring_of(1), two = ring_of(2);
    struct digest subject = subject_of_user(&key, "U-1");
    struct key data_key = data_key_new(), old, new;
    struct error error;
    int16_t old_id, new_id;
    struct bytes old_bytes = data_key_wrap(&one, &subject, &data_key, &arena, &old_id);
    struct bytes new_bytes = data_key_wrap(&two, &subject, &data_key, &arena, &new_id);

    (void)state;
    assert_int_equal(old_id, 1);
    assert_int_equal(new_id, 2);
    assert_int_equal(old_bytes.size, WRAPPED_KEY_SIZE);
    assert_true(data_key_unwrap(&two, old_id, &subject, old_bytes, &old, &error));
    assert_true(data_key_unwrap(&two, new_id, &subject, new_bytes, &new, &error));
    assert_memory_equal(&old, &data_key, sizeof old);
    assert_memory_equal(&new, &data_key, sizeof new);
}

static void says_why_a_data_key_stays_wrapped(void **state)
{
    struct key_ring ring = ring_of(1), wrong = ring_of(1);
    struct digest subject = subject_of_user(&key, "U-1"), other = subject_of_user(&key, "U-2");
    struct key data_key = data_key_new(), out = {.present = false};
    struct error error;
    int16_t id;
    struct bytes wrapped = data_key_wrap(&ring, &subject, &data_key, &arena, &id);

    (void)state;
    wrong.keys[0] = other_key;
    assert_false(data_key_unwrap(&ring, 2, &subject, wrapped, &out, &error));
    assert_string_equal(error.text, "data keys: there is no key 2 in the file");
    assert_false(data_key_unwrap(&wrong, 1, &subject, wrapped, &out, &error));
    assert_int_equal(error.kind, ERROR_FATAL);
    assert_string_equal(error.text,
                        "data keys: key 1 in the file is another than rows were wrapped with");
    assert_false(data_key_unwrap(&ring, 1, &other, wrapped, &out, &error));
    assert_false(out.present);
}

static void takes_another_ring_of_the_same_keys(void **state)
{
    struct key_ring ring = ring_of(1), newer = ring_of(2), older = ring_of(1);
    struct digest subject = subject_of_user(&key, "U-1");
    struct key data_key = data_key_new(), out;
    struct error error;
    int16_t id;
    struct bytes wrapped;

    (void)state;
    assert_null(key_ring_replace(&ring, &newer));
    wrapped = data_key_wrap(&ring, &subject, &data_key, &arena, &id);
    assert_int_equal(id, 2);
    assert_null(key_ring_replace(&ring, &older)); /* what needs the other one cannot be known */
    assert_false(data_key_unwrap(&ring, 2, &subject, wrapped, &out, &error));
}

static void takes_no_ring_that_calls_another_key_the_same(void **state)
{
    struct key_ring ring = ring_of(2), wrong = ring_of(2);
    const struct key_ring before = ring;

    (void)state;
    wrong.keys[0] = other_key;
    assert_non_null(strstr(key_ring_replace(&ring, &wrong), "another key"));
    assert_memory_equal(&ring, &before, sizeof ring);
}

static void makes_a_new_data_key_each_time(void **state)
{
    struct key one = data_key_new(), two = data_key_new();

    (void)state;
    assert_true(one.present && two.present);
    assert_memory_not_equal(one.bytes, two.bytes, sizeof one.bytes);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_what_was_sealed),
        cmocka_unit_test(seals_anew_each_time),
        EXAMPLE(opens_nowhere_else, &strangers[0]),
        EXAMPLE(opens_nowhere_else, &strangers[1]),
        EXAMPLE(opens_nowhere_else, &strangers[2]),
        EXAMPLE(opens_nowhere_else, &strangers[3]),
        cmocka_unit_test(refuses_changed_bytes),
        cmocka_unit_test(knows_subjects_by_keyed_digests),
        cmocka_unit_test(wraps_with_the_newest_key),
        cmocka_unit_test(says_why_a_data_key_stays_wrapped),
        cmocka_unit_test(takes_another_ring_of_the_same_keys),
        cmocka_unit_test(takes_no_ring_that_calls_another_key_the_same),
        cmocka_unit_test(makes_a_new_data_key_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, drop_arena);
}
