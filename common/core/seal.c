/* Sealed values, and the data keys that seal them. */
#include "common/core/seal.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/blind_index.h"
#include "common/core/random.h"

enum {
    SEAL_VERSION = 1,
    NONCE_SIZE = 12,
    TAG_SIZE = 16,
    LENGTH_SIZE = 4,
};

static_assert(1 + NONCE_SIZE + TAG_SIZE == SEAL_OVERHEAD, "the header tells the overhead");

/* Looking it up costs more than sealing a short value. */
static EVP_CIPHER *cipher;

static void find_cipher(void)
{
    cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (cipher == NULL)
        abort();
}

static EVP_CIPHER_CTX *begin(const struct key *key, const uint8_t *nonce, int sealing)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

    (void)pthread_once(&once, find_cipher);
    if (context == NULL || !key->present ||
        EVP_CipherInit_ex2(context, cipher, key->bytes, nonce, sealing, NULL) != 1)
        abort();
    return context;
}

static void pass(EVP_CIPHER_CTX *context, uint8_t *out, const void *data, size_t size)
{
    int written;

    if (size > INT32_MAX || EVP_CipherUpdate(context, out, &written, data, (int)size) != 1)
        abort();
}

/* Each part with its length, so that ("ab", "c") is not ("a", "bc"). */
static void bind_part(EVP_CIPHER_CTX *context, const void *data, size_t size)
{
    uint8_t length[LENGTH_SIZE];

    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (uint8_t)(size >> (8 * (sizeof length - 1 - i)));
    pass(context, NULL, length, sizeof length);
    if (size != 0)
        pass(context, NULL, data, size);
}

static void bind_place(EVP_CIPHER_CTX *context, const struct seal_place *place)
{
    bind_part(context, place->column, strlen(place->column));
    bind_part(context, place->row.data, place->row.size);
}

struct bytes seal(const struct key *key, const struct seal_place *place, struct bytes clear,
                  struct arena *arena)
{
    uint8_t *out = arena_alloc(arena, clear.size + SEAL_OVERHEAD, 1);
    uint8_t *nonce = out + 1;
    uint8_t *text = nonce + NONCE_SIZE;
    uint8_t *tag = text + clear.size;
    int written;

    out[0] = SEAL_VERSION;
    random_fill(nonce, NONCE_SIZE);
    EVP_CIPHER_CTX *context = begin(key, nonce, 1);
    bind_place(context, place);
    if (clear.size != 0)
        pass(context, text, clear.data, clear.size);
    if (EVP_CipherFinal_ex(context, tag, &written) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) != 1)
        abort();
    EVP_CIPHER_CTX_free(context);
    return (struct bytes){out, clear.size + SEAL_OVERHEAD};
}

bool seal_open(const struct key *key, const struct seal_place *place, struct bytes sealed,
               struct arena *arena, struct bytes *clear)
{
    uint8_t tag[TAG_SIZE];
    int written;

    if (sealed.size < SEAL_OVERHEAD || sealed.data[0] != SEAL_VERSION)
        return false;

    const uint8_t *nonce = sealed.data + 1;
    const uint8_t *text = nonce + NONCE_SIZE;
    size_t size = sealed.size - SEAL_OVERHEAD;
    uint8_t *out = arena_alloc(arena, size + 1, 1);
    EVP_CIPHER_CTX *context = begin(key, nonce, 0);

    memcpy(tag, text + size, TAG_SIZE);
    bind_place(context, place);
    if (size != 0)
        pass(context, out, text, size);
    bool fine = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1 &&
                EVP_CipherFinal_ex(context, out + size, &written) == 1;
    EVP_CIPHER_CTX_free(context);
    if (fine)
        *clear = (struct bytes){out, size};
    else
        OPENSSL_cleanse(out, size);
    return fine;
}

static struct digest subject_of(const struct key *digest_key, const char *domain, const char *name)
{
    struct arena arena = {0};
    struct digest subject = blind_index(digest_key, domain, &name, 1, &arena);

    arena_done(&arena);
    return subject;
}

struct digest subject_of_user(const struct key *digest_key, const char *user_id)
{
    return subject_of(digest_key, "subject", user_id);
}

struct digest subject_of_day(const struct key *digest_key, const char *day)
{
    return subject_of(digest_key, "day", day);
}

struct key data_key_new(void)
{
    struct key key = {.present = true};

    random_fill(key.bytes, sizeof key.bytes);
    return key;
}

static struct seal_place place_of(const struct digest *subject)
{
    return (struct seal_place){"subject_key.wrapped", digest_bytes(subject)};
}

/* A process has one ring, which several threads use while it is replaced. */
static pthread_mutex_t ring_lock = PTHREAD_MUTEX_INITIALIZER;

static const struct key *find_key(const struct key_ring *ring, int16_t key_id)
{
    for (size_t i = 0; i < ring->count; i++)
        if (ring->ids[i] == key_id)
            return &ring->keys[i];
    return NULL;
}

const char *key_ring_replace(struct key_ring *ring, const struct key_ring *read)
{
    for (size_t i = 0; i < read->count; i++) {
        const struct key *known = find_key(ring, read->ids[i]);

        if (known != NULL &&
            CRYPTO_memcmp(known->bytes, read->keys[i].bytes, sizeof known->bytes) != 0)
            return "gives a number to another key than before";
    }
    pthread_mutex_lock(&ring_lock);
    *ring = *read;
    pthread_mutex_unlock(&ring_lock);
    return NULL;
}

static bool copy_key(const struct key_ring *ring, int16_t key_id, struct key *out)
{
    pthread_mutex_lock(&ring_lock);
    const struct key *key = find_key(ring, key_id);
    if (key != NULL)
        *out = *key;
    pthread_mutex_unlock(&ring_lock);
    return key != NULL;
}

static int16_t copy_newest(const struct key_ring *ring, struct key *out)
{
    pthread_mutex_lock(&ring_lock);
    if (ring->count == 0)
        abort(); /* the setting is required where values are sealed */
    int16_t key_id = ring->ids[ring->count - 1];
    *out = ring->keys[ring->count - 1];
    pthread_mutex_unlock(&ring_lock);
    return key_id;
}

struct bytes data_key_wrap(const struct key_ring *ring, const struct digest *subject,
                           const struct key *data_key, struct arena *arena, int16_t *key_id)
{
    const struct seal_place place = place_of(subject);
    struct key key;

    *key_id = copy_newest(ring, &key);
    struct bytes wrapped =
        seal(&key, &place, (struct bytes){data_key->bytes, sizeof data_key->bytes}, arena);
    OPENSSL_cleanse(&key, sizeof key);
    return wrapped;
}

bool data_key_unwrap(const struct key_ring *ring, int16_t key_id, const struct digest *subject,
                     struct bytes wrapped, struct key *out, struct error *error)
{
    const struct seal_place place = place_of(subject);
    struct arena arena = {0};
    struct bytes clear;
    struct key key;

    if (!copy_key(ring, key_id, &key))
        return error_set(error, ERROR_FATAL, "data keys: there is no key %d in the file", key_id);
    bool fine = seal_open(&key, &place, wrapped, &arena, &clear) && clear.size == sizeof out->bytes;
    if (fine) {
        memcpy(out->bytes, clear.data, sizeof out->bytes);
        out->present = true;
        OPENSSL_cleanse((void *)(uintptr_t)clear.data, clear.size);
    }
    OPENSSL_cleanse(&key, sizeof key);
    arena_done(&arena);
    return fine || error_set(error, ERROR_FATAL,
                             "data keys: key %d in the file is another than rows were wrapped with",
                             key_id);
}
