/* HMAC-SHA-256 against the vectors of RFC 4231 whose keys fit into ours (HMAC pads with zeros). */
#include "common/core/digest.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/test.h"

static const struct vector {
    const char *name;
    const char *key, *message;
    size_t message_size;
    const char *digest;
} vectors[] = {
    {"RFC 4231 case 1",
     "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", "Hi There",
     8, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"RFC 4231 case 2", "Jefe", "what do ya want for nothing?", 28,
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"RFC 4231 case 3",
     "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa",
     "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
     "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
     "\xdd\xdd\xdd\xdd",
     50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
};

static struct key key_of(const char *text)
{
    struct key key = {.present = true};

    memcpy(key.bytes, text, strlen(text));
    return key;
}

static void assert_digest(struct digest digest, const char *expected)
{
    char text[2 * DIGEST_SIZE + 1];

    for (int i = 0; i < DIGEST_SIZE; i++)
        assert_int_equal(snprintf(text + 2 * i, 3, "%02x", digest.bytes[i]), 2);
    assert_string_equal(text, expected);
}

static void agrees_with(void **state)
{
    const struct vector *vector = *state;
    struct key key = key_of(vector->key);
    struct bytes message = {(const uint8_t *)vector->message, vector->message_size};

    assert_digest(digest_of(&key, message), vector->digest);
}

static void is_reused_for_many_messages_in_pieces(void **state)
{
    struct key key = key_of(vectors[1].key);
    struct hmac *hmac = hmac_new(&key);

    (void)state;
    for (int round = 0; round < 3; round++) {
        hmac_start(hmac);
        for (size_t i = 0; i < vectors[1].message_size; i++)
            hmac_add(hmac, vectors[1].message + i, 1);
        assert_digest(hmac_end(hmac), vectors[1].digest);
    }
    hmac_start(hmac);
    hmac_add(hmac, "left unfinished", 15);
    hmac_start(hmac);
    hmac_add(hmac, vectors[1].message, vectors[1].message_size);
    assert_digest(hmac_end(hmac), vectors[1].digest);
    hmac_free(hmac);
}

static void takes_nothing(void **state)
{
    struct key key = key_of(""); /* HMAC of nothing under a key of nothing */

    (void)state;
    assert_digest(digest_of(&key, (struct bytes){0}),
                  "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    hmac_free(NULL);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(vectors) + 2] = {
        cmocka_unit_test(is_reused_for_many_messages_in_pieces),
        cmocka_unit_test(takes_nothing),
    };

    for (size_t i = 0; i < COUNT(vectors); i++)
        tests[2 + i] = EXAMPLE(agrees_with, &vectors[i]);
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
