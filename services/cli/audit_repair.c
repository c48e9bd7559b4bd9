/* Publishing what is missing, as the protocol has it: claimed, waited, looked again, stamped. */
#include <string.h>

#include "audit.h"
#include "common/core/clock.h"
#include "common/ledger/ledger.h"

enum {
    RESULTS_PER_STAMP = 500, /* records with one stamp, which must not grow old */
    FENCE_MARGIN_MS = 500,   /* beyond the fence: clocks of brokers and database */
};

struct repair {
    struct ledger ledger; /* for stamps, under the claimed epoch */
    struct kafka_sender *sender;
    int64_t stamp_ms;
    size_t since_stamp; /* results sent with it */
    size_t sent;
};

/* Which input partitions have results that are missing. */
static void mark_inputs(struct audit *audit)
{
    for (size_t i = 0; i < audit->input_count; i++)
        audit->inputs[i].missing = false;
    for (size_t i = 0; i < audit_set_count(audit->set); i++) {
        const struct audit_item *item = audit_set_at(audit->set, i);
        if (audit_judge(item) == AUDIT_MISSING)
            audit->inputs[item->input].missing = true;
    }
}

/* Claims them, and tells until when records of the former owners may still come. */
static bool claim(struct audit *audit, int64_t *wait_ms, struct error *error)
{
    *wait_ms = 0;
    for (size_t i = 0; i < audit->input_count; i++) {
        struct audit_input *input = &audit->inputs[i];
        const struct value values[] = {INT(audit->store.group_id), INT(input->topic_id),
                                       INT(input->partition)};
        if (!input->missing)
            continue;
        if (!store_run(&audit->store, &sql_claim_for_repair, values, error))
            return false;
        if (db_row_count(audit->store.db, 0) == 0)
            return error_set(error, ERROR_RETRY, "%s/%d is gone from the table", input->topic,
                             input->partition);
        struct row row = db_row(audit->store.db, 0, 0);
        input->owner_epoch = row_int(&row, 0);
        int64_t left_ms = row_time_ms(&row, 1) + 1 + audit->cli->kafka_config.fence_ms +
                          FENCE_MARGIN_MS - row_time_ms(&row, 2);
        if (left_ms > *wait_ms)
            *wait_ms = left_ms;
    }
    return true;
}

/* Under the row's lock: fails when a worker has claimed the partition since. */
static bool renew_stamp(struct audit *audit, struct repair *repair, const struct audit_input *input,
                        struct error *error)
{
    const struct partition partition = {
        .topic_id = input->topic_id,
        .number = input->partition,
        .owner_epoch = input->owner_epoch,
    };
    bool fenced = false;

    (void)audit;
    if (!kafka_sender_wait(repair->sender, error) ||
        !ledger_take_stamp(&repair->ledger, &partition, &repair->stamp_ms, &fenced, error))
        return false;
    if (fenced)
        return error_set(error, ERROR_RETRY,
                         "%s/%d was taken over by a worker meanwhile: run it again, or stop the "
                         "workers before",
                         input->topic, input->partition);
    repair->since_stamp = 0;
    return true;
}

static bool take(struct audit *audit, size_t input, const struct stored_item *stored,
                 int64_t recorded_ms, void *context, struct error *error)
{
    struct repair *repair = context;
    const struct audit_record record = audit_record_of(&stored->result);
    struct audit_item *item = audit_set_find(audit->set, &record);

    (void)recorded_ms;
    if (item == NULL || audit_judge(item) != AUDIT_MISSING)
        return true;
    if (repair->since_stamp == RESULTS_PER_STAMP &&
        !renew_stamp(audit, repair, &audit->inputs[input], error))
        return false;
    const struct kafka_outgoing outgoing = {
        .topic = record.topic,
        .partition = record.partition,
        .key = record.key,
        .value = record.value,
        .headers = record.headers,
        .timestamp_ms = repair->stamp_ms,
    };
    if (!kafka_sender_send(repair->sender, &outgoing, error))
        return false;
    item->met = 1;
    repair->since_stamp++;
    repair->sent++;
    return true;
}

static bool publish(struct audit *audit, struct repair *repair, struct error *error)
{
    for (size_t i = 0; i < audit->input_count; i++) {
        repair->since_stamp = RESULTS_PER_STAMP; /* the first takes a stamp */
        if (audit->inputs[i].missing && !audit_each(audit, i, take, repair, error))
            return false;
    }
    return kafka_sender_wait(repair->sender, error);
}

bool audit_repair(struct audit *audit, size_t *repaired, struct error *error)
{
    static const struct key no_key = {.present = true}; /* stamps need no digest */
    struct repair repair = {.sent = 0};
    int64_t wait_ms = 0;
    bool fine;

    mark_inputs(audit);
    if (!claim(audit, &wait_ms, error))
        return false;
    if (wait_ms > 0)
        clock_sleep_ms(wait_ms);
    if (!audit_read(audit, error) || !kafka_sender_open(&audit->cli->kafka, &repair.sender, error))
        return false;
    ledger_init(&repair.ledger, &audit->store.options, audit->store.group, &no_key);
    fine = ledger_connect(&repair.ledger, error) && publish(audit, &repair, error);
    ledger_done(&repair.ledger);
    kafka_sender_close(repair.sender);
    *repaired = repair.sent;
    return fine;
}
