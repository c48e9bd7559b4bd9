#ifndef COMMON_CORE_FAILPOINT_H
#define COMMON_CORE_FAILPOINT_H

#include <stdbool.h>

/*
 * Places where a test may kill, stop, delay or fail the process, and protocol steps that a test
 * may switch off to see its suite fail. Compiled in by ONBOARDING_FAULTS only; else both are
 * constant false.
 *
 * A failpoint fires when the directory ONBOARDING_FAILPOINT_DIR holds a file of its name. First
 * line: `kill`, `stop`, `delay MS`, `hold` or `error`; an optional second line `skip N` lets N
 * passes go first. The file is unlinked before the action; `hold` calls it NAME.held instead and
 * keeps the thread there until somebody deletes that. FAILPOINT() is true for `error` alone.
 * ONBOARDING_MUTANT names the one mutant that is on.
 */
#ifdef ONBOARDING_FAULTS
bool failpoint_pass(const char *name);
bool failpoint_armed(const char *name); /* its file is there; nothing happens yet */
bool mutant_is(const char *name);
#define FAILPOINT_ARMED(name) failpoint_armed(name)
#define FAILPOINT(name)       failpoint_pass(name)
#define MUTANT(name)          mutant_is(name)
#else
#define FAILPOINT_ARMED(name) ((void)(name), false)
#define FAILPOINT(name)       ((void)(name), false)
#define MUTANT(name)          ((void)(name), false)
#endif

#endif
