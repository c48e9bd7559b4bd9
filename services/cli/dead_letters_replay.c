/* `onboarding deadletters replay`: puts parked events back on the topic they came from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/kafka/sender.h"
#include "dead_letters.h"
#include "topic_plan.h"

enum { MARKS_MAX = 1000, MARK_VALUES = 5 };

static struct {
    const char *service;
    const char *group;
    const char *reason;
    bool again;
    bool dry_run;
    struct argument_list places;
} given;

#define AT(member) offsetof(__typeof__(given), member)

static const struct argument arguments[] = {
    SERVICE_ARGUMENT(given),
    GROUP_ARGUMENT(given),
    {"--reason", ARGUMENT_TEXT, AT(reason), false, "CODE", "all that were parked for this reason",
     0, 0},
    {"--again", ARGUMENT_FLAG, AT(again), false, NULL, "also those that were replayed before", 0,
     0},
    {"--dry-run", ARGUMENT_FLAG, AT(dry_run), false, NULL, "only say what would be done", 0, 0},
    {"TOPIC/PARTITION/OFFSET", ARGUMENT_LIST, AT(places), false, NULL,
     "these, by where the events came from", 0, 0},
};

struct run {
    struct store store;
    struct kafka_reader *reader;
    struct kafka_sender *sender;
    struct arena arena;
    struct dead_letter_list letters; /* by topic, partition and offset */
    struct dead_letter *first;       /* of the partition in hand */
    size_t count;                    /* in that partition */
    struct error *error;
    bool failed; /* *error says why */
};

static int compare(const void *a, const void *b)
{
    const struct dead_letter *left = a;
    const struct dead_letter *right = b;
    int order = strcmp(left->topic, right->topic);

    if (order == 0)
        order = (left->partition > right->partition) - (left->partition < right->partition);
    if (order == 0)
        order = (left->offset > right->offset) - (left->offset < right->offset);
    return order;
}

static struct dead_letter *find(struct run *run, const struct kafka_record *record)
{
    struct dead_letter_origin origin;
    struct dead_letter key = *run->first;

    if (!dead_letter_origin(record->headers, &origin) ||
        !dead_letter_is_from(&origin, run->store.group, key.topic, key.partition, origin.offset))
        return NULL;
    key.offset = origin.offset;
    return bsearch(&key, run->first, run->count, sizeof key, compare);
}

/* The event as it came: what parking added is left out. */
static struct header_list own_headers(struct header_list headers, struct arena *arena)
{
    static const char prefix[] = "onboarding-dlt-";
    struct header *items =
        arena_alloc(arena, headers.count * sizeof *items, _Alignof(struct header));
    size_t count = 0;

    for (size_t i = 0; i < headers.count; i++)
        if (strncmp(headers.items[i].name, prefix, sizeof prefix - 1) != 0)
            items[count++] = headers.items[i];
    return (struct header_list){items, count};
}

/* To the partition it came from, so that a key keeps its order. */
static bool send(struct run *run, const struct dead_letter *letter,
                 const struct kafka_record *record)
{
    struct arena arena = {0};
    const struct kafka_outgoing outgoing = {
        .topic = letter->topic,
        .partition = letter->partition,
        .key = record->key,
        .value = record->value,
        .headers = own_headers(record->headers, &arena),
        .timestamp_ms = clock_unix_ms(),
    };
    bool fine = kafka_sender_send(run->sender, &outgoing, run->error);

    arena_done(&arena);
    return fine;
}

static bool take(void *context, const struct kafka_record *record)
{
    struct run *run = context;
    struct dead_letter *letter = find(run, record);

    if (letter == NULL || letter->met)
        return true;
    letter->met = true;
    printf("%s %s/%d/%lld %s\n", given.dry_run ? "would replay" : "replaying", letter->topic,
           letter->partition, (long long)letter->offset, letter->reason);
    run->failed = !given.dry_run && !send(run, letter, record);
    return !run->failed;
}

static bool replay_partition(struct run *run)
{
    bool dead_letters;
    const struct topic *topic = topic_plan_find(run->first->topic, &dead_letters);
    int64_t from_ms = INT64_MAX;

    if (topic == NULL)
        return true; /* no topic of this version; its letters are told as not found */
    for (size_t i = 0; i < run->count; i++)
        if (run->first[i].recorded_ms < from_ms)
            from_ms = run->first[i].recorded_ms;
    const struct topic_stretch stretch = {topic_plan_name(topic, true, &run->arena),
                                          run->first->partition, from_ms - LOOK_BACK_MS};
    return topic_scan(run->reader, &stretch, take, run, run->error) && !run->failed;
}

/* The workers know a repeat by its id, so a mark that is lost does no harm. */
static bool mark(struct run *run)
{
    struct value values[MARKS_MAX * MARK_VALUES];
    size_t rows = 0;

    for (size_t i = 0; i < run->letters.count; i++) {
        const struct dead_letter *letter = &run->letters.items[i];
        struct value *at = &values[rows * MARK_VALUES];
        if (letter->met) {
            at[0] = INT(run->store.group_id);
            at[1] = TEXT(letter->topic);
            at[2] = INT(letter->partition);
            at[3] = INT(letter->offset);
            at[4] = INT(letter->generation);
            rows++;
        }
        if (rows == MARKS_MAX || (rows != 0 && i + 1 == run->letters.count)) {
            db_queue_rows(run->store.db, &sql_mark_replayed, values, rows);
            if (!db_exchange(run->store.db, run->error))
                return false;
            rows = 0;
        }
    }
    return true;
}

static bool replay_all(struct run *run)
{
    struct dead_letter *end = run->letters.items + run->letters.count;

    qsort(run->letters.items, run->letters.count, sizeof *run->letters.items, compare);
    for (run->first = run->letters.items; run->first < end; run->first += run->count) {
        run->count = 1;
        while (run->first + run->count < end &&
               run->first[run->count].partition == run->first->partition &&
               strcmp(run->first[run->count].topic, run->first->topic) == 0)
            run->count++;
        if (!replay_partition(run))
            return false;
    }
    return given.dry_run || (kafka_sender_wait(run->sender, run->error) && mark(run));
}

/* The letters named by their places; one that PostgreSQL doesn't list is an error. */
static bool find_places(struct run *run)
{
    struct dead_letter *items =
        arena_alloc(&run->arena, given.places.count * sizeof *items, _Alignof(struct dead_letter));
    size_t count = 0;

    for (size_t i = 0; i < given.places.count; i++) {
        struct dead_letter_list found;
        struct place place;
        if (!place_read(given.places.items[i], &run->arena, &place, run->error) ||
            !dead_letters_find(&run->store, &place, &run->arena, &found, run->error))
            return false;
        if (found.count == 0)
            return error_set(run->error, ERROR_FATAL, "%s/%d/%lld is no dead letter of service %s",
                             place.topic, place.partition, (long long)place.offset,
                             run->store.service);
        items[count++] = found.items[0];
    }
    run->letters = (struct dead_letter_list){items, count};
    return true;
}

static bool replay(struct run *run, const struct cli *cli)
{
    const struct dead_letter_choice choice = {given.reason, !given.again, DEAD_LETTERS_MAX};
    bool fine = given.places.count != 0 ? find_places(run)
                                        : dead_letters_load(&run->store, &choice, &run->arena,
                                                            &run->letters, run->error);

    return fine && kafka_reader_open(&cli->kafka, &run->reader, run->error) &&
           kafka_sender_open(&cli->kafka, &run->sender, run->error) && replay_all(run);
}

static enum cli_exit report(const struct run *run)
{
    enum cli_exit status = CLI_DONE;
    size_t met = 0;

    for (size_t i = 0; i < run->letters.count; i++) {
        const struct dead_letter *letter = &run->letters.items[i];
        met += letter->met ? 1 : 0;
        if (strchr(letter->topic, '/') != NULL)
            printf("%s/%d/%lld tells of an effect, and has no record to replay\n", letter->topic,
                   letter->partition, (long long)letter->offset);
        else if (!letter->met)
            status = cli_fail("%s/%d/%lld is not on its dead letter topic", letter->topic,
                              letter->partition, (long long)letter->offset);
    }
    printf("%s %zu of %zu\n", given.dry_run ? "would replay" : "replayed", met, run->letters.count);
    if (run->letters.count == DEAD_LETTERS_MAX)
        status = cli_fail("there may be more: run it again");
    return status;
}

/* False, said, where one is none. */
static bool check_places(struct error *error)
{
    struct arena arena = {0};
    struct place place;
    bool fine = true;

    for (size_t i = 0; fine && i < given.places.count; i++)
        fine = place_read(given.places.items[i], &arena, &place, error);
    if (!fine)
        (void)cli_fail("%s", error->text);
    arena_done(&arena);
    return fine;
}

static enum cli_exit run_replay(const struct cli *cli)
{
    struct error error;
    struct run run = {.error = &error};
    enum cli_exit status;

    if ((given.reason != NULL) == (given.places.count != 0)) {
        (void)cli_fail("either --reason or places say what to replay");
        return CLI_USAGE;
    }
    if (dead_letters_check_reason(given.reason) != CLI_DONE || !check_places(&error))
        return CLI_USAGE;
    if (!store_open(cli, given.service, given.group, &run.store, &error))
        return cli_fail("%s", error.text);
    status = replay(&run, cli) ? report(&run) : cli_fail("%s", error.text);
    kafka_sender_close(run.sender);
    kafka_reader_close(run.reader);
    store_close(&run.store);
    arena_done(&run.arena);
    return status;
}

const struct command command_dead_letters_replay = {
    .name = "deadletters replay",
    .purpose = "put dead letters back on the topic they came from, as they came",
    .details =
        "Key, value and headers are those of the event, its ce_id too: a worker that has\n"
        "handled it meanwhile takes it for a repeat. PostgreSQL notes when it was replayed.\n",
    .needs = NEEDS_KAFKA | NEEDS_POSTGRES,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run_replay,
};
