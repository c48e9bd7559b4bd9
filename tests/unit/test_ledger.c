/* The ledger's keys: ids of events, coordinates of records. */
#include "common/ledger/ledger.h"

#include <string.h>

#include "tests/support/test.h"

static const struct key one_key = {.bytes = {1, 2, 3}, .present = true};
static const struct key other_key = {.bytes = {3, 2, 1}, .present = true};

static struct ledger ledger;

static const struct example {
    const char *name;
    const char *id;
    bool is_uuid;
} ids[] = {
    {"a UUID", "01234567-89ab-4def-8123-456789abcdef", true},
    {"a UUID in capitals", "01234567-89AB-4DEF-8123-456789ABCDEF", false},
    {"a UUID without dashes", "0123456789ab4def8123456789abcdef", false},
    {"a UUID and more", "01234567-89ab-4def-8123-456789abcdef0", false},
    {"a number", "17", false},
    {"a path", "evt/4711/ž", false},
};

static void id_is_a_key(void **state)
{
    const struct example *example = *state;
    bool is_uuid = !example->is_uuid;
    struct uuid key = ledger_event_id(&ledger, example->id, &is_uuid);
    char text[UUID_TEXT_SIZE];

    uuid_format(key, text);
    assert_int_equal(is_uuid, example->is_uuid);
    if (is_uuid)
        assert_string_equal(text, example->id);
    else
        assert_string_not_equal(text, example->id);
    struct uuid again = ledger_event_id(&ledger, example->id, &is_uuid);
    assert_memory_equal(key.bytes, again.bytes, sizeof key.bytes);
}

/* Two spellings of one UUID are two ids: a sender that mixes them means two events. */
static void texts_have_keys_of_their_own(void **state)
{
    bool is_uuid;

    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++)
        for (size_t k = 0; k < i; k++) {
            struct uuid a = ledger_event_id(&ledger, ids[i].id, &is_uuid);
            struct uuid b = ledger_event_id(&ledger, ids[k].id, &is_uuid);
            assert_memory_not_equal(a.bytes, b.bytes, sizeof a.bytes);
        }
}

static void another_secret_gives_other_keys(void **state)
{
    struct ledger other;
    bool is_uuid;

    (void)state;
    ledger_init(&other, NULL, "group", &other_key);
    struct uuid a = ledger_event_id(&ledger, "17", &is_uuid);
    struct uuid b = ledger_event_id(&other, "17", &is_uuid);
    assert_memory_not_equal(a.bytes, b.bytes, sizeof a.bytes);
    assert_int_not_equal(ledger.digest_key_id, other.digest_key_id);
    assert_true(ledger.digest_key_id >= 0 && other.digest_key_id >= 0);
    ledger_done(&other);
}

static void coordinates_tell_records_apart(void **state)
{
    const struct partition places[] = {
        {.topic_id = 1, .generation = 2, .number = 3},
        {.topic_id = 2, .generation = 2, .number = 3},
        {.topic_id = 1, .generation = 3, .number = 3},
        {.topic_id = 1, .generation = 2, .number = 4},
    };
    static const uint8_t expected[16] = {0, 0, 0, 1, 0, 2, 0, 3, 0, 0, 0, 1, 0, 0, 0, 5};
    struct uuid first = ledger_coordinates(&places[0], (INT64_C(1) << 32) + 5);

    (void)state;
    assert_memory_equal(first.bytes, expected, sizeof expected);
    for (size_t i = 0; i < COUNT(places); i++) {
        struct uuid next = ledger_coordinates(&places[i], (INT64_C(1) << 32) + 5 + (i == 0));
        assert_memory_not_equal(first.bytes, next.bytes, sizeof first.bytes);
    }
}

static int start(void **state)
{
    (void)state;
    ledger_init(&ledger, NULL, "group", &one_key);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    ledger_done(&ledger);
    return 0;
}

int main(void)
{
    struct CMUnitTest tests[COUNT(ids) + 3] = {
        cmocka_unit_test(texts_have_keys_of_their_own),
        cmocka_unit_test(another_secret_gives_other_keys),
        cmocka_unit_test(coordinates_tell_records_apart),
    };

    for (size_t i = 0; i < COUNT(ids); i++)
        tests[3 + i] = EXAMPLE(id_is_a_key, &ids[i]);
    return cmocka_run_group_tests(tests, start, finish);
}
