/* A PostgreSQL connection in pipeline mode, with deadlines. */
#include "common/postgres/db.h"

#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/postgres/connection.h"
#include "common/postgres/encode.h"
#include "common/postgres/refusal.h"

enum {
    STATEMENTS_MAX = 128, /* prepared on one connection */
    PARAMETERS_MAX = 32,
    BINARY = 1,
    NOT_A_STATEMENT = -1, /* the answer to a Parse belongs to no queued statement */
};

struct db {
    PGconn *connection;
    const char *schema;
    struct {
        const struct statement *statement;
        unsigned serial; /* its name on the server */
    } prepared[STATEMENTS_MAX];
    size_t prepared_count;
    size_t prepared_surely; /* before this exchange: the server has them */
    unsigned serial;
    int sent[2 * DB_QUEUE_MAX]; /* for each answer to come: index of the statement */
    size_t sent_count;
    size_t queued;
    bool broken;    /* a statement could not be handed to libpq */
    bool too_large; /* neither that statement is sent nor any after it, a COMMIT least of all */
    PGresult *answers[DB_QUEUE_MAX];
    size_t answer_count;
    enum db_verdict verdict;
    char sqlstate[6];
    bool warned;
    struct arena arena; /* parameters of one exchange */
};

#define SQLSTATE_TOO_LARGE "54000" /* program_limit_exceeded, as the server would say */

/* A COMMIT that was not replicated as asked for says so by a warning only. */
static void note(void *context, const PGresult *result)
{
    struct db *db = context;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (severity != NULL && strcmp(severity, "WARNING") == 0)
        db->warned = true;
}

bool db_open(const struct db_options *options, struct db **out, struct error *error)
{
    struct db *db = calloc(1, sizeof *db);

    if (db == NULL)
        abort();
    db->schema = options->schema;
    if (!connection_open(options, &db->connection, error)) {
        db_close(db);
        return false;
    }
    PQsetNoticeReceiver(db->connection, note, db);
    if (PQsetnonblocking(db->connection, 1) != 0 || PQenterPipelineMode(db->connection) != 1) {
        db_close(db);
        return error_set(error, ERROR_RETRY, "PostgreSQL connection lost at its start");
    }
    *out = db;
    return true;
}

static void clear_answers(struct db *db)
{
    for (size_t i = 0; i < db->answer_count; i++)
        PQclear(db->answers[i]);
    memset(db->answers, 0, sizeof db->answers);
    db->answer_count = 0;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    clear_answers(db);
    PQfinish(db->connection);
    arena_done(&db->arena);
    free(db);
}

static void name_of(unsigned serial, char out[static 16])
{
    snprintf(out, 16, "s%u", serial);
}

/* The serial of the prepared statement; its first use on this connection queues the Parse. */
static unsigned prepare(struct db *db, const struct statement *statement)
{
    Oid types[PARAMETERS_MAX];
    char name[16];

    for (size_t i = 0; i < db->prepared_count; i++)
        if (db->prepared[i].statement == statement)
            return db->prepared[i].serial;
    assert(db->prepared_count < STATEMENTS_MAX);
    assert(statement->parameter_count <= PARAMETERS_MAX);
    for (size_t i = 0; i < statement->parameter_count; i++)
        types[i] = statement->parameters[i].array ? column_array_oid(statement->parameters[i].type)
                                                  : column_oid(statement->parameters[i].type);
    name_of(++db->serial, name);
    if (PQsendPrepare(db->connection, name, statement->sql, (int)statement->parameter_count,
                      types) != 1)
        db->broken = true;
    db->sent[db->sent_count++] = NOT_A_STATEMENT;
    db->prepared[db->prepared_count].statement = statement;
    db->prepared[db->prepared_count++].serial = db->serial;
    return db->serial;
}

void db_queue_rows(struct db *db, const struct statement *statement, const struct value *values,
                   size_t row_count)
{
    const char *data[PARAMETERS_MAX];
    int lengths[PARAMETERS_MAX];
    int formats[PARAMETERS_MAX];
    char name[16];

    assert(db->queued < DB_QUEUE_MAX);
    if (db->too_large)
        return;
    name_of(prepare(db, statement), name);
    for (size_t i = 0; i < statement->parameter_count; i++) {
        const struct parameter *parameter = &statement->parameters[i];
        struct bytes bytes = parameter->array
                                 ? encode_array(parameter->type, &values[i],
                                                statement->parameter_count, row_count, &db->arena)
                                 : encode_scalar(parameter->type, &values[i], &db->arena);
        if (bytes.size > DB_ROWS_BYTES_MAX) {
            db->too_large = true;
            return;
        }
        data[i] = (const char *)bytes.data;
        lengths[i] = (int)bytes.size;
        formats[i] = BINARY;
    }
    if (PQsendQueryPrepared(db->connection, name, (int)statement->parameter_count, data, lengths,
                            formats, BINARY) != 1)
        db->broken = true;
    db->sent[db->sent_count++] = (int)db->queued++;
}

void db_queue(struct db *db, const struct statement *statement, const struct value *values)
{
    db_queue_rows(db, statement, values, 1);
}

size_t db_queued(const struct db *db)
{
    return db->queued;
}

/* What to do about each SQLSTATE or class; the first that fits. */
static const struct {
    const char *prefix;
    enum db_verdict verdict;
} verdicts[] = {
    {"40001", DB_REPEAT}, {"40P01", DB_REPEAT}, {"55P03", DB_REPEAT},
    {"23505", DB_REPEAT}, {"57014", DB_SLOW},   {"21000", DB_DATA},
    {"22", DB_DATA},      {"23", DB_DATA},      {"54", DB_DATA},
};

static void judge(struct db *db, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (db->verdict != DB_FINE)
        return;
    db->verdict = DB_DOUBT;
    if (state == NULL)
        return;
    snprintf(db->sqlstate, sizeof db->sqlstate, "%s", state);
    for (size_t i = 0; i < COUNT(verdicts); i++)
        if (strncmp(state, verdicts[i].prefix, strlen(verdicts[i].prefix)) == 0) {
            db->verdict = verdicts[i].verdict;
            return;
        }
}

/* The next result, or NULL between statements; false when the connection is lost or late. */
static bool next(struct db *db, int64_t deadline_ms, PGresult **out)
{
    for (;;) {
        int unsent = PQflush(db->connection);
        if (unsent < 0)
            return false;
        if (!PQisBusy(db->connection))
            break;
        if (!connection_wait(db->connection, (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN),
                             deadline_ms) ||
            PQconsumeInput(db->connection) != 1)
            return false;
    }
    *out = PQgetResult(db->connection);
    return PQstatus(db->connection) == CONNECTION_OK;
}

static void take(struct db *db, int statement, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        if (status != PGRES_PIPELINE_ABORTED)
            judge(db, result);
    } else if (statement != NOT_A_STATEMENT) {
        db->answers[db->answer_count++] = result;
        return;
    }
    PQclear(result);
}

static bool collect(struct db *db, int64_t deadline_ms)
{
    size_t met = 0;

    for (;;) {
        PGresult *result = NULL;
        if (!next(db, deadline_ms, &result))
            return PQclear(result), false;
        if (result == NULL) {
            met++; /* the end of one statement's results */
            continue;
        }
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
            return PQclear(result), true;
        take(db, met < db->sent_count ? db->sent[met] : NOT_A_STATEMENT, result);
    }
}

bool db_exchange(struct db *db, struct error *error)
{
    bool whole;

    clear_answers(db);
    db->verdict = DB_FINE;
    db->sqlstate[0] = '\0';
    db->warned = false;
    whole = !db->broken && !FAILPOINT("exchange") && PQpipelineSync(db->connection) == 1 &&
            collect(db, clock_monotonic_ms() + DB_ANSWER_MS_MAX) && !FAILPOINT("answer");
    if (db->too_large && db->verdict == DB_FINE) {
        db->verdict = DB_DATA;
        snprintf(db->sqlstate, sizeof db->sqlstate, "%s", SQLSTATE_TOO_LARGE);
    }
    db->too_large = false;
    db->sent_count = 0;
    db->queued = 0;
    db->broken = db->broken || !whole;
    arena_reset(&db->arena);
    if (!whole) {
        db->verdict = DB_DOUBT;
        return error_set(error, ERROR_RETRY, "PostgreSQL connection lost or answer too late");
    }
    if (db->verdict != DB_FINE) {
        db->prepared_count = db->prepared_surely; /* Parses after the failure were skipped */
        return refusal_set(db->sqlstate, db->schema, error);
    }
    db->prepared_surely = db->prepared_count;
    return true;
}

bool db_run(struct db *db, const struct statement *statement, const struct value *values,
            struct error *error)
{
    db_queue(db, statement, values);
    return db_exchange(db, error);
}

enum db_verdict db_verdict(const struct db *db)
{
    return db->verdict;
}

const char *db_sqlstate(const struct db *db)
{
    return db->sqlstate;
}

bool db_warned(const struct db *db)
{
    return db->warned;
}

bool db_alive(const struct db *db)
{
    return db != NULL && !db->broken && PQstatus(db->connection) == CONNECTION_OK;
}

bool db_check(struct db *db)
{
    if (db_alive(db) && connection_wait(db->connection, POLLIN, clock_monotonic_ms() + 1) &&
        PQconsumeInput(db->connection) != 1)
        db->broken = true;
    return db_alive(db);
}

size_t db_row_count(const struct db *db, size_t answer)
{
    assert(answer < db->answer_count);
    return (size_t)PQntuples(db->answers[answer]);
}

struct row db_row(const struct db *db, size_t answer, size_t index)
{
    assert(index < db_row_count(db, answer));
    return (struct row){db->answers[answer], (int)index};
}

const char *db_tag(const struct db *db, size_t answer)
{
    assert(answer < db->answer_count);
    return PQcmdStatus(db->answers[answer]);
}

size_t db_affected(const struct db *db, size_t answer)
{
    assert(answer < db->answer_count);
    return (size_t)strtoull(PQcmdTuples(db->answers[answer]), NULL, 10);
}
