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
    const char *column; /* one of the above */
    const char *identity_verification_id;
    int64_t version;
};

/* NOTHING for NULL. The user's key must have been asked for in load. */
struct value words_seal(const struct turn *turn, struct words_place place, const char *text);

/* NULL: they were erased with all of the user. */
const char *words_open(const struct turn *turn, struct words_place place, struct bytes sealed);

#endif
