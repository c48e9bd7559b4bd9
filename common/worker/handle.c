/* One batch: decoded records through the handlers in one transaction, then results to topics. */
#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/core/log.h"
#include "common/worker/effect_rows.h"
#include "common/worker/loop.h"
#include "common/worker/states.h"
#include "common/worker/subjects.h"

enum {
    REPEATS_MAX = 5, /* of a transaction that lost a race */
};

/* A transaction over a run of the gathered records. */
struct run {
    struct loop *loop;
    struct batch batch;
    struct states *states;
    struct subjects *subjects;
    struct outcome *outcome;
    const void *policy;
    bool parked_one; /* the transaction ended because a record must be left out of it */
};

static void reset(struct record *record)
{
    if (record->fate == FATE_BARRIER)
        return;
    record->fate = record->parked ? FATE_DEAD_LETTER : FATE_NONE;
    record->first = NULL;
    record->user_id = NULL;
    record->stored_results = (struct bytes){0};
    results_init(&record->results);
}

static struct turn turn_of(const struct run *run, const struct record *record)
{
    return (struct turn){.event = record->event,
                         .meta = &record->meta,
                         .config = run->loop->worker->service->config,
                         .policy = run->policy,
                         .now_ms = run->batch.now_ms,
                         .arena = &run->loop->arena};
}

/* Before the database is asked: handlers are to find what their routes asked for. */
static void ask_for_states(struct run *run)
{
    for (size_t i = 0; i < run->batch.record_count; i++) {
        const struct record *record = run->batch.records[i];
        if (record->fate != FATE_NONE || record->route->load == NULL)
            continue;
        struct turn turn = turn_of(run, record);
        record->route->load(&turn, states_keys(run->states));
    }
}

/* The file of data keys is not that of the table: nothing may be sealed or read. */
static enum batch_end lack_keys(struct run *run, const struct error *error)
{
    log_line(LOG_ERROR, "personal data cannot be reached", LOG_TEXT("error", error->text));
    return batch_fail(&run->batch);
}

static enum batch_end load_states(struct run *run)
{
    struct db *db = run->loop->ledger.db;
    struct error error;

    while (states_pending(run->states)) {
        states_queue(run->states, db);
        if (!db_exchange(db, &error))
            return batch_fail(&run->batch);
        states_read(run->states, db);
    }
    return subjects_fine(run->subjects, &error) ? BATCH_GOING : lack_keys(run, &error);
}

/* Of an effect's outcome only the row tells: there is no record to be looked at or replayed. */
static void park(struct run *run, struct record *record)
{
    results_init(&record->results);
    if (record->effect != NULL)
        return;
    results_add(&record->results,
                dead_letter_of(record, &run->loop->worker->parked_by, &run->loop->arena));
}

/* A result too large is found after the handler changed its states: it must not have run. */
static bool must_run_without(struct record *record)
{
    if (record->fate != FATE_DEAD_LETTER || record->parked ||
        record->error.reason != REASON_TOO_LARGE)
        return false;
    record->parked = true;
    return true;
}

static void handle(struct run *run, struct record *record)
{
    struct turn turn = turn_of(run, record);

    turn.states = run->states;
    turn.fresh_id = uuid_v7(run->batch.now_ms);
    outcomes_start(run->outcome, record, &turn);
    record->route->handle(&turn, run->outcome);
    outcomes_end(run->outcome);
}

/* In the order of the records; those of one batch see each other's changes. */
static enum batch_end handle_all(struct run *run)
{
    struct map ids;

    map_start(&ids, &run->loop->arena);
    for (size_t i = 0; i < run->batch.record_count; i++) {
        struct record *record = run->batch.records[i];
        if (record->fate == FATE_NONE && batch_repeat_of(&run->batch, &ids, record) == NULL)
            handle(run, record);
        if (must_run_without(record)) {
            run->parked_one = true;
            (void)batch_fail(&run->batch);
            return BATCH_REPEAT;
        }
        if (!batch_suits(&run->batch, record))
            return batch_look_up(&run->batch);
        if (record->fate == FATE_DEAD_LETTER || record->fate == FATE_CONFLICT)
            park(run, record);
        else if (record->fate == FATE_DUPLICATE && record->first != NULL &&
                 MUTANT("publish_on_duplicate"))
            record->results = record->first->results;
    }
    return BATCH_GOING;
}

/* What is stored of results, for publishing again, and of effects until they are performed. */
static enum batch_end seal_results(struct run *run)
{
    struct db *db = run->loop->ledger.db;
    struct error error;

    subjects_ask_for_results(run->subjects, &run->batch);
    outcomes_ask_for_keys(run->outcome, run->subjects);
    if (subjects_pending(run->subjects)) {
        subjects_queue(run->subjects, db);
        if (!db_exchange(db, &error))
            return batch_fail(&run->batch);
        subjects_read(run->subjects, db);
    }
    if (!subjects_fine(run->subjects, &error))
        return lack_keys(run, &error);
    subjects_seal_results(run->subjects, &run->batch);
    outcomes_seal(run->outcome, run->subjects);
    return BATCH_GOING;
}

static enum batch_end transact(struct run *run, struct record **records, size_t count)
{
    struct loop *loop = run->loop;
    struct error error;
    enum batch_end end;

    run->parked_one = false;
    run->subjects = NULL;
    for (size_t i = 0; i < count; i++)
        reset(records[i]);
    if (!ledger_connect(&loop->ledger, &error))
        return BATCH_DOUBT;
    run->subjects = subjects_new(&loop->worker->subjects, &loop->arena);
    run->states = states_new(loop->worker->service, run->subjects, &loop->arena);
    run->outcome = outcomes_new(&loop->worker->outcomes, loop->ledger.group_id, &loop->arena);
    batch_open(&run->batch, &loop->ledger, &loop->arena, records, count);
    ask_for_states(run);
    if (states_pending(run->states))
        states_queue(run->states, loop->ledger.db);
    if (!db_exchange(loop->ledger.db, &error))
        return batch_fail(&run->batch);
    states_read(run->states, loop->ledger.db);
    end = batch_judge(&run->batch);
    if (end == BATCH_GOING)
        end = load_states(run);
    if (end == BATCH_GOING)
        end = batch_load_stored(&run->batch);
    if (end == BATCH_GOING)
        end = handle_all(run);
    if (end == BATCH_GOING)
        end = seal_results(run);
    if (end != BATCH_GOING)
        return end;
    outcomes_queue(run->outcome, loop->ledger.db);
    subjects_write(run->subjects, loop->ledger.db);
    effect_rows_finish(records, count, &loop->arena, loop->ledger.db);
    return batch_close(&run->batch);
}

static bool renew_stamps(struct loop *loop, struct batch *batch)
{
    struct error error;
    bool fenced = false;

    if (clock_monotonic_ms() - batch->opened_ms <= LEASE_MS)
        return true;
    int64_t opened_ms = clock_monotonic_ms();
    for (size_t i = 0; i < batch->part_count; i++)
        if (!ledger_take_stamp(&loop->ledger, batch->parts[i].partition, &batch->parts[i].stamp_ms,
                               &fenced, &error) ||
            fenced)
            return false;
    batch->opened_ms = opened_ms;
    return true;
}

static struct batch_part *part_of(struct batch *batch, const struct partition *partition)
{
    for (size_t i = 0; i < batch->part_count; i++)
        if (batch->parts[i].partition == partition)
            return &batch->parts[i];
    abort(); /* every record belongs to a part */
}

/* Step C, in the order of the records, which within a partition is that of offsets. */
static bool publish(struct loop *loop, struct batch *batch)
{
    size_t sent = 0;

    for (size_t i = 0; i < batch->record_count; i++) {
        const struct record *record = batch->records[i];
        if (record->results.count == 0)
            continue;
        struct batch_part *part = part_of(batch, record->partition);
        if (sent++ % LEASE_CHECK_RECORDS == 0 && !renew_stamps(loop, batch))
            return false;
        if (!publisher_send(loop->publisher, record->partition, record->offset, &record->results,
                            part->stamp_ms))
            return false;
    }
    (void)FAILPOINT("after_produce");
    return true;
}

/* Results are out, or the loop is suspended and a take-over completes them. */
static bool finish(struct run *run)
{
    struct loop *loop = run->loop;
    int64_t start_us = clock_monotonic_us();

    loop_report(loop, &run->batch);
    loop_record_effects(loop, &run->batch);
    if (outcomes_has_effects(run->outcome))
        effects_wake(loop->effects);
    if (!publish(loop, &run->batch)) {
        loop_suspend(loop, "results could not be sent");
        return false;
    }
    loop_answer(loop, &run->batch);
    metric_observe(loop->metrics.publish_seconds, (double)(clock_monotonic_us() - start_us) / 1e6);
    return true;
}

static const char *const suspend_why[] = {
    [BATCH_MOVED] = "next_offset was moved back; moved past what is done",
    [BATCH_FENCED] = "a partition was taken over by another, or its offset moved",
    [BATCH_DOUBT] = "PostgreSQL is away, or a commit's outcome is unknown",
    [BATCH_REPEAT] = "a transaction lost its race too often",
    [BATCH_SLOW] = "one record took longer than the statement time-out",
};

static bool run_records(struct run *run, struct record **records, size_t count, unsigned depth);

/* The database refuses the values of this very record. */
static void refuse(struct run *run, struct record *record)
{
    record->parked = true;
    error_poison(&record->error, REASON_DATA_REFUSED, "SQLSTATE %s", run->batch.sqlstate);
}

static bool halve(struct run *run, struct record **records, size_t count, unsigned depth)
{
    size_t half = count / 2;

    return run_records(run, records, half, depth + 1) &&
           run_records(run, records + half, count - half, depth + 1);
}

/* False: the loop was suspended, and the records with it. `depth` is bounded by halving. */
static bool run_records(struct run *run, struct record **records, size_t count, unsigned depth)
{
    struct loop *loop = run->loop;
    enum batch_end end = BATCH_REPEAT;

    for (int tries = 0; end == BATCH_REPEAT && tries <= REPEATS_MAX; tries += !run->parked_one) {
        end = transact(run, records, count);
        subjects_wipe(run->subjects);
        metric_add(loop->metrics.batches[end], 1);
    }
    if (end == BATCH_REPEAT && strcmp(run->batch.sqlstate, SQLSTATE_UNIQUE) == 0)
        end = BATCH_DATA; /* no race lasts so long: a value is to blame */
    if (end == BATCH_DONE)
        return finish(run);
    if (end == BATCH_DATA && count == 1 && !records[0]->parked) {
        refuse(run, records[0]);
        return run_records(run, records, count, depth + 1);
    }
    if ((end == BATCH_DATA || end == BATCH_SLOW) && count > 1)
        return halve(run, records, count, depth);
    loop_suspend(loop, suspend_why[end] != NULL ? suspend_why[end] : "the batch cannot be stored");
    return false;
}

/* A note found at the take-over stays until its own record is past. */
static bool is_harmless(const struct partition *partition)
{
    return partition->suspect_noted ||
           (partition->suspect_offset >= 0 && partition->next_offset > partition->suspect_offset);
}

static void clear_suspects(struct loop *loop)
{
    struct error error;

    for (struct partition *p = loop->partitions; p != NULL; p = p->next)
        if (is_harmless(p) && ledger_clear_suspect(&loop->ledger, p, &error)) {
            p->suspect_noted = false;
            p->suspect_offset = -1;
        }
}

/*
 * The records from `from` on that may share a transaction: all, but one of a partition whose
 * owners keep dying stands alone, so that the one in hand is known.
 */
static size_t segment(const struct loop *loop, size_t from)
{
    size_t count = 0;

    while (from + count < loop->record_count) {
        if (loop->records[from + count]->partition->alone > 0)
            return count == 0 ? 1 : count;
        count++;
    }
    return count;
}

/* False: the loop was suspended, and the records with it. */
static bool handle_segment(struct run *run, struct record **records, size_t count)
{
    struct loop *loop = run->loop;
    struct error error;
    int64_t start_us = clock_monotonic_us();

    if (!loop_decode(loop, records, count, &error)) {
        loop_suspend(loop, error.text);
        return false;
    }
    int64_t decoded_us = clock_monotonic_us();
    bool fine = run_records(run, records, count, 0);
    metric_observe(loop->metrics.decode_seconds, (double)(decoded_us - start_us) / 1e6);
    metric_observe(loop->metrics.transaction_seconds,
                   (double)(clock_monotonic_us() - decoded_us) / 1e6);
    clear_suspects(loop);
    return fine;
}

void loop_handle(struct loop *loop)
{
    struct run run = {.loop = loop, .policy = policies_hold(loop->worker->policies)};
    size_t at = 0;
    bool fine = true;

    while (fine && at < loop->record_count) {
        size_t count = segment(loop, at);
        fine = handle_segment(&run, loop->records + at, count);
        at += count;
    }
    policies_release(loop->worker->policies, run.policy);
}
