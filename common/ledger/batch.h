#ifndef COMMON_LEDGER_BATCH_H
#define COMMON_LEDGER_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/arena.h"
#include "common/core/error.h"
#include "common/ledger/ledger.h"
#include "common/ledger/record.h"
#include "common/ledger/results.h"

/*
 * One batch is one PostgreSQL transaction (steps B1 to B4). Most batches have no id that came
 * before, and handlers do all of their events; so their ledger rows are written first, as those
 * of new events that are done. The ledger's key refuses a repeat before a handler runs. A batch of
 * which that does not hold is rolled back, and it and some to come look their ids up instead and
 * write their ledger rows in the end.
 *
 *     batch_open()    BEGIN, the fence, ledger rows or the look-up of ids: queued
 *                     … the caller queues what else it wants to read, and exchanges
 *     batch_judge()   who was fenced, what was met before
 *                     … handlers run, in the order of the records; batch_suits() of each
 *     batch_close()   batch and dead-letter rows, the caller's rows before them, COMMIT
 */

enum batch_end {
    BATCH_GOING,  /* so far so good */
    BATCH_DONE,   /* committed */
    BATCH_REPEAT, /* rolled back; the same again under the same epoch */
    BATCH_DATA,   /* rolled back; a value of one record is to blame */
    BATCH_SLOW,   /* rolled back; too much at once */
    BATCH_MOVED,  /* an operator moved next_offset back: moved past the records done; suspend */
    BATCH_FENCED, /* rolled back; a partition is no longer ours: suspend */
    BATCH_DOUBT,  /* nothing is known: suspend */
};

enum {
    BATCH_RECORDS_MAX = 5000,
    BATCH_PARTS_MAX = 512,   /* partitions of one batch, pseudo partitions included */
    BATCH_DIGEST_BYTES = 16, /* of the digest stored with a row: enough to tell contents apart */
    BATCH_LOOK_UPS = 64,     /* batches that look ids up after one that should have */
};

#define SQLSTATE_UNIQUE "23505" /* a key that stands already */

/* The share of a batch that came from one partition. */
struct batch_part {
    struct partition *partition;
    int64_t expected_offset; /* next_offset as we know it */
    int64_t first_offset, last_offset;
    int64_t stamp_ms; /* last_stamp, taken in this transaction */
    const struct record **records;
    size_t record_count;
    int64_t done_offset; /* the last record met before at its own coordinates; -1: none */
};

struct batch {
    struct ledger *ledger;
    struct arena *arena;
    struct record **records; /* in the order in which they were polled */
    size_t record_count;
    struct batch_part *parts;
    size_t part_count;
    int64_t opened_ms; /* monotonic, before the stamps were taken */
    int64_t now_ms;    /* PostgreSQL's clock */
    bool looked_up;    /* else the ledger rows stand already, each event's as DONE */
    size_t fence_answer, find_answer;
    char sqlstate[6]; /* of the failure that ended it; "" without */
};

/* Opens the transaction: queues, exchanges nothing. Needs a connected ledger. */
void batch_open(struct batch *batch, struct ledger *ledger, struct arena *arena,
                struct record **records, size_t record_count);

/* After the exchange. Sets the fate of what was met before. BATCH_GOING, or an end. */
enum batch_end batch_judge(struct batch *batch);

/*
 * The record of this batch that has the same id and was handled, or NULL. Called in the order of
 * the records; remembers each.
 */
struct record *batch_repeat_of(struct batch *batch, struct map *ids, struct record *record);

/* Whether what became of a record is what its ledger row, if written already, says. */
bool batch_suits(const struct batch *batch, const struct record *record);

/* Rolls back, for the same again with its ids looked up. */
enum batch_end batch_look_up(struct batch *batch);

/* Reads the stored results of repeats whose senders wait for an answer. */
enum batch_end batch_load_stored(struct batch *batch);

/* Queues the runtime's rows, commits, and moves the partitions on. */
enum batch_end batch_close(struct batch *batch);

/* What a failed exchange means; rolls back where there is something to roll back. */
enum batch_end batch_fail(struct batch *batch);

#endif
