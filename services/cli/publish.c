/* `onboarding publish`: JSON lines become events on a topic. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "common/core/clock.h"
#include "common/kafka/sender.h"
#include "envelope.h"
#include "lines.h"
#include "topic_plan.h"

enum {
    BAD_LINES_SHOWN_MAX = 100,
    PROGRESS_MS = 200,
};

static struct {
    const char *topic;
    const char *source;
    const char *reply_topic;
    int64_t reply_partition;
    const char *correlation;
    bool keep_going;
} given = {.source = "onboarding/cli", .reply_partition = -1};

#define AT(member) offsetof(__typeof__(given), member)

static const struct argument arguments[] = {
    {"TOPIC", ARGUMENT_TEXT, AT(topic), true, NULL,
     "name, with or without \"onboarding.\" and \".v1\"", 0, 0},
    {"--source", ARGUMENT_TEXT, AT(source), false, "URI",
     "source of events that name none; onboarding/cli without", 0, 0},
    {"--keep-going", ARGUMENT_FLAG, AT(keep_going), false, NULL,
     "publish the good lines in spite of bad ones (exit code 1)", 0, 0},
    {"--reply-topic", ARGUMENT_TEXT, AT(reply_topic), false, "NAME",
     "ask the worker to answer there as well", 0, 0},
    {"--reply-partition", ARGUMENT_COUNT, AT(reply_partition), false, "N",
     "and to this partition of it", 0, INT32_MAX},
    {"--correlation", ARGUMENT_TEXT, AT(correlation), false, "TEXT",
     "and to give this back; the event's id without", 0, 0},
};

struct run {
    struct envelope_rules rules;
    struct kafka_sender *sender; /* NULL: lines are only checked */
    int32_t partitions;
    struct arena arena;
    struct problems *problems;
    size_t lines;
    size_t bad;
    int64_t shown_ms; /* monotonic; when progress was shown last */
};

static void report(struct run *run, size_t number)
{
    const struct problems *problems = run->problems;

    if (run->bad++ >= BAD_LINES_SHOWN_MAX)
        return;
    for (size_t i = 0; i < problems->count && i < PROBLEMS_MAX; i++)
        (void)cli_fail("line %zu: %s", number, problems->items[i]);
    if (run->bad == BAD_LINES_SHOWN_MAX)
        (void)cli_fail("further bad lines are counted only");
}

static void show_progress(struct run *run, bool last)
{
    int64_t now_ms = clock_monotonic_ms();

    if (run->sender == NULL || isatty(STDERR_FILENO) == 0 ||
        (!last && now_ms - run->shown_ms < PROGRESS_MS))
        return;
    run->shown_ms = now_ms;
    fprintf(stderr, "\rpublished %lld%s", (long long)kafka_sender_acknowledged(run->sender),
            last ? "\n" : "");
}

static bool send(struct run *run, const struct envelope *envelope, struct error *error)
{
    return kafka_sender_send(
        run->sender,
        &(struct kafka_outgoing){
            .topic = run->rules.topic->name,
            .partition = kafka_sender_partition(envelope->key, run->partitions),
            .key = envelope->key,
            .value = envelope->value,
            .headers = envelope->headers,
            .timestamp_ms = run->rules.now_ms,
        },
        error);
}

/* Checks a line, and sends it. False when sending fails. */
static bool take(struct run *run, const struct line *line, size_t number, struct error *error)
{
    struct envelope envelope;
    bool fine = true;

    run->lines++;
    run->problems->count = 0;
    run->rules.now_ms = clock_unix_ms();
    if (line->too_long)
        problems_add(run->problems, "line", "is longer than %d bytes", LINE_BYTES_MAX);
    if (line->too_long ||
        !envelope_read(&run->rules, line->text, line->size, &run->arena, &envelope, run->problems))
        report(run, number);
    else if (run->sender != NULL)
        fine = send(run, &envelope, error);
    arena_reset(&run->arena);
    return fine;
}

static bool is_blank(const struct line *line)
{
    for (size_t i = 0; i < line->size; i++)
        if (strchr(" \t\r", line->text[i]) == NULL)
            return false;
    return !line->too_long;
}

/* All lines, or up to the first bad one. */
static bool take_all(struct run *run, bool stop_at_bad, struct error *error)
{
    struct line_reader reader;
    struct line line;
    bool fine;

    lines_open(&reader, STDIN_FILENO);
    while ((fine = lines_next(&reader, &line, error)) && line.text != NULL) {
        if (is_blank(&line))
            continue;
        fine = take(run, &line, reader.number, error);
        show_progress(run, false);
        if (!fine || (run->bad != 0 && stop_at_bad))
            break;
    }
    lines_close(&reader);
    return fine;
}

/* A file is looked through before anything is sent; a pipe can't be. */
static bool check_file(struct run *run, off_t start, enum cli_exit *status)
{
    struct kafka_sender *sender = run->sender;
    struct error error;

    run->sender = NULL;
    if (!take_all(run, false, &error))
        *status = cli_fail("%s", error.text);
    else if (run->bad != 0)
        *status = cli_fail("%zu of %zu lines are bad; nothing was published", run->bad, run->lines);
    else if (lseek(STDIN_FILENO, start, SEEK_SET) < 0)
        *status = cli_fail("standard input cannot be read again");
    run->sender = sender;
    run->lines = 0;
    return *status == CLI_DONE;
}

static enum cli_exit publish(struct run *run)
{
    struct stat file;
    off_t start = lseek(STDIN_FILENO, 0, SEEK_CUR);
    bool is_file = start >= 0 && fstat(STDIN_FILENO, &file) == 0 && S_ISREG(file.st_mode);
    enum cli_exit status = CLI_DONE;
    struct error error;

    if (is_file && !given.keep_going && !check_file(run, start, &status))
        return status;
    if (!take_all(run, !given.keep_going, &error) || !kafka_sender_wait(run->sender, &error))
        status = cli_fail("%s", error.text);
    show_progress(run, true);
    if (run->bad != 0)
        status = cli_fail("%zu of %zu lines are bad", run->bad, run->lines);
    printf("published %lld to %s\n", (long long)kafka_sender_acknowledged(run->sender),
           run->rules.topic->name);
    return status;
}

static enum cli_exit publish_lines(const struct cli *cli)
{
    bool dead_letters = false;
    const struct topic *topic = topic_plan_find(given.topic, &dead_letters);
    struct run run = {.problems = calloc(1, sizeof *run.problems)};
    struct error error;
    enum cli_exit status;

    if (run.problems == NULL)
        abort();
    run.rules = (struct envelope_rules){
        .topic = topic,
        .source = given.source,
        .reply_topic = given.reply_topic,
        .reply_partition = (int32_t)given.reply_partition,
        .correlation = given.correlation,
    };
    if (topic == NULL || dead_letters)
        status = cli_fail("there is no such topic to publish to; see " CLI_PROGRAM " topics list");
    else if (!kafka_sender_open(&cli->kafka, &run.sender, &error) ||
             !kafka_sender_partitions(run.sender, topic->name, &run.partitions, &error))
        status = cli_fail("%s", error.text);
    else
        status = publish(&run);
    kafka_sender_close(run.sender);
    arena_done(&run.arena);
    free(run.problems);
    return status;
}

static enum cli_exit run_publish(const struct cli *cli)
{
    if (given.reply_topic != NULL || (given.reply_partition < 0 && given.correlation == NULL))
        return publish_lines(cli);
    (void)cli_fail("--reply-partition and --correlation go with --reply-topic");
    return CLI_USAGE;
}

const struct command command_publish = {
    .name = "publish",
    .purpose = "publish the events on standard input, a JSON object a line",
    .details =
        "A line is an event as CloudEvents writes it:\n"
        "  {\"id\": …, \"source\": …, \"time\": …, \"correlationId\": …, \"data\": {…}}\n"
        "All but data may be left out: id becomes a new UUIDv7, time is now. Mistakes are told by\n"
        "line and field, never by value.\n\n"
        "A file is checked as a whole before anything of it is published. From a pipe, lines are\n"
        "published as they come, and the first bad one ends it; what stood before is published.\n",
    .needs = NEEDS_KAFKA,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run_publish,
};
