#ifndef COMMON_WORKER_WRITERS_H
#define COMMON_WORKER_WRITERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/avro/codec.h"
#include "common/core/base.h"
#include "common/ledger/ledger.h"

/*
 * The writers' schemas that a loop knows: the program's own, and those that other versions of it
 * registered in PostgreSQL (`onboarding schemas register`). The latter are asked for when an event
 * of an unknown schema comes, so that running programs read what a rollout starts to write.
 */
struct writers {
    struct schema_store *schemas;
    bool asked;
    int64_t asked_ms; /* monotonic; the last time */
};

enum { WRITERS_ASK_MS = 30000 }; /* so long an unknown schema stays unknown */

void writers_start(struct writers *writers, const struct schema_store *own);
void writers_done(struct writers *writers);

/*
 * Looks into PostgreSQL, unless it did within WRITERS_ASK_MS; `looked` tells. False when the
 * database does not answer.
 */
MUST_CHECK bool writers_ask(struct writers *writers, struct ledger *ledger, struct arena *arena,
                            bool *looked, struct error *error);

#endif
