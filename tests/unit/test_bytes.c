/* Views of bytes: made of texts, compared, copied. */
#include "common/core/bytes.h"

#include "tests/support/arena.h"
#include "tests/support/test.h"

static void a_text_is_its_bytes_without_the_end(void **state)
{
    static const char text[] = "dva";

    (void)state;
    assert_ptr_equal(bytes_of(text).data, text);
    assert_int_equal(bytes_of(text).size, 3);
}

static void equals_by_content(void **state)
{
    static const char one[] = "one", same[] = "one";

    (void)state;
    assert_true(bytes_equal(bytes_of(one), bytes_of(same)));
    assert_false(bytes_equal(bytes_of(one), bytes_of("two")));
    assert_false(bytes_equal(bytes_of(one), bytes_of("ones")));
    assert_true(bytes_equal(bytes_of(""), (struct bytes){0}));
    assert_false(bytes_equal((struct bytes){0}, bytes_of(one)));
}

static void a_copy_outlives_what_it_was_made_of(void **state)
{
    char text[] = "one";
    struct bytes copy = bytes_copy(bytes_of(text), &arena);

    (void)state;
    text[0] = 'O';
    assert_string_equal((const char *)copy.data, "one");
    assert_int_equal(copy.size, 3);
}

static void a_copy_tells_null_from_empty(void **state)
{
    (void)state;
    assert_null(bytes_copy((struct bytes){0}, &arena).data);
    assert_string_equal((const char *)bytes_copy(bytes_of(""), &arena).data, "");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_text_is_its_bytes_without_the_end),
    cmocka_unit_test(equals_by_content),
    cmocka_unit_test(a_copy_outlives_what_it_was_made_of),
    cmocka_unit_test(a_copy_tells_null_from_empty),
};

int main(void)
{
    return cmocka_run_group_tests_name("bytes", cases, NULL, drop_arena);
}
