/* What a committed batch tells people: metrics, and the log. */
#include "common/core/log.h"
#include "common/worker/loop.h"

static void log_dead_letter(const struct record *record)
{
    char trace_id[TRACE_ID_SIZE] = "";

    if (record->id_known)
        traceparent_id(record->meta.traceparent, trace_id);
    log_line(LOG_WARNING, "dead letter", LOG_TEXT("topic", record->partition->topic->name),
             LOG_INT("partition", record->partition->number), LOG_INT("offset", record->offset),
             LOG_TEXT("reason", reason_text[record->error.reason]),
             LOG_TEXT("detail", record->error.text),
             LOG_TEXT("trace_id", record->id_known ? trace_id : NULL));
}

void loop_report(struct loop *loop, const struct batch *batch)
{
    int64_t oldest_ms = batch->now_ms;

    metric_observe(loop->metrics.batch_records, (double)batch->record_count);
    metrics_count_outcomes((const struct record *const *)batch->records, batch->record_count);
    for (size_t i = 0; i < batch->record_count; i++) {
        const struct record *record = batch->records[i];
        if (record->timestamp_ms < oldest_ms)
            oldest_ms = record->timestamp_ms;
        if (record->fate == FATE_DEAD_LETTER || record->fate == FATE_CONFLICT)
            log_dead_letter(record);
    }
    metric_observe(loop->metrics.event_age_seconds, (double)(batch->now_ms - oldest_ms) / 1000);
    log_line(LOG_DEBUG, "batch committed", LOG_INT("records", (int64_t)batch->record_count));
}
