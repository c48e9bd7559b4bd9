#ifndef COMMON_WORKER_SUBJECTS_H
#define COMMON_WORKER_SUBJECTS_H

#include "common/core/error.h"
#include "common/core/seal.h"
#include "common/ledger/batch.h"
#include "common/postgres/db.h"
#include "common/worker/service.h"

/*
 * The data keys of one batch: asked for, loaded, made where one is missing when something is
 * sealed, and stored with the batch. Handlers reach them by subject_seal() and subject_open().
 *
 * Those that a route's load() asks for are locked like states. Keys wanted by results only are
 * not: where two batches make the same one at once, the table refuses the second, which runs
 * again.
 */
struct subjects;

struct subject_options {
    const struct key *digest_key;
    const struct key_ring *ring;
};

struct subjects *subjects_new(const struct subject_options *options, struct arena *arena);

/* Asks for a user's key. True when nobody did before; then gives what the key is known by. */
bool subjects_ask(struct subjects *subjects, const char *user_id, struct bytes *subject);

/* Are there keys that were asked for and not yet loaded? Then queue, exchange, read. */
bool subjects_pending(const struct subjects *subjects);
void subjects_queue(struct subjects *subjects, struct db *db);
void subjects_read(struct subjects *subjects, struct db *db);

/* False: a key could not be unwrapped, so nothing of the batch may be stored. */
MUST_CHECK bool subjects_fine(const struct subjects *subjects, struct error *error);

/* Asks for the keys that the results of a batch need, dead letters included. */
void subjects_ask_for_results(struct subjects *subjects, const struct batch *batch);

/* Seals what is stored of them; after the former, with nothing pending. */
void subjects_seal_results(struct subjects *subjects, const struct batch *batch);

/* The same for something else of a user, or of nobody known (NULL); tells whose key it was. */
void subjects_ask_for(struct subjects *subjects, const char *user_id, int64_t now_ms);
struct bytes subjects_seal(struct subjects *subjects, const char *user_id, int64_t now_ms,
                           const struct seal_place *place, struct bytes clear,
                           struct digest *subject);

/* Queues the rows: keys erased, then keys made. */
void subjects_write(struct subjects *subjects, struct db *db);

/* Overwrites the keys; takes NULL. */
void subjects_wipe(struct subjects *subjects);

#endif
