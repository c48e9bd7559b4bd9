/* Effects that this loop leased: out of the table, and back into it for a further try. */
#include "common/worker/effect_jobs.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/bytes.h"
#include "common/ledger/mutant.h"
#include "worker_sql.h"

/* Places and what is held are columns of their own: the shorter one ends in nulls. */
bool effect_jobs_lease(struct ledger *ledger, const struct effect_lease *lease, struct error *error)
{
    struct arena arena = {0};
    size_t width = sql_lease_effects.parameter_count;
    size_t rows = lease->place_count > lease->held_count ? lease->place_count : lease->held_count;
    struct value *values =
        arena_alloc(&arena, rows * width * sizeof *values, _Alignof(struct value));
    struct value *at = values;

    for (size_t i = 0; i < rows; i++) {
        const struct effect_place *place = i < lease->place_count ? &lease->places[i] : NULL;
        *at++ = INT(ledger->group_id);
        *at++ = TEXT(lease->kind);
        *at++ = INT(lease->try_ms);
        *at++ = INT((int64_t)lease->room);
        *at++ = INT(EFFECT_REPEATS_MAX);
        *at++ = INT(EFFECT_TRIES_MAX);
        *at++ = place == NULL ? NOTHING : INT(place->topic_id);
        *at++ = place == NULL ? NOTHING : INT(place->number);
        *at++ = place == NULL ? NOTHING : INT(place->epoch);
        *at++ = i < lease->held_count ? UUID_VALUE(lease->held[i]) : NOTHING;
    }
    db_queue_rows(ledger->db, mutant_statement(&sql_lease_effects), values, rows);
    bool fine = db_exchange(ledger->db, error);
    arena_done(&arena);
    return fine;
}

enum column {
    AT_ID,
    AT_TOPIC,
    AT_PARTITION,
    AT_EPOCH,
    AT_ATTEMPTS,
    AT_UNKNOWNS,
    AT_LOST,
    AT_LEFT_MS,
    AT_STATUS,
    AT_ORDER_KEY,
    AT_REFERENCE,
    AT_SUBJECT,
    AT_CAUSE,
    AT_CONTENT,
    AT_SEALED_BY,
    AT_WRAPPED,
    AT_KEY_ID,
};

struct effect_job *effect_job_read(const struct row *row)
{
    struct effect_job *job = calloc(1, sizeof *job);

    if (job == NULL)
        abort();
    struct arena *memory = &job->memory;
    job->topic_id = (int32_t)row_int(row, AT_TOPIC);
    job->number = (int32_t)row_int(row, AT_PARTITION);
    job->lost = row_bool(row, AT_LOST);
    job->left_ms = row_int(row, AT_LEFT_MS);
    job->cause = row_bytes(row, AT_CAUSE, memory);
    job->content = row_bytes(row, AT_CONTENT, memory);
    struct bytes sealed_by = row_bytes(row, AT_SEALED_BY, memory);
    if (sealed_by.size == sizeof job->sealed_by.bytes)
        memcpy(job->sealed_by.bytes, sealed_by.data, sealed_by.size);
    if (!row_is_null(row, AT_WRAPPED)) {
        job->wrapped = row_bytes(row, AT_WRAPPED, memory);
        job->key_id = (int16_t)row_int(row, AT_KEY_ID);
    }
    job->end = (struct effect_end){
        .outcome = {.id = row_uuid(row, AT_ID),
                    .order_key = row_text(row, AT_ORDER_KEY, memory),
                    .reference = row_text(row, AT_REFERENCE, memory),
                    .subject = row_text(row, AT_SUBJECT, memory),
                    .attempts = (int)row_int(row, AT_ATTEMPTS),
                    .status = row_is_null(row, AT_STATUS) ? 0 : (int)row_int(row, AT_STATUS)},
        .unknowns = (int)row_int(row, AT_UNKNOWNS),
        .leased_epoch = row_int(row, AT_EPOCH),
    };
    return job;
}

void effect_job_free(struct effect_job *job)
{
    if (job == NULL)
        return;
    arena_done(&job->memory);
    free(job);
}

enum effect_opened effect_job_open(const struct effect_job *job, const struct key_ring *ring,
                                   struct arena *scratch, struct bytes *clear,
                                   struct effect_content *out, struct error *error)
{
    char id[UUID_TEXT_SIZE];
    struct key key;

    if (job->wrapped.data == NULL)
        return EFFECT_NO_KEY;
    if (!data_key_unwrap(ring, job->key_id, &job->sealed_by, job->wrapped, &key, error))
        return EFFECT_UNREADABLE;
    uuid_format(job->end.outcome.id, id);
    const struct seal_place place = {EFFECT_CONTENT, {(const uint8_t *)id, UUID_TEXT_SIZE - 1}};
    bool opened = seal_open(&key, &place, job->content, scratch, clear);
    OPENSSL_cleanse(&key, sizeof key);
    if (!opened)
        return EFFECT_NO_KEY; /* the subject was erased and came back: another key */
    return effect_content_decode(*clear, scratch, out, error) ? EFFECT_OPENED : EFFECT_UNREADABLE;
}

bool effect_jobs_write_back(struct ledger *ledger, struct effect_job *const *jobs,
                            const int64_t *epochs, size_t count, struct error *error)
{
    struct arena arena = {0};
    size_t width = sql_retry_effects.parameter_count;
    struct value *values =
        arena_alloc(&arena, count * width * sizeof *values, _Alignof(struct value));
    struct value *at = values;

    for (size_t i = 0; i < count; i++) {
        const struct effect_job *job = jobs[i];
        const struct effect_outcome *outcome = &job->end.outcome;
        *at++ = INT(ledger->group_id);
        *at++ = UUID_VALUE(outcome->id);
        *at++ = INT(job->end.leased_epoch);
        *at++ = INT(job->topic_id);
        *at++ = INT(job->number);
        *at++ = INT(epochs[i]);
        *at++ = INT(job->delay_ms);
        *at++ = INT(outcome->attempts);
        *at++ = INT(job->end.unknowns);
        *at++ = outcome->status == 0 ? NOTHING : INT(outcome->status);
    }
    db_queue_rows(ledger->db, &sql_retry_effects, values, count);
    bool fine = db_exchange(ledger->db, error);
    arena_done(&arena);
    return fine;
}

bool effect_jobs_keep_outdone(struct ledger *ledger, struct effect_place *places, size_t *count,
                              struct error *error)
{
    struct arena arena = {0};
    size_t width = sql_find_outdone.parameter_count;
    struct value *values =
        arena_alloc(&arena, *count * width * sizeof *values, _Alignof(struct value));
    struct value *at = values;

    for (size_t i = 0; i < *count; i++) {
        *at++ = INT(ledger->group_id);
        *at++ = INT(places[i].topic_id);
        *at++ = INT(places[i].number);
        *at++ = INT(places[i].epoch);
    }
    db_queue_rows(ledger->db, &sql_find_outdone, values, *count);
    bool fine = db_exchange(ledger->db, error);
    arena_done(&arena);
    if (!fine)
        return false;
    *count = db_row_count(ledger->db, 0);
    for (size_t i = 0; i < *count; i++) {
        struct row row = db_row(ledger->db, 0, i);
        places[i] = (struct effect_place){(int32_t)row_int(&row, 0), (int32_t)row_int(&row, 1),
                                          row_int(&row, 2)};
    }
    return true;
}

bool effect_jobs_count(struct ledger *ledger, struct error *error)
{
    const struct value group = INT(ledger->group_id);

    return db_run(ledger->db, &sql_count_effects, &group, error);
}

double effect_jobs_waiting(const struct ledger *ledger, const char *kind, double *age_seconds)
{
    struct arena arena = {0};
    double waiting = 0;

    *age_seconds = 0;
    for (size_t i = 0; i < db_row_count(ledger->db, 0); i++) {
        struct row row = db_row(ledger->db, 0, i);
        if (strcmp(row_text(&row, 0, &arena), kind) != 0)
            continue;
        waiting = (double)row_int(&row, 1);
        *age_seconds = row_double(&row, 2);
    }
    arena_done(&arena);
    return waiting;
}

void effect_job_keep(struct effect_job *job, const struct provider_answer *answer)
{
    struct effect_outcome *outcome = &job->end.outcome;

    outcome->status = answer->status;
    outcome->provider_id = NULL;
    if (answer->provider_id != NULL)
        outcome->provider_id = arena_text(&job->memory, answer->provider_id);
    outcome->response = bytes_copy(answer->response, &job->memory);
}

struct effect_try effect_job_try(const struct effect_job *job, int64_t now_ms)
{
    return (struct effect_try){.attempts = job->end.outcome.attempts,
                               .unknowns = job->end.unknowns,
                               .left_ms = job->left_ms - (now_ms - job->leased_ms)};
}
