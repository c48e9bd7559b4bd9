#ifndef COMMON_AVRO_WALK_H
#define COMMON_AVRO_WALK_H

#include "common/avro/plan.h"

/* The state of one walk over the bytes of a value, and its steps. */
struct walk {
    const uint8_t *at;
    const uint8_t *end;
    char *text;         /* where the next text goes; room for whatever is left on the wire */
    size_t struct_room; /* bytes that may still be taken for structs */
    struct arena *arena;
    unsigned depth;
    struct error *error;
};

/* Each reads one value; `out` is the member to fill, NULL: read over the value. */
bool walk(struct walk *w, const struct reading *reading, char *out);
bool walk_boolean(struct walk *w, const struct reading *reading, char *out);
bool walk_integer(struct walk *w, const struct reading *reading, char *out);
bool walk_real(struct walk *w, const struct reading *reading, char *out);
bool walk_text(struct walk *w, const struct reading *reading, char *out);
bool walk_enum(struct walk *w, const struct reading *reading, char *out);
bool walk_fixed(struct walk *w, const struct reading *reading);

bool walk_malformed(struct walk *w, const char *what); /* false, with the error set */
bool walk_varint(struct walk *w, int64_t *out);
bool walk_size(struct walk *w, size_t *out); /* of a text or a block: not over what is left */

/* Memory for structs, or NULL with the error set. */
void *walk_take(struct walk *w, size_t size, size_t align);

/* Where a value goes: the member itself, or a new box that the member points to. */
bool walk_box(struct walk *w, const struct reading *reading, char **out);

static inline size_t walk_left(const struct walk *w)
{
    return (size_t)(w->end - w->at);
}

static inline bool walk_long(struct walk *w, int64_t *out)
{
    if (w->at < w->end && *w->at < 0x80) {
        uint64_t zigzag = *w->at++;
        *out = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
        return true;
    }
    return walk_varint(w, out);
}

#endif
