/* Stored results with personal parts: what is stored shows nothing, opens, or was erased. */
#include "common/ledger/vault.h"

#include <string.h>

#include "common/avro/codec.h"
#include "common/ledger/pack.h"
#include "stored_results.h"
#include "tests/support/fake_db.h"

#define LITERAL(text)                                                                              \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

static const struct key digest_key = {.bytes = "a key of digests", .present = true};
static const struct key_ring ring = {
    .keys = {{.bytes = "one", .present = true}}, .ids = {1}, .count = 1};
static const struct key_ring other_ring = {
    .keys = {{.bytes = "two", .present = true}}, .ids = {2}, .count = 1};
static const struct stored_place here = {7, "requests", 0, 3};

static struct arena arena;
static struct digest subject;
static struct key data_key;
static struct result event, parked;
static struct stored_list list;

static bool holds(struct bytes bytes, const char *text)
{
    return memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
}

static void make_results(void)
{
    static struct header event_headers[] = {{"ce_id", LITERAL("id-1")}};
    static struct header parked_headers[2 + DEAD_LETTER_HEADERS] = {
        {"theirs", LITERAL("CANARY-header")}, {"CANARY-name", LITERAL("x")}};

    for (size_t i = 0; i < DEAD_LETTER_HEADERS; i++)
        parked_headers[2 + i] = (struct header){"ours", LITERAL("reason")};
    event = (struct result){.id = "id-1",
                            .topic = "answers",
                            .key = LITERAL("P-1"),
                            .value = LITERAL("CANARY-value"),
                            .headers = {event_headers, 1},
                            .personal = true};
    parked = (struct result){.dead_letter = true,
                             .topic = "requests.dlt",
                             .key = LITERAL("CANARY-key"),
                             .value = LITERAL("CANARY-parked"),
                             .headers = {parked_headers, COUNT(parked_headers)}};
}

static struct bytes store(void)
{
    static struct record records[2];
    const struct record *const both[] = {&records[0], &records[1]};
    size_t count;

    make_results();
    subject = subject_of_user(&digest_key, "U-1");
    data_key = data_key_new();
    vault_seal(&data_key, &subject, &here, 40, &event, &arena);
    vault_seal(&data_key, &subject, &here, 41, &parked, &arena);
    for (int i = 0; i < 2; i++) {
        records[i] = (struct record){.offset = 40 + i};
        results_init(&records[i].results);
    }
    results_add(&records[0].results, &event);
    results_add(&records[1].results, &parked);
    return results_encode(both, 2, &arena, &count);
}

/* A row of the answer; `wrapped` NULL: there is no key. */
static void answer(const struct key *key, const struct key_ring *wrapped_with, bool erased)
{
    static const int types[] = {17, 17, 21, 16}; /* bytea, bytea, smallint, boolean */
    PGresAttDesc columns[COUNT(types)] = {0};
    int16_t id = 0;
    char number[2];
    char flag = erased;

    fake_db_clear();
    for (size_t i = 0; i < COUNT(types); i++) {
        columns[i].name = (char *)(uintptr_t) "column";
        columns[i].format = 1;
        columns[i].typid = (Oid)types[i];
    }
    PGresult *made = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    fake_db.answers[0] = made;
    assert_int_equal(PQsetResultAttrs(made, COUNT(types), columns), 1);
    assert_int_equal(PQsetvalue(made, 0, 0, (char *)subject.bytes, sizeof subject.bytes), 1);
    if (key != NULL) {
        struct bytes wrapped = data_key_wrap(wrapped_with, &subject, key, &arena, &id);
        number[0] = (char)(id >> 8);
        number[1] = (char)(id & 0xff);
        PQsetvalue(made, 0, 1, (char *)(uintptr_t)wrapped.data, (int)wrapped.size);
        PQsetvalue(made, 0, 2, number, sizeof number);
    } else {
        PQsetvalue(made, 0, 1, NULL, -1);
        PQsetvalue(made, 0, 2, NULL, -1);
    }
    PQsetvalue(made, 0, 3, &flag, 1);
}

static bool open_stored(const struct stored_place *place, struct bytes stored, size_t *erased,
                        struct error *error)
{
    assert_true(results_decode(stored, &arena, &list, error));
    return vault_open(NULL, &ring, place, list.items, list.count, &arena, erased, error);
}

static int clear(void **state)
{
    (void)state;
    fake_db_clear();
    arena_done(&arena);
    return 0;
}

static void stored_bytes_show_nothing(void **state)
{
    struct bytes stored = store();

    (void)state;
    assert_false(holds(stored, "CANARY"));
    assert_true(holds(stored, "P-1"));
    assert_true(holds(stored, "reason"));
    assert_true(holds(event.value, "CANARY")); /* what is published */
}

static void they_open_as_they_were(void **state)
{
    struct bytes stored = store();
    struct error error;
    size_t erased;

    (void)state;
    answer(&data_key, &ring, true); /* erased before, and a key was made since */
    assert_true(open_stored(&here, stored, &erased, &error));
    assert_int_equal(fake_db.queue[0].row_count, 1); /* both are of one subject */
    assert_int_equal(erased, 0);

    const struct result *first = &list.items[0].result, *second = &list.items[1].result;
    assert_int_equal(first->value.size, event.value.size);
    assert_memory_equal(first->value.data, "CANARY-value", first->value.size);
    assert_int_equal(first->key.size, 3);
    assert_int_equal(first->headers.count, 1);
    assert_int_equal(second->key.size, strlen("CANARY-key"));
    assert_memory_equal(second->value.data, "CANARY-parked", second->value.size);
    assert_int_equal(second->headers.count, 2 + DEAD_LETTER_HEADERS);
    assert_string_equal(second->headers.items[0].name, "theirs");
    assert_string_equal(second->headers.items[1].name, "CANARY-name");
    assert_string_equal(second->headers.items[2].name, "ours");
}

static void erased_ones_are_skipped(void **state)
{
    struct key newer = data_key_new();
    struct error error;
    size_t erased;

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bytes stored = store();
        answer(i == 0 ? NULL : &newer, &ring, true);
        assert_true(open_stored(&here, stored, &erased, &error));
        assert_int_equal(erased, 2);
        assert_true(list.items[0].erased && list.items[1].erased);
        assert_null(list.items[0].result.value.data);
    }
}

/* Not to be published, nor skipped: somebody must look. */
static void what_does_not_open_is_fatal(void **state)
{
    struct stored_place there = here;
    struct error error;
    size_t erased;

    (void)state;
    struct bytes stored = store();
    answer(NULL, &ring, false);
    assert_false(open_stored(&here, stored, &erased, &error));
    assert_int_equal(error.kind, ERROR_FATAL);
    answer(&data_key, &other_ring, true);
    assert_false(open_stored(&here, stored, &erased, &error));
    assert_string_equal(error.text, "data keys: there is no key 2 in the file");
    answer(&data_key, &ring, false);
    there.partition = 2;
    assert_false(open_stored(&there, stored, &erased, &error));
}

static void nothing_sealed_asks_nothing(void **state)
{
    struct stored_item items[] = {{.result = {.id = "id-1", .value = LITERAL("v")}}};
    struct error error;
    size_t erased = 9;

    (void)state;
    fake_db_clear();
    assert_true(vault_open(NULL, &ring, &here, items, 1, &arena, &erased, &error));
    assert_int_equal(erased, 0);
    assert_int_equal(fake_db.queued, 0);
}

/* The bytes of before there was something sealed: all but the last byte, an empty array. */
static void older_bytes_are_read(void **state)
{
    struct record record = {.offset = 1};
    const struct record *const records[] = {&record};
    struct error error;
    size_t count;

    (void)state;
    make_results();
    results_init(&record.results);
    results_add(&record.results, &event);
    struct bytes stored;
    assert_true(ids_unpack(results_encode(records, 1, &arena, &count), &arena, &stored, &error));
    assert_true(
        results_decode((struct bytes){stored.data, stored.size - 1}, &arena, &list, &error));
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].result.value.size, event.value.size);
    assert_false(
        results_decode((struct bytes){stored.data, stored.size - 2}, &arena, &list, &error));
}

static void a_part_of_no_result_is_fatal(void **state)
{
    struct stored_sealed sealed[] = {{.subject = LITERAL("12345678901234567890123456789012")},
                                     {.subject = LITERAL("short")}};
    struct stored_result items[] = {{.id = "a", .topic = "t"}};
    struct error error;

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct stored_results results = {.results = {items, (size_t)i}, .sealed = {&sealed[i], 1}};
        struct bytes stored = record_encode(&stored_results_schema, &results, &arena);
        assert_false(results_decode(stored, &arena, &list, &error));
        assert_int_equal(error.kind, ERROR_FATAL);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(stored_bytes_show_nothing, clear),
        cmocka_unit_test_teardown(they_open_as_they_were, clear),
        cmocka_unit_test_teardown(erased_ones_are_skipped, clear),
        cmocka_unit_test_teardown(what_does_not_open_is_fatal, clear),
        cmocka_unit_test_teardown(nothing_sealed_asks_nothing, clear),
        cmocka_unit_test_teardown(older_bytes_are_read, clear),
        cmocka_unit_test_teardown(a_part_of_no_result_is_fatal, clear),
    };

    return cmocka_run_group_tests_name("vault", tests, NULL, NULL);
}
