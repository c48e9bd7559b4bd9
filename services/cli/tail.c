/* `onboarding tail`: the records of a topic, decoded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "common/core/clock.h"
#include "common/core/timestamp.h"
#include "common/kafka/reader.h"
#include "common/ledger/results.h"
#include "show.h"
#include "topic_plan.h"

enum {
    POLL_MS = 200,
    SILENCE_MS_MAX = 30000, /* with records due: the brokers are away */
};

static struct {
    const char *topic;
    const char *from;
    bool follow;
    int64_t count;
    bool headers;
    bool personal;
} given = {.from = "beginning", .count = INT64_MAX};

#define AT(member) offsetof(__typeof__(given), member)

static const struct argument arguments[] = {
    {"TOPIC", ARGUMENT_TEXT, AT(topic), true, NULL,
     "name, with or without \"onboarding.\" and \".v1\"; \".dlt\" behind for dead letters", 0, 0},
    {"--from", ARGUMENT_TEXT, AT(from), false, "WHERE",
     "beginning (as without), end, or a time as 2026-01-31T12:00:00Z", 0, 0},
    {"--follow", ARGUMENT_FLAG, AT(follow), false, NULL,
     "go on at the end of the log, and wait for more", 0, 0},
    {"-n", ARGUMENT_COUNT, AT(count), false, "COUNT", "end after so many records", 1, INT64_MAX},
    {"--headers", ARGUMENT_FLAG, AT(headers), false, NULL,
     "show headers, and the barriers of the delivery protocol", 0, 0},
    {"--show-personal", ARGUMENT_FLAG, AT(personal), false, NULL,
     "show personal values in place of ***", 0, 0},
};

/* A partition and how far it is to be read. */
struct stretch {
    struct kafka_position position;
    int64_t end; /* of the log when we began */
};

struct run {
    const struct topic *topic;
    const char *name;
    bool dead_letters;
    struct kafka_reader *reader;
    struct shower *shower;
    struct stretch *stretches;
    int32_t partitions;
    int64_t shown;
};

/* What a dead letter's headers say of why and where from. */
static json_t *show_reason(const struct run *run, struct header_list headers)
{
    static const char prefix[] = "onboarding-dlt-";
    json_t *all = show_headers(run->shower, headers);
    json_t *json = json_object();
    const char *name;
    json_t *value;

    json_object_foreach(all, name, value) if (strncmp(name, prefix, sizeof prefix - 1) == 0)
        show_add(json, name + sizeof prefix - 1, json_incref(value));
    json_decref(all);
    return json;
}

static void show(struct run *run, const struct kafka_record *record)
{
    const struct bytes *id = header_find(record->headers, HEADER_ID);
    json_t *json = json_object();

    show_add(json, "partition", json_integer(record->partition));
    show_add(json, "offset", json_integer(record->offset));
    show_add(json, "timestamp", show_time(record->timestamp_ms));
    show_add(json, "key", show_key(run->shower, run->topic, record->key));
    if (id != NULL && id->data != NULL) {
        json_t *text = json_stringn((const char *)id->data, id->size);
        show_add(json, "id", text != NULL ? text : json_null());
    }
    if (run->dead_letters)
        show_add(json, "deadLetter", show_reason(run, record->headers));
    if (given.headers)
        show_add(json, "headers", show_headers(run->shower, record->headers));
    if (kafka_record_is_barrier(record))
        show_add(json, "barrier", json_true());
    else
        show_add(json, "data", show_value(run->shower, run->topic, record->value));
    show_print(json);
    if (given.follow)
        fflush(stdout);
    run->shown++;
}

static bool find_start(struct run *run, struct stretch *stretch, struct error *error)
{
    struct kafka_position *position = &stretch->position;
    int64_t time_ms;
    int64_t low;

    if (!kafka_reader_bounds(run->reader, run->name, position->partition, &low, &stretch->end,
                             error))
        return false;
    if (time_parse(given.from, &time_ms))
        return kafka_reader_offset_at(run->reader, run->name, position->partition, time_ms,
                                      &position->offset, error);
    position->offset = strcmp(given.from, "end") == 0 ? stretch->end : low;
    return true;
}

static bool find_stretches(struct run *run, struct error *error)
{
    if (!kafka_reader_partitions(run->reader, run->name, &run->partitions, error))
        return false;
    run->stretches = calloc((size_t)run->partitions, sizeof *run->stretches);
    if (run->stretches == NULL)
        abort();
    for (int32_t i = 0; i < run->partitions; i++) {
        run->stretches[i].position = (struct kafka_position){run->name, i, 0};
        if (!find_start(run, &run->stretches[i], error))
            return false;
    }
    return true;
}

static bool is_shown(const struct kafka_record *record)
{
    return !record->at_end && (given.headers || !kafka_record_is_barrier(record));
}

/* One partition, up to where its log ended when we began. */
static bool read_stretch(struct run *run, const struct stretch *stretch, struct error *error)
{
    int64_t heard_ms = clock_monotonic_ms();
    int64_t next = stretch->position.offset;
    struct kafka_record record;

    if (next >= stretch->end || run->shown >= given.count)
        return true;
    if (!kafka_reader_start(run->reader, &stretch->position, 1, error))
        return false;
    while (next < stretch->end && run->shown < given.count) {
        if (!kafka_reader_next(run->reader, POLL_MS, &record, error))
            return false;
        if (record.topic == NULL) {
            if (clock_monotonic_ms() - heard_ms > SILENCE_MS_MAX)
                return error_set(error, ERROR_RETRY, "no answer from the brokers");
            continue;
        }
        heard_ms = clock_monotonic_ms();
        if (is_shown(&record) && record.offset < stretch->end)
            show(run, &record);
        next = record.at_end ? stretch->end : record.offset + 1;
    }
    return true;
}

/* All partitions, as records come; an end only where a count was given. */
static bool follow(struct run *run, struct error *error)
{
    struct kafka_position *positions = calloc((size_t)run->partitions, sizeof *positions);
    struct kafka_record record;
    bool fine;

    if (positions == NULL)
        abort();
    for (int32_t i = 0; i < run->partitions; i++)
        positions[i] = run->stretches[i].position;
    fine = kafka_reader_start(run->reader, positions, (size_t)run->partitions, error);
    while (fine && run->shown < given.count) {
        fine = kafka_reader_next(run->reader, POLL_MS, &record, error);
        if (fine && record.topic != NULL && is_shown(&record))
            show(run, &record);
    }
    free(positions);
    return fine;
}

static bool read_topic(struct run *run, struct error *error)
{
    if (!find_stretches(run, error))
        return false;
    if (given.follow)
        return follow(run, error);
    for (int32_t i = 0; i < run->partitions; i++)
        if (!read_stretch(run, &run->stretches[i], error))
            return false;
    return true;
}

static bool is_place(const char *from)
{
    int64_t time_ms;

    return strcmp(from, "beginning") == 0 || strcmp(from, "end") == 0 || time_parse(from, &time_ms);
}

static enum cli_exit run_tail(const struct cli *cli)
{
    struct run run = {0};
    struct arena arena = {0};
    struct error error;
    enum cli_exit status = CLI_DONE;

    run.topic = topic_plan_find(given.topic, &run.dead_letters);
    if (run.topic == NULL)
        return cli_fail("there is no such topic; see " CLI_PROGRAM " topics list");
    if (!is_place(given.from)) {
        (void)cli_fail("--from is neither beginning, end nor a time");
        return CLI_USAGE;
    }
    run.name = topic_plan_name(run.topic, run.dead_letters, &arena);
    run.shower = show_open(given.personal);
    if (!kafka_reader_open(&cli->kafka, &run.reader, &error) || !read_topic(&run, &error))
        status = cli_fail("%s", error.text);
    kafka_reader_close(run.reader);
    show_close(run.shower);
    free(run.stretches);
    arena_done(&arena);
    return status;
}

const struct command command_tail = {
    .name = "tail",
    .purpose = "print the records of a topic, decoded, a JSON object a line",
    .details = "Partition after partition, up to the end of the log; with --follow as they come.\n"
               "Of a value that can't be decoded its size and what is wrong with it are shown.\n",
    .needs = NEEDS_KAFKA,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run_tail,
};
