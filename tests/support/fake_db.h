#ifndef TESTS_SUPPORT_FAKE_DB_H
#define TESTS_SUPPORT_FAKE_DB_H

/*
 * PostgreSQL by script, for tests of who queues statements and reads rows: what was queued is kept
 * for looking at, and answers are rows of a key and a text. The one file of a test program that
 * includes this gets it whole, in the place of common/postgres/db.c.
 */
#include <libpq-fe.h>
#include <string.h>

#include "common/postgres/db.h"
#include "tests/support/test.h"

enum { FAKE_QUEUE_MAX = 16, FAKE_VALUES_MAX = 64 };

struct fake_statement {
    const struct statement *statement;
    struct value values[FAKE_VALUES_MAX];
    size_t row_count;
};

static struct fake_db {
    struct fake_statement queue[FAKE_QUEUE_MAX]; /* of the exchange in hand */
    size_t queued;
    PGresult *answers[FAKE_QUEUE_MAX];
} fake_db;

static void fake_db_clear(void)
{
    for (size_t i = 0; i < FAKE_QUEUE_MAX; i++)
        PQclear(fake_db.answers[i]);
    fake_db = (struct fake_db){0};
}

/* One more row in the answer to the n-th statement. */
static inline void fake_db_answer(size_t statement, const char *key, const char *text)
{
    PGresult **answer = &fake_db.answers[statement];
    PGresAttDesc columns[2] = {{.name = (char *)(uintptr_t) "key", .format = 1, .typid = 25},
                               {.name = (char *)(uintptr_t) "text", .format = 1, .typid = 25}};

    if (*answer == NULL) {
        *answer = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
        assert_int_equal(PQsetResultAttrs(*answer, 2, columns), 1);
    }
    int row = PQntuples(*answer);
    assert_int_equal(PQsetvalue(*answer, row, 0, (char *)(uintptr_t)key, (int)strlen(key)), 1);
    assert_int_equal(PQsetvalue(*answer, row, 1, (char *)(uintptr_t)text, (int)strlen(text)), 1);
}

void db_queue_rows(struct db *db, const struct statement *statement, const struct value *values,
                   size_t row_count)
{
    struct fake_statement *to = &fake_db.queue[fake_db.queued++];

    (void)db;
    assert_true(fake_db.queued <= FAKE_QUEUE_MAX);
    assert_true(row_count * statement->parameter_count <= FAKE_VALUES_MAX);
    to->statement = statement;
    to->row_count = row_count;
    memcpy(to->values, values, row_count * statement->parameter_count * sizeof *values);
}

/* The answers are there already. */
bool db_exchange(struct db *db, struct error *error)
{
    (void)db, (void)error;
    return true;
}

size_t db_queued(const struct db *db)
{
    (void)db;
    return fake_db.queued;
}

size_t db_row_count(const struct db *db, size_t answer)
{
    (void)db;
    return fake_db.answers[answer] == NULL ? 0 : (size_t)PQntuples(fake_db.answers[answer]);
}

struct row db_row(const struct db *db, size_t answer, size_t index)
{
    (void)db;
    return (struct row){fake_db.answers[answer], (int)index};
}

#endif
