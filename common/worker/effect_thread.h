#ifndef COMMON_WORKER_EFFECT_THREAD_H
#define COMMON_WORKER_EFFECT_THREAD_H

#include <pthread.h>

#include "common/core/backoff.h"
#include "common/effects/provider.h"
#include "common/ledger/ledger.h"
#include "common/worker/effect_jobs.h"
#include "common/worker/effects.h"
#include "common/worker/metrics.h"

/*
 * What the loop and the thread that performs its effects share: effects.c is the loop's side,
 * effect_thread.c the other.
 */
enum { EFFECT_PLACES_MAX = 256 };

struct kind_load {
    struct effect_metrics metrics;
    size_t under_way;
    bool more; /* the last lease took all that it might: there may be more */
};

struct effects {
    struct effects_options options;
    pthread_t thread;
    struct performer *performer;
    pthread_mutex_t lock;                          /* of all down to `outdone` */
    struct effect_place places[EFFECT_PLACES_MAX]; /* epoch -1: in doubt */
    size_t place_count;
    struct effect_job *working;            /* UNDER_WAY and LATER; freed by the thread alone */
    struct effect_job *ended, **ended_end; /* ENDED and HANDED, as they ended; freed by the loop */
    bool woken, leaving;
    bool outdone; /* another claimed a place that we took for ours */
    _Atomic bool stopping;
    /* the thread's own */
    struct kind_load *kinds;
    struct ledger ledger;
    struct backoff backoff;
    int64_t due_ms;     /* monotonic: of the next lease */
    int64_t counted_ms; /* monotonic */
    bool away;          /* PostgreSQL is; said once */
};

struct effect_place *effects_find_place(struct effects *effects, int32_t topic_id, int32_t number);
/*
 * What is in hand, which is not to be leased: while the loop is in doubt, or PostgreSQL away, the
 * leases of what ended or is to be written back run out. What is forgotten is not in hand.
 */
size_t effects_list_held(struct effects *effects, struct arena *arena, const struct uuid **out);

/* Others have claimed these places; those that we have claimed anew meanwhile do not count. */
void effects_note_outdone(struct effects *effects, const struct effect_place *places, size_t count);

/* The thread; `context` is the struct effects. */
void *effects_run(void *context);

#endif
