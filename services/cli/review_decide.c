/* `onboarding review decide`: a reviewer's decision, and what came of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/bytes.h"
#include "common/core/clock.h"
#include "common/core/uuid.h"
#include "common/kafka/reader.h"
#include "common/kafka/sender.h"
#include "envelope.h"
#include "review.h"
#include "show.h"
#include "topics.h"

enum {
    POLL_MS = 200,
    WAIT_S = 30, /* a worker answers in milliseconds, after a take-over in seconds */
    WAIT_S_MAX = 600,
};

static struct {
    const char *id;
    const char *job;
    bool ok;
    bool nok;
    const char *reason;
    const char *by;
    int64_t wait_s;
} given = {.wait_s = WAIT_S};

#define AT(member) offsetof(__typeof__(given), member)

static const struct argument arguments[] = {
    {"ID", ARGUMENT_TEXT, AT(id), true, NULL, "identityVerificationId of the case", 0, 0},
    JOB_ARGUMENT(given, true),
    {"--ok", ARGUMENT_FLAG, AT(ok), false, NULL, "accept; either this or --nok", 0, 0},
    {"--nok", ARGUMENT_FLAG, AT(nok), false, NULL, "refuse", 0, 0},
    {"--reason", ARGUMENT_TEXT, AT(reason), true, "TEXT", "why; the user is told", 0, 0},
    {"--by", ARGUMENT_TEXT, AT(by), true, "WHO", "who decides", 0, 0},
    {"--wait", ARGUMENT_COUNT, AT(wait_s), false, "SECONDS", "for the answer; 30 without", 1,
     WAIT_S_MAX},
};

struct run {
    enum review_job job;
    struct case_list found;
    struct arena arena;
    char event_id[UUID_TEXT_SIZE];
    struct envelope envelope;
    struct kafka_sender *sender;
    struct kafka_reader *reader;
};

static bool take(void *context, struct store *store, struct error *error)
{
    const struct value id = TEXT(given.id);
    struct run *run = context;

    return cases_load(store, &sql_show_case, &id, &run->arena, &run->found, error);
}

/* The event; false with what is wrong said. */
static bool make_event(struct run *run)
{
    const struct case_row *row = &run->found.items[run->found.count - 1];
    const struct envelope_rules rules = {.topic = &topic_review_decided,
                                         .source = "onboarding/cli",
                                         .now_ms = clock_unix_ms(),
                                         .reply_partition = -1};
    struct problems *problems = calloc(1, sizeof *problems);
    json_t *json;
    char *line;

    uuid_format(uuid_v7(rules.now_ms), run->event_id);
    json = json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s}}", "id", run->event_id, "data",
                     "processId", row->process_id, "identityVerificationId", given.id, "userId",
                     row->user_id, "job", review_job_text[run->job], "decision",
                     review_decision_text[given.ok ? REVIEW_DECISION_OK : REVIEW_DECISION_NOK],
                     "reason", given.reason, "decidedBy", given.by);
    line = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    if (problems == NULL || (json != NULL && line == NULL))
        abort();
    if (line == NULL)
        (void)cli_fail("--reason or --by is no UTF-8");
    bool fine = line != NULL &&
                envelope_read(&rules, line, strlen(line), &run->arena, &run->envelope, problems);
    for (size_t i = 0; i < problems->count && i < PROBLEMS_MAX; i++)
        (void)cli_fail("%s", problems->items[i]);
    free(line);
    json_decref(json);
    free(problems);
    return fine;
}

/* From the end of the answers' partition on, which is that of the key on any topic. */
static bool listen(struct run *run, struct error *error)
{
    struct kafka_position position = {.topic = topic_review_completed.name};
    int32_t partitions;
    int64_t low;

    if (!kafka_reader_partitions(run->reader, position.topic, &partitions, error))
        return false;
    position.partition = kafka_sender_partition(run->envelope.key, partitions);
    return kafka_reader_bounds(run->reader, position.topic, position.partition, &low,
                               &position.offset, error) &&
           kafka_reader_start(run->reader, &position, 1, error);
}

static bool publish(struct run *run, struct error *error)
{
    int32_t partitions;

    return kafka_sender_partitions(run->sender, topic_review_decided.name, &partitions, error) &&
           kafka_sender_send(run->sender,
                             &(struct kafka_outgoing){
                                 .topic = topic_review_decided.name,
                                 .partition = kafka_sender_partition(run->envelope.key, partitions),
                                 .key = run->envelope.key,
                                 .value = run->envelope.value,
                                 .headers = run->envelope.headers,
                                 .timestamp_ms = clock_unix_ms(),
                             },
                             error) &&
           kafka_sender_wait(run->sender, error);
}

static bool is_answer(const struct run *run, const struct kafka_record *record)
{
    const struct bytes *cause =
        record->at_end ? NULL : header_find(record->headers, HEADER_CAUSATION_ID);

    return cause != NULL && bytes_equal(*cause, bytes_of(run->event_id));
}

/* Prints the answer; done when the decision counted. */
static enum cli_exit tell(const struct kafka_record *record)
{
    struct shower *shower = show_open(false);
    json_t *json = show_value(shower, &topic_review_completed, record->value);
    const char *outcome = json_string_value(json_object_get(json, "outcome"));
    bool resolved = outcome != NULL && strcmp(outcome, "RESOLVED") == 0;

    show_print(json);
    show_close(shower);
    return resolved ? CLI_DONE : cli_fail("the decision did not count: see \"outcome\"");
}

static enum cli_exit await_answer(struct run *run)
{
    int64_t end_ms = clock_monotonic_ms() + given.wait_s * 1000;
    struct kafka_record record;
    struct error error;

    while (clock_monotonic_ms() < end_ms) {
        if (!kafka_reader_next(run->reader, POLL_MS, &record, &error))
            return cli_fail("published as event %s; its answer: %s", run->event_id, error.text);
        if (record.topic != NULL && is_answer(run, &record))
            return tell(&record);
    }
    return cli_fail("published as event %s; no answer in %lld s: see " CLI_PROGRAM
                    " ledger show, or the worker's lag",
                    run->event_id, (long long)given.wait_s);
}

static enum cli_exit decide(const struct cli *cli, struct run *run)
{
    struct error error;

    if (!review_jobs_visit(cli, given.job, take, run, &error))
        return cli_fail("%s", error.text);
    if (run->found.count == 0)
        return cli_fail("%s has no case of that identityVerificationId", given.job);
    if (!make_event(run))
        return CLI_FAILED;
    if (!kafka_reader_open(&cli->kafka, &run->reader, &error) || !listen(run, &error) ||
        !kafka_sender_open(&cli->kafka, &run->sender, &error) || !publish(run, &error))
        return cli_fail("%s", error.text);
    return await_answer(run);
}

static enum cli_exit run_decide(const struct cli *cli)
{
    struct run run = {0};
    enum cli_exit status;

    if (!review_job_read(given.job, &run.job)) {
        (void)cli_fail("--job is neither evaluation nor approval");
        return CLI_USAGE;
    }
    if (given.ok == given.nok) {
        (void)cli_fail("either --ok or --nok");
        return CLI_USAGE;
    }
    if (given.by[strspn(given.by, " \t\r\n")] == '\0') {
        (void)cli_fail("--by is blank");
        return CLI_USAGE;
    }
    status = decide(cli, &run);
    kafka_sender_close(run.sender);
    kafka_reader_close(run.reader);
    arena_done(&run.arena);
    return status;
}

const struct command command_review_decide = {
    .name = "review decide",
    .purpose = "decide a case, and say what came of it",
    .details =
        "Publishes the decision (review.decided) and awaits the job's answer\n"
        "(review.completed): RESOLVED, or ALREADY_DECIDED with the result that holds, since\n"
        "whoever comes first decides. Only RESOLVED is exit code 0.\n",
    .needs = NEEDS_KAFKA | NEEDS_POSTGRES,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run_decide,
};
