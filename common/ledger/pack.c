/* Ids of stored results in half their bytes: PostgreSQL pays for each byte several times. */
#include "common/ledger/pack.h"

#include <string.h>

#include "common/core/hex.h"
#include "common/core/uuid.h"

enum {
    LENGTH = UUID_TEXT_SIZE - 1,
    FIRST_DASH = 8, /* of a UUID; a trace's digits follow theirs */
    DIGITS_STEP = 8,
    DIGITS_MIN = 16,
    DIGITS_MAX = 32,
    OVERHEAD = 16,      /* more than plain bytes take for being packed */
    SIZE_BITS_MAX = 28, /* a varint's shift; a statement's parameter is shorter than that says */
};

/* The UUIDs written last, of both ends. */
struct seen {
    struct uuid ids[PACK_KEPT];
    unsigned count;
};

static void remember(struct seen *seen, const struct uuid *id)
{
    seen->ids[seen->count++ % PACK_KEPT] = *id;
}

static const struct uuid *recall(const struct seen *seen, unsigned before_last)
{
    return &seen->ids[(seen->count - 1 - before_last) % PACK_KEPT];
}

static uint8_t *put_step(uint8_t *to, const uint8_t *plain, size_t size, unsigned step)
{
    size_t rest = size;

    for (; rest > 0x7f; rest >>= 7)
        *to++ = (uint8_t)(rest | 0x80);
    *to++ = (uint8_t)rest;
    if (size != 0)
        memcpy(to, plain, size);
    to += size;
    *to++ = (uint8_t)step;
    return to;
}

static uint8_t *put_uuid(uint8_t *to, const uint8_t *plain, size_t size, const struct uuid *id,
                         struct seen *seen)
{
    unsigned kept = seen->count < PACK_KEPT ? seen->count : PACK_KEPT;

    for (unsigned k = 0; k < kept; k++)
        if (memcmp(recall(seen, k), id, sizeof *id) == 0)
            return put_step(to, plain, size, PACK_AGAIN + k);
    remember(seen, id);
    to = put_step(to, plain, size, PACK_UUID);
    memcpy(to, id, sizeof *id);
    return to + sizeof *id;
}

/* As many of the digits here as are packed, which is told; 0: too few. */
static size_t read_digits(const uint8_t *at, const uint8_t *end, uint8_t out[static DIGITS_MAX / 2])
{
    size_t count = 0;

    while (count < DIGITS_MAX && (size_t)(end - at) >= count + DIGITS_STEP &&
           hex_read((const char *)at + count, out + count / 2))
        count += DIGITS_STEP;
    return count < DIGITS_MIN ? 0 : count;
}

static uint8_t *put_digits(uint8_t *to, const uint8_t *plain, size_t size, const uint8_t *digits,
                           size_t count)
{
    to = put_step(to, plain, size, PACK_DIGITS);
    *to++ = (uint8_t)(count / 2);
    memcpy(to, digits, count / 2);
    return to + count / 2;
}

/* A dash tells where to look: the first of a UUID, or one before the digits of a trace. */
struct bytes ids_pack(struct bytes plain, struct arena *arena)
{
    const uint8_t *at = plain.data; /* not yet written */
    const uint8_t *end = at + plain.size;
    const uint8_t *dash = at;
    uint8_t *packed = arena_take(arena, plain.size + OVERHEAD, 1);
    uint8_t *to = packed;
    struct seen seen = {.count = 0};
    struct uuid id;
    uint8_t digits[DIGITS_MAX / 2];
    size_t count;

    *to++ = PACKED;
    while ((dash = memchr(dash, '-', (size_t)(end - dash))) != NULL) {
        const uint8_t *start = dash - FIRST_DASH;
        if (dash - at >= FIRST_DASH && end - start >= LENGTH &&
            uuid_parse((const char *)start, LENGTH, &id)) {
            to = put_uuid(to, at, (size_t)(start - at), &id, &seen);
            at = dash = start + LENGTH;
        } else if ((count = read_digits(++dash, end, digits)) != 0) {
            to = put_digits(to, at, (size_t)(dash - at), digits, count);
            at = dash += count;
        }
    }
    to = put_step(to, at, (size_t)(end - at), PACK_END);
    return (struct bytes){packed, (size_t)(to - packed)};
}

/* Without `out` the bytes are only counted. */
struct unpacking {
    const uint8_t *at;
    const uint8_t *end;
    uint8_t *out;
    size_t size;
    struct seen seen;
};

static void emit(struct unpacking *u, const void *data, size_t size)
{
    if (u->out != NULL && size != 0)
        memcpy(u->out + u->size, data, size);
    u->size += size;
}

static const uint8_t *take(struct unpacking *u, size_t size)
{
    const uint8_t *from = u->at;

    if (size > (size_t)(u->end - u->at))
        return NULL;
    u->at += size;
    return from;
}

static bool copy_plain(struct unpacking *u)
{
    size_t size = 0;

    for (unsigned shift = 0; shift <= SIZE_BITS_MAX; shift += 7) {
        const uint8_t *byte = take(u, 1);
        if (byte == NULL)
            return false;
        size |= (size_t)(*byte & 0x7f) << shift;
        if (*byte < 0x80) {
            const uint8_t *from = take(u, size);
            if (from != NULL)
                emit(u, from, size);
            return from != NULL;
        }
    }
    return false;
}

static void emit_uuid(struct unpacking *u, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE];

    uuid_format(*id, text);
    emit(u, text, LENGTH);
}

static bool unpack_uuid(struct unpacking *u)
{
    struct uuid id;
    const uint8_t *from = take(u, sizeof id);

    if (from == NULL)
        return false;
    memcpy(&id, from, sizeof id);
    remember(&u->seen, &id);
    emit_uuid(u, &id);
    return true;
}

static bool unpack_digits(struct unpacking *u)
{
    char digits[2];
    const uint8_t *count = take(u, 1);
    const uint8_t *from = count == NULL ? NULL : take(u, *count);

    if (from == NULL)
        return false;
    for (size_t i = 0; i < *count; i++) {
        hex_put(from[i], digits);
        emit(u, digits, sizeof digits);
    }
    return true;
}

static bool unpack_again(struct unpacking *u, unsigned before_last)
{
    if (before_last >= PACK_KEPT || before_last >= u->seen.count)
        return false;
    emit_uuid(u, recall(&u->seen, before_last));
    return true;
}

static bool unpack(struct unpacking *u)
{
    bool fine = true;

    while (fine) {
        const uint8_t *step = copy_plain(u) ? take(u, 1) : NULL;
        if (step == NULL)
            return false;
        switch (*step) {
        case PACK_END: return u->at == u->end;
        case PACK_UUID: fine = unpack_uuid(u); break;
        case PACK_DIGITS: fine = unpack_digits(u); break;
        default: fine = unpack_again(u, (unsigned)*step - PACK_AGAIN); break;
        }
    }
    return false;
}

bool ids_unpack(struct bytes stored, struct arena *arena, struct bytes *out, struct error *error)
{
    struct unpacking counted = {.at = stored.data + 1, .end = stored.data + stored.size};

    if (stored.size == 0 || stored.data[0] != PACKED) {
        *out = stored;
        return true;
    }
    struct unpacking copied = counted;
    if (!unpack(&counted))
        return error_set(error, ERROR_FATAL, "stored results: not as they are packed");
    copied.out = arena_take(arena, counted.size + 1, 1);
    (void)unpack(&copied);
    *out = (struct bytes){copied.out, copied.size};
    return true;
}
