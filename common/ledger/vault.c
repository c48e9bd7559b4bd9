/* Sealing and opening stored results. */
#include "common/ledger/vault.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/core/bytes.h"
#include "common/core/map.h"
#include "common/ledger/statements.h"
#include "sealed_record.h"

enum { ROW_SIZE = 512 }; /* a topic's name has at most 249 bytes, an id 36 */

/* A dead letter's id is upstream's, and no offset has two. */
static struct seal_place place_of(const struct stored_place *place, int64_t offset,
                                  const struct result *result, char row[static ROW_SIZE])
{
    int size = snprintf(row, ROW_SIZE, "%d/%s/%d/%" PRId32 "/%" PRId64 "/%s", place->group_id,
                        place->topic, place->generation, place->partition, offset,
                        result->dead_letter ? "dead letter" : result->id);

    return (struct seal_place){"batch.results", {(const uint8_t *)row, (size_t)size}};
}

static struct bytes encode_personal(const struct result *result, struct arena *arena)
{
    size_t count = result->dead_letter ? dead_letter_headers_of_others(result) : 0;
    struct sealed_header *headers =
        arena_alloc(arena, count * sizeof *headers, _Alignof(struct sealed_header));

    for (size_t i = 0; i < count; i++) {
        const struct header *from = &result->headers.items[i];
        headers[i].name = bytes_of(from->name);
        headers[i].value = from->value;
    }
    return record_encode(&sealed_record_schema,
                         &(struct sealed_record){
                             .key = result->dead_letter ? result->key : (struct bytes){0},
                             .value = result->value,
                             .headers = {headers, count},
                         },
                         arena);
}

void vault_seal(const struct key *data_key, const struct digest *subject,
                const struct stored_place *place, int64_t offset, struct result *result,
                struct arena *arena)
{
    char row[ROW_SIZE];
    const struct seal_place at = place_of(place, offset, result, row);
    struct bytes clear = encode_personal(result, arena);

    result->sealed = seal(data_key, &at, clear, arena);
    result->subject = bytes_copy(digest_bytes(subject), arena);
    OPENSSL_cleanse((void *)(uintptr_t)clear.data, clear.size);
}

/* Upstream's headers before our own. */
static void restore_headers(struct result *result, const struct sealed_record *personal,
                            struct arena *arena)
{
    size_t theirs = personal->headers.count;
    size_t count = theirs + result->headers.count;
    struct header *headers = arena_alloc(arena, count * sizeof *headers, _Alignof(struct header));

    for (size_t i = 0; i < theirs; i++) {
        const struct sealed_header *from = &personal->headers.items[i];
        headers[i].name = arena_copy(arena, (const char *)from->name.data, from->name.size);
        headers[i].value = from->value;
    }
    if (result->headers.count != 0)
        memcpy(headers + theirs, result->headers.items, result->headers.count * sizeof *headers);
    result->headers = (struct header_list){headers, count};
}

static bool open_item(const struct key *data_key, const struct stored_place *place,
                      struct stored_item *item, struct arena *arena, struct error *error)
{
    char row[ROW_SIZE];
    const struct seal_place at = place_of(place, item->offset, &item->result, row);
    struct bytes clear;
    void *decoded;

    if (!seal_open(data_key, &at, item->result.sealed, arena, &clear))
        return error_set(error, ERROR_FATAL, "does not open");
    if (!record_decode(&sealed_record_schema, clear, arena, &decoded, error)) {
        error->kind = ERROR_FATAL;
        return false;
    }
    const struct sealed_record *personal = decoded;
    item->result.value = personal->value;
    if (item->result.dead_letter) {
        item->result.key = personal->key;
        restore_headers(&item->result, personal, arena);
    }
    return true;
}

struct subject_row subject_row_read(const struct row *row, struct arena *arena)
{
    struct bytes subject = row_bytes(row, 0, arena);
    struct subject_row out = {
        .wrapped = row_bytes(row, 1, arena),
        .key_id = row_is_null(row, 2) ? 0 : (int16_t)row_int(row, 2),
        .erased = row_bool(row, 3),
    };

    if (subject.size == sizeof out.subject.bytes)
        memcpy(out.subject.bytes, subject.data, subject.size);
    return out;
}

void vault_find_keys(struct db *db, const struct value *subjects, size_t count)
{
    db_queue_rows(db, &sql_find_subject_keys, subjects, count);
}

/* What the table says of the subjects of sealed items. */
static bool load_subjects(struct db *db, const struct stored_item *items, size_t count,
                          struct arena *arena, struct map *subjects, struct error *error)
{
    struct value *values = arena_alloc(arena, count * sizeof *values, _Alignof(struct value));
    size_t rows = 0;

    map_start(subjects, arena);
    for (size_t i = 0; i < count; i++) {
        struct bytes subject = items[i].result.subject;
        if (items[i].result.sealed.data == NULL || map_find(subjects, subject) != NULL)
            continue;
        *map_put(subjects, subject) = arena_new(arena, struct subject_row);
        values[rows++] = BYTES(subject);
    }
    if (rows == 0)
        return true;
    vault_find_keys(db, values, rows);
    if (!db_exchange(db, error))
        return false;
    for (size_t i = 0; i < db_row_count(db, 0); i++) {
        struct row row = db_row(db, 0, i);
        struct subject_row read = subject_row_read(&row, arena);
        struct subject_row *known = map_find(subjects, digest_bytes(&read.subject));
        if (known != NULL)
            *known = read;
    }
    return true;
}

/* A key made after an erasure does not open what was sealed before it. */
static bool open_or_skip(const struct key_ring *ring, const struct stored_place *place,
                         const struct subject_row *subject, struct stored_item *item,
                         struct arena *arena, struct error *error)
{
    struct key key = {.present = false};
    bool fine = false;

    if (subject->wrapped.data != NULL) {
        if (!data_key_unwrap(ring, subject->key_id, &subject->subject, subject->wrapped, &key,
                             error))
            return false;
        fine = open_item(&key, place, item, arena, error);
        OPENSSL_cleanse(&key, sizeof key);
    }
    item->erased = !fine && subject->erased;
    if (fine || item->erased)
        return true;
    return error_set(error, ERROR_FATAL,
                     "the stored result of offset %" PRId64 " does not open: its data key is gone "
                     "without a proof, or the row was changed",
                     item->offset);
}

bool vault_open(struct db *db, const struct key_ring *ring, const struct stored_place *place,
                struct stored_item *items, size_t count, struct arena *arena, size_t *erased,
                struct error *error)
{
    struct map subjects;

    *erased = 0;
    if (!load_subjects(db, items, count, arena, &subjects, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (items[i].result.sealed.data == NULL)
            continue;
        const struct subject_row *subject = map_find(&subjects, items[i].result.subject);
        if (!open_or_skip(ring, place, subject, &items[i], arena, error))
            return false;
        *erased += items[i].erased;
    }
    return true;
}
