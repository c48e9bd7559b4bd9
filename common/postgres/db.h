#ifndef COMMON_POSTGRES_DB_H
#define COMMON_POSTGRES_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/error.h"
#include "common/postgres/statement.h"

/*
 * One connection in pipeline mode: statements are queued, then exchanged in one round trip that
 * ends in a sync. Every wait has a deadline of our own. Not shared between threads.
 */
struct db;

enum {
    DB_QUEUE_MAX = 64,            /* statements of one exchange */
    DB_CONNECT_MS_MAX = 5000,     /* a connection that takes longer is given up */
    DB_ANSWER_MS_MAX = 15000,     /* beyond statement_timeout: then the connection is dead */
    DB_ROWS_BYTES_MAX = 64 << 20, /* of one parameter; more fails like an error of class 54 */
};

/* What a failed exchange means for the transaction, told by SQLSTATE. */
enum db_verdict {
    DB_FINE,
    DB_REPEAT, /* 40001, 40P01, 55P03, 23505: roll back, run the same again */
    DB_DATA,   /* classes 22, 23, 54 and 21000: a value is to blame */
    DB_SLOW,   /* 57014: too much at once */
    DB_DOUBT,  /* anything else: nothing is known */
};

struct db_options {
    const char *url;              /* postgresql://…, without password */
    const char *password;         /* NULL: the URL's or the environment's */
    const char *schema;           /* search_path; an identifier; outlives the connection */
    const char *application_name; /* seen in pg_stat_activity */
};

/* RETRY while the server is away or read-only; the error text holds no value of the URL. */
MUST_CHECK bool db_open(const struct db_options *options, struct db **out, struct error *error);
void db_close(struct db *db); /* takes NULL */

/* Queues a statement without arrays. Values are encoded at once. */
void db_queue(struct db *db, const struct statement *statement, const struct value *values);

/*
 * Queues a statement for `row_count` rows of `statement->parameter_count` values each, row by
 * row: array parameters take a column, the others the first row's value.
 */
void db_queue_rows(struct db *db, const struct statement *statement, const struct value *values,
                   size_t row_count);

/* The number that the answer to the next statement queued will have. */
size_t db_queued(const struct db *db);

/*
 * Sends what was queued and waits for all answers. False on the first that failed (the rest was
 * skipped by the server), with db_verdict() and db_sqlstate() set; the transaction, if any, is
 * then aborted but still open. Answers live until the next exchange.
 */
MUST_CHECK bool db_exchange(struct db *db, struct error *error);

enum db_verdict db_verdict(const struct db *db); /* of the last exchange */
const char *db_sqlstate(const struct db *db);    /* "" when nothing came from the server */
bool db_warned(const struct db *db);             /* the last exchange came with a WARNING */
bool db_alive(const struct db *db);
bool db_check(struct db *db); /* the same, after a look at the socket of an idle connection */

/* The answer to the n-th statement queued, from 0. */
size_t db_row_count(const struct db *db, size_t answer);
struct row db_row(const struct db *db, size_t answer, size_t index);
const char *db_tag(const struct db *db, size_t answer); /* "COMMIT", "INSERT 0 5" */
size_t db_affected(const struct db *db, size_t answer);

/* One statement by itself, in a transaction of its own. */
MUST_CHECK bool db_run(struct db *db, const struct statement *statement, const struct value *values,
                       struct error *error);

struct pg_result; /* libpq's: who includes this header needs no libpq */

struct row {
    const struct pg_result *result;
    int index;
};

bool row_is_null(const struct row *row, int column);
const char *row_text(const struct row *row, int column, struct arena *arena);
struct bytes row_bytes(const struct row *row, int column, struct arena *arena);
struct uuid row_uuid(const struct row *row, int column);
int64_t row_int(const struct row *row, int column);
bool row_bool(const struct row *row, int column);
double row_double(const struct row *row, int column);
int64_t row_time_ms(const struct row *row, int column);
int row_choice(const struct row *row, int column, const char *const *names, int count,
               int otherwise);

#endif
