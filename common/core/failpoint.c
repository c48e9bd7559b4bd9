/* Faults on purpose, for test builds. */
#include "common/core/failpoint.h"

#ifdef ONBOARDING_FAULTS

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/core/clock.h"

bool mutant_is(const char *name)
{
    const char *chosen = getenv("ONBOARDING_MUTANT");

    return chosen != NULL && strcmp(chosen, name) == 0;
}

enum {
    HOLD_MS_MAX = 120000, /* nobody is held by a test that has ended */
    HOLD_LOOK_MS = 5,
};

static void hold(const char *path)
{
    char held[PATH_MAX + 8];

    snprintf(held, sizeof held, "%s.held", path);
    if (rename(path, held) != 0)
        return;
    for (long ms = 0; ms < HOLD_MS_MAX && access(held, F_OK) == 0; ms += HOLD_LOOK_MS)
        clock_sleep_ms(HOLD_LOOK_MS);
}

/* Lets a pass go by rewriting the file with one skip less. */
static bool skips(const char *path, const char *action, long skip)
{
    if (skip <= 0)
        return false;

    char part[PATH_MAX + 8];
    snprintf(part, sizeof part, "%s.part", path);
    FILE *file = fopen(part, "w");
    if (file != NULL) {
        fprintf(file, "%s\nskip %ld\n", action, skip - 1);
        fclose(file);
        rename(part, path);
    }
    return true;
}

static bool act(const char *action)
{
    if (strcmp(action, "kill") == 0)
        raise(SIGKILL);
    else if (strcmp(action, "stop") == 0)
        raise(SIGSTOP);
    else if (strncmp(action, "delay ", 6) == 0)
        clock_sleep_ms(strtol(action + 6, NULL, 10));
    return strcmp(action, "error") == 0;
}

bool failpoint_armed(const char *name)
{
    const char *directory = getenv("ONBOARDING_FAILPOINT_DIR");
    char path[PATH_MAX];

    if (directory == NULL)
        return false;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return access(path, F_OK) == 0;
}

bool failpoint_pass(const char *name)
{
    const char *directory = getenv("ONBOARDING_FAILPOINT_DIR");
    char path[PATH_MAX];
    char action[64] = "";
    char skip[64] = "";

    if (directory == NULL)
        return false;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    if (fgets(action, sizeof action, file) == NULL || fgets(skip, sizeof skip, file) == NULL)
        skip[0] = '\0';
    fclose(file);
    action[strcspn(action, "\n")] = '\0';
    if (strncmp(skip, "skip ", 5) == 0 && skips(path, action, strtol(skip + 5, NULL, 10)))
        return false;
    if (strcmp(action, "hold") == 0) {
        hold(path);
        return false;
    }
    unlink(path);
    return act(action);
}

#else
typedef int failpoints_are_off; /* a translation unit must not be empty */
#endif
