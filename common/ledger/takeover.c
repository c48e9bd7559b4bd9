/* Step A of the protocol: partitions change hands. */
#include "common/ledger/takeover.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/core/condition.h"
#include "common/core/failpoint.h"
#include "common/core/random.h"
#include "common/ledger/claim.h"
#include "common/ledger/recover.h"
#include "common/ledger/statements.h"

enum { STEP_CLAIM, STEP_RECOVER };

enum {
    IDLE_CLOSE_MS = 10000, /* without jobs, the connections are given back */
    CLUSTER_MS = 5000,
};

struct takeover {
    struct takeover_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct takeover_job *waiting;
    struct takeover_job *finished;
    bool stopping;
    unsigned failures;
    struct error last_error;
    struct ledger ledger;
    struct claim_context claims;
};

static bool find_suspect(struct takeover *takeover, struct takeover_job *job, struct error *error)
{
    const struct value values[] = {INT(takeover->ledger.group_id), INT(job->topic_id),
                                   INT(job->number)};

    job->suspect_offset = -1;
    if (job->note_survived) /* nobody died of that record */
        return db_run(takeover->ledger.db, &sql_clear_suspect, values, error);
    if (job->deaths < SUSPICION_DEATHS)
        return true;
    if (!db_run(takeover->ledger.db, &sql_find_suspect, values, error))
        return false;
    if (db_row_count(takeover->ledger.db, 0) == 1) {
        struct row row = db_row(takeover->ledger.db, 0, 0);
        job->suspect_offset = row_int(&row, 0);
        job->suspect_deaths = (int32_t)row_int(&row, 1);
    }
    return true;
}

/*
 * A client of its own for questions about the log: a broker answers a connection's requests in
 * turn, and the consumer's has a fetch waiting for records most of the time.
 */
static bool open_client(struct takeover *takeover, struct error *error)
{
    rd_kafka_conf_t *conf;

    return takeover->claims.client != NULL ||
           (kafka_configure(takeover->options.kafka, kafka_brief_producer_properties, &conf,
                            error) &&
            kafka_open(RD_KAFKA_PRODUCER, conf, &takeover->claims.client, error));
}

static void let_go(struct takeover *takeover)
{
    ledger_disconnect(&takeover->ledger);
    if (takeover->claims.client != NULL)
        rd_kafka_destroy(takeover->claims.client);
    takeover->claims.client = NULL;
}

/* A3, first part: is there anything to recover? If so, after the former owner's last stamp. */
static enum turnout plan_recovery(struct takeover *takeover, struct takeover_job *job,
                                  const struct claim *claim, struct arena *arena)
{
    struct partition partition = claim_view(job);
    struct unpublished missing;

    job->published_offset = claim->published_offset;
    if (!recover_load(&takeover->options, &takeover->ledger, &partition, job->published_offset,
                      arena, &missing, &job->last_error))
        return TURNOUT_FAILED;
    if (missing.count == 0 || MUTANT("no_read_back")) {
        job->erased += (int64_t)missing.erased;
        return TURNOUT_FINISHED;
    }

    int64_t wait_ms =
        claim->last_stamp_ms + takeover->options.fence_ms + FENCE_MARGIN_MS - claim->clock_ms;
    (void)FAILPOINT("before_wait");
    job->step = STEP_RECOVER;
    job->due_ms = clock_monotonic_ms();
    if (wait_ms > 0 && !MUTANT("read_back_without_wait"))
        job->due_ms += wait_ms;
    return TURNOUT_LATER;
}

static enum turnout step_claim(struct takeover *takeover, struct takeover_job *job,
                               struct arena *arena)
{
    struct claim claimed = {0};
    char *cluster_id = rd_kafka_clusterid(takeover->options.consumer, CLUSTER_MS);
    enum turnout turnout = TURNOUT_FAILED;

    if (cluster_id == NULL)
        return error_set(&job->last_error, ERROR_RETRY, "Kafka is away"), TURNOUT_FAILED;
    if (!open_client(takeover, &job->last_error) ||
        !claim_take(&takeover->claims, job, cluster_id, arena, &claimed, &job->last_error))
        goto done;
    (void)FAILPOINT("after_claim");
    if (claimed.stopped) {
        job->stopped = true;
        job->stopped_why = "stopped before; an operator must decide";
        turnout = TURNOUT_FINISHED;
        goto done;
    }
    turnout = job->pseudo ? TURNOUT_FINISHED
                          : claim_check_log(&takeover->claims, job, &claimed, cluster_id);
    if (turnout != TURNOUT_FINISHED || job->stopped)
        goto done;
    turnout = plan_recovery(takeover, job, &claimed, arena);
done:
    free(cluster_id);
    return turnout;
}

/* All results before `offset` are published: says so in the partition's row. */
static bool mark_until(struct takeover *takeover, struct takeover_job *job, int64_t offset)
{
    struct partition partition = claim_view(job);
    struct partition *list[] = {&partition};
    bool fenced;

    partition.state = PARTITION_ACTIVE;
    partition.marked_offset = -1;
    partition.next_offset = offset;
    if (!ledger_mark(&takeover->ledger, list, 1, false, &fenced, &job->last_error))
        return false;
    return !fenced || error_set(&job->last_error, ERROR_RETRY, "fenced before a mark");
}

/* A3, second part: read back, and publish what is missing. */
static enum turnout step_recover(struct takeover *takeover, struct takeover_job *job,
                                 struct arena *arena)
{
    struct partition partition = claim_view(job);
    struct unpublished missing;
    size_t republished = 0;

    (void)FAILPOINT("before_barrier");
    if (!ledger_connect(&takeover->ledger, &job->last_error) ||
        !recover_load(&takeover->options, &takeover->ledger, &partition, job->published_offset,
                      arena, &missing, &job->last_error) ||
        (missing.count != 0 &&
         !recover_publish(&takeover->options, &takeover->ledger, &partition, &missing, arena,
                          &job->cancelled, &republished, &job->last_error)) ||
        !mark_until(takeover, job, missing.end_offset))
        return TURNOUT_FAILED;
    job->republished += (int64_t)republished;
    job->erased += (int64_t)missing.erased;
    job->published_offset = missing.end_offset;
    return job->published_offset < job->next_offset ? TURNOUT_LATER : TURNOUT_FINISHED;
}

/* Everything stored is published: say so, and start behind a gap that the log may have. */
static enum turnout finish(struct takeover *takeover, struct takeover_job *job)
{
    int64_t low;
    int64_t high;

    if (job->stopped)
        return TURNOUT_FINISHED;
    if (!mark_until(takeover, job, job->next_offset))
        return TURNOUT_FAILED;
    if (job->pseudo)
        return TURNOUT_FINISHED;
    if (!claim_watermarks(&takeover->claims, job, &low, &high, &job->last_error) ||
        (low > job->next_offset &&
         !claim_skip_gap(&takeover->claims, job, low, &job->last_error)) ||
        !find_suspect(takeover, job, &job->last_error))
        return TURNOUT_FAILED;
    return TURNOUT_FINISHED;
}

static void retry_later(struct takeover *takeover, struct takeover_job *job)
{
    int64_t bound_ms = RECOVERY_FIRST_MS;

    pthread_mutex_lock(&takeover->lock);
    takeover->failures++;
    takeover->last_error = job->last_error;
    pthread_mutex_unlock(&takeover->lock);
    for (unsigned i = 0; i < job->failures && bound_ms < RECOVERY_MAX_MS; i++)
        bound_ms *= 2;
    if (bound_ms > RECOVERY_MAX_MS)
        bound_ms = RECOVERY_MAX_MS;
    job->failures++;
    job->step = STEP_CLAIM;
    job->due_ms = clock_monotonic_ms() + bound_ms / 2 +
                  (int64_t)(random_bits() % (uint64_t)(bound_ms / 2 + 1));
    ledger_disconnect(&takeover->ledger);
}

static bool run_step(struct takeover *takeover, struct takeover_job *job)
{
    struct arena arena = {0};
    enum turnout turnout = job->step == STEP_CLAIM ? step_claim(takeover, job, &arena)
                                                   : step_recover(takeover, job, &arena);

    if (turnout == TURNOUT_FINISHED)
        turnout = finish(takeover, job);
    if (turnout == TURNOUT_FAILED)
        retry_later(takeover, job);
    arena_done(&arena);
    return turnout == TURNOUT_FINISHED;
}

static void push(struct takeover_job **list, struct takeover_job *job)
{
    while (*list != NULL)
        list = &(*list)->next;
    job->next = NULL;
    *list = job;
}

/* The job that is due first, cancelled ones dropped on the way; NULL: none is due yet. */
static struct takeover_job *take_due(struct takeover *takeover, int64_t *next_due_ms)
{
    struct takeover_job **best = NULL;

    for (struct takeover_job **at = &takeover->waiting; *at != NULL;) {
        struct takeover_job *job = *at;
        if (job->cancelled) {
            *at = job->next;
            free(job);
            best = NULL;
            at = &takeover->waiting;
            continue;
        }
        if (best == NULL || job->due_ms < (*best)->due_ms)
            best = at;
        at = &job->next;
    }
    *next_due_ms = best == NULL ? -1 : (*best)->due_ms;
    if (best == NULL || (*best)->due_ms > clock_monotonic_ms())
        return NULL;
    struct takeover_job *job = *best;
    *best = job->next;
    return job;
}

static void wait_for_work(struct takeover *takeover, int64_t next_due_ms)
{
    bool idle = next_due_ms < 0;
    int64_t until_ms = idle ? clock_monotonic_ms() + IDLE_CLOSE_MS : next_due_ms;

    if (!condition_wait(&takeover->changed, &takeover->lock, until_ms) && idle)
        let_go(takeover);
}

static void *run(void *context)
{
    struct takeover *takeover = context;

    pthread_mutex_lock(&takeover->lock);
    while (!takeover->stopping) {
        int64_t next_due_ms;
        struct takeover_job *job = take_due(takeover, &next_due_ms);
        if (job == NULL) {
            wait_for_work(takeover, next_due_ms);
            continue;
        }
        pthread_mutex_unlock(&takeover->lock);
        bool finished = run_step(takeover, job);
        pthread_mutex_lock(&takeover->lock);
        push(finished && !job->cancelled ? &takeover->finished : &takeover->waiting, job);
    }
    pthread_mutex_unlock(&takeover->lock);
    return NULL;
}

struct takeover *takeover_start(const struct takeover_options *options)
{
    struct takeover *takeover = calloc(1, sizeof *takeover);

    if (takeover == NULL)
        abort();
    takeover->options = *options;
    takeover->claims =
        (struct claim_context){.options = &takeover->options, .ledger = &takeover->ledger};
    ledger_init(&takeover->ledger, options->database, options->group, options->digest_key);
    pthread_mutex_init(&takeover->lock, NULL);
    condition_init(&takeover->changed);
    if (pthread_create(&takeover->thread, NULL, run, takeover) != 0)
        abort(); /* no thread at the start: the supervisor's business */
    return takeover;
}

static void free_jobs(struct takeover_job *job)
{
    while (job != NULL) {
        struct takeover_job *next = job->next;
        free(job);
        job = next;
    }
}

void takeover_stop(struct takeover *takeover)
{
    if (takeover == NULL)
        return;
    pthread_mutex_lock(&takeover->lock);
    takeover->stopping = true;
    pthread_cond_broadcast(&takeover->changed);
    pthread_mutex_unlock(&takeover->lock);
    pthread_join(takeover->thread, NULL);
    free_jobs(takeover->waiting);
    free_jobs(takeover->finished);
    let_go(takeover);
    ledger_done(&takeover->ledger);
    pthread_cond_destroy(&takeover->changed);
    pthread_mutex_destroy(&takeover->lock);
    free(takeover);
}

struct takeover_job *takeover_submit(struct takeover *takeover, const struct partition *partition)
{
    struct takeover_job *job = calloc(1, sizeof *job);

    if (job == NULL)
        abort();
    job->topic = partition->topic;
    job->topic_id = partition->topic_id;
    job->number = partition->number;
    job->former_epoch = partition->owner_epoch;
    job->note_survived = partition->suspect_noted;
    job->pseudo = partition->pseudo;
    job->suspect_offset = -1;
    pthread_mutex_lock(&takeover->lock);
    push(&takeover->waiting, job);
    pthread_cond_signal(&takeover->changed);
    pthread_mutex_unlock(&takeover->lock);
    return job;
}

void takeover_cancel(struct takeover *takeover, struct takeover_job *job)
{
    pthread_mutex_lock(&takeover->lock);
    job->cancelled = true;
    for (struct takeover_job **at = &takeover->finished; *at != NULL; at = &(*at)->next)
        if (*at == job) {
            *at = job->next;
            free(job);
            break;
        }
    pthread_cond_signal(&takeover->changed);
    pthread_mutex_unlock(&takeover->lock);
}

struct takeover_job *takeover_collect(struct takeover *takeover)
{
    pthread_mutex_lock(&takeover->lock);
    struct takeover_job *job = takeover->finished;
    if (job != NULL)
        takeover->finished = job->next;
    pthread_mutex_unlock(&takeover->lock);
    return job;
}

unsigned takeover_failures(struct takeover *takeover, struct error *last)
{
    pthread_mutex_lock(&takeover->lock);
    unsigned failures = takeover->failures;
    *last = takeover->last_error;
    pthread_mutex_unlock(&takeover->lock);
    return failures;
}
