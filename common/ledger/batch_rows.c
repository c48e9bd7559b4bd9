/* The rows that the runtime itself writes with every batch. */
#include "common/ledger/batch_rows.h"

#include <stdlib.h>
#include <string.h>

#include "common/core/failpoint.h"
#include "common/ledger/statements.h"

struct value *batch_rows_new(struct arena *arena, size_t rows, const struct statement *statement)
{
    return arena_take(arena, rows * statement->parameter_count * sizeof(struct value),
                      _Alignof(struct value));
}

/* A record under the key of its row. */
struct keyed {
    const struct record *record;
    int32_t source_id;
    struct uuid event_id;
    bool own_id;
};

/* What is done or still to be done stands under the event's own id, all else under coordinates. */
static struct keyed key_of(const struct record *record)
{
    if (record->fate == FATE_NONE || record->fate == FATE_DONE || record->fate == FATE_IGNORED)
        return (struct keyed){record, record->source_id, record->event_id, true};
    return (struct keyed){record, 0, ledger_coordinates(record->partition, record->offset), false};
}

static int compare_keyed(const void *a, const void *b)
{
    const struct keyed *left = a;
    const struct keyed *right = b;
    int order = (left->source_id > right->source_id) - (left->source_id < right->source_id);

    return order != 0 ? order
                      : memcmp(left->event_id.bytes, right->event_id.bytes, sizeof left->event_id);
}

/* In the order of keys: two batches with the same ids wait for each other, but not crosswise. */
static size_t sort_keyed(const struct batch *batch, struct keyed *keyed)
{
    size_t count = 0;

    for (size_t i = 0; i < batch->record_count; i++) {
        const struct record *record = batch->records[i];
        if (record->fate == FATE_BARRIER ||
            (record->fate == FATE_DEAD_LETTER && MUTANT("no_dead_letter_row")))
            continue;
        keyed[count++] = key_of(record);
    }
    qsort(keyed, count, sizeof *keyed, compare_keyed);
    return count;
}

void batch_rows_ledger(struct batch *batch)
{
    struct value *values = batch_rows_new(batch->arena, batch->record_count, &sql_insert_ledger);
    struct value *at = values;
    struct keyed *keyed =
        arena_take(batch->arena, batch->record_count * sizeof *keyed, _Alignof(struct keyed));
    size_t rows = sort_keyed(batch, keyed);

    for (size_t i = 0; i < rows; i++) {
        const struct record *record = keyed[i].record;
        const struct partition *p = record->partition;
        *at++ = INT(batch->ledger->group_id);
        *at++ = INT(keyed[i].source_id);
        *at++ = UUID_VALUE(keyed[i].event_id);
        *at++ = INT(p->topic_id);
        *at++ = INT(p->generation);
        *at++ = INT(p->number);
        *at++ = INT(record->offset);
        *at++ = INT(record->fate == FATE_NONE ? FATE_DONE : record->fate);
        *at++ = INT(batch->ledger->digest_key_id);
        *at++ = BYTES(((struct bytes){record->digest.bytes, BATCH_DIGEST_BYTES}));
        *at++ = record->id_known && !(keyed[i].own_id && record->id_is_uuid) ? TEXT(record->meta.id)
                                                                             : NOTHING;
    }
    if (rows != 0)
        db_queue_rows(batch->ledger->db, &sql_insert_ledger, values, rows);
}

void batch_rows_results(struct batch *batch)
{
    struct value *values = batch_rows_new(batch->arena, batch->part_count, &sql_insert_batch);
    struct value *at = values;

    for (size_t i = 0; i < batch->part_count; i++) {
        const struct batch_part *part = &batch->parts[i];
        size_t result_count;
        struct bytes results = results_encode((const struct record *const *)part->records,
                                              part->record_count, batch->arena, &result_count);
        *at++ = INT(batch->ledger->group_id);
        *at++ = INT(part->partition->topic_id);
        *at++ = INT(part->partition->generation);
        *at++ = INT(part->partition->number);
        *at++ = INT(part->first_offset);
        *at++ = INT(part->last_offset);
        *at++ = INT((int64_t)result_count);
        *at++ = BYTES_OR_NULL(results);
    }
    db_queue_rows(batch->ledger->db, &sql_insert_batch, values, batch->part_count);
}

static bool is_dead_letter(const struct record *record)
{
    return record->fate == FATE_DEAD_LETTER || record->fate == FATE_CONFLICT;
}

static size_t count_dead_letters(const struct batch *batch)
{
    size_t count = 0;

    for (size_t i = 0; i < batch->record_count; i++)
        count += is_dead_letter(batch->records[i]);
    return count;
}

void batch_rows_dead_letters(struct batch *batch)
{
    size_t rows = count_dead_letters(batch);
    struct value *values = batch_rows_new(batch->arena, rows, &sql_insert_dead_letters);
    struct value *at = values;

    for (size_t i = 0; i < batch->record_count; i++) {
        const struct record *record = batch->records[i];
        const struct partition *p = record->partition;
        if (!is_dead_letter(record))
            continue;
        *at++ = INT(batch->ledger->group_id);
        *at++ = INT(p->topic_id);
        *at++ = INT(p->generation);
        *at++ = INT(p->number);
        *at++ = INT(record->offset);
        *at++ = TEXT(reason_text[record->error.reason]);
        *at++ = TEXT(record->error.text);
        *at++ = record->id_known ? TEXT(record->meta.id) : NOTHING;
    }
    if (rows != 0)
        db_queue_rows(batch->ledger->db, &sql_insert_dead_letters, values, rows);
}
