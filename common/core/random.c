/* Random bytes from the kernel, a pool a thread, so that an id costs no system call. */
#include "common/core/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { POOL_SIZE = 4096 };

static _Thread_local struct {
    unsigned char bytes[POOL_SIZE];
    size_t left; /* unused bytes, at the end */
} pool;

static void fetch(unsigned char *out, size_t size)
{
    while (size > 0) {
        ssize_t got = getrandom(out, size, 0);

        if (got < 0 && errno != EINTR)
            abort(); /* no ids without randomness */
        if (got > 0) {
            out += got;
            size -= (size_t)got;
        }
    }
}

void random_fill(void *out, size_t size)
{
    if (size > POOL_SIZE) {
        fetch(out, size);
        return;
    }
    if (size > pool.left) {
        fetch(pool.bytes, POOL_SIZE);
        pool.left = POOL_SIZE;
    }

    unsigned char *from = pool.bytes + (POOL_SIZE - pool.left);
    memcpy(out, from, size);
    memset(from, 0, size); /* what was handed out may be secret */
    pool.left -= size;
}

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

/* xoshiro256**: an event takes some 60 bytes, which the kernel would hash for longer. */
uint64_t random_bits(void)
{
    static _Thread_local uint64_t state[4];

    while ((state[0] | state[1] | state[2] | state[3]) == 0)
        random_fill(state, sizeof state);

    uint64_t bits = rotate(state[1] * 5, 7) * 9;
    uint64_t mixed = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= mixed;
    state[3] = rotate(state[3], 45);
    return bits;
}
