#ifndef REVIEW_WORDS_H
#define REVIEW_WORDS_H

#include <stdint.h>

#include "common/worker/service.h"

/*
 * A reviewer's name and words in a job's table `decision`: sealed for the user whom they are about,
 * bound to the identity verification and the decision's version.
 */
#define WORDS_REVIEWED_BY "decision.reviewed_by"
#define WORDS_OF_REVIEWER "decision.words"

struct words_place {
    const char *user_id;
    const char *identity_verification_id;
    int64_t version;
};

/* NOTHING for NULL; column: one of the above. The user's key must have been asked for in load. */
struct value words_seal(const struct turn *turn, struct words_place place, const char *column,
                        const char *text);

/* A reviewer's words, of this batch or of before; NULL: none, or erased with all of the user. */
const char *words_read(const struct turn *turn, struct words_place place, const char *words,
                       struct bytes sealed);

#endif
