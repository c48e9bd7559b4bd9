/* The results that should be in the topics, and what was met of them. */
#include "audit_set.h"

#include <stdlib.h>
#include <string.h>

#include "common/core/bytes.h"
#include "common/core/digest.h"
#include "common/core/random.h"
#include "common/kafka/reader.h"
#include "common/ledger/results.h"

struct audit_set {
    struct audit_item *items;
    size_t count;
    size_t capacity;
    struct hmac *hmac;
};

const char *const audit_verdict_text[AUDIT_VERDICTS] = {
    [AUDIT_FOUND] = "found",       [AUDIT_PENDING] = "pending",     [AUDIT_MISSING] = "missing",
    [AUDIT_REPEATED] = "repeated", [AUDIT_DIFFERING] = "differing", [AUDIT_MISPLACED] = "misplaced",
};

struct audit_set *audit_set_new(void)
{
    struct audit_set *set = calloc(1, sizeof *set);
    struct key key = {.present = true};

    if (set == NULL)
        abort();
    random_fill(key.bytes, sizeof key.bytes);
    set->hmac = hmac_new(&key);
    return set;
}

void audit_set_free(struct audit_set *set)
{
    if (set == NULL)
        return;
    hmac_free(set->hmac);
    free(set->items);
    free(set);
}

/* With its size before it, so that parts can't run into each other; null is no empty text. */
static void add_part(struct hmac *hmac, struct bytes part)
{
    uint64_t size = part.data == NULL ? UINT64_MAX : part.size;

    hmac_add(hmac, &size, sizeof size);
    if (part.size != 0)
        hmac_add(hmac, part.data, part.size);
}

static void add_text(struct hmac *hmac, const char *text)
{
    add_part(hmac, bytes_of(text));
}

static struct audit_hash end(struct hmac *hmac)
{
    struct digest digest = hmac_end(hmac);
    struct audit_hash hash;

    memcpy(hash.bytes, digest.bytes, sizeof hash.bytes);
    return hash;
}

static bool identify(struct hmac *hmac, const struct audit_record *record, struct audit_hash *out)
{
    static const char *const coordinates[] = {HEADER_DLT_GROUP, HEADER_DLT_TOPIC,
                                              HEADER_DLT_PARTITION, HEADER_DLT_OFFSET};
    const struct bytes *id = header_find(record->headers, HEADER_ID);
    bool dead_letter = header_find(record->headers, HEADER_DLT_OFFSET) != NULL;
    bool known = dead_letter || (id != NULL && id->data != NULL);

    hmac_start(hmac);
    add_text(hmac, record->topic);
    for (size_t i = 0; dead_letter && i < COUNT(coordinates); i++) {
        const struct bytes *part = header_find_last(record->headers, coordinates[i]);
        known = known && part != NULL;
        if (part != NULL)
            add_part(hmac, *part);
    }
    if (!dead_letter && known)
        add_part(hmac, *id);
    *out = end(hmac);
    return known;
}

static struct audit_hash content_of(struct hmac *hmac, const struct audit_record *record)
{
    hmac_start(hmac);
    add_part(hmac, record->key);
    add_part(hmac, record->value);
    for (size_t i = 0; i < record->headers.count; i++) {
        add_text(hmac, record->headers.items[i].name);
        add_part(hmac, record->headers.items[i].value);
    }
    return end(hmac);
}

bool audit_set_add(struct audit_set *set, const struct audit_record *record, struct audit_item item)
{
    if (set->count == AUDIT_RESULTS_MAX || !identify(set->hmac, record, &item.identity))
        return false;
    item.content = content_of(set->hmac, record);
    if (set->count == set->capacity) {
        set->capacity = set->capacity == 0 ? 1024 : 2 * set->capacity;
        set->items = realloc(set->items, set->capacity * sizeof *set->items);
        if (set->items == NULL)
            abort();
    }
    set->items[set->count++] = item;
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct audit_item *left = a;
    const struct audit_item *right = b;

    return memcmp(left->identity.bytes, right->identity.bytes, AUDIT_HASH_SIZE);
}

void audit_set_seal(struct audit_set *set)
{
    if (set->count != 0)
        qsort(set->items, set->count, sizeof *set->items, compare);
}

struct audit_item *audit_set_find(struct audit_set *set, const struct audit_record *record)
{
    struct audit_item key;

    if (set->count == 0 || !identify(set->hmac, record, &key.identity))
        return NULL;
    return bsearch(&key, set->items, set->count, sizeof key, compare);
}

void audit_set_meet(struct audit_set *set, const struct audit_record *record)
{
    struct audit_item *item = audit_set_find(set, record);

    if (item == NULL)
        return;
    struct audit_hash content = content_of(set->hmac, record);
    item->met++;
    item->misplaced |= item->partition != record->partition;
    item->differs |= memcmp(content.bytes, item->content.bytes, AUDIT_HASH_SIZE) != 0;
}

size_t audit_set_count(const struct audit_set *set)
{
    return set->count;
}

struct audit_item *audit_set_at(struct audit_set *set, size_t index)
{
    return &set->items[index];
}

enum audit_verdict audit_judge(const struct audit_item *item)
{
    if (item->met == 0)
        return item->due ? AUDIT_MISSING : AUDIT_PENDING;
    if (item->differs)
        return AUDIT_DIFFERING;
    if (item->misplaced)
        return AUDIT_MISPLACED;
    return item->met > 1 ? AUDIT_REPEATED : AUDIT_FOUND;
}
