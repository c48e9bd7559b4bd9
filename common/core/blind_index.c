/* Keyed digests of texts, for searches by equality. */
#include "common/core/blind_index.h"

#include <stdint.h>
#include <string.h>

#include "common/core/bytes.h"

enum { LENGTH_SIZE = 4 };

static uint8_t *put(uint8_t *at, struct bytes part)
{
    for (int i = LENGTH_SIZE - 1; i >= 0; i--)
        *at++ = (uint8_t)(part.size >> (8 * i));
    memcpy(at, part.data, part.size);
    return at + part.size;
}

struct digest blind_index(const struct key *key, const char *domain, const char *const *parts,
                          size_t count, struct arena *arena)
{
    size_t size = LENGTH_SIZE + strlen(domain);

    for (size_t i = 0; i < count; i++)
        size += LENGTH_SIZE + strlen(parts[i]);

    uint8_t *message = arena_alloc(arena, size, 1);
    uint8_t *at = put(message, bytes_of(domain));

    for (size_t i = 0; i < count; i++)
        at = put(at, bytes_of(parts[i]));
    return digest_of(key, (struct bytes){message, size});
}
