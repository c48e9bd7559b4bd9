/* Defaults of every kind, set where the writer lacks the field and left out of the digest. */
#include "common/avro/value.h"

#include <math.h>
#include <string.h>

#include "common/avro/codec.h"
#include "test.h"

/* A schema as the generator would write it. */
enum colour { COLOUR_RED, COLOUR_GREEN };

struct full {
    bool flag;
    int32_t number;
    int64_t count;
    double share;
    const char *name;
    enum colour colour;
    const int64_t *more;
    struct text_array list;
    struct text_map map;
};

static const struct enum_type colour_type = {
    .name = "Colour", .symbols = (const char *const[]){"RED", "GREEN"}, .count = 2, .fallback = -1};

#define BYTES_OF(text)                                                                             \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
#define MEMBER(field)                                                                              \
    .name = #field, .tag = 1 + offsetof(struct full, field), .offset = offsetof(struct full, field)

static const struct type text_type = {.kind = TYPE_STRING};
static const struct field fields[] = {
    {MEMBER(flag), .type = {.kind = TYPE_BOOLEAN}, .fallback = BYTES_OF("\x01")},
    {MEMBER(number), .type = {.kind = TYPE_INT}, .fallback = BYTES_OF("\xff\xff\xff\xff\x0f")},
    {MEMBER(count), .type = {.kind = TYPE_LONG}, .fallback = BYTES_OF("\x80\x01")},
    {MEMBER(share), .type = {.kind = TYPE_DOUBLE}, .fallback = BYTES_OF("\0\0\0\0\0\0\xe0\xbf")},
    {MEMBER(name), .type = {.kind = TYPE_STRING}, .fallback = BYTES_OF("\x04no")},
    {MEMBER(colour), .type = {.kind = TYPE_ENUM, .enumeration = &colour_type},
     .fallback = BYTES_OF("\x02")},
    {MEMBER(more), .type = {.kind = TYPE_LONG}, .optional = true, .fallback = BYTES_OF("\0")},
    {MEMBER(list), .type = {.kind = TYPE_ARRAY, .items = &text_type}, .fallback = BYTES_OF("\0")},
    {MEMBER(map), .type = {.kind = TYPE_MAP, .items = &text_type}, .fallback = BYTES_OF("\0")},
};

static const struct record_type full_type = {
    .name = "Full",
    .size = sizeof(struct full),
    .align = _Alignof(struct full),
    .fields = fields,
    .field_count = COUNT(fields),
    .by_name = (const uint16_t[]){5, 2, 0, 7, 8, 6, 4, 1, 3},
};

static void *_Atomic full_plan;
static const struct schema full_schema = {
    .name = "Full", .type = {.kind = TYPE_RECORD, .record = &full_type}, .plan = &full_plan};

/* The same before any of its fields was there. */
static const struct record_type empty_type = {.name = "Full", .size = 1, .align = 1};
static const struct schema empty_schema = {.name = "Full",
                                           .type = {.kind = TYPE_RECORD, .record = &empty_type}};

static struct full defaults(void)
{
    struct full full = {0};

    for (size_t i = 0; i < COUNT(fields); i++)
        field_set_default(&fields[i], (char *)&full + fields[i].offset);
    return full;
}

static void defaults_are_set(void **state)
{
    (void)state;
    struct full full = defaults();

    assert_true(full.flag);
    assert_int_equal(full.number, INT32_MIN);
    assert_int_equal(full.count, 64);
    assert_true(full.share == -0.5);
    assert_string_equal(full.name, "no");
    assert_int_equal(full.colour, COLOUR_GREEN);
    assert_null(full.more);
    assert_int_equal(full.list.count, 0);
    assert_int_equal(full.map.count, 0);
}

static void a_change_of_any_field_is_seen(void **state)
{
    static const struct key key = {.bytes = {7}, .present = true};
    struct hmac *hmac = hmac_new(&key);
    struct full full = defaults();
    struct digest none = event_digest(&empty_schema, "", hmac);
    struct digest digest = event_digest(&full_schema, &full, hmac);
    struct full changes[COUNT(fields)];
    (void)state;

    assert_memory_equal(&digest, &none, sizeof none);
    for (size_t i = 0; i < COUNT(changes); i++)
        changes[i] = full;
    changes[0].flag = false;
    changes[1].number++;
    changes[2].count = 0;
    changes[3].share = -0.25;
    changes[4].name = "";
    changes[5].colour = COLOUR_RED;
    changes[6].more = &(const int64_t){0};
    changes[7].list = (struct text_array){(const char *[]){"x"}, 1};
    changes[8].map = (struct text_map){(struct text_entry[]){{"k", "v"}}, 1};
    for (size_t i = 0; i < COUNT(changes); i++) {
        digest = event_digest(&full_schema, &changes[i], hmac);
        assert_memory_not_equal(&digest, &none, sizeof none);
    }
    hmac_free(hmac);
}

/* What is digested is kept in ledgers for weeks: it must not change unseen. */
static void digests_stay_as_they_are(void **state)
{
    static const uint8_t wanted[DIGEST_SIZE] = {0x3b, 0x1e, 0xd9, 0xaa, 0x9a, 0xf0, 0x1d, 0x88,
                                                0x69, 0xe5, 0x85, 0x8b, 0x35, 0x61, 0x89, 0x0d,
                                                0xdc, 0xf7, 0x9d, 0xe3, 0x46, 0x69, 0x85, 0xc0,
                                                0xc2, 0x92, 0x97, 0xe3, 0xcc, 0xfe, 0xde, 0x64};
    static const struct key key = {.bytes = {7}, .present = true};
    struct hmac *hmac = hmac_new(&key);
    struct full full = {
        .count = -1,
        .share = -0.0,
        .name = "žluť",
        .more = &(const int64_t){300},
        .list = {(const char *[]){"a", ""}, 2},
        .map = {(struct text_entry[]){{"k", "v"}, {"a", "w"}}, 2},
    };
    struct digest digest = event_digest(&full_schema, &full, hmac);
    (void)state;

    assert_memory_equal(digest.bytes, wanted, sizeof wanted);
    full.share = 0.0;
    digest = event_digest(&full_schema, &full, hmac);
    assert_memory_equal(digest.bytes, wanted, sizeof wanted);
    hmac_free(hmac);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_set),
        cmocka_unit_test(a_change_of_any_field_is_seen),
        cmocka_unit_test(digests_stay_as_they_are),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
