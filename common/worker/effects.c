/* Effects as the loop sees them: which are its to have performed, and which have ended. */
#include "common/worker/effects.h"

#include <stdlib.h>

#include "common/core/clock.h"
#include "common/worker/effect_thread.h"

struct effect_place *effects_find_place(struct effects *effects, int32_t topic_id, int32_t number)
{
    for (size_t i = 0; i < effects->place_count; i++)
        if (effects->places[i].topic_id == topic_id && effects->places[i].number == number)
            return &effects->places[i];
    return NULL;
}

static size_t put_held(const struct effect_job *list, struct uuid *out)
{
    size_t count = 0;

    for (; list != NULL; list = list->next)
        if (!list->forgotten) {
            if (out != NULL)
                out[count] = list->end.outcome.id;
            count++;
        }
    return count;
}

size_t effects_list_held(struct effects *effects, struct arena *arena, const struct uuid **out)
{
    pthread_mutex_lock(&effects->lock);
    size_t count = put_held(effects->working, NULL) + put_held(effects->ended, NULL);
    struct uuid *held = arena_alloc(arena, count * sizeof *held, _Alignof(struct uuid));
    size_t working = put_held(effects->working, held);
    put_held(effects->ended, held + working);
    pthread_mutex_unlock(&effects->lock);
    *out = held;
    return count;
}

bool effects_start(const struct effects_options *options, struct effects **out, struct error *error)
{
    size_t kinds = options->service->effect_count;
    struct effects *effects = calloc(1, sizeof *effects);

    if (effects == NULL || (effects->kinds = calloc(kinds, sizeof *effects->kinds)) == NULL)
        abort();
    effects->options = *options;
    effects->ended_end = &effects->ended;
    for (size_t i = 0; i < kinds; i++)
        effect_metrics_find(&effects->kinds[i].metrics, options->service->effects[i]->name);
    if (!performer_new(&effects->performer, error)) {
        free(effects->kinds);
        free(effects);
        return false;
    }
    ledger_init(&effects->ledger, options->database, options->group, options->digest_key);
    pthread_mutex_init(&effects->lock, NULL);
    if (pthread_create(&effects->thread, NULL, effects_run, effects) != 0)
        abort(); /* no thread at the start: the supervisor's business */
    *out = effects;
    return true;
}

static void free_jobs(struct effect_job *job)
{
    while (job != NULL) {
        struct effect_job *next = job->next;
        effect_job_free(job);
        job = next;
    }
}

void effects_stop(struct effects *effects)
{
    if (effects == NULL)
        return;
    effects->stopping = true;
    performer_wake(effects->performer);
    pthread_join(effects->thread, NULL);
    performer_free(effects->performer);
    free_jobs(effects->working);
    free_jobs(effects->ended);
    ledger_done(&effects->ledger);
    pthread_mutex_destroy(&effects->lock);
    free(effects->kinds);
    free(effects);
}

static bool is_at(const struct effect_job *job, const struct partition *pseudo)
{
    return job->topic_id == pseudo->topic_id && job->number == pseudo->number;
}

void effects_admit(struct effects *effects, const struct partition *pseudo)
{
    pthread_mutex_lock(&effects->lock);
    struct effect_place *place = effects_find_place(effects, pseudo->topic_id, pseudo->number);
    if (place == NULL && effects->place_count < EFFECT_PLACES_MAX)
        place = &effects->places[effects->place_count++];
    if (place != NULL)
        *place = (struct effect_place){pseudo->topic_id, pseudo->number, pseudo->owner_epoch};
    pthread_mutex_unlock(&effects->lock);
    effects_wake(effects);
}

void effects_hold(struct effects *effects, const struct partition *pseudo)
{
    pthread_mutex_lock(&effects->lock);
    struct effect_place *place = effects_find_place(effects, pseudo->topic_id, pseudo->number);
    if (place != NULL)
        place->epoch = -1;
    for (struct effect_job *job = effects->ended; job != NULL; job = job->next)
        if (is_at(job, pseudo))
            job->state = JOB_ENDED;
    pthread_mutex_unlock(&effects->lock);
}

/* Unlinks and frees what ended there. */
static void drop_ended(struct effects *effects, const struct partition *pseudo)
{
    struct effect_job **at = &effects->ended;

    while (*at != NULL) {
        struct effect_job *job = *at;
        if (!is_at(job, pseudo)) {
            at = &job->next;
            continue;
        }
        *at = job->next;
        effect_job_free(job);
    }
    effects->ended_end = at;
}

void effects_forget(struct effects *effects, const struct partition *pseudo)
{
    pthread_mutex_lock(&effects->lock);
    struct effect_place *place = effects_find_place(effects, pseudo->topic_id, pseudo->number);
    if (place != NULL)
        *place = effects->places[--effects->place_count];
    for (struct effect_job *job = effects->working; job != NULL; job = job->next)
        if (is_at(job, pseudo))
            job->forgotten = true;
    drop_ended(effects, pseudo);
    pthread_mutex_unlock(&effects->lock);
}

void effects_note_outdone(struct effects *effects, const struct effect_place *places, size_t count)
{
    pthread_mutex_lock(&effects->lock);
    for (size_t i = 0; i < count; i++) {
        const struct effect_place *place =
            effects_find_place(effects, places[i].topic_id, places[i].number);
        if (place != NULL && place->epoch == places[i].epoch)
            effects->outdone = true;
    }
    pthread_mutex_unlock(&effects->lock);
}

bool effects_outdone(struct effects *effects)
{
    pthread_mutex_lock(&effects->lock);
    bool outdone = effects->outdone;
    effects->outdone = false;
    pthread_mutex_unlock(&effects->lock);
    return outdone;
}

void effects_wake(struct effects *effects)
{
    pthread_mutex_lock(&effects->lock);
    effects->woken = true;
    pthread_mutex_unlock(&effects->lock);
    performer_wake(effects->performer);
}

static bool is_sure(struct effects *effects, const struct effect_job *job)
{
    const struct effect_place *place = effects_find_place(effects, job->topic_id, job->number);

    return place != NULL && place->epoch >= 0;
}

size_t effects_take(struct effects *effects, struct effect_job **out, size_t max)
{
    size_t count = 0;

    pthread_mutex_lock(&effects->lock);
    for (struct effect_job *job = effects->ended; job != NULL && count < max; job = job->next)
        if (job->state == JOB_ENDED && is_sure(effects, job)) {
            job->state = JOB_HANDED;
            out[count++] = job;
        }
    pthread_mutex_unlock(&effects->lock);
    return count;
}

void effects_recorded(struct effects *effects, struct effect_job *job)
{
    struct effect_job **at = &effects->ended;

    effect_metrics_count_end(effects->options.service->effects[job->kind]->name, &job->end.outcome);
    pthread_mutex_lock(&effects->lock);
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    if (effects->ended_end == &job->next)
        effects->ended_end = at;
    effects->woken = true; /* the next one of its order key may be due */
    pthread_mutex_unlock(&effects->lock);
    effect_job_free(job);
    performer_wake(effects->performer);
}

void effects_leave(struct effects *effects)
{
    pthread_mutex_lock(&effects->lock);
    effects->leaving = true;
    pthread_mutex_unlock(&effects->lock);
}

bool effects_busy(struct effects *effects)
{
    bool busy = false;

    pthread_mutex_lock(&effects->lock);
    for (const struct effect_job *job = effects->working; job != NULL; job = job->next)
        busy = busy || is_sure(effects, job);
    for (const struct effect_job *job = effects->ended; job != NULL; job = job->next)
        busy = busy || is_sure(effects, job);
    pthread_mutex_unlock(&effects->lock);
    return busy;
}
