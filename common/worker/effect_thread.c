/* The thread that performs effects: leases, asks, writes back, and hands over what ended. */
#include "common/worker/effect_thread.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/core/log.h"
#include "common/core/random.h"

enum {
    LOOK_MS = 1000,       /* nobody says when a former owner's lease runs out */
    WRITE_BACK_MAX = 256, /* in one statement */
    COUNT_MS = 5000,      /* between two looks at all that waits */
};

static void unlink_job(struct effect_job **list, struct effect_job *job)
{
    while (*list != job)
        list = &(*list)->next;
    *list = job->next;
    job->next = NULL;
}

static const struct effect_kind *kind_of(const struct effects *effects, size_t kind)
{
    return effects->options.service->effects[kind];
}

/* It has ended; the loop takes it from here. */
static void end_job(struct effects *effects, struct effect_job *job, struct effect_step step)
{
    struct effect_outcome *outcome = &job->end.outcome;

    outcome->state = step.state;
    outcome->failure = step.failure;
    if (step.state != EFFECT_SENT)
        log_line(LOG_WARNING, "an effect was not done, or perhaps not",
                 LOG_TEXT("kind", kind_of(effects, job->kind)->name),
                 LOG_TEXT("state", effect_state_text[step.state]),
                 LOG_TEXT("failure", effect_failure_text[step.failure]),
                 LOG_INT("attempts", outcome->attempts), LOG_INT("status", outcome->status));
    pthread_mutex_lock(&effects->lock);
    job->state = JOB_ENDED;
    if (job->forgotten) {
        effect_job_free(job);
    } else {
        job->next = NULL;
        *effects->ended_end = job;
        effects->ended_end = &job->next;
    }
    pthread_mutex_unlock(&effects->lock);
}

static void add_working(struct effects *effects, struct effect_job *job)
{
    pthread_mutex_lock(&effects->lock);
    job->next = effects->working;
    effects->working = job;
    pthread_mutex_unlock(&effects->lock);
}

static void put_off(struct effects *effects, struct effect_job *job, int64_t delay_ms)
{
    job->delay_ms = delay_ms;
    job->state = JOB_LATER;
    add_working(effects, job);
}

static void wipe(const void *data, size_t size)
{
    OPENSSL_cleanse((void *)(uintptr_t)data, size);
}

static void ask(struct effects *effects, struct effect_job *job,
                const struct effect_content *content)
{
    struct kind_load *load = &effects->kinds[job->kind];
    char id[UUID_TEXT_SIZE];

    uuid_format(job->end.outcome.id, id);
    job->end.outcome.attempts++;
    job->state = JOB_UNDER_WAY;
    add_working(effects, job);
    load->under_way++;
    metric_add(load->metrics.in_flight, 1);
    metric_add(load->metrics.tries, 1);
    (void)FAILPOINT("effect_leased");
    performer_start(effects->performer, kind_of(effects, job->kind)->provider,
                    &(struct provider_request){.id = id,
                                               .idempotency_key = id,
                                               .path = content->path,
                                               .recipient = content->recipient,
                                               .body = content->body},
                    job);
}

/* Asks the provider, which keeps a copy of what it needs. */
static void perform(struct effects *effects, struct effect_job *job)
{
    struct arena scratch = {0};
    struct bytes clear = {0};
    struct effect_content content = {0};
    struct effect_try try = effect_job_try(job, clock_monotonic_ms());
    struct error error;

    switch (effect_job_open(job, effects->options.data_keys, &scratch, &clear, &content, &error)) {
    case EFFECT_OPENED:
        ask(effects, job, &content);
        wipe(content.body.data, content.body.size);
        if (content.recipient != NULL)
            wipe(content.recipient, strlen(content.recipient));
        wipe(content.path, strlen(content.path));
        break;
    case EFFECT_NO_KEY: end_job(effects, job, effect_erased(&try)); break;
    case EFFECT_UNREADABLE:
        log_line(LOG_ERROR, "an effect cannot be read", LOG_TEXT("error", error.text));
        put_off(effects, job, EFFECT_RETRY_MAX_MS);
        break;
    }
    if (clear.size != 0)
        wipe(clear.data, clear.size);
    arena_done(&scratch);
}

static bool is_ours(struct effects *effects, const struct effect_job *job)
{
    pthread_mutex_lock(&effects->lock);
    bool ours = effects_find_place(effects, job->topic_id, job->number) != NULL;
    pthread_mutex_unlock(&effects->lock);
    return ours;
}

static void begin(struct effects *effects, struct effect_job *job)
{
    int64_t now_ms = clock_monotonic_ms();
    struct effect_try try = effect_job_try(job, now_ms);
    struct effect_step step = effect_before_try(&try);

    if (!is_ours(effects, job)) { /* since the lease began */
        effect_job_free(job);
        return;
    }
    if (job->lost && step.what == EFFECT_GO)
        metric_add(effects->kinds[job->kind].metrics.repeated, 1);
    if (step.what == EFFECT_END)
        end_job(effects, job, step);
    else if (now_ms - job->leased_ms > EFFECT_BEGIN_MS_MAX)
        put_off(effects, job, 0);
    else
        perform(effects, job);
}

/* The places that are ours for sure; gives how many. */
static size_t sure_places(struct effects *effects, struct effect_place *out)
{
    size_t count = 0;

    pthread_mutex_lock(&effects->lock);
    for (size_t i = 0; i < effects->place_count && !effects->leaving; i++)
        if (effects->places[i].epoch >= 0)
            out[count++] = effects->places[i];
    pthread_mutex_unlock(&effects->lock);
    return count;
}

/* `wanted` has what all kinds have in common. */
static bool lease_kind(struct effects *effects, size_t kind, struct effect_lease wanted,
                       struct error *error)
{
    const struct effect_kind *what = kind_of(effects, kind);
    struct kind_load *load = &effects->kinds[kind];
    size_t most = (size_t)what->provider->concurrency;
    int64_t now_ms = clock_monotonic_ms();

    load->more = load->under_way >= most;
    if (load->more)
        return true;
    wanted.kind = what->name;
    wanted.try_ms = what->provider->timeout_ms + EFFECT_LEASE_MARGIN_MS;
    wanted.room = most - load->under_way;
    if (!effect_jobs_lease(&effects->ledger, &wanted, error))
        return false;
    size_t count = db_row_count(effects->ledger.db, 0);
    load->more = count == wanted.room;
    for (size_t i = 0; i < count; i++) {
        struct row row = db_row(effects->ledger.db, 0, i);
        struct effect_job *job = effect_job_read(&row);
        job->kind = kind;
        job->leased_ms = now_ms;
        begin(effects, job);
    }
    return true;
}

static bool lease(struct effects *effects, const struct effect_place *places, size_t place_count,
                  struct error *error)
{
    struct arena arena = {0};
    struct effect_lease wanted = {.places = places, .place_count = place_count};
    bool fine = true;

    wanted.held_count = effects_list_held(effects, &arena, &wanted.held);
    for (size_t kind = 0; fine && kind < effects->options.service->effect_count; kind++)
        fine = lease_kind(effects, kind, wanted, error);
    arena_done(&arena);
    return fine;
}

/* PostgreSQL is away: looked for again with back-off. */
static void stumble(struct effects *effects, const struct error *error)
{
    if (!effects->away)
        log_line(LOG_WARNING, "effects wait for PostgreSQL", LOG_TEXT("error", error->text));
    effects->away = true;
    ledger_disconnect(&effects->ledger);
    effects->due_ms = clock_monotonic_ms() + backoff_next_ms(&effects->backoff, random_bits()) + 1;
}

static void lease_all(struct effects *effects)
{
    struct effect_place places[EFFECT_PLACES_MAX];
    struct error error;
    int64_t now_ms = clock_monotonic_ms();

    pthread_mutex_lock(&effects->lock);
    bool woken = effects->woken && !effects->away;
    effects->woken = false;
    pthread_mutex_unlock(&effects->lock);
    if (!woken && now_ms < effects->due_ms)
        return;
    effects->due_ms = now_ms + LOOK_MS;
    size_t count = sure_places(effects, places);
    if (count == 0)
        return;
    if (!ledger_connect(&effects->ledger, &error) || !lease(effects, places, count, &error)) {
        stumble(effects, &error);
        return;
    }
    effects->away = false;
    backoff_reset(&effects->backoff);
}

/* Those to write back whose places are sure. What was forgotten meanwhile goes. */
static size_t gather_later(struct effects *effects, struct effect_job **jobs, int64_t *epochs)
{
    size_t count = 0;

    pthread_mutex_lock(&effects->lock);
    for (struct effect_job **at = &effects->working; *at != NULL && count < WRITE_BACK_MAX;) {
        struct effect_job *job = *at;
        const struct effect_place *place = effects_find_place(effects, job->topic_id, job->number);
        if (job->state == JOB_LATER && job->forgotten) {
            *at = job->next;
            effect_job_free(job);
            continue;
        }
        if (job->state == JOB_LATER && place != NULL && place->epoch >= 0) {
            jobs[count] = job;
            epochs[count++] = place->epoch;
        }
        at = &job->next;
    }
    pthread_mutex_unlock(&effects->lock);
    return count;
}

static void drop_working(struct effects *effects, struct effect_job *job)
{
    pthread_mutex_lock(&effects->lock);
    unlink_job(&effects->working, job);
    pthread_mutex_unlock(&effects->lock);
    effect_job_free(job);
}

/* Jobs of the list are freed by this thread alone, so they stand still without the lock. */
static void write_back(struct effects *effects)
{
    struct effect_job *jobs[WRITE_BACK_MAX];
    int64_t epochs[WRITE_BACK_MAX];
    struct error error;
    int64_t now_ms = clock_monotonic_ms();
    size_t count = gather_later(effects, jobs, epochs);

    if (count == 0 || (effects->away && now_ms < effects->due_ms))
        return;
    if (!ledger_connect(&effects->ledger, &error) ||
        !effect_jobs_write_back(&effects->ledger, jobs, epochs, count, &error)) {
        stumble(effects, &error);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (now_ms + jobs[i]->delay_ms < effects->due_ms)
            effects->due_ms = now_ms + jobs[i]->delay_ms + 1;
        drop_working(effects, jobs[i]);
    }
}

static void settle(struct effects *effects, const struct provider_answer *answer)
{
    struct effect_job *job = answer->tag;
    struct kind_load *load = &effects->kinds[job->kind];
    enum provider_verdict verdict = FAILPOINT("effect_sent") ? PROVIDER_UNKNOWN : answer->verdict;

    load->under_way--;
    metric_add(load->metrics.in_flight, -1);
    if (load->more)
        effects->due_ms = 0;
    pthread_mutex_lock(&effects->lock);
    unlink_job(&effects->working, job);
    bool forgotten = job->forgotten;
    pthread_mutex_unlock(&effects->lock);
    effect_job_keep(job, answer);
    job->end.unknowns += verdict == PROVIDER_UNKNOWN && !MUTANT("lost_answers_not_counted");
    struct effect_try try = effect_job_try(job, clock_monotonic_ms());
    struct effect_step step =
        effect_after_try(&try, verdict, answer->retry_after_ms, random_bits());
    log_line(LOG_DEBUG, "effect", LOG_TEXT("kind", kind_of(effects, job->kind)->name),
             LOG_TEXT("why", answer->why), LOG_INT("status", answer->status),
             LOG_INT("attempt", try.attempts));
    if (step.what == EFFECT_END) {
        end_job(effects, job, step);
        return;
    }
    if (verdict == PROVIDER_UNKNOWN && !forgotten) /* else the next owner repeats, and counts */
        metric_add(load->metrics.repeated, 1);
    put_off(effects, job, step.delay_ms);
}

/*
 * Who was stopped claims what it has lost before it hears of that. The owner leases nothing then,
 * and where no further events come, nothing else would tell it.
 */
static bool find_outdone(struct effects *effects, struct error *error)
{
    struct effect_place places[EFFECT_PLACES_MAX];
    size_t count = sure_places(effects, places);

    if (count == 0)
        return true;
    if (!effect_jobs_keep_outdone(&effects->ledger, places, &count, error))
        return false;
    effects_note_outdone(effects, places, count);
    return true;
}

/* What waits in the whole service, whoever's partitions it is of. */
static void count_waiting(struct effects *effects)
{
    int64_t now_ms = clock_monotonic_ms();
    struct error error;

    if (now_ms - effects->counted_ms < COUNT_MS || !db_alive(effects->ledger.db))
        return;
    effects->counted_ms = now_ms;
    if (!find_outdone(effects, &error) || !effect_jobs_count(&effects->ledger, &error)) {
        stumble(effects, &error);
        return;
    }
    for (size_t kind = 0; kind < effects->options.service->effect_count; kind++) {
        const struct effect_metrics *metrics = &effects->kinds[kind].metrics;
        double age_seconds;
        metric_set(
            metrics->waiting,
            effect_jobs_waiting(&effects->ledger, kind_of(effects, kind)->name, &age_seconds));
        metric_set(metrics->oldest_seconds, age_seconds);
    }
}

static int64_t wait_ms(struct effects *effects)
{
    int64_t left_ms = effects->due_ms - clock_monotonic_ms();

    return left_ms < 0 ? 0 : left_ms > LOOK_MS ? LOOK_MS : left_ms;
}

void *effects_run(void *context)
{
    struct effects *effects = context;
    struct provider_answer answer;

    while (!effects->stopping) {
        lease_all(effects);
        write_back(effects);
        count_waiting(effects);
        performer_run(effects->performer, wait_ms(effects));
        while (performer_next(effects->performer, &answer))
            settle(effects, &answer);
        write_back(effects);
    }
    return NULL;
}
