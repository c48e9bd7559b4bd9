/* UUIDs: time-ordered ones for new things, name-based ones for what must be derivable. */
#include "common/core/uuid.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/hex.h"
#include "common/core/random.h"

enum { UUID_TEXT_LENGTH = UUID_TEXT_SIZE - 1, VERSION_BYTE = 6, VARIANT_BYTE = 8, SHA1_SIZE = 20 };

static const uint64_t time_limit = UINT64_C(1) << 48; /* milliseconds up to the year 10889 */
static const uint64_t high_limit = UINT64_C(1) << 12;
static const uint64_t low_limit = UINT64_C(1) << 62;

/* Version 7 as three numbers: the order of the numbers is the order of the ids. */
struct stamp {
    uint64_t ms;   /* 48 bits */
    uint64_t high; /* 12 random bits */
    uint64_t low;  /* 62 random bits */
};

static _Thread_local struct stamp last;

/* RFC 9562 6.2, method 2: within a millisecond the random part rises by a random step. */
static struct stamp after(struct stamp stamp)
{
    stamp.low += 1 + (random_bits() >> 32);
    if (stamp.low >= low_limit) {
        stamp.low -= low_limit;
        stamp.high++;
    }
    if (stamp.high >= high_limit) {
        stamp.high = 0;
        stamp.ms++;
    }
    return stamp;
}

static void put(uint8_t *out, uint64_t value, unsigned size)
{
    for (unsigned i = size; i-- > 0; value >>= 8)
        out[i] = (uint8_t)(value & 0xff);
}

static void mark(struct uuid *id, unsigned version)
{
    id->bytes[VERSION_BYTE] = (uint8_t)((id->bytes[VERSION_BYTE] & 0x0f) | version << 4);
    id->bytes[VARIANT_BYTE] = (uint8_t)((id->bytes[VARIANT_BYTE] & 0x3f) | 0x80);
}

struct uuid uuid_v7(int64_t unix_ms)
{
    struct uuid id;

    assert(unix_ms >= 0);
    assert((uint64_t)unix_ms < time_limit);
    if ((uint64_t)unix_ms > last.ms)
        last = (struct stamp){.ms = (uint64_t)unix_ms,
                              .high = random_bits() % high_limit,
                              .low = random_bits() % low_limit};
    else /* the same millisecond, or a clock that was set back */
        last = after(last);
    put(id.bytes, last.ms, 6);
    put(id.bytes + 6, last.high, 2);
    put(id.bytes + 8, last.low, 8);
    mark(&id, 7);
    return id;
}

struct uuid uuid_v5(struct uuid space, struct bytes name)
{
    EVP_MD_CTX *sha1 = EVP_MD_CTX_new();
    unsigned char hash[SHA1_SIZE];
    struct uuid id;

    if (sha1 == NULL || EVP_DigestInit_ex(sha1, EVP_sha1(), NULL) != 1 ||
        EVP_DigestUpdate(sha1, space.bytes, sizeof space.bytes) != 1 ||
        EVP_DigestUpdate(sha1, name.data, name.size) != 1 ||
        EVP_DigestFinal_ex(sha1, hash, NULL) != 1)
        abort(); /* out of memory */
    EVP_MD_CTX_free(sha1);
    memcpy(id.bytes, hash, sizeof id.bytes);
    mark(&id, 5);
    return id;
}

static bool dash_at(size_t position)
{
    return position == 8 || position == 13 || position == 18 || position == 23;
}

void uuid_format(struct uuid id, char out[static UUID_TEXT_SIZE])
{
    char *to = out;

    for (size_t i = 0; i < sizeof id.bytes; i++) {
        if (dash_at((size_t)(to - out)))
            *to++ = '-';
        hex_put(id.bytes[i], to);
        to += 2;
    }
    *to = '\0';
}

bool uuid_parse(const char *text, size_t size, struct uuid *out)
{
    char middle[16];
    struct uuid id;

    if (size != UUID_TEXT_LENGTH || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
        text[23] != '-')
        return false;
    memcpy(middle, text + 9, 4);
    memcpy(middle + 4, text + 14, 4);
    memcpy(middle + 8, text + 19, 4);
    memcpy(middle + 12, text + 24, 4);
    if (!hex_read(text, id.bytes) || !hex_read(middle, id.bytes + 4) ||
        !hex_read(middle + 8, id.bytes + 8) || !hex_read(text + 28, id.bytes + 12))
        return false;
    *out = id;
    return true;
}
