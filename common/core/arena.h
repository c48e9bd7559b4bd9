#ifndef COMMON_CORE_ARENA_H
#define COMMON_CORE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Memory that lives exactly as long as one batch of messages. Nothing in it is freed alone;
 * arena_reset() empties it and keeps its blocks, so a steady load stops calling malloc.
 * Allocation never fails: out of memory aborts, since a worker that cannot hold one batch
 * (bounded by BATCH_BYTES_MAX) is misconfigured.
 */
struct arena {
    struct arena_block *blocks; /* in use, newest first */
    struct arena_block *spare;  /* kept by a reset */
    bool wiped;                 /* what leaves it is overwritten: it may hold secrets */
};

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type), _Alignof(type)))

void *arena_alloc(struct arena *arena, size_t size, size_t align);      /* zeroed */
void *arena_take(struct arena *arena, size_t size, size_t align);       /* to be filled at once */
char *arena_copy(struct arena *arena, const char *text, size_t length); /* adds the final NUL */
char *arena_text(struct arena *arena, const char *text);                /* a copy of all of it */
void arena_reset(struct arena *arena);
void arena_done(struct arena *arena);

/* Bytes that it holds from malloc, used or not. */
size_t arena_bytes(const struct arena *arena);

#endif
