/* Random bytes: all asked for, none handed out twice, whatever the sizes and threads. */
#include "common/core/random.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/base.h"
#include "tests/support/test.h"

enum { MANY = 10000, LARGE = 10000 };

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(uint64_t));
}

/* Over many refills of the pool; sizes that do not divide it. */
static void repeats_nothing(void **state)
{
    static uint64_t seen[MANY];
    char odd[3];

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        seen[i] = random_bits();
        random_fill(odd, i % sizeof odd);
    }
    qsort(seen, MANY, sizeof *seen, compare);
    for (size_t i = 1; i < MANY; i++)
        assert_true(seen[i] != seen[i - 1]);
}

/* Each byte of every size comes to be something other than 0. */
static void fills_all_of_it(void **state)
{
    static const size_t sizes[] = {1, 7, 4095, 4096, 4097, LARGE};

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        static unsigned char bytes[LARGE + 1], any[LARGE];

        memset(any, 0, sizeof any);
        memset(bytes, 0, sizeof bytes);
        for (int round = 0; round < 16; round++) {
            random_fill(bytes, sizes[i]);
            for (size_t j = 0; j < sizes[i]; j++)
                any[j] |= bytes[j];
        }
        assert_null(memchr(any, 0, sizes[i]));
        assert_int_equal(bytes[sizes[i]], 0);
    }
}

static void *draw(void *out)
{
    *(uint64_t *)out = random_bits();
    return NULL;
}

static void gives_each_thread_its_own(void **state)
{
    uint64_t drawn[2];
    pthread_t thread;

    (void)state;
    for (size_t i = 0; i < COUNT(drawn); i++) {
        assert_int_equal(pthread_create(&thread, NULL, draw, &drawn[i]), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    assert_true(drawn[0] != drawn[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeats_nothing),
        cmocka_unit_test(fills_all_of_it),
        cmocka_unit_test(gives_each_thread_its_own),
    };

    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
