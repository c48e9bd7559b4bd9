/* What reviewers are called and what they say, at rest. */
#include "services/review/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/core/bytes.h"

static const char *row_of(const struct words_place *place, struct arena *arena)
{
    /* a number of 20 characters, dash, NUL */
    size_t size = strlen(place->identity_verification_id) + 24;
    char *row = arena_alloc(arena, size, 1);

    snprintf(row, size, "%s/%" PRId64, place->identity_verification_id, place->version);
    return row;
}

struct value words_seal(const struct turn *turn, struct words_place place, const char *column,
                        const char *text)
{
    if (text == NULL)
        return NOTHING;
    return BYTES(
        subject_seal(turn, place.user_id, column, row_of(&place, turn->arena), bytes_of(text)));
}

const char *words_read(const struct turn *turn, struct words_place place, const char *words,
                       struct bytes sealed)
{
    struct bytes clear;

    if (sealed.size == 0)
        return words;
    if (!subject_open(turn, place.user_id, WORDS_OF_REVIEWER, row_of(&place, turn->arena), sealed,
                      &clear))
        return NULL;
    return arena_copy(turn->arena, (const char *)clear.data, clear.size);
}
