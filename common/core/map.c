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

/* The slot of the key, or the free one where it belongs. */
static struct map_slot *slot_of(const struct map *map, struct bytes key, uint64_t hash)
{
    for (size_t i = hash;; i++) {
        struct map_slot *slot = &map->slots[i & (map->slot_count - 1)];

        if (slot->entry == NULL)
            return slot;
        if (slot->hash == hash && slot->entry->key.size == key.size &&
            (key.size == 0 || memcmp(slot->entry->key.data, key.data, key.size) == 0))
            return slot;
    }
}

void *map_find(const struct map *map, struct bytes key)
{
    if (map->count == 0)
        return NULL;

    const struct map_entry *entry = slot_of(map, key, map_hash(key))->entry;
    return entry == NULL ? NULL : entry->value;
}

static void move(struct map *map, struct map_slot from)
{
    size_t i = from.hash;

    while (map->slots[i & (map->slot_count - 1)].entry != NULL)
        i++;
    map->slots[i & (map->slot_count - 1)] = from;
}

/* The arena keeps the old slots until its reset: all of them together are less than the new. */
static void grow(struct map *map)
{
    struct map old = *map;

    if (map->count >= MAP_ENTRIES_MAX)
        abort();
    map->slot_count = old.slot_count == 0 ? SLOTS_FIRST : 2 * old.slot_count;
    map->slots =
        arena_alloc(map->arena, map->slot_count * sizeof *map->slots, _Alignof(struct map_slot));
    for (size_t i = 0; i < old.slot_count; i++)
        if (old.slots[i].entry != NULL)
            move(map, old.slots[i]);
}

static struct map_entry *append(struct map *map, struct bytes key)
{
    struct map_entry *entry = arena_new(map->arena, struct map_entry);
    const char *copy =
        key.size == 0 ? "" : arena_copy(map->arena, (const char *)key.data, key.size);

    entry->key = (struct bytes){(const uint8_t *)copy, key.size};
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

    struct map_slot *slot = slot_of(map, key, hash);
    if (slot->entry == NULL)
        *slot = (struct map_slot){hash, append(map, key)};
    return &slot->entry->value;
}
