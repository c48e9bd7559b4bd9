/* Our bytes against those of others: avro-c as it stands, fastavro in tests/unit/golden. */
#include <avro.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/codec.h"
#include "common/avro/topic.h"
#include "sample_events.h"
#include "test.h"
#include "tests/support/arena.h"

enum { VALUES_EACH = 300, WIRE_SIZE = 65536 };

/* Deterministic, so that a failure can be repeated. */
static uint64_t next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

static void fill_text(uint64_t *seed, char out[static 64])
{
    static const char *const pieces[] = {"a", "Z", "7", "-", "é", "ž", "漢", "😀"};
    size_t used = 0;

    for (uint64_t n = 1 + next(seed) % 12; n > 0; n--) {
        const char *piece = pieces[next(seed) % COUNT(pieces)];
        memcpy(out + used, piece, strlen(piece));
        used += strlen(piece);
    }
    out[used] = '\0';
}

static void fill(avro_value_t *value, uint64_t *seed);

static void fill_items(avro_value_t *value, uint64_t *seed)
{
    char key[16];
    avro_value_t item;

    for (uint64_t i = 0, n = next(seed) % 4; i < n; i++) {
        snprintf(key, sizeof key, "k%" PRIu64, i);
        if (avro_value_get_type(value) == AVRO_ARRAY)
            assert_int_equal(avro_value_append(value, &item, NULL), 0);
        else
            assert_int_equal(avro_value_add(value, key, &item, NULL, NULL), 0);
        fill(&item, seed);
    }
}

static void fill_record(avro_value_t *value, uint64_t *seed)
{
    avro_value_t field;
    size_t count = 0;

    assert_int_equal(avro_value_get_size(value, &count), 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(avro_value_get_by_index(value, i, &field, NULL), 0);
        fill(&field, seed);
    }
}

/* A random value within the ranges of our schemas. */
static void fill(avro_value_t *value, uint64_t *seed)
{
    char text[64];
    avro_value_t branch;

    fill_text(seed, text);
    switch (avro_value_get_type(value)) {
    case AVRO_NULL: break;
    case AVRO_BOOLEAN: avro_value_set_boolean(value, next(seed) % 2); break;
    case AVRO_INT32: avro_value_set_int(value, (int32_t)next(seed) - 1000000); break;
    case AVRO_INT64: avro_value_set_long(value, (int64_t)(next(seed) >> next(seed) % 31)); break;
    case AVRO_DOUBLE: avro_value_set_double(value, (double)(next(seed) % 1000) / 100); break;
    case AVRO_STRING: avro_value_set_string(value, text); break;
    case AVRO_BYTES: avro_value_set_bytes(value, text, next(seed) % (strlen(text) + 1)); break;
    case AVRO_ENUM: {
        avro_schema_t schema = avro_value_get_schema(value);
        uint64_t count = (uint64_t)avro_schema_enum_number_of_symbols(schema);
        avro_value_set_enum(value, (int)(next(seed) % count));
        break;
    }
    case AVRO_UNION:
        assert_int_equal(avro_value_set_branch(value, next(seed) % 2 == 1, &branch), 0);
        fill(&branch, seed);
        break;
    case AVRO_ARRAY:
    case AVRO_MAP: fill_items(value, seed); break;
    default: fill_record(value, seed); break;
    }
}

static const struct schema *schema_at(unsigned i)
{
    return i < topic_count ? topics[i]->schema : &stored_results_schema;
}

/* What avro-c wrote, read by us and written again, is byte for byte the same. */
static void reads_what_avro_c_writes(void **state)
{
    static char wire[WIRE_SIZE];
    (void)state;

    for (unsigned i = 0; i <= topic_count; i++) {
        const struct schema *ours = schema_at(i);
        avro_schema_t schema;
        avro_value_t value;
        uint64_t seed = i;
        assert_int_equal(avro_schema_from_json_length(ours->json, strlen(ours->json), &schema), 0);
        avro_value_iface_t *class = avro_generic_class_from_schema(schema);
        assert_int_equal(avro_generic_value_new(class, &value), 0);
        for (unsigned n = 0; n < VALUES_EACH; n++) {
            struct error error = {0};
            void *out = NULL;
            avro_value_reset(&value);
            fill(&value, &seed);
            avro_writer_t writer = avro_writer_memory(wire, sizeof wire);
            assert_int_equal(avro_value_write(writer, &value), 0);
            struct bytes bytes = {(const uint8_t *)wire, (size_t)avro_writer_tell(writer)};
            avro_writer_free(writer);
            if (!record_decode(ours, bytes, &arena, &out, &error))
                fail_msg("%s, value %u: %s", ours->name, n, error.text);
            struct bytes again = record_encode(ours, out, &arena);
            assert_int_equal(again.size, bytes.size);
            assert_memory_equal(again.data, bytes.data, bytes.size);
            arena_reset(&arena);
        }
        avro_value_decref(&value);
        avro_value_iface_decref(class);
        avro_schema_decref(schema);
    }
}

static const struct golden_sample {
    const char *name;
    const struct schema *schema;
    const void *record;
} samples[] = {
    {"EvaluationRequested", &evaluation_requested_schema, &sample_evaluation_requested},
    {"LookupRequested", &lookup_requested_schema, &sample_lookup_requested},
    {"StoredResults", &stored_results_schema, &sample_stored_results},
};

/* The line "NAME HEX" of the file, without its end; the caller frees. */
static char *golden_line(const char *file, const char *name)
{
    FILE *in = fopen(file, "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t size;

    if (in == NULL)
        fail_msg("%s: %m", file);
    while ((size = getline(&line, &room, in)) > 0) {
        size_t length = strlen(name);
        if (strncmp(line, name, length) == 0 && line[length] == ' ') {
            line[size - 1] = '\0';
            memmove(line, line + length + 1, (size_t)size - length - 1);
            fclose(in);
            return line;
        }
    }
    fail_msg("%s: no %s; run tests/unit/golden/make.py", file, name);
    return NULL;
}

static void writes_what_fastavro_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        char *golden = golden_line("tests/unit/golden/values", samples[i].name);
        struct bytes bytes = record_encode(samples[i].schema, samples[i].record, &arena);
        char *hex = calloc(2, bytes.size + 1);
        for (size_t b = 0; b < bytes.size; b++)
            snprintf(hex + 2 * b, 3, "%02x", bytes.data[b]);
        assert_string_equal(hex, golden);
        free(hex);
        free(golden);
    }
}

/* Fingerprints, and with them the canonical forms, as an independent implementation has them. */
static void fingerprints_are_those_of_fastavro(void **state)
{
    char hex[17];
    (void)state;

    for (unsigned i = 0; i <= topic_count; i++) {
        const struct schema *schema = schema_at(i);
        char *golden = golden_line("tests/unit/golden/fingerprints", schema->name);
        snprintf(hex, sizeof hex, "%016" PRIx64, schema->fingerprint);
        assert_string_equal(hex, golden);
        free(golden);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_avro_c_writes),
        cmocka_unit_test(writes_what_fastavro_writes),
        cmocka_unit_test(fingerprints_are_those_of_fastavro),
    };
    return cmocka_run_group_tests_name("encode", tests, NULL, drop_arena);
}
