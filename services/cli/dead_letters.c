/* Dead letters in PostgreSQL and on their topics. */
#include "dead_letters.h"

#include <stdio.h>
#include <string.h>

#include "common/core/bytes.h"
#include "common/core/clock.h"
#include "common/ledger/results.h"

enum cli_exit dead_letters_check_reason(const char *reason)
{
    enum { LIST_SIZE = 256 };
    char list[LIST_SIZE] = "";
    size_t used = 0;

    for (int i = REASON_NONE + 1; i < REASON_COUNT; i++) {
        if (reason == NULL || strcmp(reason, reason_text[i]) == 0)
            return CLI_DONE;
        used += (size_t)snprintf(list + used, sizeof list - used, " %s", reason_text[i]);
        if (used >= sizeof list)
            used = sizeof list - 1;
    }
    (void)cli_fail("--reason is none of%s", list);
    return CLI_USAGE;
}

static struct dead_letter read_row(const struct row *row, struct arena *arena)
{
    return (struct dead_letter){
        .topic = row_text(row, 0, arena),
        .partition = (int32_t)row_int(row, 1),
        .offset = row_int(row, 2),
        .generation = (int16_t)row_int(row, 3),
        .reason = row_text(row, 4, arena),
        .detail = row_text(row, 5, arena),
        .event_id = row_text(row, 6, arena),
        .recorded_ms = row_time_ms(row, 7),
        .replayed_ms = row_is_null(row, 8) ? 0 : row_time_ms(row, 8),
    };
}

static bool read_rows(struct store *store, const struct statement *statement,
                      const struct value *values, struct arena *arena, struct dead_letter_list *out,
                      struct error *error)
{
    if (!store_run(store, statement, values, error))
        return false;
    size_t count = db_row_count(store->db, 0);
    struct dead_letter *items =
        arena_alloc(arena, count * sizeof *items, _Alignof(struct dead_letter));
    for (size_t i = 0; i < count; i++) {
        struct row row = db_row(store->db, 0, i);
        items[i] = read_row(&row, arena);
    }
    *out = (struct dead_letter_list){items, count};
    return true;
}

bool dead_letters_load(struct store *store, const struct dead_letter_choice *choice,
                       struct arena *arena, struct dead_letter_list *out, struct error *error)
{
    const struct value values[] = {INT(store->group_id), TEXT(choice->reason),
                                   BOOL(choice->pending), INT(choice->count_max)};

    return read_rows(store, &sql_list_dead_letters, values, arena, out, error);
}

bool dead_letters_find(struct store *store, const struct place *place, struct arena *arena,
                       struct dead_letter_list *out, struct error *error)
{
    const struct value values[] = {INT(store->group_id), TEXT(place->topic), INT(place->partition),
                                   INT(place->offset)};

    return read_rows(store, &sql_find_dead_letter, values, arena, out, error);
}

static bool read_number(const struct bytes *bytes, int64_t *out)
{
    enum { DIGITS_MAX = 18 };
    int64_t number = 0;

    if (bytes == NULL || bytes->size == 0 || bytes->size > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < bytes->size; i++) {
        if (bytes->data[i] < '0' || bytes->data[i] > '9')
            return false;
        number = number * 10 + (bytes->data[i] - '0');
    }
    *out = number;
    return true;
}

/* The last header of each name is ours: the event may have been a dead letter before. */
bool dead_letter_origin(struct header_list headers, struct dead_letter_origin *out)
{
    const struct bytes *group = header_find_last(headers, HEADER_DLT_GROUP);
    const struct bytes *topic = header_find_last(headers, HEADER_DLT_TOPIC);
    struct dead_letter_origin origin;

    if (group == NULL || topic == NULL ||
        !read_number(header_find_last(headers, HEADER_DLT_PARTITION), &origin.partition) ||
        !read_number(header_find_last(headers, HEADER_DLT_OFFSET), &origin.offset))
        return false;
    origin.group = *group;
    origin.topic = *topic;
    *out = origin;
    return true;
}

bool dead_letter_is_from(const struct dead_letter_origin *origin, const char *group,
                         const char *topic, int32_t partition, int64_t offset)
{
    return origin->partition == partition && origin->offset == offset &&
           bytes_equal(origin->topic, bytes_of(topic)) &&
           (group == NULL || bytes_equal(origin->group, bytes_of(group)));
}

bool topic_scan(struct kafka_reader *reader, const struct topic_stretch *stretch,
                bool (*take)(void *context, const struct kafka_record *record), void *context,
                struct error *error)
{
    struct kafka_position position = {stretch->topic, stretch->partition, 0};
    struct kafka_record record;
    int64_t low;
    int64_t end;

    if (!kafka_reader_bounds(reader, stretch->topic, stretch->partition, &low, &end, error) ||
        !kafka_reader_offset_at(reader, stretch->topic, stretch->partition, stretch->from_ms,
                                &position.offset, error))
        return false;
    if (position.offset >= end)
        return true;
    if (!kafka_reader_start(reader, &position, 1, error))
        return false;
    for (int64_t heard_ms = clock_monotonic_ms();;) {
        if (!kafka_reader_next(reader, SCAN_POLL_MS, &record, error))
            return false;
        if (record.topic == NULL) {
            if (clock_monotonic_ms() - heard_ms > SCAN_SILENCE_MS_MAX)
                return error_set(error, ERROR_RETRY, "no answer from the brokers");
            continue;
        }
        heard_ms = clock_monotonic_ms();
        if (record.at_end || record.offset >= end || !take(context, &record) ||
            record.offset + 1 >= end)
            return true;
    }
}
