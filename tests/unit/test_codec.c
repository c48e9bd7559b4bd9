/* Events to bytes and back: both framings, every kind of member, and the digest of the content. */
#include <stdio.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/avro/store.h"
#include "common/avro/topic.h"
#include "customer_registered.h"
#include "evaluation_completed.h"
#include "lookup_completed.h"
#include "sample_events.h"
#include "test.h"
#include "topics.h"

static struct arena arena;
static struct schema_store *store;
static struct decoder *decoder;
static struct hmac *hmac;

static int start(void **state)
{
    static const struct key key = {.bytes = {1, 2, 3}, .present = true};
    (void)state;

    store = schema_store_new();
    for (unsigned i = 0; i < topic_count; i++)
        schema_store_add(store, topics[i]->schema);
    schema_store_set_id(store, 7, &evaluation_requested_schema);
    schema_store_set_id(store, 0xdeadbeef, &lookup_requested_schema);
    decoder = decoder_new(store);
    hmac = hmac_new(&key);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    hmac_free(hmac);
    decoder_free(decoder);
    schema_store_free(store);
    arena_done(&arena);
    return 0;
}

static const void *read_back(const struct schema *schema, struct bytes value)
{
    struct error error = {0};
    void *out = NULL;

    if (!decoder_read(decoder, schema, value, &arena, &out, &error))
        fail_msg("%s: %s", reason_text[error.reason], error.text);
    return out;
}

static void assert_same_bytes(struct bytes a, struct bytes b)
{
    assert_int_equal(a.data == NULL, b.data == NULL);
    assert_int_equal(a.size, b.size);
    if (a.size > 0)
        assert_memory_equal(a.data, b.data, a.size);
}

/* Bytes that are encoded again from what was decoded are the same bytes: all members arrived. */
static void assert_survives(const struct schema *schema, const void *record)
{
    struct bytes first = event_encode(schema, record, FRAMING_SINGLE_OBJECT, 0, &arena);
    const void *read = read_back(schema, first);

    assert_same_bytes(first, event_encode(schema, read, FRAMING_SINGLE_OBJECT, 0, &arena));
}

static void full_events_survive(void **state)
{
    (void)state;
    assert_survives(&evaluation_requested_schema, &sample_evaluation_requested);
    assert_survives(&lookup_requested_schema, &sample_lookup_requested);
}

static void members_arrive(void **state)
{
    (void)state;
    const struct evaluation_requested *in = &sample_evaluation_requested;
    const struct evaluation_requested *out =
        read_back(&evaluation_requested_schema,
                  event_encode(&evaluation_requested_schema, in, FRAMING_CONFLUENT, 7, &arena));

    assert_string_equal(out->processId, in->processId);
    assert_true(*out->score == 9.25);
    assert_int_equal(out->documents.count, 2);
    const struct document *document = &out->documents.items[0];
    assert_string_equal(document->data->givenNames, "Žofie Anna");
    assert_int_equal(*document->status, PROVIDER_STATUS_SUCCESS);
    assert_int_equal(document->images.count, 2);
    assert_same_bytes(document->images.items[0].digest,
                      in->documents.items[0].images.items->digest);
    assert_int_equal(*document->images.items[0].size, 52341);
    assert_null(document->images.items[0].data.data);
    assert_null(out->documents.items[1].rawData);
    assert_int_equal(out->documents.items[1].images.count, 0);
    assert_string_equal(out->person->dateOfBirth, "1990-02-28");
}

static void absent_stays_absent(void **state)
{
    (void)state;
    struct lookup_completed in = {.processId = "p",
                                  .processType = "t",
                                  .consent = CONSENT_NOT_EVALUATED,
                                  .code = LOOKUP_CODE_INSUFFICIENT,
                                  .policyVersion = "",
                                  .decidedAt = 1};
    const struct lookup_completed *out =
        read_back(&lookup_completed_schema,
                  event_encode(&lookup_completed_schema, &in, FRAMING_SINGLE_OBJECT, 0, &arena));

    assert_null(out->userId);
    assert_string_equal(out->policyVersion, "");
    assert_int_equal(out->code, LOOKUP_CODE_INSUFFICIENT);
    assert_false(out->consentRequired);
}

static void framings_are_as_specified(void **state)
{
    (void)state;
    static const uint8_t confluent[] = {0x00, 0xde, 0xad, 0xbe, 0xef};
    const void *record = &sample_lookup_requested;
    const struct schema *schema = &lookup_requested_schema;
    struct bytes one = event_encode(schema, record, FRAMING_CONFLUENT, 0xdeadbeef, &arena);
    struct bytes two = event_encode(schema, record, FRAMING_SINGLE_OBJECT, 0, &arena);

    assert_memory_equal(one.data, confluent, sizeof confluent);
    assert_int_equal(two.data[0], 0xc3);
    assert_int_equal(two.data[1], 0x01);
    assert_memory_equal(two.data + 2, &schema->fingerprint, 8); /* little endian */
    assert_int_equal(one.size - 5, two.size - 10);
    assert_memory_equal(one.data + 5, two.data + 10, one.size - 5);
    assert_non_null(read_back(schema, one));
}

static const struct unknown {
    const char *name;
    const char *bytes;
    size_t size;
    enum reason reason;
} unknowns[] = {
    {"null value", NULL, 0, REASON_MALFORMED},
    {"empty value", "", 0, REASON_MALFORMED},
    {"one byte 00", "\x00", 1, REASON_MALFORMED},
    {"00 and three bytes", "\x00\x00\x00\x00", 4, REASON_MALFORMED},
    {"00 and an id alone", "\x00\x00\x00\x00\x07", 5, REASON_MALFORMED},
    {"unknown magic byte", "\x01\x00\x00\x00\x07xx", 7, REASON_MALFORMED},
    {"c3 and another byte", "\xc3\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00", 11, REASON_MALFORMED},
    {"fingerprint cut off", "\xc3\x01\x00\x00\x00\x00\x00\x00\x00", 9, REASON_MALFORMED},
    {"unknown id", "\x00\x00\x00\x00\x08\x00", 6, REASON_SCHEMA_UNKNOWN},
    {"unknown fingerprint", "\xc3\x01\x01\x02\x03\x04\x05\x06\x07\x08\x00", 11,
     REASON_SCHEMA_UNKNOWN},
    {"id of another subject", "\x00\xde\xad\xbe\xef\x00", 6, REASON_SCHEMA_INCOMPATIBLE},
};

static void is_refused(void **state)
{
    const struct unknown *example = *state;
    struct bytes value = {(const uint8_t *)example->bytes, example->size};
    struct error error = {0};
    void *out = &error;

    assert_false(decoder_read(decoder, &evaluation_requested_schema, value, &arena, &out, &error));
    assert_string_equal(reason_text[error.reason], reason_text[example->reason]);
    assert_int_equal(error.kind, ERROR_POISON);
    assert_ptr_equal(out, &error);
}

static void a_store_over_another_knows_what_both_do(void **state)
{
    static const uint64_t other = UINT64_C(0x8006bf0f6374aeb2); /* by fastavro */
    static const char json[] = "{\"type\": \"record\", \"name\": \"Other\", \"fields\": []}";
    struct schema_store *own = schema_store_new();
    struct schema_store *over = schema_store_over(own);
    struct error error;

    (void)state;
    schema_store_add(own, &lookup_requested_schema);
    schema_store_set_id(own, 7, &lookup_requested_schema);
    assert_true(schema_store_add_json(over, json, sizeof json - 1, &error));
    assert_non_null(schema_store_find(over, lookup_requested_schema.fingerprint));
    assert_non_null(schema_store_find_id(over, 7));
    assert_null(schema_store_find_id(over, 8));
    assert_non_null(schema_store_find(over, other));
    assert_null(schema_store_find(own, other));
    schema_store_free(over);
    schema_store_free(own);
}

static void stored_results_survive(void **state)
{
    (void)state;
    struct error error = {0};
    void *out;
    struct bytes first = record_encode(&stored_results_schema, &sample_stored_results, &arena);

    assert_true(record_decode(&stored_results_schema, first, &arena, &out, &error));
    const struct stored_results *read = out;
    assert_int_equal(read->results.count, 2);
    assert_int_equal(read->results.items[1].partition, INT32_MIN);
    assert_null(read->results.items[1].key.data);
    assert_non_null(read->results.items[0].value.data);
    assert_int_equal(read->results.items[0].value.size, 0);
    assert_same_bytes(first, record_encode(&stored_results_schema, out, &arena));
    first.size--;
    assert_false(record_decode(&stored_results_schema, first, &arena, &out, &error));
}

/* A batch as large as batches get: the bound on structs leaves room for it. */
static void many_small_results_survive(void **state)
{
    (void)state;
    struct stored_header headers[12];
    struct stored_result results[1000];
    struct stored_results in = {.results = {results, COUNT(results)}};
    struct error error = {0};
    void *out;

    for (size_t i = 0; i < COUNT(headers); i++)
        headers[i] = (struct stored_header){.name = {(const uint8_t *)"h", 1},
                                            .value = {(const uint8_t *)"v", 1}};
    for (size_t i = 0; i < COUNT(results); i++)
        results[i] =
            (struct stored_result){.id = "i", .topic = "t", .headers = {headers, COUNT(headers)}};
    struct bytes bytes = record_encode(&stored_results_schema, &in, &arena);
    assert_true(record_decode(&stored_results_schema, bytes, &arena, &out, &error));
    assert_same_bytes(bytes, record_encode(&stored_results_schema, out, &arena));
}

static struct digest digest_evaluation(const struct evaluation_requested *event)
{
    return event_digest(&evaluation_requested_schema, event, hmac);
}

static void digest_follows_content(void **state)
{
    (void)state;
    struct evaluation_requested event = sample_evaluation_requested;
    struct digest first = digest_evaluation(&event);
    const struct evaluation_requested *copy =
        read_back(&evaluation_requested_schema,
                  event_encode(&evaluation_requested_schema, &event, FRAMING_CONFLUENT, 7, &arena));

    struct digest same = digest_evaluation(copy);
    assert_memory_equal(&first, &same, sizeof first);

    event.score = &(const double){9.5};
    struct digest other = digest_evaluation(&event);
    assert_memory_not_equal(&first, &other, sizeof first);

    event = sample_evaluation_requested;
    event.documents.count = 1;
    other = digest_evaluation(&event);
    assert_memory_not_equal(&first, &other, sizeof first);
}

static void digest_ignores_the_order_of_a_map(void **state)
{
    (void)state;
    struct text_entry forward[40];
    struct text_entry backward[40];
    char names[40][4];

    for (size_t i = 0; i < COUNT(forward); i++) {
        snprintf(names[i], sizeof names[i], "k%02zu", i);
        forward[i] = backward[COUNT(forward) - 1 - i] = (struct text_entry){names[i], "v"};
    }
    for (size_t count = 2; count <= COUNT(forward); count += 38) {
        struct lookup_requested one = {.processId = "p", .processType = "t"};
        struct lookup_requested two = one;
        one.identification = (struct text_map){forward, count};
        two.identification = (struct text_map){backward + COUNT(forward) - count, count};
        struct digest a = event_digest(&lookup_requested_schema, &one, hmac);
        struct digest b = event_digest(&lookup_requested_schema, &two, hmac);
        assert_memory_equal(&a, &b, sizeof a);
        forward[1].value = "w";
        a = event_digest(&lookup_requested_schema, &one, hmac);
        assert_memory_not_equal(&a, &b, sizeof a);
        forward[1].value = "v";
    }
}

static void digest_is_keyed(void **state)
{
    (void)state;
    struct hmac *other = hmac_new(&(const struct key){.bytes = {9}, .present = true});
    struct digest a = event_digest(&lookup_requested_schema, &sample_lookup_requested, hmac);
    struct digest b = event_digest(&lookup_requested_schema, &sample_lookup_requested, other);

    assert_memory_not_equal(&a, &b, sizeof a);
    hmac_free(other);
}

static void fields_are_found_by_name(void **state)
{
    (void)state;
    const struct evaluation_requested *event = &sample_evaluation_requested;
    struct evaluation_requested without = *event;

    without.verificationId = NULL;
    assert_ptr_equal(event_text(&evaluation_requested_schema, event, "userId"), event->userId);
    assert_ptr_equal(event_text(&evaluation_requested_schema, event, "verificationId"),
                     event->verificationId);
    assert_null(event_text(&evaluation_requested_schema, &without, "verificationId"));
    assert_null(event_text(&evaluation_requested_schema, event, "score"));
    assert_null(event_text(&evaluation_requested_schema, event, "nobody"));
}

static void topics_are_bound(void **state)
{
    (void)state;
    assert_true(topic_count >= 7);
    assert_ptr_equal(topic_lookup_requested.schema, &lookup_requested_schema);
    assert_string_equal(topic_lookup_requested.name, "onboarding.lookup.requested.v1");
    assert_string_equal(topic_customer_registered.key_field, "userId");
    assert_true(topic_lookup_completed.fenced);
    assert_false(topic_lookup_requested.fenced);
    assert_int_equal(topic_lookup_requested.retention_ms, INT64_C(7) * 86400000);
}

enum { UNKNOWNS = sizeof unknowns / sizeof *unknowns };

int main(void)
{
    static const struct CMUnitTest fixed[] = {
        cmocka_unit_test(full_events_survive),
        cmocka_unit_test(members_arrive),
        cmocka_unit_test(absent_stays_absent),
        cmocka_unit_test(framings_are_as_specified),
        cmocka_unit_test(a_store_over_another_knows_what_both_do),
        cmocka_unit_test(stored_results_survive),
        cmocka_unit_test(many_small_results_survive),
        cmocka_unit_test(digest_follows_content),
        cmocka_unit_test(digest_ignores_the_order_of_a_map),
        cmocka_unit_test(digest_is_keyed),
        cmocka_unit_test(fields_are_found_by_name),
        cmocka_unit_test(topics_are_bound),
    };
    struct CMUnitTest tests[COUNT(fixed) + UNKNOWNS];

    memcpy(tests, fixed, sizeof fixed);
    for (size_t i = 0; i < UNKNOWNS; i++)
        tests[COUNT(fixed) + i] = EXAMPLE(is_refused, &unknowns[i]);
    return cmocka_run_group_tests_name("codec", tests, start, stop);
}
