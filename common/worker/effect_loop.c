/* Effects in the loop: pseudo partitions beside its input partitions, and outcomes as records. */
#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/core/log.h"
#include "common/worker/effect_jobs.h"
#include "common/worker/loop.h"

#define PSEUDO_PREFIX "effects/"
#define EFFECT_SOURCE "effects" /* of effects' ids in the ledger */

static char *name_of(const struct topic *input)
{
    size_t size = strlen(input->name) + 1;
    char *name = malloc(sizeof PSEUDO_PREFIX - 1 + size);

    if (name == NULL)
        abort();
    memcpy(name, PSEUDO_PREFIX, sizeof PSEUDO_PREFIX - 1);
    memcpy(name + sizeof PSEUDO_PREFIX - 1, input->name, size);
    return name;
}

static bool find_topics(struct loop *loop)
{
    const struct service *service = loop->worker->service;

    loop->effect_topics = calloc(service->route_count, sizeof *loop->effect_topics);
    if (loop->effect_topics == NULL)
        abort();
    for (size_t i = 0; i < service->route_count; i++) {
        struct effect_topic *to = &loop->effect_topics[i];
        to->topic.name = name_of(service->routes[i].from);
        if (!loop_find_topic(loop, to->topic.name, &to->id))
            return false;
    }
    return true;
}

bool loop_start_effects(struct loop *loop, struct error *error)
{
    const struct worker *worker = loop->worker;
    const struct service *service = worker->service;

    if (service->effect_count == 0)
        return true;
    loop->effect_routes = calloc(service->effect_count, sizeof *loop->effect_routes);
    if (loop->effect_routes == NULL)
        abort();
    for (size_t i = 0; i < service->effect_count; i++)
        loop->effect_routes[i] = (struct route){.load = service->effects[i]->load,
                                                .handle = service->effects[i]->handle};
    return find_topics(loop) &&
           effects_start(&(struct effects_options){.service = service,
                                                   .database = &worker->database,
                                                   .group = worker->config.consumer_group,
                                                   .digest_key = &worker->config.digest_key,
                                                   .data_keys = &worker->config.data_keys},
                         &loop->effects, error);
}

void loop_stop_effects(struct loop *loop)
{
    effects_stop(loop->effects);
    for (size_t i = 0; loop->effect_topics != NULL && i < loop->worker->service->route_count; i++)
        free((char *)(uintptr_t)loop->effect_topics[i].topic.name);
    free(loop->effect_topics);
    free(loop->effect_routes);
}

void loop_add_effects(const struct loop *loop, struct partition *partition, size_t route)
{
    if (loop->effect_topics != NULL)
        partition_add_effects(partition, &loop->effect_topics[route].topic,
                              loop->effect_topics[route].id);
}

/* A pseudo partition is taken over once its input partition is ours and sure. */
void loop_tend_effects(struct loop *loop)
{
    if (loop->effects != NULL && effects_outdone(loop->effects))
        loop_suspend(loop, "a partition was taken over by another");
    for (struct partition *p = loop->partitions; p != NULL; p = p->next) {
        struct partition *pseudo = p->effects;
        if (pseudo == NULL || p->state != PARTITION_ACTIVE)
            continue;
        if (pseudo->state == PARTITION_DOUBTFUL) {
            loop_take_over(loop, pseudo);
        } else if (pseudo->state == PARTITION_READY) {
            pseudo->state = PARTITION_ACTIVE;
            effects_admit(loop->effects, pseudo);
        }
    }
}

void loop_hold_effects(struct loop *loop, struct partition *partition)
{
    struct partition *pseudo = partition->effects;

    if (pseudo == NULL || (pseudo->state != PARTITION_ACTIVE && pseudo->state != PARTITION_READY))
        return;
    effects_hold(loop->effects, pseudo);
    partition_drop_flights(pseudo);
    pseudo->state = PARTITION_DOUBTFUL;
}

void loop_forget_effects(struct loop *loop, struct partition *partition)
{
    struct partition *pseudo = partition->effects;

    if (pseudo == NULL)
        return;
    if (pseudo->job != NULL)
        takeover_cancel(loop->takeover, pseudo->job);
    effects_forget(loop->effects, pseudo);
}

static struct partition *find_pseudo(const struct loop *loop, const struct effect_job *job)
{
    for (const struct partition *p = loop->partitions; p != NULL; p = p->next)
        if (p->effects != NULL && p->effects->topic_id == job->topic_id && p->number == job->number)
            return p->effects;
    abort(); /* what is forgotten is not handed over */
}

/* The same whatever the end: an effect has but one. */
static struct digest digest_of_end(struct loop *loop, const struct effect_outcome *outcome)
{
    hmac_start(loop->ledger.hmac);
    hmac_add(loop->ledger.hmac, outcome->id.bytes, sizeof outcome->id.bytes);
    return hmac_end(loop->ledger.hmac);
}

static void add_record(struct loop *loop, struct effect_job *job, int32_t source_id)
{
    struct partition *pseudo = find_pseudo(loop, job);
    struct record *record = arena_new(&loop->arena, struct record);
    struct error error;

    record->effect = job;
    record->partition = pseudo;
    record->offset = pseudo->position++;
    record->timestamp_ms = clock_unix_ms();
    record->route = &loop->effect_routes[job->kind];
    record->event = &job->end;
    record->source_id = source_id;
    record->event_id =
        MUTANT("ends_recorded_anew") ? uuid_v7(record->timestamp_ms) : job->end.outcome.id;
    record->id_is_uuid = true;
    record->digest = digest_of_end(loop, &job->end.outcome);
    record->id_known = effect_cause_decode(job->cause, &loop->arena, &record->meta, &error);
    if (!record->id_known) {
        record->parked = true;
        error_poison(&record->error, REASON_MALFORMED, "%s", error.text);
    }
    loop->records[loop->record_count++] = record;
}

/* At the begin of a cycle, with no records in hand. */
void loop_gather_effects(struct loop *loop)
{
    struct effect_job *jobs[EFFECT_RECORDS_MAX];
    int32_t source_id = 0;
    struct error error;

    if (loop->effects == NULL)
        return;
    for (struct partition *p = loop->partitions; p != NULL; p = p->next)
        p->effects->position = p->effects->next_offset;
    size_t count = effects_take(loop->effects, jobs, EFFECT_RECORDS_MAX);
    if (count == 0)
        return;
    (void)FAILPOINT("effect_outcome");
    if (!ledger_source_id(&loop->ledger, EFFECT_SOURCE, &source_id, &error)) {
        loop_suspend(loop, error.text);
        return;
    }
    for (size_t i = 0; i < count; i++)
        add_record(loop, jobs[i], source_id);
}

void loop_record_effects(struct loop *loop, const struct batch *batch)
{
    for (size_t i = 0; i < batch->record_count; i++)
        if (batch->records[i]->effect != NULL)
            effects_recorded(loop->effects, batch->records[i]->effect);
}
