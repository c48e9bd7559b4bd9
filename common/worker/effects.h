#ifndef COMMON_WORKER_EFFECTS_H
#define COMMON_WORKER_EFFECTS_H

#include "common/core/setting.h"
#include "common/ledger/partition.h"
#include "common/postgres/db.h"
#include "common/worker/effect_rows.h"
#include "common/worker/service.h"

/*
 * A thread beside each loop that performs effects: leases what is due from the table, asks the
 * providers, many at a time, and hands the loop what ended. What may be better later it writes
 * back itself. Both only while the pseudo partition is ours.
 *
 * A try ends before its lease does. A lease for a try that ran out was that of somebody who died or
 * was cut off: an answer that is lost, as if the provider had hung. What is leased only to be ended
 * loses none.
 */
struct effects;

struct effects_options {
    const struct service *service;
    const struct db_options *database;
    const char *group;
    const struct key *digest_key;
    const struct key_ring *data_keys;
};

enum {
    EFFECT_LEASE_MARGIN_MS = 5000, /* beyond the provider's time-out */
    EFFECT_BEGIN_MS_MAX = 3000,    /* of that, from the lease to the request */
};

/* An effect that ended, until its outcome is recorded; see effect_jobs.h. */
struct effect_job;

/* Texts of the options must live as long; so must the providers' options. */
MUST_CHECK bool effects_start(const struct effects_options *options, struct effects **out,
                              struct error *error);
void effects_stop(struct effects *effects); /* cuts what is under way; takes NULL */

/* The loop's side. A pseudo partition was claimed: its effects are leased and handed over. */
void effects_admit(struct effects *effects, const struct partition *pseudo);
/* In doubt: nothing new, and what ends waits. Takes back what was handed over. */
void effects_hold(struct effects *effects, const struct partition *pseudo);
/* Another's: what is under way here is forgotten. */
void effects_forget(struct effects *effects, const struct partition *pseudo);

/* Whether another has claimed one of those by now; said once. */
bool effects_outdone(struct effects *effects);

/* A batch asked for effects. From any thread. */
void effects_wake(struct effects *effects);

/* What ended and is ours to record, in that order; each once, until it is taken back. */
size_t effects_take(struct effects *effects, struct effect_job **out, size_t max);
void effects_recorded(struct effects *effects, struct effect_job *job); /* frees it */

/* Before a stop: no more tries. Then busy until all under way are answered and recorded. */
void effects_leave(struct effects *effects);
bool effects_busy(struct effects *effects);

#endif
