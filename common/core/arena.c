/* A bump allocator with the life of one batch. */
#include "common/core/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES_MIN = 64 * 1024,
    SPARE_BYTES_MAX = 16 << 20, /* what an unusual batch took beyond goes back */
};

struct arena_block {
    struct arena_block *next;
    size_t capacity;
    size_t used;
    _Alignas(max_align_t) unsigned char bytes[];
};

static struct arena_block *block_new(size_t size, struct arena_block *next)
{
    size_t capacity = BLOCK_BYTES_MIN;
    struct arena_block *block;

    while (capacity < size) /* steps, so that a later batch's larger need finds it large enough */
        capacity += capacity / 2;
    block = malloc(sizeof *block + capacity);

    if (block == NULL)
        abort();
    *block = (struct arena_block){.next = next, .capacity = capacity};
    return block;
}

/* The smallest of the spare blocks that is large enough, or a new one. */
static struct arena_block *next_block(struct arena *arena, size_t size)
{
    struct arena_block **best = NULL;

    for (struct arena_block **at = &arena->spare; *at != NULL; at = &(*at)->next)
        if ((*at)->capacity >= size && (best == NULL || (*at)->capacity < (*best)->capacity))
            best = at;
    if (best == NULL)
        return block_new(size, arena->blocks);

    struct arena_block *block = *best;
    *best = block->next;
    block->next = arena->blocks;
    return block;
}

void *arena_take(struct arena *arena, size_t size, size_t align)
{
    assert(align != 0);
    assert((align & (align - 1)) == 0);

    struct arena_block *block = arena->blocks;
    size_t start = block == NULL ? 0 : (block->used + align - 1) & ~(align - 1);

    if (block == NULL || start > block->capacity || size > block->capacity - start) {
        arena->blocks = block = next_block(arena, size);
        start = 0;
    }
    block->used = start + size;
    return block->bytes + start;
}

void *arena_alloc(struct arena *arena, size_t size, size_t align)
{
    return memset(arena_take(arena, size, align), 0, size);
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_take(arena, length + 1, 1);

    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text));
}

/* What was used of blocks; spare ones were wiped when they became that. */
static void wipe(const struct arena *arena)
{
    if (!arena->wiped)
        return;
    for (struct arena_block *block = arena->blocks; block != NULL; block = block->next)
        explicit_bzero(block->bytes, block->used);
}

static void free_all(struct arena_block *block)
{
    while (block != NULL) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_reset(struct arena *arena)
{
    struct arena_block *used = arena->blocks;
    size_t kept = 0;

    wipe(arena);
    for (const struct arena_block *block = arena->spare; block != NULL; block = block->next)
        kept += block->capacity;
    while (used != NULL) {
        struct arena_block *next = used->next;
        if (kept + used->capacity > SPARE_BYTES_MAX) {
            free(used);
        } else {
            kept += used->capacity;
            used->used = 0;
            used->next = arena->spare;
            arena->spare = used;
        }
        used = next;
    }
    arena->blocks = NULL;
}

void arena_done(struct arena *arena)
{
    wipe(arena);
    free_all(arena->blocks);
    free_all(arena->spare);
    *arena = (struct arena){0};
}

static size_t bytes_in(const struct arena_block *block)
{
    size_t bytes = 0;

    for (; block != NULL; block = block->next)
        bytes += sizeof *block + block->capacity;
    return bytes;
}

size_t arena_bytes(const struct arena *arena)
{
    return bytes_in(arena->blocks) + bytes_in(arena->spare);
}
