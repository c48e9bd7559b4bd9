/* HMAC-SHA-256 with the key's two blocks hashed once, not for every message. */
#define OPENSSL_SUPPRESS_DEPRECATED /* copying an EVP context allocates, twice a message */
#include "common/core/digest.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>

enum { BLOCK_SIZE = 64 }; /* of SHA-256 */

struct hmac {
    SHA256_CTX inner, outer; /* after the key's block; never changed */
    SHA256_CTX running;
};

static void must(int ok)
{
    if (ok != 1)
        abort(); /* out of memory: SHA-256 has no other failure */
}

static void start(SHA256_CTX *context, const struct key *key, unsigned char pad)
{
    unsigned char block[BLOCK_SIZE];

    for (size_t i = 0; i < sizeof block; i++)
        block[i] = i < sizeof key->bytes ? (unsigned char)(key->bytes[i] ^ pad) : pad;
    must(SHA256_Init(context));
    must(SHA256_Update(context, block, sizeof block));
    OPENSSL_cleanse(block, sizeof block);
}

struct hmac *hmac_new(const struct key *key)
{
    struct hmac *hmac = malloc(sizeof *hmac);

    assert(key->present);
    must(hmac != NULL);
    start(&hmac->inner, key, 0x36);
    start(&hmac->outer, key, 0x5c);
    hmac->running = hmac->inner;
    return hmac;
}

void hmac_free(struct hmac *hmac)
{
    if (hmac == NULL)
        return;
    OPENSSL_cleanse(hmac, sizeof *hmac);
    free(hmac);
}

void hmac_start(struct hmac *hmac)
{
    hmac->running = hmac->inner;
}

void hmac_add(struct hmac *hmac, const void *data, size_t size)
{
    must(SHA256_Update(&hmac->running, data, size));
}

struct digest hmac_end(struct hmac *hmac)
{
    struct digest digest;

    must(SHA256_Final(digest.bytes, &hmac->running));
    hmac->running = hmac->outer;
    must(SHA256_Update(&hmac->running, digest.bytes, sizeof digest.bytes));
    must(SHA256_Final(digest.bytes, &hmac->running));
    return digest;
}

struct bytes digest_bytes(const struct digest *digest)
{
    return (struct bytes){digest->bytes, sizeof digest->bytes};
}

struct digest digest_of(const struct key *key, struct bytes message)
{
    struct hmac *hmac = hmac_new(key);

    hmac_start(hmac);
    hmac_add(hmac, message.data, message.size);

    struct digest digest = hmac_end(hmac);
    hmac_free(hmac);
    return digest;
}
