/* What PostgreSQL says should be in the topics. */
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "common/ledger/vault.h"
#include "topic_plan.h"

bool audit_clock(struct audit *audit, int64_t *out_ms, struct error *error)
{
    if (!store_run(&audit->store, &sql_read_now, NULL, error))
        return false;
    struct row row = db_row(audit->store.db, 0, 0);
    *out_ms = row_time_ms(&row, 0);
    return true;
}

struct audit_record audit_record_of(const struct result *result)
{
    return (struct audit_record){
        .topic = result->topic,
        .partition = result->partition,
        .key = result->key,
        .value = result->value,
        .headers = result->headers,
    };
}

static bool load_inputs(struct audit *audit, struct error *error)
{
    const struct value value = INT(audit->store.group_id);

    if (!store_run(&audit->store, &sql_list_partitions, &value, error))
        return false;
    audit->input_count = db_row_count(audit->store.db, 0);
    audit->inputs = arena_alloc(&audit->arena, audit->input_count * sizeof *audit->inputs,
                                _Alignof(struct audit_input));
    for (size_t i = 0; i < audit->input_count; i++) {
        struct row row = db_row(audit->store.db, 0, i);
        audit->inputs[i] = (struct audit_input){
            .topic = row_text(&row, 0, &audit->arena),
            .topic_id = (int32_t)row_int(&row, 11),
            .partition = (int32_t)row_int(&row, 1),
            .generation = (int16_t)row_int(&row, 2),
            .published_offset = row_int(&row, 4),
        };
    }
    return true;
}

/* A batch in memory, out of the answer that the next query takes away. */
struct batch {
    int64_t recorded_ms;
    struct bytes results;
};

static size_t read_batches(struct audit *audit, struct arena *arena, struct batch *out,
                           int64_t *next_offset)
{
    size_t count = db_row_count(audit->store.db, 0);

    for (size_t i = 0; i < count; i++) {
        struct row row = db_row(audit->store.db, 0, i);
        *next_offset = row_int(&row, 1) + 1;
        out[i] = (struct batch){row_time_ms(&row, 2), row_bytes(&row, 3, arena)};
    }
    return count;
}

/* Results of persons erased since are nobody's to look for. */
static bool load_batch(struct audit *audit, const struct audit_input *from, struct bytes results,
                       struct arena *arena, struct stored_list *out, struct error *error)
{
    const struct stored_place place = {audit->store.group_id, from->topic, from->generation,
                                       from->partition};
    size_t erased = 0;

    if (!results_decode(results, arena, out, error) ||
        !vault_open(audit->store.db, &audit->cli->data_keys, &place, out->items, out->count, arena,
                    &erased, error))
        return false;
    audit->erased += erased;
    return true;
}

bool audit_each(struct audit *audit, size_t input,
                bool (*take)(struct audit *audit, size_t input, const struct stored_item *item,
                             int64_t recorded_ms, void *context, struct error *error),
                void *context, struct error *error)
{
    const struct audit_input *from = &audit->inputs[input];
    struct batch batches[AUDIT_BATCHES_PER_QUERY];
    struct arena arena = {0};
    int64_t next_offset = 0;
    size_t count = AUDIT_BATCHES_PER_QUERY;
    bool fine = true;

    while (fine && count == AUDIT_BATCHES_PER_QUERY) {
        const struct value values[] = {
            INT(audit->store.group_id),  INT(from->topic_id), INT(from->generation),
            INT(from->partition),        INT(next_offset),    TIME_MS(audit->since_ms),
            INT(AUDIT_BATCHES_PER_QUERY)};
        fine = store_run(&audit->store, &sql_find_batches, values, error);
        count = fine ? read_batches(audit, &arena, batches, &next_offset) : 0;
        for (size_t i = 0; fine && i < count; i++) {
            struct stored_list list = {0};
            fine = load_batch(audit, from, batches[i].results, &arena, &list, error);
            for (size_t k = 0; fine && k < list.count; k++)
                fine = list.items[k].erased ||
                       take(audit, input, &list.items[k], batches[i].recorded_ms, context, error);
        }
        arena_reset(&arena);
    }
    arena_done(&arena);
    return fine;
}

static int64_t retention_of(const char *name)
{
    bool dead_letters = false;
    const struct topic *topic = topic_plan_find(name, &dead_letters);

    if (topic == NULL)
        return 0; /* no topic of this version: nothing of it is ever due */
    return dead_letters ? topic->dead_letter_retention_ms : topic->retention_ms;
}

static bool output_of(struct audit *audit, const char *topic, uint32_t *out, struct error *error)
{
    for (size_t i = 0; i < audit->output_count; i++)
        if (strcmp(audit->outputs[i].topic, topic) == 0) {
            *out = (uint32_t)i;
            return true;
        }
    if (audit->output_count == AUDIT_OUTPUTS_MAX)
        return error_set(error, ERROR_FATAL, "results for more than %d topics", AUDIT_OUTPUTS_MAX);
    audit->outputs[audit->output_count] = (struct audit_output){
        .topic = arena_text(&audit->arena, topic),
        .retention_ms = retention_of(topic),
    };
    *out = (uint32_t)audit->output_count++;
    return true;
}

static bool take(struct audit *audit, size_t input, const struct stored_item *stored,
                 int64_t recorded_ms, void *context, struct error *error)
{
    const struct audit_record record = audit_record_of(&stored->result);
    struct audit_item item = {
        .input = (uint32_t)input,
        .offset = stored->offset,
        .partition = record.partition,
    };

    (void)context;
    if (!output_of(audit, record.topic, &item.output, error))
        return false;
    item.due = stored->offset < audit->inputs[input].published_offset &&
               recorded_ms > audit->now_ms - audit->outputs[item.output].retention_ms +
                                 AUDIT_FORGET_MARGIN_MS;
    if (!audit_set_add(audit->set, &record, item))
        return error_set(error, ERROR_FATAL, "more than %d results: give a later --since",
                         AUDIT_RESULTS_MAX);
    if (recorded_ms < audit->oldest_ms)
        audit->oldest_ms = recorded_ms;
    return true;
}

bool audit_load(struct audit *audit, struct error *error)
{
    audit->oldest_ms = INT64_MAX;
    if (!audit_clock(audit, &audit->now_ms, error) || !load_inputs(audit, error))
        return false;
    for (size_t i = 0; i < audit->input_count; i++)
        if (!audit_each(audit, i, take, NULL, error))
            return false;
    audit_set_seal(audit->set);
    return true;
}
