/* A run: look, publish, wait until all of it is acknowledged, note it. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/core/log.h"
#include "common/core/timestamp.h"
#include "common/kafka/sender.h"
#include "schedule.h"
#include "schedule_sql.h"

enum { PARAMETERS_MAX = 4, NOTE_COLUMNS = 4 };

struct run {
    const struct run_options *options;
    struct db *db;
    struct kafka_sender *sender; /* NULL while nothing was published */
    struct arena arena;          /* until the end of a source */
    int32_t *partitions;         /* of topics[], 0: not asked yet */
    int64_t taken;               /* rows, of the limit */
    struct run_result result;
};

/* The parameters of each query, without the limit that ends them: how many. */
static size_t due_parameters(const struct schedule_config *config, struct value *out)
{
    (void)config;
    (void)out;
    return 0;
}

static size_t expired_parameters(const struct schedule_config *config, struct value *out)
{
    out[0] = INT(config->process_expiry_ms);
    out[1] = INT(config->look_back_ms);
    out[2] = BOOL(config->finished_by == FINISHED_BY_EVALUATION);
    return 3;
}

static size_t retention_parameters(const struct schedule_config *config, struct value *out)
{
    out[0] = INT(config->retention_ms);
    out[1] = INT(config->look_back_ms);
    return 2;
}

static bool retention_is_wanted(const struct schedule_config *config)
{
    return config->retention_ms > 0;
}

static const struct source {
    const struct statement *find; /* topic, name, due_at, data, how many there are in all */
    size_t (*parameters)(const struct schedule_config *config, struct value *out);
    bool (*is_wanted)(const struct schedule_config *config); /* NULL: always */
} sources[] = {
    {&sql_find_due, due_parameters, NULL},
    {&sql_find_expired, expired_parameters, NULL},
    {&sql_find_retention, retention_parameters, retention_is_wanted},
};

static bool send(struct run *run, const struct timer *timer, struct error *error)
{
    size_t index = 0;

    while (topics[index] != timer->topic)
        index++;
    if (run->sender == NULL && !kafka_sender_open(&run->options->kafka, &run->sender, error))
        return false;
    if (run->partitions[index] == 0 &&
        !kafka_sender_partitions(run->sender, timer->topic->name, &run->partitions[index], error))
        return error_within(error, "topic %s", timer->topic->name);
    return kafka_sender_send(
        run->sender,
        &(struct kafka_outgoing){
            .topic = timer->topic->name,
            .partition = kafka_sender_partition(timer->key, run->partitions[index]),
            .key = timer->key,
            .value = timer->value,
            .headers = timer->headers,
            .timestamp_ms = clock_unix_ms(),
        },
        error);
}

static void show(const struct due *due, struct uuid id)
{
    char time[TIME_TEXT_SIZE];
    char text[UUID_TEXT_SIZE];

    time_format(due->due_ms, time);
    uuid_format(id, text);
    printf("%s %s %s %s\n", time, due->topic, text, due->name);
}

/* A row that makes no event holds nobody else up; it stays due until somebody mends the view. */
static void refuse(struct run *run, const struct due *due, struct uuid id,
                   const struct error *error)
{
    char text[UUID_TEXT_SIZE];

    uuid_format(id, text);
    run->result.bad++;
    log_line(LOG_ERROR, "what is due makes no event", LOG_TEXT("topic", due->topic),
             LOG_TEXT("id", text), LOG_TEXT("error", error->text));
}

/* Publishes one, and gives the values to note; false when sending fails. */
static bool take(struct run *run, const struct due *due, struct value *note, size_t *notes,
                 struct error *error)
{
    struct uuid id = timer_id(due->topic, due->name);
    struct timer timer;
    struct error fault;

    if (!timer_read(due, &run->arena, &timer, &fault)) {
        refuse(run, due, id, &fault);
        return true;
    }
    if (run->options->dry) {
        show(due, id);
        return true;
    }
    if (!send(run, &timer, error))
        return false;
    note[0] = TEXT(due->topic);
    note[1] = TEXT(due->name);
    note[2] = UUID_VALUE(id);
    note[3] = TIME_MS(due->due_ms);
    (*notes)++;
    return true;
}

/* Only what is acknowledged is noted, so that nothing is lost. */
static bool finish(struct run *run, const struct value *notes, size_t count, struct error *error)
{
    if (count == 0)
        return true;
    if (!kafka_sender_wait(run->sender, error))
        return false;
    if (FAILPOINT("schedule_published"))
        return error_set(error, ERROR_RETRY, "failpoint schedule_published");
    db_queue_rows(run->db, &sql_insert_published, notes, count);
    if (!db_exchange(run->db, error))
        return false;
    run->result.published += (int64_t)count;
    return true;
}

/* What is null makes no event, and is told like anything else that makes none. */
static const char *text_of(const struct row *row, int column, struct arena *arena)
{
    return row_is_null(row, column) ? "" : row_text(row, column, arena);
}

static bool take_source(struct run *run, const struct source *source, struct error *error)
{
    struct value parameters[PARAMETERS_MAX];
    const struct schedule_config *config = run->options->config;
    size_t count = source->parameters(config, parameters);
    int64_t room = config->limit - run->taken;
    struct value *notes;
    size_t noted = 0;
    bool fine = true;

    parameters[count] = INT(room > 0 ? room : 1); /* one row tells how many there are */
    if (!db_run(run->db, source->find, parameters, error))
        return false;
    size_t rows = db_row_count(run->db, 0);
    if (rows > 0) {
        struct row row = db_row(run->db, 0, 0);
        rows = room > 0 ? rows : 0;
        run->result.left += row_int(&row, 4) - (int64_t)rows;
    }
    run->taken += (int64_t)rows;
    notes = calloc(rows + 1, NOTE_COLUMNS * sizeof *notes);
    if (notes == NULL)
        abort();
    for (size_t i = 0; i < rows && fine; i++) {
        struct row row = db_row(run->db, 0, i);
        const struct due due = {
            .topic = text_of(&row, 0, &run->arena),
            .name = text_of(&row, 1, &run->arena),
            .due_ms = row_is_null(&row, 2) ? 0 : row_time_ms(&row, 2),
            .data = text_of(&row, 3, &run->arena),
        };
        fine = take(run, &due, notes + noted * NOTE_COLUMNS, &noted, error);
    }
    fine = fine && finish(run, notes, noted, error);
    free(notes);
    arena_reset(&run->arena);
    return fine;
}

/* Two runs at once would publish the same twice, for nothing. */
static bool lock(struct run *run, bool *got, struct error *error)
{
    if (!db_run(run->db, &sql_lock_schedule, NULL, error))
        return false;
    struct row row = db_row(run->db, 0, 0);
    *got = row_bool(&row, 0);
    return true;
}

bool run_schedule(const struct run_options *options, struct run_result *out, struct error *error)
{
    struct run run = {.options = options};
    bool locked = false;
    bool fine = db_open(&options->database, &run.db, error) && lock(&run, &locked, error) &&
                db_run(run.db, &sql_set_planner, NULL, error);

    run.partitions = calloc(topic_count, sizeof *run.partitions);
    if (run.partitions == NULL)
        abort();
    run.result.busy = fine && !locked;
    for (size_t i = 0; i < COUNT(sources) && fine && locked; i++)
        if (sources[i].is_wanted == NULL || sources[i].is_wanted(options->config))
            fine = take_source(&run, &sources[i], error);
    kafka_sender_close(run.sender);
    db_close(run.db);
    arena_done(&run.arena);
    free(run.partitions);
    *out = run.result;
    return fine;
}
