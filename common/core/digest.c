/* HMAC-SHA-256 with the key's two blocks hashed once, not for every message. */
#include "common/core/digest.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 64 }; /* of SHA-256 */

struct hmac {
    EVP_MD_CTX *inner, *outer; /* after the key's block; never changed */
    EVP_MD_CTX *running;
};

static void must(int ok)
{
    if (ok != 1)
        abort(); /* out of memory: SHA-256 has no other failure */
}

static EVP_MD_CTX *keyed(const struct key *key, unsigned char pad)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char block[BLOCK_SIZE];

    for (size_t i = 0; i < sizeof block; i++)
        block[i] = i < sizeof key->bytes ? (unsigned char)(key->bytes[i] ^ pad) : pad;
    must(context != NULL);
    must(EVP_DigestInit_ex(context, EVP_sha256(), NULL));
    must(EVP_DigestUpdate(context, block, sizeof block));
    OPENSSL_cleanse(block, sizeof block);
    return context;
}

struct hmac *hmac_new(const struct key *key)
{
    struct hmac *hmac = malloc(sizeof *hmac);

    assert(key->present);
    must(hmac != NULL);
    *hmac = (struct hmac){
        .inner = keyed(key, 0x36), .outer = keyed(key, 0x5c), .running = EVP_MD_CTX_new()};
    must(hmac->running != NULL);
    return hmac;
}

void hmac_free(struct hmac *hmac)
{
    if (hmac == NULL)
        return;
    EVP_MD_CTX_free(hmac->inner);
    EVP_MD_CTX_free(hmac->outer);
    EVP_MD_CTX_free(hmac->running);
    free(hmac);
}

void hmac_start(struct hmac *hmac)
{
    must(EVP_MD_CTX_copy_ex(hmac->running, hmac->inner));
}

void hmac_add(struct hmac *hmac, const void *data, size_t size)
{
    must(EVP_DigestUpdate(hmac->running, data, size));
}

struct digest hmac_end(struct hmac *hmac)
{
    struct digest digest;

    must(EVP_DigestFinal_ex(hmac->running, digest.bytes, NULL));
    must(EVP_MD_CTX_copy_ex(hmac->running, hmac->outer));
    must(EVP_DigestUpdate(hmac->running, digest.bytes, sizeof digest.bytes));
    must(EVP_DigestFinal_ex(hmac->running, digest.bytes, NULL));
    return digest;
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
