#ifndef CLI_SERVICES_H
#define CLI_SERVICES_H

#include <stdbool.h>

#include "store.h"

/* The services whose tables this user may see. */

enum { SERVICES_MAX = 64 };

/*
 * Calls `visit` with the tables of each service that `list` (sql_list_services, sql_list_vaults)
 * names, or only of `service` (NULL: all); ends with the first that gives false. An error where
 * there is none.
 */
MUST_CHECK bool
services_each(const struct cli *cli, const struct statement *list, const char *service,
              bool (*visit)(struct store *store, void *context, struct error *error), void *context,
              struct error *error);

#endif
