/* Rows and events that handlers append; a batch's rows travel together. */
#include "common/worker/outcomes.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/bytes.h"
#include "common/effects/provider.h"
#include "common/kafka/client.h"
#include "common/ledger/partition.h"
#include "common/worker/effect_rows.h"
#include "common/worker/subjects.h"
#include "worker_sql.h"

/* The rows of one statement, as an array of rows of values. */
struct rows {
    const struct statement *statement;
    struct value **items;
    size_t count, capacity;
    size_t kept; /* rows of earlier records; those beyond fall with the record in hand */
};

struct outcome {
    const struct outcome_options *options;
    int16_t group_id;
    struct arena *arena;
    struct rows rows[OUTCOME_STATEMENTS_MAX];
    size_t rows_count;
    struct effect_asked *asked, **asked_end;
    struct effect_asked **asked_kept; /* the end before the record in hand */
    struct record *record;
    const struct turn *turn;
    struct result_list results;
    bool ignored;
    bool rejected;
    struct error error;
};

struct outcome *outcomes_new(const struct outcome_options *options, int16_t group_id,
                             struct arena *arena)
{
    struct outcome *out = arena_new(arena, struct outcome);

    out->options = options;
    out->group_id = group_id;
    out->asked_end = &out->asked;
    out->arena = arena;
    return out;
}

void outcomes_start(struct outcome *out, struct record *record, const struct turn *turn)
{
    out->record = record;
    out->turn = turn;
    results_init(&out->results);
    out->ignored = false;
    out->rejected = false;
    for (size_t i = 0; i < out->rows_count; i++)
        out->rows[i].kept = out->rows[i].count;
    out->asked_kept = out->asked_end;
}

void outcomes_end(struct outcome *out)
{
    struct record *record = out->record;

    if (!out->rejected) {
        record->fate = out->ignored ? FATE_IGNORED : FATE_DONE;
        record->results = out->results;
        if (out->results.first == NULL)
            results_init(&record->results);
        return;
    }
    for (size_t i = 0; i < out->rows_count; i++)
        out->rows[i].count = out->rows[i].kept;
    *out->asked_kept = NULL;
    out->asked_end = out->asked_kept;
    record->fate = FATE_DEAD_LETTER;
    record->error = out->error;
}

static struct rows *rows_of(struct outcome *out, const struct statement *statement)
{
    for (size_t i = 0; i < out->rows_count; i++)
        if (out->rows[i].statement == statement)
            return &out->rows[i];
    assert(out->rows_count < OUTCOME_STATEMENTS_MAX);
    if (out->rows_count == OUTCOME_STATEMENTS_MAX)
        abort();

    struct rows *rows = &out->rows[out->rows_count++];
    *rows = (struct rows){.statement = statement};
    return rows;
}

static struct value copy_value(struct value value, struct arena *arena)
{
    if (value.kind == VALUE_TEXT || value.kind == VALUE_BYTES)
        value.bytes = bytes_copy(value.bytes, arena);
    return value;
}

void outcome_row_array(struct outcome *out, const struct statement *statement,
                       const struct value *values, size_t count)
{
    struct rows *rows = rows_of(out, statement);

    if (count != statement->parameter_count)
        abort(); /* the handler and its .sql file disagree */
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity == 0 ? 64 : 2 * rows->capacity;
        struct value **items =
            arena_alloc(out->arena, capacity * sizeof(struct value *), _Alignof(struct value *));
        if (rows->count != 0)
            memcpy(items, rows->items, rows->count * sizeof(struct value *));
        rows->items = items;
        rows->capacity = capacity;
    }
    struct value *copy = arena_take(out->arena, count * sizeof *copy, _Alignof(struct value));
    for (size_t i = 0; i < count; i++)
        copy[i] = copy_value(values[i], out->arena);
    rows->items[rows->count++] = copy;
}

static const struct output_topic *find_output(const struct outcome *out, const struct topic *topic)
{
    for (size_t i = 0; i < out->options->output_count; i++)
        if (out->options->outputs[i].topic == topic)
            return &out->options->outputs[i];
    abort(); /* a topic that is not among the service's outputs */
}

void outcome_event(struct outcome *out, const struct topic *topic, const char *key,
                   const void *record)
{
    const struct output_topic *output = find_output(out, topic);
    const struct turn *turn = out->turn;
    struct result *result = arena_new(out->arena, struct result);
    char id[UUID_TEXT_SIZE];

    uuid_format(uuid_v7(turn->now_ms), id);
    result->id = arena_copy(out->arena, id, UUID_TEXT_SIZE - 1);
    result->topic = topic->name;
    result->personal = topic->schema->personal;
    result->key = bytes_copy(bytes_of(key), out->arena);
    result->partition = kafka_partition_of(result->key, output->partition_count);
    result->value =
        event_encode(topic->schema, record, out->options->framing, output->schema_id, out->arena);
    result->headers = event_meta_write(&(struct result_meta){.id = result->id,
                                                             .source = out->options->source,
                                                             .type = topic->name,
                                                             .subject = NULL,
                                                             .time_ms = turn->now_ms,
                                                             .cause = turn->meta},
                                       out->arena);
    if (result->value.size > RESULT_BYTES_MAX)
        outcome_reject(out, REASON_TOO_LARGE, "a result of %zu bytes", result->value.size);
    results_add(&out->results, result);
}

void outcome_subject(struct outcome *out, const char *user_id)
{
    out->record->user_id = arena_text(out->arena, user_id);
}

/* What provider.h takes; more would fail each try. */
static bool is_small(const struct effect_request *request)
{
    return request->body.size <= PROVIDER_BODY_MAX &&
           (request->path == NULL || strlen(request->path) <= PROVIDER_PATH_MAX);
}

static const char *copy_text(struct outcome *out, const char *text)
{
    return text == NULL ? NULL : arena_text(out->arena, text);
}

void outcome_effect(struct outcome *out, const struct effect_request *request)
{
    const struct partition *from = out->record->partition;
    const struct partition *pseudo = from->pseudo ? from : from->effects;
    const struct effect_content content = {request->recipient, request->path, request->body};

    if (pseudo == NULL)
        abort(); /* the service's table lists no effects */
    if (!is_small(request)) {
        outcome_reject(out, REASON_TOO_LARGE, "an effect of %zu bytes", request->body.size);
        return;
    }
    struct effect_asked *asked = arena_new(out->arena, struct effect_asked);
    *asked = (struct effect_asked){.id = uuid_v7(out->turn->now_ms),
                                   .topic_id = pseudo->topic_id,
                                   .number = pseudo->number,
                                   .kind = request->kind->name,
                                   .order_key = copy_text(out, request->order_key),
                                   .reference = copy_text(out, request->reference),
                                   .subject = copy_text(out, request->subject),
                                   .now_ms = out->turn->now_ms,
                                   .expires_ms = request->expires_ms,
                                   .cause = effect_cause_encode(out->turn->meta, out->arena),
                                   .content = effect_content_encode(&content, out->arena)};
    *out->asked_end = asked;
    out->asked_end = &asked->next;
}

bool outcomes_has_effects(const struct outcome *out)
{
    return out->asked != NULL;
}

void outcomes_ask_for_keys(const struct outcome *out, struct subjects *subjects)
{
    for (const struct effect_asked *asked = out->asked; asked != NULL; asked = asked->next)
        subjects_ask_for(subjects, asked->subject, asked->now_ms);
}

void outcomes_seal(struct outcome *out, struct subjects *subjects)
{
    for (const struct effect_asked *asked = out->asked; asked != NULL; asked = asked->next) {
        char row[UUID_TEXT_SIZE];
        struct digest subject;
        uuid_format(asked->id, row);
        const struct seal_place place = {EFFECT_CONTENT,
                                         {(const uint8_t *)row, UUID_TEXT_SIZE - 1}};
        struct bytes sealed = subjects_seal(subjects, asked->subject, asked->now_ms, &place,
                                            asked->content, &subject);
        OPENSSL_cleanse((void *)(uintptr_t)asked->content.data, asked->content.size);
        outcome_row(out, &sql_insert_effects, INT(out->group_id), INT(asked->topic_id),
                    INT(asked->number), UUID_VALUE(asked->id), TEXT(asked->kind),
                    TEXT(asked->order_key), TEXT(asked->reference), TEXT(asked->subject),
                    TIME_MS(asked->expires_ms), BYTES(asked->cause), BYTES(sealed),
                    BYTES(digest_bytes(&subject)));
    }
}

void outcome_ignore(struct outcome *out)
{
    out->ignored = true;
}

void outcome_reject(struct outcome *out, enum reason reason, const char *format, ...)
{
    va_list args;

    if (out->rejected)
        return; /* the first reason counts */
    out->rejected = true;
    out->error = (struct error){.kind = ERROR_POISON, .reason = reason};
    va_start(args, format);
    if (vsnprintf(out->error.text, sizeof out->error.text, format, args) < 0)
        out->error.text[0] = '\0';
    va_end(args);
}

static int compare_bytes(struct bytes a, struct bytes b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size == 0 ? 0 : memcmp(a.data, b.data, size);

    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_values(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    switch (a->kind) {
    case VALUE_TEXT:
    case VALUE_BYTES: return compare_bytes(a->bytes, b->bytes);
    case VALUE_UUID: return memcmp(a->uuid.bytes, b->uuid.bytes, sizeof a->uuid.bytes);
    case VALUE_INT:
    case VALUE_TIME_MS: return (a->integer > b->integer) - (a->integer < b->integer);
    case VALUE_NULL:
    case VALUE_BOOL:
    case VALUE_DOUBLE: break;
    }
    return 0;
}

/* A row with its place, so that rows of one key keep the order of their events. */
struct placed {
    const struct value *values;
    size_t place;
};

static int compare_rows(const void *a, const void *b)
{
    const struct placed *left = a;
    const struct placed *right = b;
    int order = compare_values(&left->values[0], &right->values[0]);

    return order != 0 ? order : (left->place > right->place) - (left->place < right->place);
}

static void queue_rows(struct outcome *out, const struct rows *rows, struct db *db)
{
    size_t width = rows->statement->parameter_count;
    struct placed *placed =
        arena_take(out->arena, rows->count * sizeof *placed, _Alignof(struct placed));
    struct value *flat =
        arena_take(out->arena, rows->count * width * sizeof *flat, _Alignof(struct value));

    for (size_t i = 0; i < rows->count; i++)
        placed[i] = (struct placed){rows->items[i], i};
    qsort(placed, rows->count, sizeof *placed, compare_rows);
    for (size_t i = 0; i < rows->count; i++)
        memcpy(flat + i * width, placed[i].values, width * sizeof *flat);
    db_queue_rows(db, rows->statement, flat, rows->count);
}

void outcomes_queue(struct outcome *out, struct db *db)
{
    for (size_t i = 0; i < out->rows_count; i++)
        if (out->rows[i].count != 0)
            queue_rows(out, &out->rows[i], db);
}
