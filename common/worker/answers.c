/* Results to those who wait for them: as they were just made, or as they are stored. */
#include "common/core/log.h"
#include "common/ledger/vault.h"
#include "common/worker/loop.h"

/* A repeat's results, from the batch of the event that it repeats. */
static bool load_stored(struct loop *loop, const struct batch *batch, const struct record *record,
                        struct stored_list *out, struct error *error)
{
    size_t erased = 0;
    struct stored_list list;

    if (!results_decode(record->stored_results, &loop->arena, &list, error))
        return false;
    struct stored_item *items =
        arena_alloc(&loop->arena, list.count * sizeof *items, _Alignof(struct stored_item));
    *out = (struct stored_list){items, 0};
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].offset == record->stored_offset && !list.items[i].result.dead_letter)
            items[out->count++] = list.items[i];
    const struct stored_place place = {batch->ledger->group_id, record->stored_topic,
                                       record->stored_generation, record->stored_partition};
    if (!vault_open(batch->ledger->db, &loop->worker->config.data_keys, &place, items, out->count,
                    &loop->arena, &erased, error))
        return false;
    metric_add(loop->metrics.erased, (double)erased);
    return true;
}

static void answer_stored(struct loop *loop, const struct batch *batch, const struct record *record)
{
    struct stored_list list;
    struct error error;

    if (!load_stored(loop, batch, record, &list, &error)) {
        log_line(LOG_WARNING, "a stored result cannot be given as an answer",
                 LOG_TEXT("error", error.text));
        return;
    }
    for (size_t i = 0; i < list.count; i++)
        if (!list.items[i].erased)
            replies_send(loop->replies, &record->meta.reply, &list.items[i].result);
}

void loop_answer(struct loop *loop, const struct batch *batch)
{
    for (size_t i = 0; i < batch->record_count; i++) {
        const struct record *record = batch->records[i];
        const struct record *source = record->first != NULL ? record->first : record;
        if (!record->id_known || record->meta.reply.topic == NULL)
            continue;
        if (record->stored_results.data != NULL) {
            answer_stored(loop, batch, record);
            continue;
        }
        for (const struct result *r = source->results.first; r != NULL; r = r->next)
            if (!r->dead_letter)
                replies_send(loop->replies, &record->meta.reply, r);
    }
}
