/* What the process keeps from leaving it. */
#include "common/core/process.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void process_leave_no_core(void)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
}

void process_close(void)
{
#ifndef ONBOARDING_FAULTS
    prctl(PR_SET_DUMPABLE, 0); /* where cores go through a pipe, no limit on their size holds */
#endif
}
