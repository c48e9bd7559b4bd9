/* Results as they are stored, and dead letters as results. */
#include "common/ledger/results.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/ledger/partition.h"
#include "stored_results.h"

enum { HEADER_OVERHEAD = 10 }; /* two lengths as varints */

void results_init(struct result_list *list)
{
    *list = (struct result_list){0};
    list->end = &list->first;
}

void results_add(struct result_list *list, struct result *result)
{
    if (list->end == NULL)
        list->end = &list->first;
    result->next = NULL;
    *list->end = result;
    list->end = &result->next;
    list->count++;
}

static struct bytes text_bytes(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void store_headers(struct stored_result *stored, struct header_list headers,
                          struct arena *arena)
{
    struct stored_header *items =
        arena_alloc(arena, headers.count * sizeof *items, _Alignof(struct stored_header));

    for (size_t i = 0; i < headers.count; i++)
        items[i] = (struct stored_header){.name = text_bytes(headers.items[i].name),
                                          .value = headers.items[i].value};
    stored->headers.items = items;
    stored->headers.count = headers.count;
}

static void store(struct stored_result *stored, int64_t offset, const struct result *result,
                  struct arena *arena)
{
    *stored = (struct stored_result){
        .offset = offset,
        .kind = result->dead_letter ? STORED_KIND_DEAD_LETTER : STORED_KIND_EVENT,
        .id = result->dead_letter ? "" : result->id,
        .topic = result->topic,
        .partition = result->partition,
        .key = result->key,
        .value = result->value,
    };
    store_headers(stored, result->headers, arena);
}

struct bytes results_encode(const struct record *const *records, size_t count, struct arena *arena,
                            size_t *result_count)
{
    size_t total = 0;
    size_t used = 0;

    for (size_t i = 0; i < count; i++)
        total += records[i]->results.count;
    *result_count = total;
    if (total == 0)
        return (struct bytes){0};

    struct stored_result *items =
        arena_alloc(arena, total * sizeof *items, _Alignof(struct stored_result));
    for (size_t i = 0; i < count; i++)
        for (const struct result *r = records[i]->results.first; r != NULL; r = r->next)
            store(&items[used++], records[i]->offset, r, arena);
    return record_encode(&stored_results_schema,
                         &(struct stored_results){.results = {items, total}}, arena);
}

static void restore(struct stored_item *item, const struct stored_result *stored,
                    struct arena *arena)
{
    size_t count = stored->headers.count;
    struct header *headers = arena_alloc(arena, count * sizeof *headers, _Alignof(struct header));

    for (size_t i = 0; i < count; i++) {
        const struct stored_header *from = &stored->headers.items[i];
        headers[i].name = arena_copy(arena, (const char *)from->name.data, from->name.size);
        headers[i].value = from->value;
    }
    item->offset = stored->offset;
    item->result = (struct result){
        .id = stored->id,
        .dead_letter = stored->kind == STORED_KIND_DEAD_LETTER,
        .topic = stored->topic,
        .partition = stored->partition,
        .key = stored->key,
        .value = stored->value,
        .headers = {headers, count},
    };
}

bool results_decode(struct bytes stored, struct arena *arena, struct stored_list *out,
                    struct error *error)
{
    void *decoded;

    if (!record_decode(&stored_results_schema, stored, arena, &decoded, error)) {
        error->kind = ERROR_FATAL;
        return error_within(error, "stored results");
    }
    const struct stored_results *results = decoded;
    size_t count = results->results.count;
    struct stored_item *items =
        arena_alloc(arena, count * sizeof *items, _Alignof(struct stored_item));
    for (size_t i = 0; i < count; i++)
        restore(&items[i], &results->results.items[i], arena);
    *out = (struct stored_list){items, count};
    return true;
}

static struct header text_header(const char *name, const char *value, struct arena *arena)
{
    size_t size = strlen(value);

    return (struct header){name, {(const uint8_t *)arena_copy(arena, value, size), size}};
}

static struct header number_header(const char *name, int64_t value, struct arena *arena)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, value);
    return text_header(name, text, arena);
}

static struct header digest_header(const struct digest *digest, struct arena *arena)
{
    char text[2 * DIGEST_SIZE + 1];

    for (size_t i = 0; i < DIGEST_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", digest->bytes[i]);
    return text_header(HEADER_DLT_DIGEST, text, arena);
}

static const char *dead_letter_topic(const char *topic, struct arena *arena)
{
    size_t size = strlen(topic);
    char *name = arena_alloc(arena, size + sizeof ".dlt", 1);

    memcpy(name, topic, size);
    memcpy(name + size, ".dlt", sizeof ".dlt");
    return name;
}

/* Does the record fit into its dead letter topic, with our headers beside it? */
static bool fits(const struct record *record)
{
    size_t size = record->key.size + record->value.size;

    for (size_t i = 0; i < record->headers.count; i++)
        size += strlen(record->headers.items[i].name) + record->headers.items[i].value.size +
                HEADER_OVERHEAD;
    return size <= DEAD_LETTER_CONTENT_MAX;
}

static struct header detail_header(const struct record *record, bool whole, struct arena *arena)
{
    char text[sizeof record->error.text + 64];

    snprintf(text, sizeof text, "%s%s", record->error.text,
             whole ? "" : "; key, value and headers are too large to be kept");
    return text_header(HEADER_DLT_DETAIL, text, arena);
}

struct result *dead_letter_of(const struct record *record, const struct parked_by *by,
                              struct arena *arena)
{
    const struct partition *partition = record->partition;
    bool whole = fits(record);
    size_t kept = whole ? record->headers.count : 0;
    struct header *headers =
        arena_alloc(arena, (kept + DEAD_LETTER_HEADERS) * sizeof *headers, _Alignof(struct header));
    struct result *result = arena_new(arena, struct result);
    struct header *add = headers + kept;

    if (kept != 0)
        memcpy(headers, record->headers.items, kept * sizeof *headers);
    *add++ = text_header(HEADER_DLT_REASON, reason_text[record->error.reason], arena);
    *add++ = detail_header(record, whole, arena);
    *add++ = text_header(HEADER_DLT_TOPIC, partition->topic->name, arena);
    *add++ = number_header(HEADER_DLT_PARTITION, partition->number, arena);
    *add++ = number_header(HEADER_DLT_OFFSET, record->offset, arena);
    *add++ = number_header(HEADER_DLT_TIMESTAMP, record->timestamp_ms, arena);
    *add++ = text_header(HEADER_DLT_GROUP, by->group, arena);
    *add++ = text_header(HEADER_DLT_SERVICE, by->service, arena);
    *add++ = text_header(HEADER_DLT_VERSION, by->version, arena);
    *add++ = number_header(HEADER_DLT_ATTEMPTS, partition->deaths + 1, arena);
    *add++ = digest_header(&record->digest, arena);
    *result = (struct result){
        .id = record->id_known ? record->meta.id : NULL,
        .dead_letter = true,
        .topic = dead_letter_topic(partition->topic->name, arena),
        .partition = partition->number,
        .key = whole ? record->key : (struct bytes){0},
        .value = whole ? record->value : (struct bytes){0},
        .headers = {headers, kept + DEAD_LETTER_HEADERS},
    };
    return result;
}
