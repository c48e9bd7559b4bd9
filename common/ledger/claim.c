/* Steps A1 and A2 of the protocol: a partition's row and its log. */
#include "common/ledger/claim.h"

#include <string.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/ledger/statements.h"

enum { WATERMARK_MS = 5000, COMMITTED_MS = 5000 };

struct partition claim_view(const struct takeover_job *job)
{
    return (struct partition){.topic = job->topic,
                              .topic_id = job->topic_id,
                              .number = job->number,
                              .owner_epoch = job->owner_epoch,
                              .generation = job->generation,
                              .next_offset = job->next_offset};
}

static bool read_claim(struct takeover_job *job, const struct row *row, struct arena *arena,
                       struct claim *claim)
{
    job->owner_epoch = row_int(row, 0);
    job->generation = (int16_t)row_int(row, 1);
    claim->cluster_id = row_text(row, 2, arena);
    job->next_offset = row_int(row, 3);
    claim->published_offset = row_int(row, 4);
    claim->last_stamp_ms = row_time_ms(row, 5) + 1; /* it was cut to milliseconds */
    claim->clock_ms = row_time_ms(row, 6);
    job->deaths = (int32_t)row_int(row, 7);
    claim->stopped = !row_is_null(row, 8);
    return true;
}

bool claim_watermarks(const struct claim_context *context, const struct takeover_job *job,
                      int64_t *low, int64_t *high, struct error *error)
{
    rd_kafka_resp_err_t failure = rd_kafka_query_watermark_offsets(
        context->client, job->topic->name, job->number, low, high, WATERMARK_MS);

    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    return error_set(error, ERROR_RETRY, "offsets of the log: %s", rd_kafka_err2str(failure));
}

static bool insert_partition(const struct claim_context *context, const struct takeover_job *job,
                             const char *cluster_id, struct error *error)
{
    int64_t low = 0;
    int64_t high = 0;

    if (!job->pseudo && !claim_watermarks(context, job, &low, &high, error))
        return false;
    const struct value values[] = {INT(context->ledger->group_id), INT(job->topic_id),
                                   INT(job->number), TEXT(cluster_id),
                                   INT(context->options->start_at_end ? high : low)};
    return db_run(context->ledger->db, &sql_insert_partition, values, error);
}

/* A1: under the claimed epoch only we change the row. */
bool claim_take(const struct claim_context *context, struct takeover_job *job,
                const char *cluster_id, struct arena *arena, struct claim *out, struct error *error)
{
    if (!ledger_connect(context->ledger, error))
        return false; /* which also tells the group's number */

    const struct value values[] = {INT(context->ledger->group_id), INT(job->topic_id),
                                   INT(job->number), INT(job->former_epoch)};
    for (int tries = 0; tries < 2; tries++) {
        if (job->cancelled) /* it may be another's by now, who would be fenced */
            return error_set(error, ERROR_RETRY, "nobody waits for the partition any more");
        if (!db_run(context->ledger->db, &sql_claim_partition, values, error))
            return false;
        if (db_row_count(context->ledger->db, 0) == 1) {
            struct row row = db_row(context->ledger->db, 0, 0);
            job->former_epoch = row_int(&row, 0); /* a further try is no death */
            return read_claim(job, &row, arena, out);
        }
        if (!insert_partition(context, job, cluster_id, error))
            return false;
    }
    return error_set(error, ERROR_RETRY, "the partition's row vanished");
}

static bool group_offset(const struct claim_context *context, const struct takeover_job *job,
                         int64_t *out, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, job->topic->name, job->number);
    rd_kafka_resp_err_t failure =
        rd_kafka_committed(context->options->consumer, list, COMMITTED_MS);
    *out = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    return error_set(error, ERROR_RETRY, "offset of the group: %s", rd_kafka_err2str(failure));
}

/* Only under the claim that was found wanting: what it says of the row may be old by now. */
static enum turnout stop_for_operator(const struct claim_context *context, struct takeover_job *job,
                                      const char *why)
{
    const struct value values[] = {INT(context->ledger->group_id), INT(job->topic_id),
                                   INT(job->number), INT(job->owner_epoch), TEXT(why)};

    if (!db_run(context->ledger->db, &sql_stop_partition, values, &job->last_error))
        return TURNOUT_FAILED;
    if (db_row_count(context->ledger->db, 0) == 0) {
        error_set(&job->last_error, ERROR_RETRY, "fenced before it was put aside");
        return TURNOUT_FAILED;
    }
    job->stopped = true;
    job->stopped_why = why;
    return TURNOUT_FINISHED;
}

/* The records between next_offset and the log's start are gone: say so, and go on there. */
bool claim_skip_gap(const struct claim_context *context, struct takeover_job *job, int64_t low,
                    struct error *error)
{
    struct partition partition = claim_view(job);
    const struct value values[] = {INT(context->ledger->group_id),
                                   INT(job->topic_id),
                                   INT(job->number),
                                   INT(job->owner_epoch),
                                   INT(job->next_offset),
                                   INT(low),
                                   UUID_VALUE(ledger_coordinates(&partition, job->next_offset))};

    if (!db_run(context->ledger->db, &sql_skip_gap, values, error))
        return false;
    if (db_row_count(context->ledger->db, 0) == 0)
        return error_set(error, ERROR_RETRY, "fenced before a gap");
    job->lost += low - job->next_offset;
    job->next_offset = low;
    return true;
}

/* A2: is this the log that we know? TURNOUT_FINISHED: nothing is in the way. */
enum turnout claim_check_log(const struct claim_context *context, struct takeover_job *job,
                             const struct claim *claim, const char *cluster_id)
{
    int64_t low;
    int64_t high;
    int64_t committed;

    if (strcmp(claim->cluster_id, cluster_id) != 0)
        return stop_for_operator(context, job, "another Kafka cluster");
    if (!claim_watermarks(context, job, &low, &high, &job->last_error) ||
        !group_offset(context, job, &committed, &job->last_error))
        return TURNOUT_FAILED;
    if (MUTANT("start_at_group_offset") && committed >= 0)
        job->next_offset = committed;
    else if (committed > job->next_offset)
        return stop_for_operator(context, job, "PostgreSQL is behind the group's offset");
    if (high < job->next_offset) {
        int64_t now_ms = clock_monotonic_ms();
        if (job->log_end_seen_ms == 0)
            job->log_end_seen_ms = now_ms;
        if (now_ms - job->log_end_seen_ms >= LOG_END_SECOND_LOOK_MS)
            return stop_for_operator(context, job, "the log ends before the next offset");
        job->due_ms = job->log_end_seen_ms + LOG_END_SECOND_LOOK_MS;
        return TURNOUT_LATER;
    }
    job->log_end_seen_ms = 0;
    return TURNOUT_FINISHED;
}
