/* Bytes that lie: each is refused for its reason, at once, and takes no memory to speak of. */
#include "common/avro/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/codec.h"
#include "hex.h"
#include "lookup_completed.h"
#include "sample_events.h"
#include "test.h"
#include "tests/support/arena.h"

/* A copy that ends where malloc's block ends, so that the sanitizer sees a read past it. */
static struct bytes exact(struct bytes bytes)
{
    uint8_t *copy = malloc(bytes.size == 0 ? 1 : bytes.size);

    assert_non_null(copy);
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    return (struct bytes){.data = copy, .size = bytes.size};
}

/* As an event would be: structs may take as much as the bytes, and 64 KiB. */
static bool read_event(const struct plan *plan, struct bytes body, struct arena *into, void **out,
                       struct error *error)
{
    struct bytes copy = exact(body);
    bool done = plan_read(plan, copy, body.size + 65536, into, out, error);

    free((void *)copy.data);
    return done;
}

#define LOOKUP     "'p' 't' "
#define COMPLETED  "'p' 't' 00 00 00 00 'v' "
#define EVALUATION "'p' 't' 'u' 'i' 00 'P' 00 "
#define DOCUMENT   EVALUATION "00 02 'X' 00 "

static const struct lie {
    const char *name;
    const struct schema *schema;
    const char *bytes;
    enum reason reason; /* REASON_NONE: the bytes are fine */
    const char *text;
} lies[] = {
    {"a lookup", &lookup_requested_schema, LOOKUP "02 'k' 'v' 00", REASON_NONE, ""},
    {"two blocks, one with its size", &lookup_requested_schema,
     LOOKUP "02 'k' 'v' 01 08 'l' 'w' 00", REASON_NONE, ""},
    {"varints longer than they need be", &lookup_requested_schema, "82 00 70 't' 00", REASON_NONE,
     ""},
    {"nothing", &lookup_requested_schema, "", REASON_MALFORMED, "processId: cut off"},
    {"a byte left over", &lookup_requested_schema, LOOKUP "00 00", REASON_MALFORMED,
     "bytes left over"},
    {"varint of eleven bytes", &lookup_requested_schema, "80 80 80 80 80 80 80 80 80 80 00",
     REASON_MALFORMED, "processId: a number over 64 bits"},
    {"varint past 2^64", &lookup_requested_schema, "ff ff ff ff ff ff ff ff ff 02",
     REASON_MALFORMED, "processId: a number over 64 bits"},
    {"varint that does not end", &lookup_requested_schema, "80 80", REASON_MALFORMED,
     "processId: cut off"},
    {"length -1", &lookup_requested_schema, "01", REASON_MALFORMED,
     "processId: a length that is negative or over what is left"},
    {"length 2^62", &lookup_requested_schema, "80 80 80 80 80 80 80 80 80 01 70", REASON_MALFORMED,
     "processId: a length that is negative or over what is left"},
    {"length INT64_MIN", &lookup_requested_schema, "ff ff ff ff ff ff ff ff ff 01",
     REASON_MALFORMED, "processId: a length that is negative or over what is left"},
    {"length of one more than remains", &lookup_requested_schema, "04 70", REASON_MALFORMED,
     "processId: a length that is negative or over what is left"},
    {"overlong UTF-8", &lookup_requested_schema, "04 c080 't' 00", REASON_MALFORMED,
     "processId: text that is not UTF-8, or has a NUL"},
    {"a surrogate in UTF-8", &lookup_requested_schema, "06 eda080 't' 00", REASON_MALFORMED,
     "processId: text that is not UTF-8, or has a NUL"},
    {"UTF-8 past U+10FFFF", &lookup_requested_schema, "08 f4908080 't' 00", REASON_MALFORMED,
     "processId: text that is not UTF-8, or has a NUL"},
    {"a NUL inside text", &lookup_requested_schema, "06 610062 't' 00", REASON_MALFORMED,
     "processId: text that is not UTF-8, or has a NUL"},
    {"a NUL in a key", &lookup_requested_schema, LOOKUP "02 02 00 'v' 00", REASON_MALFORMED,
     "identification: [0]: text that is not UTF-8, or has a NUL"},
    {"block count INT64_MIN", &lookup_requested_schema, LOOKUP "ff ff ff ff ff ff ff ff ff 01",
     REASON_MALFORMED, "identification: a block's count out of range"},
    {"block count 2^40", &lookup_requested_schema, LOOKUP "80 80 80 80 80 40 'k' 'v' 00",
     REASON_MALFORMED, "identification: a block's count over what is left"},
    {"block of one more than remains", &lookup_requested_schema, LOOKUP "04 'k' 00",
     REASON_MALFORMED, "identification: a block's count over what is left"},
    {"block size negative", &lookup_requested_schema, LOOKUP "01 01 'k' 'v' 00", REASON_MALFORMED,
     "identification: a length that is negative or over what is left"},
    {"block size over what is left", &lookup_requested_schema, LOOKUP "01 20 'k' 'v' 00",
     REASON_MALFORMED, "identification: a length that is negative or over what is left"},
    {"block size too small", &lookup_requested_schema, LOOKUP "01 06 'k' 'v' 00", REASON_MALFORMED,
     "identification: [0]: a length that is negative or over what is left"},
    {"block size too large", &lookup_requested_schema, LOOKUP "01 0a 'k' 'v' 00", REASON_MALFORMED,
     "identification: a block of another size than it says"},
    {"no block's end", &lookup_requested_schema, LOOKUP "02 'k' 'v'", REASON_MALFORMED,
     "identification: cut off"},
    {"a key twice", &lookup_requested_schema, LOOKUP "06 'k' 'v' 'l' 'v' 'k' 'w' 00",
     REASON_MALFORMED, "identification: a key twice"},
    {"a key twice in two blocks", &lookup_requested_schema, LOOKUP "02 'k' 'v' 02 'k' 'v' 00",
     REASON_MALFORMED, "identification: a key twice"},
    {"an id of no bytes", &lookup_requested_schema, "00 't' 00", REASON_CONTRACT,
     "processId: out of range"},
    {"union index 2", &lookup_completed_schema, "'p' 't' 04", REASON_MALFORMED,
     "userId: a union's branch out of range"},
    {"union index -1", &lookup_completed_schema, "'p' 't' 01", REASON_MALFORMED,
     "userId: a union's branch out of range"},
    {"enum index 3", &lookup_completed_schema, "'p' 't' 00 06", REASON_MALFORMED,
     "consent: an enum's index out of range"},
    {"enum index -1", &lookup_completed_schema, "'p' 't' 00 01", REASON_MALFORMED,
     "consent: an enum's index out of range"},
    {"enum index 2^32", &lookup_completed_schema, "'p' 't' 00 80 80 80 80 20", REASON_MALFORMED,
     "consent: an enum's index out of range"},
    {"boolean 2", &lookup_completed_schema, "'p' 't' 00 00 02", REASON_MALFORMED,
     "consentRequired: a boolean other than 0 and 1"},
    {"boolean cut off", &lookup_completed_schema, "'p' 't' 00 00", REASON_MALFORMED,
     "consentRequired: cut off"},
    {"a time", &lookup_completed_schema, COMPLETED "02", REASON_NONE, ""},
    {"the last time", &lookup_completed_schema, COMPLETED "fe ef fe a1 fa 9d 73", REASON_NONE, ""},
    {"time one past the last", &lookup_completed_schema, COMPLETED "80 f0 fe a1 fa 9d 73",
     REASON_CONTRACT, "decidedAt: out of range"},
    {"time INT64_MAX", &lookup_completed_schema, COMPLETED "fe ff ff ff ff ff ff ff ff 01",
     REASON_CONTRACT, "decidedAt: out of range"},
    {"time INT64_MIN", &lookup_completed_schema, COMPLETED "ff ff ff ff ff ff ff ff ff 01",
     REASON_CONTRACT, "decidedAt: out of range"},
    {"an evaluation", &evaluation_requested_schema, EVALUATION "00 00 00", REASON_NONE, ""},
    {"a score", &evaluation_requested_schema, EVALUATION "02 0000000000002440 00 00", REASON_NONE,
     ""},
    {"score NaN", &evaluation_requested_schema, EVALUATION "02 000000000000f87f 00 00",
     REASON_MALFORMED, "score: not a finite number"},
    {"score infinite", &evaluation_requested_schema, EVALUATION "02 000000000000f07f 00 00",
     REASON_MALFORMED, "score: not a finite number"},
    {"score minus infinite", &evaluation_requested_schema, EVALUATION "02 000000000000f0ff 00 00",
     REASON_MALFORMED, "score: not a finite number"},
    {"score over ten", &evaluation_requested_schema, EVALUATION "02 0100000000002440 00 00",
     REASON_CONTRACT, "score: out of range"},
    {"score cut off", &evaluation_requested_schema, EVALUATION "02 00000000000024",
     REASON_MALFORMED, "score: cut off"},
    {"deep in a document", &evaluation_requested_schema,
     DOCUMENT "00 00 02 00 00 00 00 00 00 00 00 00 00 02 80", REASON_MALFORMED,
     "documents: [0]: data: authority: cut off"},
    {"image's size negative", &evaluation_requested_schema,
     DOCUMENT "00 00 00 02 'F' 00 02 01 00 00 00 00 00 00", REASON_CONTRACT,
     "documents: [0]: images: [0]: size: out of range"},
    {"int over 32 bits", &stored_results_schema, "02 00 00 'i' 't' 80 80 80 80 10 00 00 00 00",
     REASON_MALFORMED, "results: [0]: partition: an int over 32 bits"},
    {"the largest int", &stored_results_schema, "02 00 00 'i' 't' fe ff ff ff 0f 00 00 00 00 00",
     REASON_NONE, ""},
};

static void is_seen_through(void **state)
{
    const struct lie *lie = *state;
    struct error error = {0};
    void *out = NULL;
    bool done =
        read_event(plan_own(lie->schema), hex_bytes(lie->bytes, &arena), &arena, &out, &error);

    assert_string_equal(reason_text[error.reason], reason_text[lie->reason]);
    assert_string_equal(error.text, lie->text);
    assert_int_equal(done, lie->reason == REASON_NONE);
    assert_int_equal(out != NULL, lie->reason == REASON_NONE);
}

static const struct sample {
    const struct schema *schema;
    const void *record;
} samples[] = {
    {&evaluation_requested_schema, &sample_evaluation_requested},
    {&lookup_requested_schema, &sample_lookup_requested},
    {&stored_results_schema, &sample_stored_results},
};

static void every_cut_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        struct bytes whole = record_encode(samples[i].schema, samples[i].record, &arena);
        struct error error;
        void *out;
        for (size_t size = 0; size < whole.size; size++) {
            struct bytes cut = {whole.data, size};
            assert_false(read_event(plan_own(samples[i].schema), cut, &arena, &out, &error));
            assert_int_equal(error.reason, REASON_MALFORMED);
        }
        assert_true(read_event(plan_own(samples[i].schema), whole, &arena, &out, &error));
    }
}

/* Whatever is let through can be written and is then read as the same. */
static void changed_bytes_are_refused_or_whole(void **state)
{
    static const uint8_t changes[] = {0x01, 0x02, 0x40, 0x7f, 0x80, 0xff};
    struct bytes whole = record_encode(samples[0].schema, samples[0].record, &arena);
    const struct plan *plan = plan_own(samples[0].schema);
    uint8_t *bytes = malloc(whole.size);
    size_t accepted = 0;
    (void)state;

    for (size_t i = 0; i < whole.size; i++)
        for (size_t j = 0; j < COUNT(changes); j++) {
            struct arena once = {0};
            struct error error = {0};
            void *out;
            memcpy(bytes, whole.data, whole.size);
            bytes[i] ^= changes[j];
            if (read_event(plan, (struct bytes){bytes, whole.size}, &once, &out, &error)) {
                struct bytes again = record_encode(samples[0].schema, out, &once);
                assert_true(read_event(plan, again, &once, &out, &error));
                accepted++;
            }
            arena_done(&once);
        }
    assert_true(accepted > 0);
    free(bytes);
}

/* Reads `count` times `part` between head and tail, and says how much memory that took. */
static size_t memory_for(const struct plan *plan, const char *head, const char *part, size_t count,
                         struct error *error)
{
    struct bytes first = hex_bytes(head, &arena);
    struct bytes repeated = hex_bytes(part, &arena);
    struct bytes body = {.size = first.size + count * repeated.size + 2};
    struct arena once = {0};
    void *out = NULL;

    uint8_t *data = calloc(1, body.size);
    memcpy(data, first.data, first.size);
    for (size_t i = 0; i < count; i++)
        memcpy(data + first.size + i * repeated.size, repeated.data, repeated.size);
    body.data = data;
    *error = (struct error){0};
    (void)!read_event(plan, body, &once, &out, error);
    size_t bytes = arena_bytes(&once);
    assert_true(bytes <= 2 * body.size + 3 * 65536); /* the arena's own blocks are of 64 KiB */
    arena_done(&once);
    free(data);
    return bytes;
}

static void many_small_things_take_little_memory(void **state)
{
    (void)state;
    const struct plan *evaluation = plan_own(&evaluation_requested_schema);
    struct error error;

    /* 100,000 blocks of one document each; documents of seven bytes in one block */
    memory_for(evaluation, EVALUATION "00", "02 'X' 00 00 00 00 00 00", 100000, &error);
    assert_non_null(strstr(error.text, "more items than such a value may have"));
    memory_for(evaluation, EVALUATION "00 c0 9a 0c", "'X' 00 00 00 00 00 00", 100000, &error);
    assert_non_null(strstr(error.text, "more items than such a value may have"));
    /* a hundred documents are no bother */
    memory_for(evaluation, EVALUATION "00", "02 'X' 00 00 00 00 00 00", 100, &error);
    assert_string_equal(error.text, "");
}

static void keys_are_compared_in_large_maps(void **state)
{
    (void)state;
    enum { ENTRIES = 500 };
    char body[ENTRIES * 16 + 64];
    struct error error;
    void *out;

    for (unsigned twice = 0; twice < 2; twice++) {
        size_t used = (size_t)snprintf(body, sizeof body, LOOKUP "e8 07");
        for (unsigned i = 0; i < ENTRIES; i++)
            used += (size_t)snprintf(body + used, sizeof body - used, "'%03u''v'",
                                     i == ENTRIES - 1 && twice ? 17 : i);
        snprintf(body + used, sizeof body - used, "00");
        error.text[0] = '\0';
        bool done = read_event(plan_own(&lookup_requested_schema), hex_bytes(body, &arena), &arena,
                               &out, &error);
        assert_int_equal(done, !twice);
        assert_string_equal(error.text, twice ? "identification: a key twice" : "");
    }
}

int main(void)
{
    static const struct CMUnitTest fixed[] = {
        cmocka_unit_test(every_cut_is_malformed),
        cmocka_unit_test(changed_bytes_are_refused_or_whole),
        cmocka_unit_test(many_small_things_take_little_memory),
        cmocka_unit_test(keys_are_compared_in_large_maps),
    };
    struct CMUnitTest tests[COUNT(fixed) + COUNT(lies)];
    size_t count = COUNT(fixed);

    memcpy(tests, fixed, sizeof fixed);
    for (size_t i = 0; i < COUNT(lies); i++)
        tests[count++] = EXAMPLE(is_seen_through, &lies[i]);
    return cmocka_run_group_tests_name("walk", tests, NULL, drop_arena);
}
