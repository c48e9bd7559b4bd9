/* Resolution of writers' schemas, case by case. */
#include "common/avro/plan.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/avro/json.h"
#include "common/avro/parse.h"
#include "customer_registered.h"
#include "evaluation_requested.h"
#include "hex.h"
#include "lookup_completed.h"
#include "lookup_requested.h"
#include "stored_results.h"
#include "test.h"
#include "tests/support/arena.h"

#define RECORD(name, fields) "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[" fields "]}"
#define FIELD(name, type)    "{\"name\":\"" name "\",\"type\":" type "}"
#define STRING(name)         FIELD(name, "\"string\"")

#define COMPLETED(fields)                                                                          \
    RECORD("LookupCompleted",                                                                      \
           STRING("processId") "," STRING("processType") "," FIELD(                                \
               "consentRequired", "\"boolean\"") "," STRING("policyVersion") "," fields)
#define CONSENT                                                                                    \
    "{\"type\":\"enum\",\"name\":\"Consent\",\"symbols\":[\"NOT_REQUIRED\",\"REQUIRED\",\"SOON\"]" \
    "}"
#define CODE    "{\"type\":\"enum\",\"name\":\"x.LookupCode\",\"symbols\":[\"FOUND\"]}"
#define DECIDED FIELD("consent", CONSENT) "," FIELD("code", CODE) ","

#define EVALUATION(fields)                                                                         \
    RECORD(                                                                                        \
        "EvaluationRequested",                                                                     \
        STRING("processId") "," STRING("processType") "," STRING("userId") "," STRING(             \
            "identityVerificationId") "," STRING("provider") "," FIELD("status",                   \
                                                                       "{\"type\":\"enum\","       \
                                                                       "\"name\":"                 \
                                                                       "\"ProviderStatus\","       \
                                                                       "\"symbols\":[\"FAILURE\"]" \
                                                                       "}") "," fields)

static const struct resolution {
    const char *name;
    const struct schema *reader;
    const char *writer;
    const char *bytes;
    const char *json; /* some members of what is read; or */
    const char *text; /* why it cannot be read */
} resolutions[] = {
    {"fields in another order, one missing, one more", &customer_registered_schema,
     RECORD("CustomerRegistered",
            STRING("more") "," FIELD("email", "[\"null\",\"string\"]") "," STRING("userId")),
     "'x' 02 'e' 'u'", "{\"userId\":\"u\",\"email\":\"e\",\"surname\":null,\"documents\":[]}",
     NULL},
    {"names without and with a namespace", &customer_registered_schema,
     RECORD("bank.CustomerRegistered", STRING("userId")), "'u'", "{\"userId\":\"u\"}", NULL},
    {"a record of another name", &customer_registered_schema,
     RECORD("CustomerRemoved", STRING("userId")), "'u'", NULL, "the writer's record is not ours"},
    {"no record at all", &customer_registered_schema, "\"string\"", "'u'", NULL,
     "the writer's type cannot be read as record"},
    {"a required field missing", &customer_registered_schema,
     RECORD("CustomerRegistered", STRING("email")), "'u'", NULL,
     "userId: missing at the writer, and has no default"},
    {"required to optional", &customer_registered_schema,
     RECORD("CustomerRegistered", STRING("userId") "," STRING("email")), "'u' 'e'",
     "{\"email\":\"e\"}", NULL},
    {"always null to optional", &customer_registered_schema,
     RECORD("CustomerRegistered", STRING("userId") "," FIELD("email", "\"null\"")), "'u'",
     "{\"email\":null}", NULL},
    {"always null to required", &customer_registered_schema,
     RECORD("CustomerRegistered", FIELD("userId", "\"null\"")), "", NULL,
     "userId: null where a value is required"},
    {"optional to required, there", &customer_registered_schema,
     RECORD("CustomerRegistered", FIELD("userId", "[\"string\",\"null\"]")), "00 'u'",
     "{\"userId\":\"u\"}", NULL},
    {"optional to required, null", &customer_registered_schema,
     RECORD("CustomerRegistered", FIELD("userId", "[\"string\",\"null\"]")), "02", NULL,
     "userId: a type that ours cannot take"},
    {"optional to array, null", &customer_registered_schema,
     RECORD("CustomerRegistered",
            STRING("userId") "," FIELD(
                "documents",
                "[\"null\",{\"type\":\"array\",\"items\":" RECORD(
                    "CustomerDocument", STRING("type") "," STRING("documentNumber")) "}]")),
     "'u' 00", NULL, "documents: a type that ours cannot take"},
    {"optional to array, there", &customer_registered_schema,
     RECORD("CustomerRegistered",
            STRING("userId") "," FIELD(
                "documents",
                "[\"null\",{\"type\":\"array\",\"items\":" RECORD(
                    "CustomerDocument", STRING("type") "," STRING("documentNumber")) "}]")),
     "'u' 02 02 't' 'n' 00",
     "{\"documents\":[{\"type\":\"t\",\"country\":null,\"documentNumber\":\"n\"}]}", NULL},
    {"bytes to string", &customer_registered_schema,
     RECORD("CustomerRegistered", FIELD("userId", "\"bytes\"")), "'u'", "{\"userId\":\"u\"}", NULL},
    {"bytes that are no text to string", &customer_registered_schema,
     RECORD("CustomerRegistered", FIELD("userId", "\"bytes\"")), "02 ff", NULL,
     "userId: text that is not UTF-8, or has a NUL"},
    {"int to string", &customer_registered_schema,
     RECORD("CustomerRegistered", FIELD("userId", "\"int\"")), "02", NULL,
     "userId: the writer's type cannot be read as string"},
    {"fixed to string", &customer_registered_schema,
     RECORD("CustomerRegistered",
            FIELD("userId", "{\"type\":\"fixed\",\"name\":\"F\",\"size\":1}")),
     "02", NULL, "userId: the writer's type is fixed"},
    {"array to map", &customer_registered_schema,
     RECORD("CustomerRegistered",
            STRING("userId") "," FIELD("identifiers", "{\"type\":\"array\",\"items\":\"string\"}")),
     "'u' 00", NULL, "identifiers: the writer has an array or a map"},
    {"map of bytes to map of string", &customer_registered_schema,
     RECORD("CustomerRegistered",
            STRING("userId") "," FIELD("identifiers", "{\"type\":\"map\",\"values\":\"bytes\"}")),
     "'u' 02 'k' 'v' 00", "{\"identifiers\":{\"k\":\"v\"}}", NULL},
    {"map of optional string to map of string", &customer_registered_schema,
     RECORD("CustomerRegistered",
            STRING("userId") "," FIELD("identifiers",
                                       "{\"type\":\"map\",\"values\":[\"null\",\"string\"]}")),
     "'u' 04 'k' 02 'v' 'l' 00 00", NULL, "identifiers: [1]: a type that ours cannot take"},
    {"map of int to map of string", &customer_registered_schema,
     RECORD("CustomerRegistered",
            STRING("userId") "," FIELD("identifiers", "{\"type\":\"map\",\"values\":\"int\"}")),
     "'u' 00", NULL, "identifiers: the writer's type cannot be read as string"},
    {"symbols by name; int to long", &lookup_completed_schema,
     COMPLETED(DECIDED FIELD("decidedAt", "\"int\"")), "'p' 't' 00 'v' 00 00 02",
     "{\"consent\":\"NOT_REQUIRED\",\"code\":\"FOUND\",\"decidedAt\":\"1970-01-01T00:00:00.001Z\"}",
     NULL},
    {"a symbol that we do not have", &lookup_completed_schema,
     COMPLETED(DECIDED FIELD("decidedAt", "\"long\"")), "'p' 't' 00 'v' 04 00 02", NULL,
     "consent: a symbol that we do not have"},
    {"an enum of another name", &lookup_completed_schema,
     COMPLETED(FIELD("consent", CODE) "," FIELD("code", "\"x.LookupCode\"") "," FIELD("decidedAt",
                                                                                      "\"long\"")),
     "", NULL, "consent: the writer's enum is not ours"},
    {"a string for an enum", &lookup_completed_schema,
     COMPLETED(STRING("consent") "," STRING("code") "," FIELD("decidedAt", "\"long\"")), "", NULL,
     "consent: the writer's type cannot be read as enum"},
    {"an enum for a string", &customer_registered_schema,
     RECORD("CustomerRegistered", FIELD("userId", CODE)), "", NULL,
     "userId: the writer's enum is not ours"},
    {"double to long", &lookup_completed_schema,
     COMPLETED(DECIDED FIELD("decidedAt", "\"double\"")), "", NULL,
     "decidedAt: the writer's type cannot be read as long"},
    {"long to int", &stored_results_schema,
     RECORD(
         "StoredResults",
         FIELD(
             "results",
             "{\"type\":\"array\",\"items\":" RECORD(
                 "StoredResult",
                 FIELD("offset", "\"long\"") "," FIELD(
                     "kind",
                     "{\"type\":\"enum\",\"name\":"
                     "\"StoredKind\",\"symbols\":["
                     "\"EVENT\"]}") "," STRING("id") "," STRING("topic") "," FIELD("partition",
                                                                                   "\"long\"")) "}")),
     "", NULL, "results: partition: the writer's type cannot be read as int"},
    {"string to bytes", &stored_results_schema,
     RECORD(
         "StoredResults",
         FIELD(
             "results",
             "{\"type\":\"array\",\"items\":" RECORD(
                 "StoredResult",
                 FIELD("offset", "\"int\"") "," FIELD(
                     "kind",
                     "{\"type\":\"enum\",\"name\":"
                     "\"StoredKind\",\"symbols\":["
                     "\"EVENT\"]}") "," STRING("id") "," STRING("topic") "," FIELD("partition",
                                                                                   "\"int\"") "," STRING("key")) "}")),
     "02 0e 00 'i' 't' 06 'foobar' 00",
     "{\"results\":[{\"offset\":7,\"kind\":\"EVENT\",\"id\":\"i\",\"topic\":\"t\",\"partition\":3,"
     "\"key\":\"Zm9vYmFy\",\"value\":null,\"headers\":[]}]}",
     NULL},
    {"int to double", &evaluation_requested_schema, EVALUATION(FIELD("score", "\"int\"")),
     "'p' 't' 'u' 'i' 'P' 00 0e", "{\"status\":\"FAILURE\",\"score\":7.0}", NULL},
    {"long to double", &evaluation_requested_schema,
     EVALUATION(FIELD("score", "[\"long\",\"null\"]")), "'p' 't' 'u' 'i' 'P' 00 00 0e",
     "{\"score\":7.0}", NULL},
    {"float to double", &evaluation_requested_schema, EVALUATION(FIELD("score", "\"float\"")),
     "'p' 't' 'u' 'i' 'P' 00 00002041", "{\"score\":10.0}", NULL},
    {"a promoted number out of range", &evaluation_requested_schema,
     EVALUATION(FIELD("score", "\"long\"")), "'p' 't' 'u' 'i' 'P' 00 16", NULL,
     "score: out of range"},
    {"a union of more, a branch that fits", &evaluation_requested_schema,
     EVALUATION(FIELD("score", "[\"string\",\"float\",\"null\",\"int\"]")),
     "'p' 't' 'u' 'i' 'P' 00 06 0e", "{\"score\":7.0}", NULL},
    {"a union of more, a branch that does not", &evaluation_requested_schema,
     EVALUATION(FIELD("score", "[\"string\",\"float\",\"null\",\"int\"]")),
     "'p' 't' 'u' 'i' 'P' 00 00 '7'", NULL, "score: a type that ours cannot take"},
    {"a nested record that lacks what we need", &evaluation_requested_schema,
     EVALUATION(FIELD("documents",
                      "{\"type\":\"array\",\"items\":" RECORD("Document", STRING("country")) "}")),
     "", NULL, "documents: type: missing at the writer, and has no default"},
    {"a nested record in a union that lacks what we need, not met", &evaluation_requested_schema,
     EVALUATION(FIELD("person", "[\"null\"," RECORD("Persona", STRING("surname")) "]")),
     "'p' 't' 'u' 'i' 'P' 00 00", "{\"person\":null}", NULL},
    {"a nested record in a union that lacks what we need, met", &evaluation_requested_schema,
     EVALUATION(FIELD("person", "[\"null\"," RECORD("Persona", STRING("surname")) "]")),
     "'p' 't' 'u' 'i' 'P' 00 02 's'", NULL, "person: a type that ours cannot take"},
    {"records without a byte become records of defaults", &evaluation_requested_schema,
     EVALUATION(FIELD("person", RECORD("Person", FIELD("nothing", "\"null\"")))),
     "'p' 't' 'u' 'i' 'P' 00",
     "{\"person\":{\"surname\":null,\"givenNames\":null,\"dateOfBirth\":null}}", NULL},
};

static void assert_members(const json_t *whole, const char *wanted)
{
    json_t *members = json_loads(wanted, 0, NULL);
    const char *name;
    const json_t *member;

    assert_non_null(members);
    json_object_foreach(members, name, member)
    {
        const json_t *found = json_object_get(whole, name);
        if (!json_equal(found, member))
            fail_msg("%s: %s", name, json_dumps(found, JSON_ENCODE_ANY));
    }
    json_decref(members);
}

static void resolves_or_not(void **state)
{
    const struct resolution *example = *state;
    struct error error = {0};
    struct writer writer;
    struct plan *plan = NULL;
    void *out = NULL;
    struct bytes body = hex_bytes(example->bytes, &arena);

    if (!writer_parse(example->writer, strlen(example->writer), &writer, &error))
        fail_msg("%s", error.text);
    bool done = plan_new(writer.schema, example->reader, &plan, &error) &&
                plan_read(plan, body, 65536, &arena, &out, &error);
    if (done) {
        json_t *json = record_to_json(example->reader, out, true);
        assert_non_null(example->json);
        assert_members(json, example->json);
        json_decref(json);
    } else {
        assert_string_equal(error.text, example->text == NULL ? "" : example->text);
        assert_int_equal(error.kind, ERROR_POISON);
        assert_int_not_equal(error.reason, REASON_NONE);
    }
    plan_free(plan);
    writer_done(&writer);
}

/* A chain of records, each of which has the next one twice: 2^40 fields when written out. */
static void shared_types_do_not_explode(void **state)
{
    (void)state;
    char text[20000];
    size_t used = 0;
    struct writer writer;
    struct plan *plan = NULL;
    struct error error = {0};
    void *out;

    used += (size_t)snprintf(text, sizeof text,
                             "{\"type\":\"record\",\"name\":\"CustomerRegistered\",\"fields\":["
                             "{\"name\":\"userId\",\"type\":\"string\"},"
                             "{\"name\":\"x\",\"type\":[\"null\",");
    for (unsigned i = 0; i < 40; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "{\"type\":\"record\",\"name\":\"R%u\",\"fields\":["
                                 "{\"name\":\"a\",\"type\":[\"null\",\"R%u\"]},"
                                 "{\"name\":\"b\",\"type\":[\"null\",\"R%u\"]}]}%s",
                                 i, i == 0 ? 0 : i - 1, i == 0 ? 0 : i - 1, i == 39 ? "" : ",");
    snprintf(text + used, sizeof text - used, "]}]}");
    if (!writer_parse(text, strlen(text), &writer, &error) ||
        !plan_new(writer.schema, &customer_registered_schema, &plan, &error))
        fail_msg("%s", error.text);
    assert_true(plan_read(plan, hex_bytes("'u' 50 02 02 00 00 00 00", &arena), 65536, &arena, &out,
                          &error));
    plan_free(plan);
    writer_done(&writer);
}

/* A record directly inside itself can never be written; avro-c lets such a schema pass. */
static void endless_records_are_refused(void **state)
{
    (void)state;
    static const char text[] = RECORD(
        "CustomerRegistered", STRING("userId") "," FIELD("x", RECORD("X", FIELD("x", "\"X\""))));
    struct writer writer;
    struct plan *plan = NULL;
    struct error error = {0};

    assert_true(writer_parse(text, sizeof text - 1, &writer, &error));
    assert_false(plan_new(writer.schema, &customer_registered_schema, &plan, &error));
    assert_string_equal(error.text, "x: x: a record that contains itself");
    writer_done(&writer);
}

/* A version of ours that the program does not ship, met by its fingerprint. */
static void other_versions_are_read(void **state)
{
    (void)state;
    static const char text[] = RECORD(
        "LookupRequested",
        STRING("processId") "," STRING("processType") "," FIELD(
            "identification", "{\"type\":\"map\",\"values\":\"string\"}") "," STRING("channel"));
    struct schema_store *store = schema_store_new();
    struct decoder *decoder = decoder_new(store);
    struct error error = {0};
    struct writer writer;
    void *out;

    assert_true(writer_parse(text, sizeof text - 1, &writer, &error));
    struct bytes body = hex_bytes("c301 0000000000000000 'p' 't' 00 'web'", &arena);
    memcpy((uint8_t *)(uintptr_t)body.data + 2, &writer.fingerprint, 8);
    assert_false(decoder_read(decoder, &lookup_requested_schema, body, &arena, &out, &error));
    assert_int_equal(error.reason, REASON_SCHEMA_UNKNOWN);
    assert_true(schema_store_add_json(store, text, sizeof text - 1, &error));
    assert_true(schema_store_add_json(store, text, sizeof text - 1, &error));
    for (unsigned i = 0; i < 2; i++) { /* a plan made, a plan found */
        assert_true(decoder_read(decoder, &lookup_requested_schema, body, &arena, &out, &error));
        assert_string_equal(((struct lookup_requested *)out)->processType, "t");
        assert_false(
            decoder_read(decoder, &customer_registered_schema, body, &arena, &out, &error));
        assert_int_equal(error.reason, REASON_SCHEMA_INCOMPATIBLE);
    }
    writer_done(&writer);
    decoder_free(decoder);
    schema_store_free(store);
}

int main(void)
{
    static const struct CMUnitTest fixed[] = {
        cmocka_unit_test(shared_types_do_not_explode),
        cmocka_unit_test(endless_records_are_refused),
        cmocka_unit_test(other_versions_are_read),
    };
    struct CMUnitTest tests[COUNT(fixed) + COUNT(resolutions)];
    size_t count = COUNT(fixed);

    memcpy(tests, fixed, sizeof fixed);
    for (size_t i = 0; i < COUNT(resolutions); i++)
        tests[count++] = EXAMPLE(resolves_or_not, &resolutions[i]);
    return cmocka_run_group_tests_name("plan", tests, NULL, drop_arena);
}
