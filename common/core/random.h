#ifndef COMMON_CORE_RANDOM_H
#define COMMON_CORE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/*
 * The kernel's randomness, fetched in bulk for each thread. A forked child would repeat its
 * parent's numbers: what forks must exec.
 */
void random_fill(void *out, size_t size);

/* 64 uniform bits for ids and back-off: unlikely to repeat, but no secret. */
uint64_t random_bits(void);

#endif
