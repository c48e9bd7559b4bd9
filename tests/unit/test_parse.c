/* Schemas that are none, and texts that would exhaust a parser. */
#include "common/avro/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/canonical.h"
#include "common/avro/codec.h"
#include "test.h"

#define RECORD(name, fields) "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[" fields "]}"
#define FIELD(name, type)    "{\"name\":\"" name "\",\"type\":" type "}"
#define STRING(name)         FIELD(name, "\"string\"")

static const struct nonsense {
    const char *name;
    const char *json;
} nonsenses[] = {
    {"empty", ""},
    {"no JSON", "{"},
    {"a key twice", "{\"type\":\"string\",\"type\":\"int\"}"},
    {"null", "null"},
    {"a number", "1"},
    {"unknown type", "\"number\""},
    {"object without type", "{}"},
    {"record without name", "{\"type\":\"record\",\"fields\":[]}"},
    {"record without fields", "{\"type\":\"record\",\"name\":\"R\"}"},
    {"field without type", RECORD("R", "{\"name\":\"f\"}")},
    {"field without name", RECORD("R", "{\"type\":\"int\"}")},
    {"field that is no object", RECORD("R", "7")},
    {"name that is no name", RECORD("R r", STRING("f"))},
    {"name with a quote", RECORD("R\\\"", STRING("f"))},
    {"enum without symbols", "{\"type\":\"enum\",\"name\":\"E\"}"},
    {"symbol that is no text", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[1]}"},
    {"fixed without size", "{\"type\":\"fixed\",\"name\":\"F\"}"},
    {"array without items", "{\"type\":\"array\"}"},
    {"reference to nothing", RECORD("R", FIELD("f", "\"S\""))},
};

static void is_no_schema(void **state)
{
    const struct nonsense *example = *state;
    struct schema_store *store = schema_store_new();
    struct error error = {0};

    assert_false(schema_store_add_json(store, example->json, strlen(example->json), &error));
    assert_int_equal(error.reason, REASON_SCHEMA_INCOMPATIBLE);
    schema_store_free(store);
}

/* Texts that would exhaust a recursive parser, or a generous one. */
static void schemas_are_bounded(void **state)
{
    (void)state;
    struct schema_store *store = schema_store_new();
    struct error error;
    enum { SIZE = 300000 };
    char *text = malloc(SIZE);

    memset(text, ' ', SIZE);
    memcpy(text, "\"string\"", 8);
    assert_true(schema_store_add_json(store, text, SCHEMA_JSON_BYTES_MAX, &error));
    assert_false(schema_store_add_json(store, text, SCHEMA_JSON_BYTES_MAX + 1, &error));
    memset(text, '[', SIZE);
    assert_false(schema_store_add_json(store, text, SIZE, &error));
    assert_false(schema_store_add_json(store, text, 10000, &error));
    size_t used = 0;
    for (unsigned i = 0; i < 100; i++)
        used += (size_t)snprintf(text + used, SIZE - used, "{\"type\":\"array\",\"items\":");
    used += (size_t)snprintf(text + used, SIZE - used, "\"int\"");
    for (unsigned i = 0; i < 100; i++)
        text[used++] = '}';
    assert_false(schema_store_add_json(store, text, used, &error));
    free(text);
    schema_store_free(store);
}

int main(void)
{
    struct CMUnitTest tests[1 + COUNT(nonsenses)] = {cmocka_unit_test(schemas_are_bounded)};

    for (size_t i = 0; i < COUNT(nonsenses); i++)
        tests[1 + i] = EXAMPLE(is_no_schema, &nonsenses[i]);
    return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
