#ifndef APPROVAL_FACTS_H
#define APPROVAL_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/digest.h"
#include "common/worker/service.h"
#include "evaluation_completed.h"
#include "services/approval/approval.h"

/*
 * What other workers told, as it holds now, whichever order it came in: results of one verification
 * and answers of one user come from several partitions. And whose faces were seen.
 */

/* Under an identityVerificationId: the latest decision on its documents. */
struct evaluation_fact {
    const char *user_id;
    enum evaluation_result result;
    int64_t decided_at_ms;
};

/* Under a userId: the latest answer to a type of consent. */
struct consent_fact {
    const char *type;
    bool approved;
    int64_t recorded_at_ms;
};

/* Under a picture's digest: a user that it came with; at most 16 of them are loaded. */
struct face_use {
    const char *user_id;
};

extern const struct state_kind evaluation_kind, consent_kind, face_use_kind;

/* Keeps a fact; false where a later one is known already. */
MUST_CHECK bool evaluation_keep(const struct turn *turn, struct outcome *out,
                                const char *identity_verification_id, struct evaluation_fact fact);
MUST_CHECK bool consent_keep(const struct turn *turn, struct outcome *out, const char *user_id,
                             struct consent_fact fact);

/* What is known by now for a user's verification. */
struct approval_facts facts_of(const struct turn *turn, const char *identity_verification_id,
                               const char *user_id);

void face_ask(struct keys *keys, const struct digest *face);

/* Notes that a user, whose links are loaded, came with a picture; true: another had before. */
bool face_note(const struct turn *turn, struct outcome *out, const struct digest *face,
               const char *user_id, const char *identity_verification_id);

#endif
