/* Opening a connection to PostgreSQL within a deadline, with the settings of our sessions. */
#include "common/postgres/connection.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"

bool connection_wait(const PGconn *connection, short events, int64_t deadline_ms)
{
    struct pollfd poll_fd = {.fd = PQsocket(connection), .events = events};

    for (;;) {
        int64_t left = deadline_ms - clock_monotonic_ms();
        int ready = left <= 0 ? 0 : poll(&poll_fd, 1, (int)left);
        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

static bool connect_within(PGconn *connection, int64_t deadline_ms)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;

    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED)
            return false;
        short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (!connection_wait(connection, events, deadline_ms))
            return false;
        status = PQconnectPoll(connection);
    }
    return true;
}

/*
 * Our statements are all probes by index: a plan by hash or scan would only come from statistics
 * that lag behind a table that grew fast. JIT costs more than any of them.
 */
static const char session_options[] =
    "-c idle_in_transaction_session_timeout=3s -c lock_timeout=5s -c statement_timeout=10s "
    "-c synchronous_commit=on -c jit=off -c plan_cache_mode=force_generic_plan "
    "-c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off -c timezone=UTC "
    "-c search_path=%s%s";
static const char without_timeout[] = " -c idle_in_transaction_session_timeout=0"; /* a mutant's */

static PGconn *start(const struct db_options *options)
{
    char session[sizeof session_options + sizeof without_timeout + 64];

    snprintf(session, sizeof session, session_options, options->schema,
             MUTANT("no_idle_in_transaction_timeout") ? without_timeout : "");
    const char *const names[] = {"dbname",
                                 "options",
                                 "application_name",
                                 "target_session_attrs",
                                 "tcp_user_timeout",
                                 "fallback_application_name",
                                 "client_encoding",
                                 options->password == NULL ? NULL : "password",
                                 NULL};
    const char *const values[] = {options->url, session,           options->application_name,
                                  "read-write", "10000",           "onboarding",
                                  "UTF8",       options->password, NULL};
    return PQconnectStartParams(names, values, 1);
}

/* libpq's words: hosts, a user, a reason; lines as sentences. */
static bool refuse_open(const PGconn *connection, struct error *error)
{
    char reason[sizeof error->text];
    const char *words = connection == NULL ? "" : PQerrorMessage(connection);
    size_t size = 0;

    for (; *words != '\0' && size + 1 < sizeof reason; words++)
        reason[size++] = *words == '\n' ? ' ' : *words;
    while (size > 0 && reason[size - 1] == ' ')
        size--;
    reason[size] = '\0';
    return error_set(error, ERROR_RETRY, "PostgreSQL: %s", size == 0 ? "no answer" : reason);
}

bool connection_open(const struct db_options *options, PGconn **out, struct error *error)
{
    PGconn *connection = start(options);

    if (connection == NULL || PQstatus(connection) == CONNECTION_BAD ||
        !connect_within(connection, clock_monotonic_ms() + DB_CONNECT_MS_MAX)) {
        (void)refuse_open(connection, error);
        PQfinish(connection);
        return false;
    }
    *out = connection;
    return true;
}
