#ifndef CLI_VAULTS_H
#define CLI_VAULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/core/arena.h"
#include "store.h"

/* The services that keep data keys of persons. */

enum { VAULTS_MAX = 64 };

/*
 * Calls `visit` with the tables of each service that has some, or of the one named; ends with the
 * first that gives false. An error where this user may not change them, or there are none.
 */
MUST_CHECK bool vaults_each(const struct cli *cli, const char *service,
                            bool (*visit)(struct store *store, void *context, struct error *error),
                            void *context, struct error *error);

#endif
