#ifndef COMMON_WORKER_POLICY_H
#define COMMON_WORKER_POLICY_H

#include "common/core/problems.h"
#include "common/worker/service.h"

/*
 * The policy in force. It is read at the start and again when told to; a bad one is refused and
 * the old one kept. A loop holds one version for a whole batch.
 */
struct policies;

enum { POLICY_BYTES_MAX = 1 << 20 };

struct policies *policies_new(const struct policy_format *format, const char *path);
void policies_free(struct policies *policies); /* takes NULL; nobody may hold a policy */

/* Reads the file; with problems, nothing changes. */
void policies_load(struct policies *policies, struct problems *problems);

/* The policy in force, to be given back; NULL when the service has none. */
const void *policies_hold(struct policies *policies);
void policies_release(struct policies *policies, const void *policy);

#endif
