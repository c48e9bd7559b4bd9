/* What a released program keeps from leaving it; test builds stay open, so its code is here. */
#undef ONBOARDING_FAULTS
/* NOLINTNEXTLINE(bugprone-suspicious-include): built anew, as for a release */
#include "common/core/process.c"

#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

/* In a process of its own, since there is no way back. */
static bool holds_in_child(bool (*holds)(void))
{
    pid_t child = fork();
    int status;

    if (child == 0)
        _exit(holds() ? 0 : 1);
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool leaves_no_core(void)
{
    struct rlimit limit;

    process_leave_no_core();
    return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0;
}

static bool is_closed(void)
{
    bool was_open = prctl(PR_GET_DUMPABLE) == 1;

    process_close();
    return was_open && prctl(PR_GET_DUMPABLE) == 0;
}

static void a_program_leaves_no_core(void **state)
{
    (void)state;
    assert_true(holds_in_child(leaves_no_core));
}

static void a_released_program_lets_nobody_look(void **state)
{
    (void)state;
    assert_true(holds_in_child(is_closed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_leaves_no_core),
        cmocka_unit_test(a_released_program_lets_nobody_look),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
