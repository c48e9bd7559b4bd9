#ifndef APPROVAL_KNOWN_H
#define APPROVAL_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "approval_completed.h"
#include "common/worker/service.h"
#include "services/approval/approval.h"

/*
 * The decisions: what handlers look at, and the rows that change it. Rows are only added: a change
 * is the next version, and the database refuses a version that another batch wrote meanwhile.
 */

/* Under an identityVerificationId: the decision that holds. */
struct decision {
    const char *identity_verification_id;
    int64_t version;
    const char *process_id;
    const char *process_type; /* NULL: none was named */
    const char *user_id;
    enum approval_result result;
    const char *code;
    const char *reason;        /* the text of the code */
    const char *words;         /* a reviewer's own, of this batch; NULL: none, or sealed */
    struct bytes sealed_words; /* those of before */
    const char *policy_version;
    struct presence presence;
    bool awaits_facts;
    int64_t event_date; /* days since 1970-01-01 */
    int64_t requested_at_ms;
    int64_t decided_at_ms;
    /* For the row only; nothing reads them back. */
    int rule;                /* from 1; 0: none fired, or no rule was asked */
    const char *reviewed_by; /* NULL: the rules decided, or time did */
};

/* Under a userId: one of that user's verifications whose decision may await a fact. */
struct awaiting {
    const char *identity_verification_id;
};

/* Under a processId: the requests decided on so far. */
struct attempts {
    int64_t count;
};

/* Under a userId: those of a day. */
struct day_attempts {
    int64_t day; /* days since 1970-01-01 */
    int64_t count;
};

extern const struct state_kind awaiting_kind, decision_kind, process_attempts_kind,
    day_attempts_kind;

/* The one under the key, or NULL. */
struct decision *decision_find(const struct turn *turn, const char *identity_verification_id);

/* Until then a fact may change it without a person; Unix milliseconds. */
int64_t decision_awaits_until(const struct decision *decision,
                              const struct approval_policy *policy);

/* Writes the decision as the next version, for later events of the batch as well. */
void decision_save(const struct turn *turn, struct outcome *out, struct decision decision);

/* Tells what was decided; process_id: of the event that is answered. */
void decision_publish(const struct turn *turn, struct outcome *out,
                      const char *identity_verification_id, const char *process_id);

/* Counts one more, of a process, of a person on a day under all ids; which it is, from 1. */
int64_t attempts_count(const struct turn *turn, const char *process_id);
int64_t attempts_count_day(const struct turn *turn, const char *user_id, int64_t day);

#endif
