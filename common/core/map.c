/* An open-addressing hash map, linear probing, at most half full. */
#include "common/core/map.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/random.h"

enum { SLOTS_FIRST = 64 };

static uint64_t secret[2];
static pthread_once_t secret_once = PTHREAD_ONCE_INIT;

static void make_secret(void)
{
    random_fill(secret, sizeof secret);
}

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[static 4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[static 4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

uint64_t map_hash(struct bytes key)
{
    size_t whole = key.size - key.size % 8;
    uint64_t word = 0;

    if (pthread_once(&secret_once, make_secret) != 0)
        abort();
    uint64_t v[4] = {
        secret[0] ^ UINT64_C(0x736f6d6570736575), secret[1] ^ UINT64_C(0x646f72616e646f6d),
        secret[0] ^ UINT64_C(0x6c7967656e657261), secret[1] ^ UINT64_C(0x7465646279746573)};
    for (size_t i = 0; i < whole; i += 8) {
        memcpy(&word, key.data + i, 8);
        sip_word(v, word);
    }
    word = (uint64_t)key.size << 56;
    for (size_t i = whole; i < key.size; i++)
        word |= (uint64_t)key.data[i] << (8 * (i - whole));
    sip_word(v, word);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_start(struct map *map, struct arena *arena)
{
    *map = (struct map){.arena = arena};
}

/* The slot of the key, or the empty one where it belongs. */
static struct map_entry **slot_of(const struct map *map, struct bytes key, uint64_t hash)
{
    for (size_t i = hash;; i++) {
        struct map_entry **slot = &map->slots[i & (map->slot_count - 1)];
        const struct map_entry *entry = *slot;

        if (entry == NULL)
            return slot;
        if (entry->hash == hash && entry->key.size == key.size &&
            (key.size == 0 || memcmp(entry->key.data, key.data, key.size) == 0))
            return slot;
    }
}

void *map_find(const struct map *map, struct bytes key)
{
    if (map->count == 0)
        return NULL;

    const struct map_entry *entry = *slot_of(map, key, map_hash(key));
    return entry == NULL ? NULL : entry->value;
}

/* The arena keeps the old slots until its reset: all of them together are less than the new. */
static void grow(struct map *map)
{
    size_t count = map->slot_count == 0 ? SLOTS_FIRST : 2 * map->slot_count;

    if (map->count >= MAP_ENTRIES_MAX)
        abort();
    map->slots = arena_alloc(map->arena, count * sizeof *map->slots, _Alignof(struct map_entry *));
    map->slot_count = count;
    for (struct map_entry *entry = map->first; entry != NULL; entry = entry->next)
        *slot_of(map, entry->key, entry->hash) = entry;
}

static struct map_entry *append(struct map *map, struct bytes key, uint64_t hash)
{
    struct map_entry *entry = arena_new(map->arena, struct map_entry);
    const char *copy =
        key.size == 0 ? "" : arena_copy(map->arena, (const char *)key.data, key.size);

    *entry = (struct map_entry){.key = {(const uint8_t *)copy, key.size}, .hash = hash};
    if (map->first == NULL)
        map->first = entry;
    else
        map->last->next = entry;
    map->last = entry;
    map->count++;
    return entry;
}

void **map_put(struct map *map, struct bytes key)
{
    uint64_t hash = map_hash(key);

    if (2 * map->count >= map->slot_count)
        grow(map);

    struct map_entry **slot = slot_of(map, key, hash);
    if (*slot == NULL)
        *slot = append(map, key, hash);
    return &(*slot)->value;
}
