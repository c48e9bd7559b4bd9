/* Step B of the protocol: a batch in one transaction. */
#include "common/ledger/batch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/ledger/batch_rows.h"
#include "common/ledger/statements.h"

/* For test builds: an exchange in the middle, so that the failpoint finds the server there. */
static bool pause_at(struct batch *batch, const char *name)
{
    struct error error;

    if (!FAILPOINT_ARMED(name))
        return true;
    bool fine = db_exchange(batch->ledger->db, &error);
    return !FAILPOINT(name) && fine;
}

static struct batch_part *part_of(struct batch *batch, struct partition *partition)
{
    for (size_t i = 0; i < batch->part_count; i++)
        if (batch->parts[i].partition == partition)
            return &batch->parts[i];
    assert(batch->part_count < BATCH_PARTS_MAX);

    struct batch_part *part = &batch->parts[batch->part_count++];
    *part = (struct batch_part){
        .partition = partition,
        .expected_offset = partition->next_offset,
        .first_offset = -1,
        .done_offset = -1,
        .records = arena_alloc(batch->arena, batch->record_count * sizeof *part->records,
                               _Alignof(struct record *)),
    };
    return part;
}

static void split(struct batch *batch)
{
    for (size_t i = 0; i < batch->record_count; i++) {
        struct record *record = batch->records[i];
        struct batch_part *part = part_of(batch, record->partition);
        if (part->first_offset < 0)
            part->first_offset = record->offset;
        part->last_offset = record->offset;
        part->records[part->record_count++] = record;
    }
}

/*
 * A committed batch ends the count, but not while records are taken one by one: a harmless one
 * before the fatal one would hide it for ever.
 */
static int32_t deaths_after(const struct partition *partition)
{
    return partition->alone > 1 ? partition->deaths : 0;
}

static void queue_fence(struct batch *batch)
{
    struct value *values = batch_rows_new(batch->arena, batch->part_count, &sql_fence);
    struct value *at = values;

    for (size_t i = 0; i < batch->part_count; i++) {
        const struct batch_part *part = &batch->parts[i];
        const struct partition *p = part->partition;
        *at++ = INT(batch->ledger->group_id);
        *at++ = INT(p->topic_id);
        *at++ = INT(p->number);
        *at++ = INT(p->owner_epoch);
        *at++ = INT(part->expected_offset);
        *at++ = INT(part->last_offset + 1);
        *at++ =
            INT(MUTANT("mark_at_commit") ? part->last_offset + 1 : partition_published_offset(p));
        *at++ = INT(deaths_after(p));
    }
    batch->fence_answer = db_queued(batch->ledger->db);
    db_queue_rows(batch->ledger->db, mutant_statement(&sql_fence), values, batch->part_count);
}

static bool is_sought(const struct record *record)
{
    return record->id_known && record->fate == FATE_NONE;
}

static struct value *ask(struct value *at, const struct batch *batch, size_t position,
                         int32_t source_id, struct uuid event_id)
{
    *at++ = INT(batch->ledger->group_id);
    *at++ = INT((int64_t)position);
    *at++ = INT(source_id);
    *at++ = UUID_VALUE(event_id);
    return at;
}

/* By its id, and by its coordinates: there stand repeats and dead letters. */
static void queue_find(struct batch *batch)
{
    struct value *values =
        batch_rows_new(batch->arena, 2 * batch->record_count + 1, &sql_find_ledger);
    struct value *at = values;

    *at = INT(batch->ledger->group_id);
    for (size_t i = 0; i < batch->record_count; i++) {
        const struct record *record = batch->records[i];
        if (record->fate == FATE_BARRIER)
            continue;
        at = ask(at, batch, i, 0, ledger_coordinates(record->partition, record->offset));
        if (is_sought(record))
            at = ask(at, batch, i, record->source_id, record->event_id);
    }
    batch->find_answer = db_queued(batch->ledger->db);
    db_queue_rows(batch->ledger->db, &sql_find_ledger, values,
                  (size_t)(at - values) / sql_find_ledger.parameter_count);
}

void batch_open(struct batch *batch, struct ledger *ledger, struct arena *arena,
                struct record **records, size_t record_count)
{
    *batch = (struct batch){.ledger = ledger,
                            .arena = arena,
                            .records = records,
                            .record_count = record_count,
                            .opened_ms = clock_monotonic_ms()};
    size_t parts_max = record_count < BATCH_PARTS_MAX ? record_count : BATCH_PARTS_MAX;
    batch->parts =
        arena_alloc(arena, parts_max * sizeof *batch->parts, _Alignof(struct batch_part));
    batch->looked_up = ledger->look_ups != 0;
    split(batch);
    db_queue(ledger->db, &sql_begin, NULL);
    (void)pause_at(batch, "after_begin");
    queue_fence(batch);
    if (batch->looked_up)
        queue_find(batch);
    else
        batch_rows_ledger(batch);
}

static enum batch_end judge_fence(struct batch *batch)
{
    struct db *db = batch->ledger->db;
    size_t rows = db_row_count(db, batch->fence_answer);

    for (size_t i = 0; i < rows; i++) {
        struct row row = db_row(db, batch->fence_answer, i);
        for (size_t k = 0; k < batch->part_count; k++) {
            struct batch_part *part = &batch->parts[k];
            if (part->partition->topic_id == row_int(&row, 0) &&
                part->partition->number == row_int(&row, 1))
                part->stamp_ms = row_time_ms(&row, 2);
        }
        batch->now_ms = row_time_ms(&row, 3);
    }
    return rows == batch->part_count ? BATCH_GOING : BATCH_FENCED;
}

static bool same_content(const struct batch *batch, const struct record *record,
                         const struct row *row)
{
    struct bytes digest = row_bytes(row, 1, batch->arena);

    if (MUTANT("digest_ignored") || row_int(row, 2) != batch->ledger->digest_key_id)
        return true; /* of a key that is gone: the id has to do */
    return digest.size == BATCH_DIGEST_BYTES &&
           memcmp(digest.data, record->digest.bytes, BATCH_DIGEST_BYTES) == 0;
}

static void set_repeat(struct record *record, bool same)
{
    record->fate = same ? FATE_DUPLICATE : FATE_CONFLICT;
    if (!same)
        error_poison(&record->error, REASON_ID_CONFLICT, "this id came before with other content");
}

static void judge_found(struct batch *batch, const struct row *row)
{
    struct record *record = batch->records[row_int(row, 0)];
    const struct partition *p = record->partition;

    if (row_int(row, 3) == p->topic_id && row_int(row, 4) == p->generation &&
        row_int(row, 5) == p->number && row_int(row, 6) == record->offset) {
        struct batch_part *part = part_of(batch, record->partition);
        if (record->offset > part->done_offset)
            part->done_offset = record->offset;
        return;
    }
    set_repeat(record, same_content(batch, record, row));
    record->stored_offset = row_int(row, 6);
}

/*
 * Past the last record done, and so past all before it, with their results to be accounted for;
 * nothing else is written.
 */
static enum batch_end move_past(struct batch *batch)
{
    struct db *db = batch->ledger->db;
    struct error error;

    db_queue(db, &sql_rollback, NULL);
    for (size_t i = 0; i < batch->part_count; i++) {
        const struct batch_part *part = &batch->parts[i];
        const struct partition *p = part->partition;
        if (part->done_offset < 0)
            continue;
        const struct value values[] = {
            INT(batch->ledger->group_id), INT(p->topic_id),           INT(p->number),
            INT(p->owner_epoch),          INT(part->expected_offset), INT(part->done_offset + 1)};
        db_queue(db, &sql_move_past, values);
    }
    return db_exchange(db, &error) ? BATCH_MOVED : BATCH_DOUBT;
}

static void judge_all_found(struct batch *batch)
{
    struct db *db = batch->ledger->db;
    size_t count = db_row_count(db, batch->find_answer);

    for (size_t i = 0; i < count; i++) {
        struct row row = db_row(db, batch->find_answer, i);
        judge_found(batch, &row);
    }
    batch->ledger->look_ups = count != 0 ? BATCH_LOOK_UPS : batch->ledger->look_ups - 1;
}

enum batch_end batch_judge(struct batch *batch)
{
    bool moved = false;

    if (judge_fence(batch) == BATCH_FENCED) {
        (void)batch_fail(batch);
        return BATCH_FENCED;
    }
    if (batch->looked_up)
        judge_all_found(batch);
    for (size_t i = 0; i < batch->part_count; i++)
        moved = moved || batch->parts[i].done_offset >= 0;
    if (moved && !MUTANT("recompute_on_rerun"))
        return move_past(batch);
    return pause_at(batch, "after_fence_update") ? BATCH_GOING : batch_fail(batch);
}

struct record *batch_repeat_of(struct batch *batch, struct map *ids, struct record *record)
{
    struct {
        int32_t source_id;
        struct uuid event_id;
    } id;

    if (!batch->looked_up)
        return NULL; /* the ledger's key would have refused it */
    memset(&id, 0, sizeof id);
    id.source_id = record->source_id;
    id.event_id = record->event_id;
    void **slot = map_put(ids, (struct bytes){(const uint8_t *)&id, sizeof id});
    struct record *first = *slot;
    if (first != NULL && (first->fate == FATE_DONE || first->fate == FATE_IGNORED)) {
        set_repeat(record, MUTANT("digest_ignored") ||
                               memcmp(first->digest.bytes, record->digest.bytes, DIGEST_SIZE) == 0);
        record->first = first;
        return first;
    }
    *slot = record;
    return NULL;
}

bool batch_suits(const struct batch *batch, const struct record *record)
{
    return batch->looked_up || record->parked || record->fate == FATE_DONE ||
           record->fate == FATE_BARRIER;
}

static bool awaits_stored(const struct record *record)
{
    return record->fate == FATE_DUPLICATE && record->first == NULL &&
           record->meta.reply.topic != NULL;
}

enum batch_end batch_load_stored(struct batch *batch)
{
    struct db *db = batch->ledger->db;
    struct value *values;
    struct value *at;
    size_t rows = 0;
    struct error error;

    if (!batch->looked_up)
        return BATCH_GOING;
    values = at = batch_rows_new(batch->arena, batch->record_count, &sql_find_stored);
    for (size_t i = 0; i < batch->record_count; i++) {
        const struct record *record = batch->records[i];
        if (!awaits_stored(record))
            continue;
        *at++ = INT(batch->ledger->group_id);
        *at++ = INT((int64_t)i);
        *at++ = INT(record->source_id);
        *at++ = UUID_VALUE(record->event_id);
        rows++;
    }
    if (rows == 0)
        return BATCH_GOING;
    db_queue_rows(db, &sql_find_stored, values, rows);
    if (!db_exchange(db, &error))
        return batch_fail(batch);
    for (size_t i = 0; i < db_row_count(db, 0); i++) {
        struct row row = db_row(db, 0, i);
        struct record *record = batch->records[row_int(&row, 0)];
        record->stored_offset = row_int(&row, 1);
        record->stored_results = row_bytes(&row, 2, batch->arena);
        record->stored_topic = row_text(&row, 3, batch->arena);
        record->stored_generation = (int16_t)row_int(&row, 4);
        record->stored_partition = (int32_t)row_int(&row, 5);
    }
    return BATCH_GOING;
}

static bool commit_is_sure(const struct batch *batch, size_t answer)
{
    return strcmp(db_tag(batch->ledger->db, answer), "COMMIT") == 0 &&
           !db_warned(batch->ledger->db);
}

static void move_on(struct batch *batch)
{
    for (size_t i = 0; i < batch->part_count; i++) {
        struct batch_part *part = &batch->parts[i];
        part->partition->next_offset = part->last_offset + 1;
        part->partition->deaths = deaths_after(part->partition);
        if (part->partition->alone > 0)
            part->partition->alone--;
    }
}

enum batch_end batch_close(struct batch *batch)
{
    struct db *db = batch->ledger->db;
    struct error error;

    if (batch->looked_up)
        batch_rows_ledger(batch);
    if (!pause_at(batch, "mid_insert"))
        return batch_fail(batch);
    batch_rows_results(batch);
    batch_rows_dead_letters(batch);
    if (!pause_at(batch, "before_commit"))
        return batch_fail(batch);
    size_t answer = db_queued(db);
    db_queue(db, &sql_commit, NULL);
    if (!db_exchange(db, &error)) {
        if (db_verdict(db) != DB_DOUBT || !MUTANT("unknown_commit_as_success"))
            return batch_fail(batch);
    } else if (!commit_is_sure(batch, answer)) {
        return BATCH_DOUBT;
    }
    move_on(batch);
    (void)FAILPOINT("after_commit");
    return BATCH_DONE;
}

static const enum batch_end ends[] = {
    [DB_FINE] = BATCH_DOUBT, /* nothing failed at the server, and yet we gave up */
    [DB_REPEAT] = BATCH_REPEAT, [DB_DATA] = BATCH_DATA,
    [DB_SLOW] = BATCH_SLOW,     [DB_DOUBT] = BATCH_DOUBT,
};

enum batch_end batch_fail(struct batch *batch)
{
    struct db *db = batch->ledger->db;
    enum batch_end end = ends[db_verdict(db)];
    struct error error;

    snprintf(batch->sqlstate, sizeof batch->sqlstate, "%s", db_sqlstate(db));
    if (strcmp(batch->sqlstate, SQLSTATE_UNIQUE) == 0)
        batch->ledger->look_ups = BATCH_LOOK_UPS;
    if (db_alive(db)) {
        db_queue(db, &sql_rollback, NULL);
        if (!db_exchange(db, &error))
            end = BATCH_DOUBT;
    }
    return end;
}

enum batch_end batch_look_up(struct batch *batch)
{
    batch->ledger->look_ups = BATCH_LOOK_UPS;
    return batch_fail(batch) == BATCH_DOUBT && !db_alive(batch->ledger->db) ? BATCH_DOUBT
                                                                            : BATCH_REPEAT;
}
