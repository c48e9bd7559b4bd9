#ifndef COMMON_WORKER_EFFECT_JOBS_H
#define COMMON_WORKER_EFFECT_JOBS_H

#include "common/core/arena.h"
#include "common/core/seal.h"
#include "common/ledger/ledger.h"
#include "common/worker/effect_rows.h"
#include "common/worker/effect_rules.h"

/* Effects that this loop leased, as structs: from the table's rows, and back into them. */

enum effect_job_state {
    JOB_UNDER_WAY, /* the provider was asked */
    JOB_LATER,     /* to be written back */
    JOB_ENDED,     /* the outcome waits for the loop */
    JOB_HANDED,    /* the loop has it */
};

struct effect_job {
    struct effect_job *next;
    struct arena memory; /* of all that it points to */
    enum effect_job_state state;
    bool forgotten; /* the partition is another's; freed when the provider has answered */
    size_t kind;    /* place in the service's table */
    int32_t topic_id, number;
    int64_t leased_ms; /* monotonic, before the lease began */
    int64_t left_ms;   /* until it expires, from then on */
    int64_t delay_ms;  /* JOB_LATER */
    bool lost;         /* the lease before ran out */
    struct bytes cause;
    struct bytes content; /* sealed */
    struct digest sealed_by;
    struct bytes wrapped; /* the data key; data NULL: erased */
    int16_t key_id;
    struct effect_end end; /* what is known of it so far */
};

/* Leases up to `room` effects of a kind in these partitions; rows are in the answer 0. */
struct effect_lease {
    const char *kind;
    int64_t try_ms; /* after which the lease runs out */
    size_t room;
    const struct effect_place *places;
    const struct uuid *held; /* but for these, see effects_list_held() */
    size_t place_count, held_count;
};

/* A pseudo partition that is ours under an epoch. */
struct effect_place {
    int32_t topic_id, number;
    int64_t epoch;
};

MUST_CHECK bool effect_jobs_lease(struct ledger *ledger, const struct effect_lease *lease,
                                  struct error *error);

/* A job of a row of that answer, malloc'd. */
struct effect_job *effect_job_read(const struct row *row);
void effect_job_free(struct effect_job *job);

enum effect_opened {
    EFFECT_OPENED,
    EFFECT_NO_KEY,     /* the subject was erased */
    EFFECT_UNREADABLE, /* the ring is not that of the table: nothing can be said */
};

/* Reads the content into `scratch`; `clear` is what the caller is to wipe. */
enum effect_opened effect_job_open(const struct effect_job *job, const struct key_ring *ring,
                                   struct arena *scratch, struct bytes *clear,
                                   struct effect_content *out, struct error *error);

/* The jobs, all JOB_LATER, are due again after their delays; `epochs`: of their partitions now. */
MUST_CHECK bool effect_jobs_write_back(struct ledger *ledger, struct effect_job *const *jobs,
                                       const int64_t *epochs, size_t count, struct error *error);

/* Leaves of the places those that were claimed by another since. */
MUST_CHECK bool effect_jobs_keep_outdone(struct ledger *ledger, struct effect_place *places,
                                         size_t *count, struct error *error);

/* What waits, for the metrics: asks, and then gives the number and age of a kind. */
MUST_CHECK bool effect_jobs_count(struct ledger *ledger, struct error *error);
double effect_jobs_waiting(const struct ledger *ledger, const char *kind, double *age_seconds);

/* What the provider said, beside its verdict. */
void effect_job_keep(struct effect_job *job, const struct provider_answer *answer);

struct effect_try effect_job_try(const struct effect_job *job, int64_t now_ms);

#endif
