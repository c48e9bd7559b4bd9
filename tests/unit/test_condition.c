/* A condition wakes for a signal, else when its time is over. */
#include "common/core/condition.h"

#include "common/core/base.h"
#include "common/core/clock.h"
#include "tests/support/test.h"

enum { SHORT_MS = 20, LONG_MS = 60000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition;
static bool called;

static int start(void **state)
{
    (void)state;
    called = false;
    condition_init(&condition);
    pthread_mutex_lock(&lock);
    return 0;
}

static int end(void **state)
{
    (void)state;
    pthread_mutex_unlock(&lock);
    return pthread_cond_destroy(&condition);
}

static void time_ends_it(void **state)
{
    int64_t until_ms = clock_monotonic_ms() + SHORT_MS;

    (void)state;
    while (condition_wait(&condition, &lock, until_ms))
        continue;
    assert_true(clock_monotonic_ms() >= until_ms);
}

static void *call(void *context)
{
    (void)context;
    pthread_mutex_lock(&lock); /* so the other one waits by now */
    called = true;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void a_signal_ends_it(void **state)
{
    int64_t until_ms = clock_monotonic_ms() + LONG_MS;
    pthread_t thread;
    bool in_time = true;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, call, NULL), 0);
    while (!called && in_time)
        in_time = condition_wait(&condition, &lock, until_ms);
    assert_true(called);
    assert_true(in_time);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(time_ends_it), CASE(a_signal_ends_it)};

    return cmocka_run_group_tests_name("condition", tests, NULL, NULL);
}
