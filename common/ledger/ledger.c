/* The runtime's tables outside of batches: names and numbers, marks, stamps, suspects. */
#include "common/ledger/ledger.h"

#include <openssl/sha.h>
#include <string.h>

#include "common/core/bytes.h"
#include "common/core/clock.h"
#include "common/core/failpoint.h"
#include "common/ledger/statements.h"

/* A key names itself, so that rows of an older key are told apart after a rotation. */
static int16_t key_id(const struct key *key)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];

    SHA256(key->bytes, sizeof key->bytes, hash);
    return (int16_t)((hash[0] & 0x7f) << 8 | hash[1]);
}

void ledger_init(struct ledger *ledger, const struct db_options *options, const char *group,
                 const struct key *digest_key)
{
    *ledger = (struct ledger){.options = options,
                              .group = group,
                              .hmac = hmac_new(digest_key),
                              .digest_key_id = key_id(digest_key)};
    map_start(&ledger->sources, &ledger->source_memory);
}

void ledger_done(struct ledger *ledger)
{
    ledger_disconnect(ledger);
    hmac_free(ledger->hmac);
    arena_done(&ledger->source_memory);
}

static bool find_number(struct ledger *ledger, const struct statement *statement, const char *name,
                        int64_t *out, struct error *error)
{
    const struct value value = TEXT(name);

    for (int tries = 0; tries < 2; tries++) { /* another may insert between our look and ours */
        if (!db_run(ledger->db, statement, &value, error))
            return false;
        if (db_row_count(ledger->db, 0) == 1) {
            struct row row = db_row(ledger->db, 0, 0);
            *out = row_int(&row, 0);
            return true;
        }
    }
    return error_set(error, ERROR_RETRY, "%s found nothing", statement->name);
}

bool ledger_connect(struct ledger *ledger, struct error *error)
{
    int64_t group_id = 0;

    if (db_alive(ledger->db))
        return true;
    ledger_disconnect(ledger);
    if (!db_open(ledger->options, &ledger->db, error))
        return false;
    if (!find_number(ledger, &sql_find_group, ledger->group, &group_id, error)) {
        ledger_disconnect(ledger);
        return false;
    }
    ledger->group_id = (int16_t)group_id;
    return true;
}

void ledger_disconnect(struct ledger *ledger)
{
    db_close(ledger->db);
    ledger->db = NULL;
}

bool ledger_topic_id(struct ledger *ledger, const char *topic, int32_t *out, struct error *error)
{
    int64_t number = 0;

    if (!ledger_connect(ledger, error) ||
        !find_number(ledger, &sql_find_topic, topic, &number, error))
        return false;
    *out = (int32_t)number;
    return true;
}

bool ledger_source_id(struct ledger *ledger, const char *source, int32_t *out, struct error *error)
{
    struct bytes key = bytes_of(source);
    uintptr_t known = (uintptr_t)map_find(&ledger->sources, key);
    int64_t number = 0;

    if (known == 0) {
        if (!ledger_connect(ledger, error) ||
            !find_number(ledger, &sql_find_source, source, &number, error))
            return false;
        if (ledger->sources.count >= SOURCES_MAX) {
            arena_reset(&ledger->source_memory);
            map_start(&ledger->sources, &ledger->source_memory);
        }
        known = (uintptr_t)number + 1;
        *map_put(&ledger->sources, key) = (void *)known;
    }
    *out = (int32_t)(known - 1);
    return true;
}

struct uuid ledger_event_id(struct ledger *ledger, const char *id, bool *is_uuid)
{
    struct uuid key;
    size_t size = strlen(id);

    *is_uuid = uuid_parse(id, size, &key);
    if (!*is_uuid) {
        hmac_start(ledger->hmac);
        hmac_add(ledger->hmac, "event id", sizeof "event id");
        hmac_add(ledger->hmac, id, size);
        struct digest digest = hmac_end(ledger->hmac);
        memcpy(key.bytes, digest.bytes, sizeof key.bytes);
    }
    return key;
}

struct uuid ledger_coordinates(const struct partition *partition, int64_t offset)
{
    struct uuid key;
    uint64_t high = (uint64_t)(uint32_t)partition->topic_id << 32 |
                    (uint64_t)(uint16_t)partition->generation << 16 |
                    (uint64_t)(uint16_t)partition->number;

    for (size_t i = 0; i < 8; i++) {
        key.bytes[i] = (uint8_t)(high >> (56 - 8 * i));
        key.bytes[8 + i] = (uint8_t)((uint64_t)offset >> (56 - 8 * i));
    }
    return key;
}

enum { MARK_VALUES = 6, MARKS_MAX = 512 };

bool ledger_mark(struct ledger *ledger, struct partition *const *partitions, size_t count,
                 bool clean, bool *fenced, struct error *error)
{
    struct value values[MARKS_MAX * MARK_VALUES];
    struct partition *marked[MARKS_MAX];
    size_t rows = 0;

    for (size_t i = 0; i < count && rows < MARKS_MAX; i++) {
        struct partition *p = partitions[i];
        int64_t published = partition_published_offset(p);
        bool trusted = p->state == PARTITION_ACTIVE ||
                       (clean && p->state == PARTITION_READY) || /* nothing is on its way */
                       (MUTANT("mark_on_suspended") && p->owner_epoch >= 0);
        if (!trusted || (published <= p->marked_offset && !clean))
            continue;
        const struct value row[MARK_VALUES] = {
            INT(ledger->group_id), INT(p->topic_id), INT(p->number),
            INT(p->owner_epoch),   INT(published),   BOOL(clean && published == p->next_offset)};
        memcpy(&values[rows * MARK_VALUES], row, sizeof row);
        marked[rows++] = p;
    }
    *fenced = false;
    if (rows == 0)
        return true;
    if (!ledger_connect(ledger, error))
        return false;
    db_queue_rows(ledger->db, mutant_statement(&sql_mark_published), values, rows);
    if (!db_exchange(ledger->db, error))
        return false;
    *fenced = db_row_count(ledger->db, 0) < rows;
    for (size_t i = 0; i < rows; i++)
        marked[i]->marked_offset = partition_published_offset(marked[i]);
    return true;
}

bool ledger_take_stamp(struct ledger *ledger, const struct partition *partition, int64_t *out_ms,
                       bool *fenced, struct error *error)
{
    const struct statement *statement =
        MUTANT("stamp_without_row_lock") ? &sql_read_clock : mutant_statement(&sql_take_stamp);

    (void)FAILPOINT("before_stamp");
    if (!ledger_connect(ledger, error)) /* which tells the group's number */
        return false;

    const struct value values[] = {INT(ledger->group_id), INT(partition->topic_id),
                                   INT(partition->number), INT(partition->owner_epoch)};

    if (!db_run(ledger->db, statement, values, error))
        return false;
    *fenced = db_row_count(ledger->db, 0) == 0;
    if (!*fenced) {
        struct row row = db_row(ledger->db, 0, 0);
        *out_ms = row_time_ms(&row, 0);
    }
    (void)FAILPOINT("after_stamp");
    return true;
}

bool ledger_note_suspect(struct ledger *ledger, const struct partition *partition, int64_t offset,
                         struct error *error)
{
    if (!ledger_connect(ledger, error))
        return false;

    const struct value values[] = {INT(ledger->group_id), INT(partition->topic_id),
                                   INT(partition->generation), INT(partition->number), INT(offset)};

    return db_run(ledger->db, &sql_note_suspect, values, error);
}

bool ledger_clear_suspect(struct ledger *ledger, const struct partition *partition,
                          struct error *error)
{
    if (!ledger_connect(ledger, error))
        return false;

    const struct value values[] = {INT(ledger->group_id), INT(partition->topic_id),
                                   INT(partition->number)};

    return db_run(ledger->db, &sql_clear_suspect, values, error);
}
