#ifndef COMMON_POSTGRES_CONNECTION_H
#define COMMON_POSTGRES_CONNECTION_H

#include "common/postgres/db.h"

/* How db.c comes by a connection, and waits for it; nobody else needs to. */
struct pg_conn; /* libpq's */

/* Within DB_CONNECT_MS_MAX. Errors as of db_open(). The caller ends it by PQfinish(). */
MUST_CHECK bool connection_open(const struct db_options *options, struct pg_conn **out,
                                struct error *error);

/* For POLLIN or POLLOUT, until a time of the monotonic clock; false: that has come. */
MUST_CHECK bool connection_wait(const struct pg_conn *connection, short events,
                                int64_t deadline_ms);

#endif
