/* Effects as rows: who asked, what for, and how it ended. */
#include "common/worker/effect_rows.h"

#include "common/avro/codec.h"
#include "common/ledger/partition.h"
#include "stored_cause.h"
#include "stored_content.h"
#include "worker_sql.h"

const char *const effect_state_text[] = {
    [EFFECT_SENT] = "SENT",
    [EFFECT_FAILED] = "FAILED",
    [EFFECT_UNKNOWN] = "UNKNOWN",
};

const char *const effect_failure_text[] = {
    [EFFECT_FAILURE_NONE] = NULL, [EFFECT_REFUSED] = "REFUSED", [EFFECT_EXHAUSTED] = "EXHAUSTED",
    [EFFECT_EXPIRED] = "EXPIRED", [EFFECT_ERASED] = "ERASED",
};

struct bytes effect_cause_encode(const struct event_meta *meta, struct arena *arena)
{
    const struct stored_cause cause = {
        .id = meta->id,
        .source = meta->source,
        .type = meta->type,
        .subject = meta->subject,
        .correlationId = meta->correlation_id,
        .causationId = meta->causation_id,
        .traceparent = meta->traceparent,
        .tracestate = meta->tracestate,
        .time = meta->time_ms,
        .replyTopic = meta->reply.topic,
        .replyPartition = meta->reply.partition,
        .replyCorrelation = meta->reply.correlation,
    };

    return record_encode(&stored_cause_schema, &cause, arena);
}

bool effect_cause_decode(struct bytes cause, struct arena *arena, struct event_meta *out,
                         struct error *error)
{
    void *decoded;

    if (!record_decode(&stored_cause_schema, cause, arena, &decoded, error))
        return error_within(error, "the cause of an effect");
    const struct stored_cause *from = decoded;
    *out = (struct event_meta){
        .id = from->id,
        .source = from->source,
        .type = from->type,
        .subject = from->subject,
        .correlation_id = from->correlationId,
        .causation_id = from->causationId,
        .traceparent = from->traceparent,
        .tracestate = from->tracestate,
        .time_ms = from->time,
        .reply = {from->replyTopic, from->replyPartition, from->replyCorrelation},
    };
    return true;
}

struct bytes effect_content_encode(const struct effect_content *content, struct arena *arena)
{
    static const uint8_t nothing;
    struct stored_content stored = {.recipient = content->recipient,
                                    .path = content->path == NULL ? "" : content->path,
                                    .body = content->body};

    if (stored.body.data == NULL)
        stored.body = (struct bytes){&nothing, 0};
    return record_encode(&stored_content_schema, &stored, arena);
}

bool effect_content_decode(struct bytes bytes, struct arena *arena, struct effect_content *out,
                           struct error *error)
{
    void *decoded;

    if (!record_decode(&stored_content_schema, bytes, arena, &decoded, error))
        return error_within(error, "the content of an effect");
    const struct stored_content *from = decoded;
    *out = (struct effect_content){from->recipient, from->path, from->body};
    return true;
}

static struct value *put_end(struct value *at, const struct record *record)
{
    const struct effect_end *end = record->event;
    const struct effect_outcome *outcome = &end->outcome;

    *at++ = UUID_VALUE(outcome->id);
    *at++ = TEXT(effect_state_text[outcome->state]);
    *at++ = TEXT(effect_failure_text[outcome->failure]);
    *at++ = INT(outcome->attempts);
    *at++ = INT(end->unknowns);
    *at++ = outcome->status == 0 ? NOTHING : INT(outcome->status);
    /* Of a record that the database refused all that is not ours is left out. */
    *at++ = record->parked ? NOTHING : TEXT(outcome->provider_id);
    *at++ = INT(end->leased_epoch);
    return at;
}

void effect_rows_finish(struct record *const *records, size_t count, struct arena *arena,
                        struct db *db)
{
    size_t width = sql_finish_effects.parameter_count;
    size_t rows = 0;
    struct value *values = NULL;
    struct value *at = NULL;

    for (size_t i = 0; i < count; i++) {
        if (!records[i]->partition->pseudo)
            continue;
        if (values == NULL)
            at = values =
                arena_alloc(arena, count * width * sizeof *values, _Alignof(struct value));
        at = put_end(at, records[i]);
        rows++;
    }
    if (rows != 0)
        db_queue_rows(db, &sql_finish_effects, values, rows);
}
