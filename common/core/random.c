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

uint64_t random_bits(void)
{
    uint64_t bits;

    random_fill(&bits, sizeof bits);
    return bits;
}
