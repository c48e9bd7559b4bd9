/* Which identifications lead to the same indexes. */
#include "services/lookup/identification.h"

#include <string.h>

#include "tests/support/json_patch.h"
#include "tests/support/policy_examples.h"

static const struct key key = {.bytes = {1}, .present = true};

/* Sets of the policy, in its order: client number and birth date; name; date and name. */
static const char policy_text[] =
    "{'version': '1', 'identifiers': {'clientNumber': 'code', 'birthDate': 'date', 'surname':"
    " 'text'}, 'default': {'identifierSets': [['clientNumber', 'birthDate'], ['surname'],"
    " ['surname', 'birthDate']]}}";

/* clang-format off */
static const struct example {
    const char *name;
    const char *one, *other; /* identifications */
    bool same;
} examples[] = {
    {"the very same", "{'clientNumber': '1234', 'birthDate': '1990-02-28'}", "{'clientNumber': '1234', 'birthDate': '1990-02-28'}", true},
    {"keys in another order", "{'clientNumber': '1234', 'birthDate': '1990-02-28'}", "{'birthDate': '1990-02-28', 'clientNumber': '1234'}", true},
    {"keys in another order, of three", "{'surname': 'a', 'clientNumber': '1', 'birthDate': '1990-02-28'}", "{'birthDate': '1990-02-28', 'clientNumber': '1', 'surname': 'a'}", true},
    {"another code", "{'clientNumber': '1234', 'birthDate': '1990-02-28'}", "{'clientNumber': '1235', 'birthDate': '1990-02-28'}", false},
    {"another date", "{'clientNumber': '1234', 'birthDate': '1990-02-28'}", "{'clientNumber': '1234', 'birthDate': '1990-02-27'}", false},
    {"a code with separators", "{'clientNumber': 'ab1234', 'birthDate': '1990-02-28'}", "{'clientNumber': ' AB-12.3/4 ', 'birthDate': '1990-02-28'}", true},
    {"leading zeros of a code count", "{'clientNumber': '1234', 'birthDate': '1990-02-28'}", "{'clientNumber': '01234', 'birthDate': '1990-02-28'}", false},
    {"a date in milliseconds", "{'clientNumber': '1', 'birthDate': '1990-02-28'}", "{'clientNumber': '1', 'birthDate': '636163200000'}", true},
    {"a date as a list", "{'clientNumber': '1', 'birthDate': '1990-02-28'}", "{'clientNumber': '1', 'birthDate': '[1990,2,28]'}", true},
    {"marks and case of a text", "{'surname': 'Vymyšlená'}", "{'surname': ' vymyslena'}", true},
    {"composed and decomposed", "{'surname': 'Müller'}", "{'surname': 'Mu\u0308ller'}", true},
    {"sharp s", "{'surname': 'Strauß'}", "{'surname': 'STRAUSS'}", true},
    {"separators of a text count", "{'surname': 'Nováková-Malá'}", "{'surname': 'Nováková Malá'}", false},
    {"a value of another identifier", "{'surname': '1990-02-28'}", "{'birthDate': '1990-02-28'}", false},
};

static const struct complete {
    const char *name;
    const char *identification;
    size_t count; /* of complete sets */
} completes[] = {
    {"no identifiers", "{}", 0},
    {"a part of a set", "{'clientNumber': '1'}", 0},
    {"one set", "{'surname': 'a'}", 1},
    {"another set", "{'clientNumber': '1', 'birthDate': '1990-02-28'}", 1},
    {"two sets", "{'surname': 'a', 'birthDate': '1990-02-28'}", 2},
    {"all sets", "{'surname': 'a', 'birthDate': '1990-02-28', 'clientNumber': '1'}", 3},
    {"a blank text", "{'surname': ' \\t'}", 0},
    {"a code of separators", "{'clientNumber': '-/.', 'birthDate': '1990-02-28'}", 0},
    {"an unreadable date", "{'clientNumber': '1', 'birthDate': '1990-02-30'}", 0},
    {"unknown identifiers", "{'shoeSize': '39', 'Surname': 'a'}", 0},
};
/* clang-format on */

static struct policy *policy(void)
{
    return parse_good(lookup_policy_format.parse, policy_text);
}

static struct indexes indexes_of(const char *identification, const struct policy *with,
                                 struct arena *arena)
{
    const struct lookup_common *common = lookup_policy_common(with);
    json_t *json = json_patched(identification, NULL);
    struct text_entry *entries =
        arena_alloc(arena, json_object_size(json) * sizeof *entries, _Alignof(struct text_entry));
    struct text_map map = {entries, 0};
    struct identification read;
    const char *name;
    json_t *value;

    json_object_foreach(json, name, value)
    {
        entries[map.count++] =
            (struct text_entry){arena_text(arena, name), arena_copy(arena, json_string_value(value),
                                                                    json_string_length(value))};
    }
    json_decref(json);
    read = identification_of_map(&map, &common->identifiers, arena);
    return identification_indexes(&read, &common->all_sets, &key, arena);
}

static void compares(void **state)
{
    const struct example *example = *state;
    struct arena arena = {0};
    struct policy *with = policy();
    struct indexes one = indexes_of(example->one, with, &arena);
    struct indexes other = indexes_of(example->other, with, &arena);

    assert_true(one.count > 0);
    assert_int_equal(one.count == other.count &&
                         memcmp(one.items, other.items, one.count * sizeof *one.items) == 0,
                     example->same);
    lookup_policy_format.free(with);
    arena_done(&arena);
}

static void counts(void **state)
{
    const struct complete *example = *state;
    struct arena arena = {0};
    struct policy *with = policy();

    assert_int_equal(indexes_of(example->identification, with, &arena).count, example->count);
    lookup_policy_format.free(with);
    arena_done(&arena);
}

static void every_set_has_an_index_of_its_own(void **state)
{
    struct arena arena = {0};
    struct policy *with = policy();
    struct indexes indexes = indexes_of(
        "{'surname': 'a', 'birthDate': '1990-02-28', 'clientNumber': 'a'}", with, &arena);

    (void)state;
    assert_int_equal(indexes.count, 3);
    for (size_t i = 0; i < indexes.count; i++)
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(&indexes.items[i], &indexes.items[k], sizeof *indexes.items);
    lookup_policy_format.free(with);
    arena_done(&arena);
}

static void a_customers_fields_come_before_its_map(void **state)
{
    struct arena arena = {0};
    struct policy *with = policy();
    const struct identifier_list *list = &lookup_policy_common(with)->identifiers;
    struct text_entry entries[] = {{"surname", "map"}, {"clientNumber", "9"}};
    struct customer_registered event = {
        .userId = "u", .identifiers = {entries, 2}, .surname = "Field", .birthDate = "1990-02-28"};
    struct identification read = identification_of_customer(&event, list, &arena);

    (void)state;
    assert_string_equal(read.values[0], "9");
    assert_string_equal(read.values[1], "1990-02-28");
    assert_string_equal(read.values[2], "field");
    event.surname = NULL;
    read = identification_of_customer(&event, list, &arena);
    assert_string_equal(read.values[2], "map");
    lookup_policy_format.free(with);
    arena_done(&arena);
}

enum { SINGLE = 2 };

int main(void)
{
    struct CMUnitTest tests[SINGLE + COUNT(examples) + COUNT(completes)] = {
        cmocka_unit_test(every_set_has_an_index_of_its_own),
        cmocka_unit_test(a_customers_fields_come_before_its_map),
    };
    size_t count = SINGLE;

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[count++] = EXAMPLE(compares, &examples[i]);
    for (size_t i = 0; i < COUNT(completes); i++)
        tests[count++] = EXAMPLE(counts, &completes[i]);
    return cmocka_run_group_tests_name("identification", tests, NULL, NULL);
}
