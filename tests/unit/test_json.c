/* Records from JSON and back: every form, every mistake by its path, personal values hidden. */
#include "common/avro/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/base64.h"
#include "common/avro/codec.h"
#include "customer_registered.h"
#include "lookup_completed.h"
#include "review_decided.h"
#include "sample_events.h"
#include "test.h"
#include "tests/support/arena.h"

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (json == NULL)
        fail_msg("%s: %s", text, error.text);
    return json;
}

static const void *read_text(const struct schema *schema, const char *text)
{
    struct problems problems = {0};
    json_t *json = parse(text);
    void *out = NULL;

    if (!record_from_json(schema, json, &arena, &out, &problems))
        fail_msg("%s", problems.items[0]);
    json_decref(json);
    return out;
}

static void comes_back(const struct schema *schema, const void *record)
{
    struct problems problems = {0};
    json_t *json = record_to_json(schema, record, true);
    void *read = NULL;

    assert_true(record_from_json(schema, json, &arena, &read, &problems));
    struct bytes before = record_encode(schema, record, &arena);
    struct bytes after = record_encode(schema, read, &arena);
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, before.size);
    json_decref(json);
}

static void records_come_back(void **state)
{
    (void)state;
    comes_back(&evaluation_requested_schema, &sample_evaluation_requested);
    comes_back(&lookup_requested_schema, &sample_lookup_requested);
    comes_back(&stored_results_schema, &sample_stored_results);
    comes_back(&lookup_completed_schema, &(struct lookup_completed){.processId = "p",
                                                                    .processType = "t",
                                                                    .consentRequired = true,
                                                                    .policyVersion = "1",
                                                                    .decidedAt = 1769904000123});
}

/* A date or a raw answer stays what it was, text or not, however it is spaced. */
static void kept_forms_come_back(void **state)
{
    static const char *const forms[] = {
        "\"1990-01-01\"", "\" 1990\"",        "631152000000",  "-1",       "[1990,1,1]",
        "[1990, 1, 1]",   "\"[1990, 1, 1]\"", "\"\\\"x\\\"\"", "\"soon\"", "\"\"",
    };
    char text[200];
    (void)state;

    for (size_t i = 0; i < COUNT(forms); i++) {
        snprintf(text, sizeof text, "{\"userId\": \"u\", \"birthDate\": %s}", forms[i]);
        const struct customer_registered *in = read_text(&customer_registered_schema, text);
        json_t *json = record_to_json(&customer_registered_schema, in, true);
        json_t *form = parse(forms[i]);
        assert_true(json_equal(json_object_get(json, "birthDate"), form));
        json_decref(form);
        json_decref(json);
    }
}

static void raw_data_is_kept(void **state)
{
    (void)state;
    static const struct raw {
        const char *json, *kept;
    } raws[] = {
        {"{ \"a\" : [1, 2.5] }", "{\"a\":[1,2.5]}"},
        {"[]", "[]"},
        {"\"{ \\\"a\\\": 1 }\"", "{ \"a\": 1 }"},
        {"\"7\"", "7"},
    };
    char text[300];

    for (size_t i = 0; i < COUNT(raws); i++) {
        snprintf(text, sizeof text,
                 "{\"processId\": \"p\", \"processType\": \"t\", \"userId\": \"u\","
                 "\"identityVerificationId\": \"i\", \"provider\": \"P\", \"status\": \"SUCCESS\","
                 "\"documents\": [{\"type\": \"ID_CARD\", \"images\": null, \"rawData\": %s}]}",
                 raws[i].json);
        const struct evaluation_requested *in = read_text(&evaluation_requested_schema, text);
        assert_string_equal(in->documents.items[0].rawData, raws[i].kept);
        comes_back(&evaluation_requested_schema, in);
    }
}

static void absent_and_null_are_the_same(void **state)
{
    (void)state;
    const struct customer_registered *in = read_text(
        &customer_registered_schema,
        "{\"userId\": \"u\", \"surname\": null, \"documents\": null, \"identifiers\": null}");

    assert_null(in->surname);
    assert_null(in->email);
    assert_int_equal(in->documents.count, 0);
    assert_int_equal(in->identifiers.count, 0);
}

static void times_are_numbers_or_text(void **state)
{
    (void)state;
    static const char *const times[] = {"1769904000123", "\"2026-02-01T00:00:00.123Z\"",
                                        "\"2026-02-01T01:00:00.123+01:00\""};
    char text[300];

    for (size_t i = 0; i < COUNT(times); i++) {
        snprintf(text, sizeof text,
                 "{\"processId\": \"p\", \"processType\": \"t\", \"consent\": \"REQUIRED\","
                 "\"consentRequired\": true, \"code\": \"FOUND\", \"policyVersion\": \"1\","
                 "\"decidedAt\": %s}",
                 times[i]);
        const struct lookup_completed *in = read_text(&lookup_completed_schema, text);
        assert_int_equal(in->decidedAt, 1769904000123);
    }
}

#define REQUESTED(rest)                                                                            \
    "{\"processId\": \"p\", \"processType\": \"t\", \"userId\": \"u\", \"provider\": \"P\","       \
    "\"identityVerificationId\": \"i\"" rest "}"
#define DOCUMENT(rest)                                                                             \
    REQUESTED(", \"status\": \"FAILURE\", \"documents\": [{\"type\": \"X\"" rest "}]")

static const struct mistake {
    const char *name;
    const struct schema *schema;
    const char *json;
    const char *problems[4];
} mistakes[] = {
    {"no object", &lookup_requested_schema, "[]", {"event: not an object"}},
    {"null at the top", &lookup_requested_schema, "null", {"event: not an object"}},
    {"all mistakes at once",
     &lookup_requested_schema,
     "{\"processType\": 7, \"identification\": [], \"extra\": 1}",
     {"processId: missing", "processType: not text", "identification: not an object",
      "extra: no such field"}},
    {"required null",
     &lookup_requested_schema,
     "{\"processId\": null, \"processType\": \"t\", \"identification\": {}}",
     {"processId: missing"}},
    {"empty id",
     &lookup_requested_schema,
     "{\"processId\": \"\", \"processType\": \"t\", \"identification\": {}}",
     {"processId: out of the range 1..255 bytes"}},
    {"a value of a map by its place",
     &lookup_requested_schema,
     "{\"processId\": \"p\", \"processType\": \"t\", \"identification\": {\"a\": \"x\", \"b\": 1}}",
     {"identification[1]: not text"}},
    {"unknown symbol",
     &evaluation_requested_schema,
     REQUESTED(", \"status\": \"success\""),
     {"status: none of SUCCESS, FAILURE"}},
    {"symbol that is no text",
     &evaluation_requested_schema,
     REQUESTED(", \"status\": 0"),
     {"status: none of SUCCESS, FAILURE"}},
    {"score as text",
     &evaluation_requested_schema,
     DOCUMENT(", \"score\": \"7\""),
     {"documents[0].score: not a number"}},
    {"score over ten",
     &evaluation_requested_schema,
     DOCUMENT(", \"score\": 10.000000000000002"),
     {"documents[0].score: out of the range 0..10"}},
    {"score below zero",
     &evaluation_requested_schema,
     DOCUMENT(", \"score\": -1"),
     {"documents[0].score: out of the range 0..10"}},
    {"documents an object",
     &evaluation_requested_schema,
     REQUESTED(", \"status\": \"FAILURE\", \"documents\": {}"),
     {"documents: not an array"}},
    {"deep in a document",
     &evaluation_requested_schema,
     DOCUMENT(", \"data\": {\"dateOfBirth\": true, \"sex\": {}, \"dateOfIssue\": [1, \"x\", 3]}"),
     {"documents[0].data.dateOfBirth: not a date: \"1990-01-01\", 631152000000 or [1990,1,1]",
      "documents[0].data.sex: not text",
      "documents[0].data.dateOfIssue: not a date: \"1990-01-01\", 631152000000 or [1990,1,1]"}},
    {"two elements of a date",
     &evaluation_requested_schema,
     DOCUMENT(", \"data\": {\"dateOfBirth\": [1990, 1]}"),
     {"documents[0].data.dateOfBirth: not a date: \"1990-01-01\", 631152000000 or [1990,1,1]"}},
    {"raw data a number",
     &evaluation_requested_schema,
     DOCUMENT(", \"rawData\": 1"),
     {"documents[0].rawData: neither an object, an array nor text"}},
    {"size below zero, size no whole number",
     &evaluation_requested_schema,
     DOCUMENT(
         ", \"images\": [{\"type\": \"FACE\", \"size\": -1}, {\"type\": \"FACE\", \"size\": 1.5}]"),
     {"documents[0].images[0].size: below 0", "documents[0].images[1].size: not a whole number"}},
    {"bytes not in base64",
     &evaluation_requested_schema,
     DOCUMENT(", \"images\": [{\"type\": \"FACE\", \"data\": \"AA A\"}]"),
     {"documents[0].images[0].data: not text in base64"}},
    {"image no object",
     &evaluation_requested_schema,
     DOCUMENT(", \"images\": [null]"),
     {"documents[0].images[0]: not an object"}},
    {"a field of another record",
     &evaluation_requested_schema,
     DOCUMENT(", \"surname\": \"X\""),
     {"documents[0].surname: no such field"}},
    {"a name with a line feed",
     &lookup_requested_schema,
     "{\"processId\": \"p\", \"processType\": \"t\", \"identification\": {}, \"a\\nb\\u00e9\": 1}",
     {"a?b??: no such field"}},
    {"int over 32 bits",
     &stored_results_schema,
     "{\"results\": [{\"offset\": 1, \"kind\": \"EVENT\", \"id\": \"\", \"topic\": \"\","
     "\"partition\": 2147483648}]}",
     {"results[0].partition: over 32 bits"}},
    {"boolean as text",
     &lookup_completed_schema,
     "{\"processId\": \"p\", \"processType\": \"t\", \"consent\": \"REQUIRED\","
     "\"consentRequired\": \"true\", \"code\": \"FOUND\", \"policyVersion\": \"1\","
     "\"decidedAt\": \"2026-02-01\"}",
     {"consentRequired: neither true nor false",
      "decidedAt: not a time such as 2026-01-31T23:59:59.123Z, nor Unix milliseconds"}},
    {"time before 1970",
     &lookup_completed_schema,
     "{\"processId\": \"p\", \"processType\": \"t\", \"consent\": \"REQUIRED\","
     "\"consentRequired\": true, \"code\": \"FOUND\", \"policyVersion\": \"1\","
     "\"decidedAt\": -1}",
     {"decidedAt: out of the range 0..253402300799999"}},
};

static void is_told(void **state)
{
    const struct mistake *example = *state;
    struct problems *problems = calloc(1, sizeof *problems);
    json_t *json = parse(example->json);
    void *out = NULL;

    assert_non_null(problems);
    assert_false(record_from_json(example->schema, json, &arena, &out, problems));
    assert_null(out);
    size_t count = 0;
    for (; count < COUNT(example->problems) && example->problems[count] != NULL; count++)
        assert_string_equal(problems->items[count], example->problems[count]);
    assert_int_equal(problems->count, count);
    json_decref(json);
    free(problems);
}

static void a_nul_is_told(void **state)
{
    (void)state;
    struct problems problems = {0};
    json_t *json =
        json_pack("{s:s#,s:s,s:{}}", "processId", "a\0b", 3, "processType", "t", "identification");
    void *out;

    assert_false(record_from_json(&lookup_requested_schema, json, &arena, &out, &problems));
    assert_string_equal(problems.items[0], "processId: has a NUL");
    json_decref(json);
}

static void personal_values_are_hidden(void **state)
{
    (void)state;
    json_t *json =
        record_to_json(&evaluation_requested_schema, &sample_evaluation_requested, false);
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
    static const char *const secrets[] = {"fie Anna", "905228", "998877665", "P1234567",
                                          "1990-02",  "checks", "/9gA",      "Magistr"};
    static const char *const shown[] = {"user-000042",         "ID_CARD",
                                        "\"surname\":\"***\"", "\"rawData\":\"***\"",
                                        "\"rawData\":null",    "9.25"};

    for (size_t i = 0; i < COUNT(secrets); i++)
        assert_null(strstr(text, secrets[i]));
    for (size_t i = 0; i < COUNT(shown); i++)
        assert_non_null(strstr(text, shown[i]));
    free(text);
    json_decref(json);

    json = record_to_json(&lookup_requested_schema, &sample_lookup_requested, false);
    json_t *wanted = parse("{\"clientNumber\": \"***\", \"birthDate\": \"***\"}");
    assert_true(json_equal(json_object_get(json, "identification"), wanted));
    json_decref(wanted);
    json_decref(json);

    struct review_decided review = {.processId = "p",
                                    .identityVerificationId = "i",
                                    .userId = "u",
                                    .reason = "r",
                                    .decidedBy = "B. Reviewer"};
    json = record_to_json(&review_decided_schema, &review, false);
    assert_string_equal(json_string_value(json_object_get(json, "decidedBy")), "***");
    assert_string_equal(json_string_value(json_object_get(json, "decision")), "OK");
    json_decref(json);
}

static void base64_is_strict(void **state)
{
    (void)state;
    static const char *const good[] = {"", "AA==", "AAA=", "AAAA", "+/+/", "Zm9vYmE=", "Zm9vYmFy"};
    static const char *const bad[] = {"A",    "AA",   "AAA",  "A===",  "====",  "AB==", "AAB=",
                                      "AA=A", "AA A", "-_-_", "AAA\n", "AAAA=", "=AAA", "AAAA===="};
    struct bytes bytes;

    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(base64_decode(good[i], strlen(good[i]), &arena, &bytes));
        char *text = base64_encode(bytes);
        assert_string_equal(text, good[i]);
        free(text);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(base64_decode(bad[i], strlen(bad[i]), &arena, &bytes));
    assert_false(base64_decode("A\0AA", 4, &arena, &bytes));
}

int main(void)
{
    static const struct CMUnitTest fixed[] = {
        cmocka_unit_test(records_come_back),
        cmocka_unit_test(kept_forms_come_back),
        cmocka_unit_test(raw_data_is_kept),
        cmocka_unit_test(absent_and_null_are_the_same),
        cmocka_unit_test(times_are_numbers_or_text),
        cmocka_unit_test(a_nul_is_told),
        cmocka_unit_test(personal_values_are_hidden),
        cmocka_unit_test(base64_is_strict),
    };
    struct CMUnitTest tests[COUNT(fixed) + COUNT(mistakes)];

    memcpy(tests, fixed, sizeof fixed);
    for (size_t i = 0; i < COUNT(mistakes); i++)
        tests[COUNT(fixed) + i] = EXAMPLE(is_told, &mistakes[i]);
    return cmocka_run_group_tests_name("json", tests, NULL, drop_arena);
}
