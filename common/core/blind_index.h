#ifndef COMMON_CORE_BLIND_INDEX_H
#define COMMON_CORE_BLIND_INDEX_H

#include <stddef.h>

#include "common/core/arena.h"
#include "common/core/digest.h"
#include "common/core/setting.h"

/*
 * Equality without the values: a keyed digest of texts, to be stored and searched in their place.
 * The domain and every part count with their lengths, so ("ab", "c") is not ("a", "bc"), and
 * equal parts of different domains differ.
 */
struct digest blind_index(const struct key *key, const char *domain, const char *const *parts,
                          size_t count, struct arena *arena);

/* The row for a table of settings: the key, a member `member` of the struct `type`. */
#define BLIND_INDEX_SETTING(type, member)                                                          \
    {                                                                                              \
        .name = "ONBOARDING_INDEX_KEY_FILE", .kind = SETTING_KEY_FILE,                             \
        .offset = offsetof(type, member),                                                          \
        .meaning =                                                                                 \
            "file with the key of the blind indexes: 32 bytes in base64; never to be changed"      \
    }

#endif
