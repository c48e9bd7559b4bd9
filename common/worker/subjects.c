/* The data keys of one batch, and what is sealed under them. */
#include "common/worker/subjects.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "common/avro/codec.h"
#include "common/core/bytes.h"
#include "common/core/date.h"
#include "common/core/map.h"
#include "common/ledger/vault.h"
#include "common/worker/effect_rows.h"
#include "common/worker/states.h"
#include "worker_sql.h"

struct subject {
    struct digest id;
    struct key key;         /* not present: there is none, or not any more */
    bool loaded;            /* else it is asked for */
    bool fresh;             /* made in this batch */
    int64_t day;            /* of a key of the day, since 1970-01-01; -1: of a user */
    const char *erased_why; /* NULL: not in this batch */
};

struct subjects {
    const struct subject_options *options;
    struct arena *arena;
    struct map users; /* by user id */
    struct map ids;   /* the same by `id`, and the day's */
    struct subject *day;
    size_t pending, fresh, erased;
    size_t answer; /* of the query in the exchange; valid while `asked` */
    bool asked;
    bool failed;
    struct error error;
};

struct subjects *subjects_new(const struct subject_options *options, struct arena *arena)
{
    struct subjects *subjects = arena_new(arena, struct subjects);

    subjects->options = options;
    subjects->arena = arena;
    map_start(&subjects->users, arena);
    map_start(&subjects->ids, arena);
    return subjects;
}

static struct bytes id_of(const struct subject *subject)
{
    return digest_bytes(&subject->id);
}

static struct subject *add(struct subjects *subjects, struct digest id, int32_t day)
{
    struct subject *subject = arena_new(subjects->arena, struct subject);

    subject->id = id;
    subject->day = day;
    *map_put(&subjects->ids, id_of(subject)) = subject;
    subjects->pending++;
    return subject;
}

bool subjects_ask(struct subjects *subjects, const char *user_id, struct bytes *subject)
{
    void **slot = map_put(&subjects->users, bytes_of(user_id));

    if (*slot != NULL)
        return false;
    *slot = add(subjects, subject_of_user(subjects->options->digest_key, user_id), -1);
    *subject = id_of(*slot);
    return true;
}

bool subjects_pending(const struct subjects *subjects)
{
    return subjects->pending != 0;
}

void subjects_queue(struct subjects *subjects, struct db *db)
{
    struct value *values =
        arena_alloc(subjects->arena, subjects->pending * sizeof *values, _Alignof(struct value));
    size_t count = 0;

    for (const struct map_entry *e = subjects->ids.first; e != NULL; e = e->next)
        if (!((const struct subject *)e->value)->loaded)
            values[count++] = BYTES(id_of(e->value));
    subjects->answer = db_queued(db);
    subjects->asked = true;
    vault_find_keys(db, values, count);
}

void subjects_read(struct subjects *subjects, struct db *db)
{
    if (!subjects->asked)
        return;
    for (struct map_entry *e = subjects->ids.first; e != NULL; e = e->next)
        ((struct subject *)e->value)->loaded = true;
    subjects->pending = 0;
    subjects->asked = false;
    for (size_t i = 0; i < db_row_count(db, subjects->answer); i++) {
        struct row row = db_row(db, subjects->answer, i);
        struct subject_row read = subject_row_read(&row, subjects->arena);
        struct subject *subject = map_find(&subjects->ids, digest_bytes(&read.subject));
        if (subject != NULL && read.wrapped.data != NULL &&
            !data_key_unwrap(subjects->options->ring, read.key_id, &read.subject, read.wrapped,
                             &subject->key, &subjects->error))
            subjects->failed = true;
    }
}

bool subjects_fine(const struct subjects *subjects, struct error *error)
{
    if (subjects->failed)
        *error = subjects->error;
    return !subjects->failed;
}

static struct subject *find(const struct subjects *subjects, const char *user_id)
{
    struct subject *subject = map_find(&subjects->users, bytes_of(user_id));

    if (subject == NULL || !subject->loaded)
        abort(); /* the route's load() does not ask for what its handler seals or opens */
    return subject;
}

static const struct key *key_to_seal(struct subjects *subjects, struct subject *subject)
{
    if (!subject->key.present) {
        subject->key = data_key_new();
        subject->fresh = true;
        subjects->fresh++;
    }
    return &subject->key;
}

struct bytes subject_seal(const struct turn *turn, const char *user_id, const char *column,
                          const char *row, struct bytes clear)
{
    struct subjects *subjects = states_subjects(turn->states);
    const struct seal_place place = {column, bytes_of(row)};

    return seal(key_to_seal(subjects, find(subjects, user_id)), &place, clear, turn->arena);
}

bool subject_open(const struct turn *turn, const char *user_id, const char *column, const char *row,
                  struct bytes sealed, struct bytes *clear)
{
    const struct subject *subject = find(states_subjects(turn->states), user_id);
    const struct seal_place place = {column, bytes_of(row)};

    return subject->key.present && seal_open(&subject->key, &place, sealed, turn->arena, clear);
}

void subject_erase(const struct turn *turn, const char *user_id, const char *why)
{
    struct subjects *subjects = states_subjects(turn->states);
    struct subject *subject = find(subjects, user_id);

    if (subject->fresh)
        subjects->fresh--;
    if (subject->erased_why == NULL)
        subjects->erased++;
    OPENSSL_cleanse(&subject->key, sizeof subject->key);
    subject->fresh = false;
    subject->erased_why = arena_text(subjects->arena, why);
}

/* Whose data the results of a record are: as the handler said, else as the event says. */
static const char *user_of(const struct record *record)
{
    const struct schema *schema =
        record->route == NULL || record->route->from == NULL ? NULL : record->route->from->schema;

    if (record->user_id != NULL)
        return record->user_id;
    if (record->effect != NULL)
        return ((const struct effect_end *)record->event)->outcome.subject;
    if (record->event == NULL || schema == NULL)
        return NULL;
    return event_text(schema, record->event, "userId");
}

static struct subject *day_of(struct subjects *subjects, int64_t now_ms)
{
    char text[DATE_TEXT_SIZE];

    if (subjects->day == NULL) {
        int32_t day = date_of_ms(now_ms);
        date_format(day, text);
        subjects->day = add(subjects, subject_of_day(subjects->options->digest_key, text), day);
    }
    return subjects->day;
}

/* Who is erased in this very batch has no key, and needs none for results on their way. */
static struct subject *subject_of(struct subjects *subjects, const char *user_id, int64_t now_ms)
{
    struct bytes unused;

    if (user_id == NULL || *user_id == '\0')
        return day_of(subjects, now_ms);
    (void)subjects_ask(subjects, user_id, &unused);
    struct subject *subject = map_find(&subjects->users, bytes_of(user_id));
    return subject->erased_why != NULL && !subject->fresh ? day_of(subjects, now_ms) : subject;
}

/* What a handler says is somebody's data is sealed whatever its schema says. */
static bool is_sealed(const struct record *record, const struct result *result)
{
    return result->dead_letter || result->personal || record->user_id != NULL;
}

void subjects_ask_for_results(struct subjects *subjects, const struct batch *batch)
{
    for (size_t i = 0; i < batch->record_count; i++)
        for (const struct result *r = batch->records[i]->results.first; r != NULL; r = r->next)
            if (is_sealed(batch->records[i], r))
                (void)subject_of(subjects, user_of(batch->records[i]), batch->now_ms);
}

void subjects_seal_results(struct subjects *subjects, const struct batch *batch)
{
    for (size_t i = 0; i < batch->record_count; i++) {
        const struct record *record = batch->records[i];
        const struct partition *partition = record->partition;
        const struct stored_place place = {batch->ledger->group_id, partition->topic->name,
                                           partition->generation, partition->number};
        for (struct result *r = record->results.first; r != NULL; r = r->next) {
            if (!is_sealed(record, r))
                continue;
            struct subject *subject = subject_of(subjects, user_of(record), batch->now_ms);
            vault_seal(key_to_seal(subjects, subject), &subject->id, &place, record->offset, r,
                       subjects->arena);
        }
    }
}

void subjects_ask_for(struct subjects *subjects, const char *user_id, int64_t now_ms)
{
    (void)subject_of(subjects, user_id, now_ms);
}

struct bytes subjects_seal(struct subjects *subjects, const char *user_id, int64_t now_ms,
                           const struct seal_place *place, struct bytes clear,
                           struct digest *subject)
{
    struct subject *whose = subject_of(subjects, user_id, now_ms);

    *subject = whose->id;
    return seal(key_to_seal(subjects, whose), place, clear, subjects->arena);
}

static void write_erased(struct subjects *subjects, struct db *db)
{
    struct value *values =
        arena_alloc(subjects->arena, 2 * subjects->erased * sizeof *values, _Alignof(struct value));
    struct value *at = values;

    for (const struct map_entry *e = subjects->ids.first; e != NULL; e = e->next) {
        const struct subject *subject = e->value;
        if (subject->erased_why == NULL)
            continue;
        *at++ = BYTES(id_of(subject));
        *at++ = TEXT(subject->erased_why);
    }
    db_queue_rows(db, &sql_erase_subjects, values, subjects->erased);
}

static void write_fresh(struct subjects *subjects, struct db *db)
{
    struct value *values =
        arena_alloc(subjects->arena, 4 * subjects->fresh * sizeof *values, _Alignof(struct value));
    struct value *at = values;

    for (const struct map_entry *e = subjects->ids.first; e != NULL; e = e->next) {
        const struct subject *subject = e->value;
        int16_t key_id;
        if (!subject->fresh)
            continue;
        struct bytes wrapped = data_key_wrap(subjects->options->ring, &subject->id, &subject->key,
                                             subjects->arena, &key_id);
        *at++ = BYTES(id_of(subject));
        *at++ = BYTES(wrapped);
        *at++ = INT(key_id);
        *at++ = subject->day < 0 ? NOTHING : INT(subject->day);
    }
    db_queue_rows(db, &sql_insert_subject_keys, values, subjects->fresh);
}

void subjects_write(struct subjects *subjects, struct db *db)
{
    if (subjects->erased != 0)
        write_erased(subjects, db);
    if (subjects->fresh != 0)
        write_fresh(subjects, db);
}

void subjects_wipe(struct subjects *subjects)
{
    if (subjects == NULL)
        return;
    for (struct map_entry *e = subjects->ids.first; e != NULL; e = e->next)
        OPENSSL_cleanse(&((struct subject *)e->value)->key, sizeof(struct key));
}
