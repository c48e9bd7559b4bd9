/* Every verdict of an audit on its example; what a result and a dead letter are known by. */
#include "services/cli/audit_set.h"

#include <string.h>

#include "test.h"

#define BYTES(text) ((struct bytes){(const uint8_t *)(text), sizeof(text) - 1})

static const struct header result_headers[] = {{"ce_id", BYTES("id-1")}, {"x", BYTES("1")}};
static const struct header other_headers[] = {{"ce_id", BYTES("id-1")}, {"x", BYTES("2")}};
static const struct header more_headers[] = {
    {"ce_id", BYTES("id-1")}, {"x", BYTES("1")}, {"y", BYTES("")}};
static const struct header foreign_headers[] = {{"ce_id", BYTES("id-2")}, {"x", BYTES("1")}};
static const struct header no_id_headers[] = {{"x", BYTES("1")}};

#define DEAD(group, partition, offset)                                                             \
    {                                                                                              \
        {"ce_id", BYTES("id-1")}, {"onboarding-dlt-group", BYTES(group)},                          \
            {"onboarding-dlt-topic", BYTES("in")}, {"onboarding-dlt-partition", BYTES(partition)}, \
        {                                                                                          \
            "onboarding-dlt-offset", BYTES(offset)                                                 \
        }                                                                                          \
    }

static const struct header dead_headers[] = DEAD("g", "1", "10");
static const struct header dead_other_offset[] = DEAD("g", "1", "11");
static const struct header dead_other_group[] = DEAD("h", "1", "10");
static const struct header dead_shifted[] = DEAD("g", "11", "0");

#define HEADERS(array)                                                                             \
    {                                                                                              \
        (array), COUNT(array)                                                                      \
    }

static const struct audit_record stored = {"out", 2, BYTES("key"), BYTES("value"),
                                           HEADERS(result_headers)};

enum { MEETINGS_MAX = 2 };

static const struct example {
    const char *name;
    bool due;
    struct audit_record met[MEETINGS_MAX];
    enum audit_verdict verdict;
} examples[] = {
    {"there once",
     true,
     {{"out", 2, BYTES("key"), BYTES("value"), HEADERS(result_headers)}},
     AUDIT_FOUND},
    {"there before it is marked",
     false,
     {{"out", 2, BYTES("key"), BYTES("value"), HEADERS(result_headers)}},
     AUDIT_FOUND},
    {"not there", true, {{0}}, AUDIT_MISSING},
    {"not there, not due", false, {{0}}, AUDIT_PENDING},
    {"another's result",
     true,
     {{"out", 2, BYTES("key"), BYTES("value"), HEADERS(foreign_headers)}},
     AUDIT_MISSING},
    {"on another topic",
     true,
     {{"up", 2, BYTES("key"), BYTES("value"), HEADERS(result_headers)}},
     AUDIT_MISSING},
    {"without an id",
     true,
     {{"out", 2, BYTES("key"), BYTES("value"), HEADERS(no_id_headers)}},
     AUDIT_MISSING},
    {"there twice",
     true,
     {{"out", 2, BYTES("key"), BYTES("value"), HEADERS(result_headers)},
      {"out", 2, BYTES("key"), BYTES("value"), HEADERS(result_headers)}},
     AUDIT_REPEATED},
    {"on another partition",
     true,
     {{"out", 3, BYTES("key"), BYTES("value"), HEADERS(result_headers)}},
     AUDIT_MISPLACED},
    {"another value",
     true,
     {{"out", 2, BYTES("key"), BYTES("valuf"), HEADERS(result_headers)}},
     AUDIT_DIFFERING},
    {"another key",
     true,
     {{"out", 2, BYTES("kez"), BYTES("value"), HEADERS(result_headers)}},
     AUDIT_DIFFERING},
    {"a byte moved from key to value",
     true,
     {{"out", 2, BYTES("ke"), BYTES("yvalue"), HEADERS(result_headers)}},
     AUDIT_DIFFERING},
    {"no value",
     true,
     {{"out", 2, BYTES("key"), {NULL, 0}, HEADERS(result_headers)}},
     AUDIT_DIFFERING},
    {"another header",
     true,
     {{"out", 2, BYTES("key"), BYTES("value"), HEADERS(other_headers)}},
     AUDIT_DIFFERING},
    {"one header more",
     true,
     {{"out", 2, BYTES("key"), BYTES("value"), HEADERS(more_headers)}},
     AUDIT_DIFFERING},
    {"there, and once more with another value",
     true,
     {{"out", 2, BYTES("key"), BYTES("value"), HEADERS(result_headers)},
      {"out", 2, BYTES("key"), BYTES("other"), HEADERS(result_headers)}},
     AUDIT_DIFFERING},
};

static void judges(void **state)
{
    const struct example *example = *state;
    struct audit_set *set = audit_set_new();

    assert_true(
        audit_set_add(set, &stored, (struct audit_item){.partition = 2, .due = example->due}));
    audit_set_seal(set);
    for (size_t i = 0; i < MEETINGS_MAX && example->met[i].topic != NULL; i++)
        audit_set_meet(set, &example->met[i]);
    assert_int_equal(audit_judge(audit_set_at(set, 0)), example->verdict);
    audit_set_free(set);
}

static void an_empty_value_is_not_null(void **state)
{
    static const struct audit_record empty = {"out", 2, BYTES("key"), BYTES(""),
                                              HEADERS(result_headers)};
    static const struct audit_record null = {
        "out", 2, BYTES("key"), {NULL, 0}, HEADERS(result_headers)};
    struct audit_set *set = audit_set_new();

    (void)state;
    assert_true(audit_set_add(set, &empty, (struct audit_item){.partition = 2, .due = true}));
    audit_set_seal(set);
    audit_set_meet(set, &null);
    assert_int_equal(audit_judge(audit_set_at(set, 0)), AUDIT_DIFFERING);
    audit_set_free(set);
}

static struct audit_record dead(const struct header *headers)
{
    return (struct audit_record){
        "in.dlt", 1, BYTES("key"), BYTES("value"), {headers, COUNT(dead_headers)}};
}

/* All of these have the same ce_id. */
static void dead_letters_are_known_by_group_and_place(void **state)
{
    const struct audit_record kept = dead(dead_headers);
    const struct audit_record others[] = {dead(dead_other_offset), dead(dead_other_group),
                                          dead(dead_shifted)};
    struct audit_set *set = audit_set_new();

    (void)state;
    assert_true(audit_set_add(set, &kept, (struct audit_item){.partition = 1, .due = true}));
    audit_set_seal(set);
    for (size_t i = 0; i < COUNT(others); i++)
        assert_null(audit_set_find(set, &others[i]));
    assert_non_null(audit_set_find(set, &kept));
    audit_set_free(set);
}

static void a_result_without_an_id_is_refused(void **state)
{
    const struct audit_record nameless = {"out", 2, BYTES("key"), BYTES("value"),
                                          HEADERS(no_id_headers)};
    struct audit_set *set = audit_set_new();

    (void)state;
    assert_false(audit_set_add(set, &nameless, (struct audit_item){0}));
    assert_int_equal(audit_set_count(set), 0);
    audit_set_free(set);
}

static void each_of_many_is_found(void **state)
{
    enum { MANY = 3000 };
    struct audit_set *set = audit_set_new();
    uint32_t number;

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (number = 0; number < MANY; number++) {
            const struct header header = {"ce_id", {(const uint8_t *)&number, sizeof number}};
            const struct audit_record record = {
                "out", 0, BYTES("key"), BYTES("value"), {&header, 1}};
            if (round == 0) {
                assert_true(audit_set_add(set, &record, (struct audit_item){.offset = number}));
                continue;
            }
            const struct audit_item *item = audit_set_find(set, &record);
            assert_non_null(item);
            assert_int_equal(item->offset, number);
        }
        audit_set_seal(set);
    }
    audit_set_free(set);
}

int main(void)
{
    enum { OTHERS = 4 };
    struct CMUnitTest tests[COUNT(examples) + OTHERS] = {
        cmocka_unit_test(an_empty_value_is_not_null),
        cmocka_unit_test(dead_letters_are_known_by_group_and_place),
        cmocka_unit_test(a_result_without_an_id_is_refused),
        cmocka_unit_test(each_of_many_is_found),
    };

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[OTHERS + i] = EXAMPLE(judges, &examples[i]);
    return cmocka_run_group_tests_name("audit_set", tests, NULL, NULL);
}
