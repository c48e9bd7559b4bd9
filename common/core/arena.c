/* A bump allocator with the life of one batch. */
#include "common/core/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES_MIN = 64 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t capacity;
    size_t used;
    _Alignas(max_align_t) unsigned char bytes[];
};

static struct arena_block *block_new(size_t size, struct arena_block *next)
{
    size_t capacity = size < BLOCK_BYTES_MIN ? BLOCK_BYTES_MIN : size;
    struct arena_block *block = malloc(sizeof *block + capacity);

    if (block == NULL)
        abort();
    *block = (struct arena_block){.next = next, .capacity = capacity};
    return block;
}

void *arena_alloc(struct arena *arena, size_t size, size_t align)
{
    assert(align != 0);
    assert((align & (align - 1)) == 0);

    struct arena_block *block = arena->blocks;
    size_t start = block == NULL ? 0 : (block->used + align - 1) & ~(align - 1);

    if (block == NULL || start > block->capacity || size > block->capacity - start) {
        arena->blocks = block = block_new(size, block);
        start = 0;
    }
    block->used = start + size;
    return memset(block->bytes + start, 0, size);
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1, 1);

    memcpy(copy, text, length);
    return copy;
}

static struct arena_block *largest(struct arena_block *block)
{
    struct arena_block *best = block;

    for (; block != NULL; block = block->next)
        if (block->capacity > best->capacity)
            best = block;
    return best;
}

static void free_all_but(struct arena_block *block, const struct arena_block *kept)
{
    while (block != NULL) {
        struct arena_block *next = block->next;
        if (block != kept)
            free(block);
        block = next;
    }
}

void arena_reset(struct arena *arena)
{
    struct arena_block *kept = largest(arena->blocks);

    free_all_but(arena->blocks, kept);
    if (kept != NULL) {
        kept->next = NULL;
        kept->used = 0;
    }
    arena->blocks = kept;
}

void arena_done(struct arena *arena)
{
    free_all_but(arena->blocks, NULL);
    arena->blocks = NULL;
}

size_t arena_bytes(const struct arena *arena)
{
    size_t bytes = 0;

    for (const struct arena_block *block = arena->blocks; block != NULL; block = block->next)
        bytes += sizeof *block + block->capacity;
    return bytes;
}
