/* Results as they are stored, and dead letters as results. */
#include "common/ledger/results.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/avro/sink.h"
#include "common/core/bytes.h"
#include "common/ledger/pack.h"
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

/*
 * What is stored says as little as it can, for half of a result's bytes are those of the result
 * before it. Of kind EVENT,
 *     an empty topic is that of the EVENT before, an empty id the value of header ce_id;
 *     a header without a name has that of the header at its place in the EVENT before, and that
 *     header's value where it has none, or where it is empty the value of the header before it.
 * Our own headers have names; what is empty or null in them is written with the name. Dead letters
 * are written in full.
 */
static bool same_bytes(struct bytes a, struct bytes b)
{
    if (a.data == NULL || b.data == NULL)
        return a.data == b.data;
    return bytes_equal(a, b);
}

static void put_optional(struct sink *sink, struct bytes value)
{
    sink_put_long(sink, value.data != NULL);
    if (value.data != NULL)
        sink_put_sized(sink, value.data, value.size);
}

static void put_header(struct sink *sink, const struct header_list *headers, size_t place,
                       const struct header_list *before)
{
    static const struct bytes as_before;
    const struct header *header = &headers->items[place];
    const struct header *same =
        before != NULL && place < before->count ? &before->items[place] : NULL;

    if (same != NULL && header->name != same->name && strcmp(header->name, same->name) != 0)
        same = NULL;
    if (same != NULL && same_bytes(header->value, same->value)) {
        sink_put_long(sink, 0);
        put_optional(sink, as_before);
    } else if (same != NULL && header->value.size != 0) {
        bool twice = place != 0 && same_bytes(header->value, headers->items[place - 1].value);
        sink_put_long(sink, 0);
        put_optional(sink, (struct bytes){header->value.data, twice ? 0 : header->value.size});
    } else {
        sink_put_sized(sink, header->name, strlen(header->name));
        put_optional(sink, header->value);
    }
}

static const struct header *find_header(const struct header_list *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (strcmp(headers->items[i].name, name) == 0)
            return &headers->items[i];
    return NULL;
}

static bool is_value(const struct header *header, const char *text)
{
    return header != NULL && bytes_equal(header->value, bytes_of(text));
}

/* What is sealed is left out: the value, of a dead letter all but our own headers. */
static struct result open_part(const struct result *result)
{
    struct result part = *result;

    if (result->sealed.data == NULL)
        return part;
    part.value = (struct bytes){0};
    if (result->dead_letter) {
        size_t theirs = dead_letter_headers_of_others(result);
        part.key = (struct bytes){0};
        part.headers.items += theirs;
        part.headers.count -= theirs;
    }
    return part;
}

/* By hand what the generated table would do from structs; a test holds them together. */
static void put_result(struct sink *sink, int64_t offset, const struct result *given,
                       const struct result *before)
{
    const struct result part = open_part(given);
    const struct result *result = &part;
    const char *id = result->dead_letter ? "" : result->id;
    const char *topic = result->topic;

    if (!result->dead_letter && is_value(find_header(&result->headers, HEADER_ID), id))
        id = "";
    if (before != NULL && (topic == before->topic || strcmp(topic, before->topic) == 0))
        topic = "";
    sink_put_long(sink, offset);
    sink_put_long(sink, result->dead_letter ? STORED_KIND_DEAD_LETTER : STORED_KIND_EVENT);
    sink_put_sized(sink, id, strlen(id));
    sink_put_sized(sink, topic, strlen(topic));
    sink_put_long(sink, result->partition);
    put_optional(sink, result->key);
    put_optional(sink, result->value);
    if (result->headers.count != 0)
        sink_put_long(sink, (int64_t)result->headers.count);
    for (size_t i = 0; i < result->headers.count; i++)
        put_header(sink, &result->headers, i, before == NULL ? NULL : &before->headers);
    sink_put_long(sink, 0);
}

static size_t count_results(const struct record *const *records, size_t count, size_t *bytes)
{
    enum { HEADERS_GUESS = 200 }; /* bytes, in the usual case; a sink that is too small grows */
    size_t total = 0;

    *bytes = 0;
    for (size_t i = 0; i < count; i++)
        for (const struct result *r = records[i]->results.first; r != NULL; r = r->next) {
            *bytes += r->key.size + r->value.size + HEADERS_GUESS;
            total++;
        }
    return total;
}

/* The array `sealed`, behind the results. */
static void put_sealed(struct sink *sink, const struct record *const *records, size_t count)
{
    size_t sealed = 0;
    int64_t place = 0;

    for (size_t i = 0; i < count; i++)
        for (const struct result *r = records[i]->results.first; r != NULL; r = r->next)
            sealed += r->sealed.data != NULL;
    if (sealed != 0)
        sink_put_long(sink, (int64_t)sealed);
    for (size_t i = 0; sealed != 0 && i < count; i++)
        for (const struct result *r = records[i]->results.first; r != NULL; r = r->next, place++) {
            if (r->sealed.data == NULL)
                continue;
            sink_put_long(sink, place);
            sink_put_sized(sink, r->subject.data, r->subject.size);
            sink_put_sized(sink, r->sealed.data, r->sealed.size);
        }
    sink_put_long(sink, 0);
}

struct bytes results_encode(const struct record *const *records, size_t count, struct arena *arena,
                            size_t *result_count)
{
    const struct result *before = NULL; /* the EVENT before */
    struct sink sink;
    size_t bytes;

    *result_count = count_results(records, count, &bytes);
    if (*result_count == 0)
        return (struct bytes){0};
    sink_open(&sink);
    sink_grow(&sink, bytes);
    sink_put_long(&sink, (int64_t)*result_count);
    for (size_t i = 0; i < count; i++)
        for (const struct result *r = records[i]->results.first; r != NULL; r = r->next) {
            put_result(&sink, records[i]->offset, r, r->dead_letter ? NULL : before);
            if (!r->dead_letter)
                before = r;
        }
    sink_put_long(&sink, 0);
    put_sealed(&sink, records, count);
    struct bytes stored = ids_pack((struct bytes){sink.data, sink.size}, arena);
    sink_close(&sink);
    return stored;
}

static bool restore_header(struct header *headers, size_t place, const struct stored_header *stored,
                           const struct header_list *before, struct arena *arena)
{
    struct header *out = &headers[place];

    if (before == NULL || stored->name.size != 0) { /* in full */
        out->name = arena_copy(arena, (const char *)stored->name.data, stored->name.size);
        out->value = stored->value;
        return true;
    }
    if (place >= before->count)
        return false;
    *out = before->items[place];
    if (stored->value.size != 0)
        out->value = stored->value;
    else if (stored->value.data != NULL && place != 0)
        out->value = headers[place - 1].value;
    return true;
}

static bool restore(struct stored_item *item, const struct stored_result *stored,
                    const struct result *before, struct arena *arena)
{
    bool dead_letter = stored->kind == STORED_KIND_DEAD_LETTER;
    size_t count = stored->headers.count;
    struct header *items = arena_alloc(arena, count * sizeof *items, _Alignof(struct header));
    struct header_list headers = {items, count};

    for (size_t i = 0; i < count; i++)
        if (!restore_header(items, i, &stored->headers.items[i],
                            before == NULL ? NULL : &before->headers, arena))
            return false;
    item->offset = stored->offset;
    item->result = (struct result){
        .id = stored->id,
        .dead_letter = dead_letter,
        .topic = stored->topic[0] == '\0' && before != NULL ? before->topic : stored->topic,
        .partition = stored->partition,
        .key = stored->key,
        .value = stored->value,
        .headers = headers,
    };
    const struct header *id = find_header(&headers, HEADER_ID);
    if (!dead_letter && stored->id[0] == '\0' && id != NULL)
        item->result.id = arena_copy(arena, (const char *)id->value.data, id->value.size);
    return true;
}

/* What the first programs stored ends where `sealed` begins: an empty one is put behind it. */
static bool decode(struct bytes stored, struct arena *arena, void **out, struct error *error)
{
    struct error first;

    if (record_decode(&stored_results_schema, stored, arena, out, &first))
        return true;

    uint8_t *longer = arena_alloc(arena, stored.size + 1, 1);

    if (stored.size != 0)
        memcpy(longer, stored.data, stored.size);
    if (record_decode(&stored_results_schema, (struct bytes){longer, stored.size + 1}, arena, out,
                      error))
        return true;
    *error = first;
    error->kind = ERROR_FATAL;
    return error_within(error, "stored results");
}

static bool restore_sealed(const struct stored_results *results, struct stored_item *items,
                           struct error *error)
{
    for (size_t i = 0; i < results->sealed.count; i++) {
        const struct stored_sealed *sealed = &results->sealed.items[i];
        if ((size_t)sealed->result >= results->results.count || sealed->subject.size != DIGEST_SIZE)
            return error_set(error, ERROR_FATAL, "stored results: a sealed part of none");
        items[sealed->result].result.subject = sealed->subject;
        items[sealed->result].result.sealed = sealed->content;
    }
    return true;
}

bool results_decode(struct bytes stored, struct arena *arena, struct stored_list *out,
                    struct error *error)
{
    const struct result *before = NULL;
    struct bytes plain;
    void *decoded;

    if (!ids_unpack(stored, arena, &plain, error) || !decode(plain, arena, &decoded, error))
        return false;
    const struct stored_results *results = decoded;
    size_t count = results->results.count;
    struct stored_item *items =
        arena_alloc(arena, count * sizeof *items, _Alignof(struct stored_item));
    for (size_t i = 0; i < count; i++) {
        bool event = results->results.items[i].kind == STORED_KIND_EVENT;
        if (!restore(&items[i], &results->results.items[i], event ? before : NULL, arena))
            return error_set(error, ERROR_FATAL, "stored results: a header of none before");
        if (event)
            before = &items[i].result;
    }
    if (!restore_sealed(results, items, error))
        return false;
    *out = (struct stored_list){items, count};
    return true;
}

static struct header text_header(const char *name, const char *value, struct arena *arena)
{
    return (struct header){name, bytes_copy(bytes_of(value), arena)};
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

size_t dead_letter_headers_of_others(const struct result *result)
{
    return result->headers.count > DEAD_LETTER_HEADERS ? result->headers.count - DEAD_LETTER_HEADERS
                                                       : 0;
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
