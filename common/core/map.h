#ifndef COMMON_CORE_MAP_H
#define COMMON_CORE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "common/core/arena.h"
#include "common/core/base.h"

/* A batch has at most some ten thousand keys; who comes here has lost a bound. It aborts. */
enum { MAP_ENTRIES_MAX = 1 << 20 };

/*
 * Pointers by keys of bytes, in an arena. Hashes are keyed with a secret of the process: whoever
 * chooses ids cannot make them collide. Entries never move and are never removed.
 */
struct map_entry {
    struct bytes key; /* a copy in the arena */
    void *value;
    struct map_entry *next; /* in the order of insertion */
};

struct map_slot {
    uint64_t hash;
    struct map_entry *entry; /* NULL: free */
};

struct map {
    struct arena *arena;
    struct map_entry *first, *last;
    size_t count;
    struct map_slot *slots;
    size_t slot_count; /* a power of two, or 0 */
};

void map_start(struct map *map, struct arena *arena);

/* The value under the key, or NULL. */
void *map_find(const struct map *map, struct bytes key);

/* Where the value of the key stands, for reading and writing; NULL in it when the key is new. */
void **map_put(struct map *map, struct bytes key);

/* The hash that maps use: SipHash-1-3 under the process's secret. Not for anything stored. */
uint64_t map_hash(struct bytes key);

#endif
