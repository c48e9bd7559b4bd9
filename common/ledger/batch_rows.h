#ifndef COMMON_LEDGER_BATCH_ROWS_H
#define COMMON_LEDGER_BATCH_ROWS_H

#include "common/ledger/batch.h"

/* The rows that the runtime itself writes with every batch; all are queued on its connection. */

/* Room for the values of so many rows of a statement. */
struct value *batch_rows_new(struct arena *arena, size_t rows, const struct statement *statement);

void batch_rows_ledger(struct batch *batch);       /* one an event */
void batch_rows_results(struct batch *batch);      /* one a partition: offsets covered, results */
void batch_rows_dead_letters(struct batch *batch); /* one for each that was parked */

#endif
