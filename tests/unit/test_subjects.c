/* Data keys of a batch: asked for, loaded, made at the first seal, erased, stored. */
#include "common/core/bytes.h"
#include "common/worker/subjects.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/ledger/vault.h"
#include "common/worker/states.h"
#include "evaluation_requested.h"
#include "tests/support/fake_db.h"
#include "topics.h"

static const struct key digest_key = {.bytes = "a key of digests", .present = true};
static const struct key_ring ring = {
    .keys = {{.bytes = "one", .present = true}}, .ids = {1}, .count = 1};
static const struct subject_options options = {&digest_key, &ring};
static const struct service bank = {.name = "bank"};
static const int64_t noon_ms = 20527 * INT64_C(86400000) + 43200000; /* 2026-03-15 */

static struct arena arena;
static struct subjects *subjects;
static struct states *states;
static struct turn turn;

static int start(void **state)
{
    (void)state;
    fake_db_clear();
    subjects = subjects_new(&options, &arena);
    states = states_new(&bank, subjects, &arena);
    turn = (struct turn){.states = states, .arena = &arena, .now_ms = noon_ms};
    return 0;
}

static int clear(void **state)
{
    (void)state;
    fake_db_clear();
    arena_done(&arena);
    return 0;
}

static void put(PGresult *result, int row, int column, struct bytes value)
{
    assert_int_equal(PQsetvalue(result, row, column, (char *)(uintptr_t)value.data,
                                value.data == NULL ? -1 : (int)value.size),
                     1);
}

/* The database's answer: a key for a user, or none. */
static void answer(size_t statement, const char *user_id, const struct key *key, int16_t claimed_id)
{
    static const Oid types[] = {17, 17, 21, 16}; /* bytea, bytea, smallint, boolean */
    struct digest subject = subject_of_user(&digest_key, user_id);
    PGresAttDesc columns[COUNT(types)] = {0};
    struct bytes wrapped = {0};
    int16_t id = 0;

    for (size_t i = 0; i < COUNT(types); i++)
        columns[i] =
            (PGresAttDesc){.name = (char *)(uintptr_t) "column", .format = 1, .typid = types[i]};
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    fake_db.answers[statement] = result;
    assert_int_equal(PQsetResultAttrs(result, COUNT(types), columns), 1);
    if (key != NULL)
        wrapped = data_key_wrap(&ring, &subject, key, &arena, &id);
    if (claimed_id != 0)
        id = claimed_id;
    const uint8_t number[] = {(uint8_t)(id >> 8), (uint8_t)(id & 0xff)};
    put(result, 0, 0, digest_bytes(&subject));
    put(result, 0, 1, wrapped);
    put(result, 0, 2, (struct bytes){key == NULL ? NULL : number, 2});
    put(result, 0, 3, (struct bytes){(const uint8_t *)"", 1});
}

/* Asks for users' keys and loads them; `key` is that of the first. */
static void load(const char *first, const struct key *key, const char *second)
{
    keys_add_subject(states_keys(states), first);
    if (second != NULL)
        keys_add_subject(states_keys(states), second);
    assert_true(states_pending(states));
    states_queue(states, NULL);
    assert_string_equal(fake_db.queue[0].statement->name, "lock_keys");
    assert_string_equal(fake_db.queue[1].statement->name, "find_subject_keys");
    answer(1, first, key, 0);
    states_read(states, NULL);
    assert_false(states_pending(states));
    fake_db_clear();
}

static void a_key_is_made_at_the_first_seal(void **state)
{
    struct bytes clear_value;

    (void)state;
    load("U-1", NULL, "U-2");
    struct bytes sealed = subject_seal(&turn, "U-1", "contact.phone", "7", bytes_of("+420"));
    assert_null(memmem(sealed.data, sealed.size, "+420", 4));
    assert_true(subject_open(&turn, "U-1", "contact.phone", "7", sealed, &clear_value));
    assert_memory_equal(clear_value.data, "+420", 4);
    assert_false(subject_open(&turn, "U-2", "contact.phone", "7", sealed, &clear_value));
    assert_false(subject_open(&turn, "U-1", "contact.phone", "8", sealed, &clear_value));
    subjects_write(subjects, NULL);
    assert_int_equal(fake_db.queued, 1);
    assert_string_equal(fake_db.queue[0].statement->name, "insert_subject_keys");
    assert_int_equal(fake_db.queue[0].row_count, 1); /* nothing was sealed for the other */

    struct digest subject = subject_of_user(&digest_key, "U-1");
    const struct value *row = fake_db.queue[0].values;
    struct key stored;
    struct error error;
    assert_memory_equal(row[0].bytes.data, subject.bytes, sizeof subject.bytes);
    assert_int_equal(row[2].integer, 1);
    assert_int_equal(row[3].kind, VALUE_NULL);
    assert_true(data_key_unwrap(&ring, 1, &subject, row[1].bytes, &stored, &error));
    const struct seal_place place = {"contact.phone", bytes_of("7")};
    assert_true(seal_open(&stored, &place, sealed, &arena, &clear_value));
}

static void a_key_that_is_there_is_used(void **state)
{
    struct key key = data_key_new();
    const struct seal_place place = {"contact.phone", bytes_of("7")};
    struct bytes clear_value;

    (void)state;
    load("U-1", &key, NULL);
    struct bytes sealed = subject_seal(&turn, "U-1", "contact.phone", "7", bytes_of("+420"));
    assert_true(seal_open(&key, &place, sealed, &arena, &clear_value));
    subjects_write(subjects, NULL);
    assert_int_equal(fake_db.queued, 0);
}

static void without_its_key_nothing_opens(void **state)
{
    struct key key = data_key_new();
    const struct seal_place place = {"contact.phone", bytes_of("7")};
    struct bytes sealed = seal(&key, &place, bytes_of("+420"), &arena);
    struct bytes clear_value;

    (void)state;
    load("U-1", NULL, NULL);
    assert_false(subject_open(&turn, "U-1", "contact.phone", "7", sealed, &clear_value));
    subjects_write(subjects, NULL);
    assert_int_equal(fake_db.queued, 0); /* looking makes no key */
}

static void an_erased_key_is_gone_at_once(void **state)
{
    struct key key = data_key_new();
    struct bytes clear_value;

    (void)state;
    load("U-1", &key, NULL);
    struct bytes before = subject_seal(&turn, "U-1", "contact.phone", "7", bytes_of("+420"));
    subject_erase(&turn, "U-1", "PROCESS_ENDED");
    assert_false(subject_open(&turn, "U-1", "contact.phone", "7", before, &clear_value));
    struct bytes after = subject_seal(&turn, "U-1", "contact.phone", "7", bytes_of("+421"));
    assert_true(subject_open(&turn, "U-1", "contact.phone", "7", after, &clear_value));
    subjects_write(subjects, NULL);
    assert_int_equal(fake_db.queued, 2); /* the old one goes before the new one comes */
    assert_string_equal(fake_db.queue[0].statement->name, "erase_subjects");
    assert_memory_equal(fake_db.queue[0].values[1].bytes.data, "PROCESS_ENDED", 13);
    assert_string_equal(fake_db.queue[1].statement->name, "insert_subject_keys");
}

static void keys_are_overwritten(void **state)
{
    struct key key = data_key_new();

    (void)state;
    load("U-1", &key, NULL);
    struct bytes sealed = subject_seal(&turn, "U-1", "contact.phone", "7", bytes_of("+420"));
    struct bytes hidden = {0};
    subjects_wipe(subjects);
    assert_false(subject_open(&turn, "U-1", "contact.phone", "7", sealed, &hidden));
    subjects_wipe(NULL);
}

static void a_ring_without_the_key_stops_the_batch(void **state)
{
    struct key key = data_key_new();
    struct error error;

    (void)state;
    keys_add_subject(states_keys(states), "U-1");
    states_queue(states, NULL);
    answer(1, "U-1", &key, 9);
    states_read(states, NULL);
    assert_false(subjects_fine(subjects, &error));
    assert_string_equal(error.text, "data keys: there is no key 9 in the file");
}

static void who_was_not_asked_for_aborts(void **state)
{
    int status = 0;
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        fclose(stderr);
        signal(SIGABRT, SIG_DFL);
        (void)subject_seal(&turn, "U-1", "contact.phone", "7", bytes_of("+420"));
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* Results: of the user told, else the event's, else of the day. */
static const struct owner {
    const char *name;
    const char *told, *of_event;
    bool decoded, dead_letter, personal;
    const char *subject; /* user id; "": of the day; NULL: not sealed */
} owners[] = {
    {"no personal field", NULL, "U-2", true, false, false, NULL},
    {"a handler that says so", "U-1", "U-2", true, false, false, "U-1"},
    {"the user told", "U-1", "U-2", true, false, true, "U-1"},
    {"the event's user", NULL, "U-2", true, false, true, "U-2"},
    {"a dead letter of the event's user", NULL, "U-2", true, true, false, "U-2"},
    {"an event without user", NULL, "", true, true, false, ""},
    {"an event that cannot be read", NULL, "", false, true, false, ""},
};

static void results_are_sealed_for(void **state)
{
    const struct owner *owner = *state;
    struct evaluation_requested event = {.userId = owner->of_event};
    static const struct route route = {.from = &topic_evaluation_requested};
    struct partition partition = {.topic = &topic_evaluation_requested, .number = 1};
    struct ledger ledger = {.group_id = 7};
    struct result result = {.id = "id-1",
                            .topic = "answers",
                            .dead_letter = owner->dead_letter,
                            .personal = owner->personal,
                            .value = bytes_of("CANARY")};
    struct record record = {.partition = &partition,
                            .route = &route,
                            .event = owner->decoded ? &event : NULL,
                            .user_id = owner->told};
    struct record *records[] = {&record};
    struct batch batch = {
        .ledger = &ledger, .records = records, .record_count = 1, .now_ms = noon_ms};

    results_init(&record.results);
    results_add(&record.results, &result);
    subjects_ask_for_results(subjects, &batch);
    assert_int_equal(subjects_pending(subjects), owner->subject != NULL);
    if (owner->subject == NULL) {
        subjects_seal_results(subjects, &batch);
        assert_null(result.sealed.data);
        return;
    }
    subjects_queue(subjects, NULL);
    subjects_read(subjects, NULL);
    subjects_seal_results(subjects, &batch);
    struct digest wanted = *owner->subject == '\0' ? subject_of_day(&digest_key, "2026-03-15")
                                                   : subject_of_user(&digest_key, owner->subject);
    assert_memory_equal(result.subject.data, wanted.bytes, sizeof wanted.bytes);
    assert_null(memmem(result.sealed.data, result.sealed.size, "CANARY", 6));
    fake_db_clear();
    subjects_write(subjects, NULL);
    assert_int_equal(fake_db.queue[0].row_count, 1);
    assert_int_equal(fake_db.queue[0].values[3].kind,
                     *owner->subject == '\0' ? VALUE_INT : VALUE_NULL);
}

/* What was made before the erasure is still to be published: for a day more than its key. */
static void results_of_who_is_erased_are_of_the_day(void **state)
{
    struct partition partition = {.topic = &topic_evaluation_requested};
    struct ledger ledger = {.group_id = 7};
    struct result result = {.id = "id-1", .topic = "answers", .personal = true};
    struct record record = {.partition = &partition, .user_id = "U-1"};
    struct record *records[] = {&record};
    struct batch batch = {
        .ledger = &ledger, .records = records, .record_count = 1, .now_ms = noon_ms};
    struct key key = data_key_new();

    (void)state;
    load("U-1", &key, NULL);
    subject_erase(&turn, "U-1", "PROCESS_ENDED");
    results_init(&record.results);
    results_add(&record.results, &result);
    subjects_ask_for_results(subjects, &batch);
    subjects_queue(subjects, NULL);
    subjects_read(subjects, NULL);
    subjects_seal_results(subjects, &batch);
    struct digest day = subject_of_day(&digest_key, "2026-03-15");
    assert_memory_equal(result.subject.data, day.bytes, sizeof day.bytes);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, start, clear)

int main(void)
{
    static const struct CMUnitTest singles[] = {
        FRESH(a_key_is_made_at_the_first_seal),
        FRESH(a_key_that_is_there_is_used),
        FRESH(without_its_key_nothing_opens),
        FRESH(an_erased_key_is_gone_at_once),
        FRESH(keys_are_overwritten),
        FRESH(a_ring_without_the_key_stops_the_batch),
        FRESH(who_was_not_asked_for_aborts),
        FRESH(results_of_who_is_erased_are_of_the_day),
    };
    struct CMUnitTest tests[COUNT(singles) + COUNT(owners)];

    memcpy(tests, singles, sizeof singles);
    for (size_t i = 0; i < COUNT(owners); i++) {
        tests[COUNT(singles) + i] = EXAMPLE(results_are_sealed_for, &owners[i]);
        tests[COUNT(singles) + i].setup_func = start;
        tests[COUNT(singles) + i].teardown_func = clear;
    }
    return cmocka_run_group_tests_name("subjects", tests, NULL, NULL);
}
