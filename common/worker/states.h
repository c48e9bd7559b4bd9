#ifndef COMMON_WORKER_STATES_H
#define COMMON_WORKER_STATES_H

#include "common/core/error.h"
#include "common/postgres/db.h"
#include "common/worker/service.h"
#include "common/worker/subjects.h"

/*
 * The state rows of one batch: which keys are wanted, and what was found under them. Keys are
 * locked (advisory, until the end of the transaction) before their rows are read.
 */
struct states *states_new(const struct service *service, struct subjects *subjects,
                          struct arena *arena);

/* The data keys of the batch, which are locked and loaded with its states; they have no table. */
struct subjects *states_subjects(const struct states *states);

/* What route->load() writes to. */
struct keys *states_keys(struct states *states);

/* The number of the lock on a person's data key, for those who change it from outside. */
int64_t states_subject_lock(const char *service, const struct digest *subject);

/* Are there keys that were asked for and not yet loaded? */
bool states_pending(const struct states *states);

/*
 * Queues the lock of new keys and the queries of the next kinds, up to the first whose rows may
 * ask for more; states_read() takes the answers after the exchange. To be repeated while
 * states_pending().
 */
void states_queue(struct states *states, struct db *db);
void states_read(struct states *states, struct db *db);

#endif
