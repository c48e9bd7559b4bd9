/* Failpoints: files that make a place in the program act, once. */
#include "common/core/failpoint.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/core/clock.h"
#include "tests/support/test.h"

/* As the environment holds it: one thread alone, so it may change. */
static char folder_setting[] = "ONBOARDING_FAILPOINT_DIR=/tmp/failpoints.XXXXXX";
static char *const folder = folder_setting + sizeof "ONBOARDING_FAILPOINT_DIR=" - 1;
static char mutant[] = "ONBOARDING_MUTANT=digest_ignored";

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void arm(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static bool is_there(const char *name)
{
    return access(path_of(name), F_OK) == 0;
}

static void error_fires_once(void **state)
{
    (void)state;
    assert_false(FAILPOINT("place"));
    assert_false(FAILPOINT_ARMED("place"));
    arm("place", "error\n");
    assert_true(FAILPOINT_ARMED("place"));
    assert_false(FAILPOINT("another_place"));
    assert_true(FAILPOINT("place"));
    assert_false(is_there("place"));
    assert_false(FAILPOINT("place"));
}

static void passes_are_skipped(void **state)
{
    (void)state;
    arm("place", "error\nskip 2\n");
    assert_false(FAILPOINT("place"));
    assert_false(FAILPOINT("place"));
    assert_true(FAILPOINT("place"));
    assert_false(FAILPOINT("place"));
    arm("place", "error\nskip 0\n");
    assert_true(FAILPOINT("place"));
}

static void delay_takes_its_time(void **state)
{
    int64_t start_ms = clock_monotonic_ms();

    (void)state;
    arm("place", "delay 30");
    assert_false(FAILPOINT("place"));
    assert_true(clock_monotonic_ms() - start_ms >= 30);
}

static void *pass(void *name)
{
    (void)FAILPOINT(name);
    return NULL;
}

static void a_thread_is_held_until_its_file_goes(void **state)
{
    static char name[] = "place";
    pthread_t thread;

    (void)state;
    arm("place", "hold\n");
    assert_int_equal(pthread_create(&thread, NULL, pass, name), 0);
    while (!is_there("place.held"))
        clock_sleep_ms(1);
    assert_false(is_there("place"));
    assert_int_equal(pthread_tryjoin_np(thread, NULL), EBUSY);
    unlink(path_of("place.held"));
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void what_is_unknown_does_nothing(void **state)
{
    (void)state;
    arm("place", "explode\n");
    assert_false(FAILPOINT("place"));
    assert_false(is_there("place"));
    arm("place", "");
    assert_false(FAILPOINT("place"));
}

/* How a child ends, or is stopped, that passes the failpoint. */
static int status_of_child(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        (void)FAILPOINT("place");
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    if (WIFSTOPPED(status)) {
        int end;
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &end, 0), child);
    }
    return status;
}

static void kill_and_stop_reach_the_process(void **state)
{
    (void)state;
    arm("place", "kill\n");
    int status = status_of_child();
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_false(is_there("place"));
    arm("place", "stop\n");
    status = status_of_child();
    assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
}

static void one_mutant_is_on(void **state)
{
    (void)state;
    assert_false(MUTANT("digest_ignored"));
    assert_int_equal(putenv(mutant), 0);
    assert_true(MUTANT("digest_ignored"));
    assert_false(MUTANT("digest"));
    unsetenv("ONBOARDING_MUTANT");
}

static void without_a_folder_nothing_fires(void **state)
{
    (void)state;
    arm("place", "error\n");
    unsetenv("ONBOARDING_FAILPOINT_DIR");
    assert_false(FAILPOINT_ARMED("place"));
    assert_false(FAILPOINT("place"));
    assert_int_equal(putenv(folder_setting), 0);
    assert_true(FAILPOINT("place"));
}

static int make_folder(void **state)
{
    (void)state;
    unsetenv("ONBOARDING_MUTANT");
    return mkdtemp(folder) == NULL || putenv(folder_setting) != 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_fires_once),
        cmocka_unit_test(passes_are_skipped),
        cmocka_unit_test(delay_takes_its_time),
        cmocka_unit_test(a_thread_is_held_until_its_file_goes),
        cmocka_unit_test(what_is_unknown_does_nothing),
        cmocka_unit_test(kill_and_stop_reach_the_process),
        cmocka_unit_test(one_mutant_is_on),
        cmocka_unit_test(without_a_folder_nothing_fires),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
