/* The benchmark's ledger, by the migration that makes every service's. */
#include "ledger.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

/* migrations/deploy/runtime.sql and vault.sql, put in by the build */
extern const char migration_runtime[];

static bool run(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);

    PQclear(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return true;
    fprintf(stderr, "bench-worker: %s", PQerrorMessage(connection));
    return false;
}

static bool is_there(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    bool there = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
                 strcmp(PQgetvalue(result, 0, 0), "t") == 0;

    PQclear(result);
    return there;
}

/* The lock makes others wait until the tables are there; it ends with the connection. */
bool ledger_make(const char *postgres_url)
{
    PGconn *connection = PQconnectdb(postgres_url);
    bool made = run(connection, "set client_min_messages = warning") &&
                run(connection, "select pg_advisory_lock(hashtext('bench-worker'))") &&
                (is_there(connection, "select to_regnamespace('runtime') is not null") ||
                 run(connection, migration_runtime)) &&
                (is_there(connection, "select to_regclass('bench.ledger') is not null") ||
                 run(connection, "begin; create schema bench; "
                                 "select runtime.create_ledger('bench'); "
                                 "select runtime.create_vault('bench'); commit"));

    PQfinish(connection);
    return made;
}
