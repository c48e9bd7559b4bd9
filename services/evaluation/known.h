#ifndef EVALUATION_KNOWN_H
#define EVALUATION_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/worker/service.h"
#include "evaluation_completed.h"
#include "services/evaluation/customer.h"
#include "services/evaluation/identity.h"

/*
 * What handlers look at, and the rows that change it. Rows are only added: a change is the next
 * version, and the database refuses a version that another batch wrote meanwhile.
 */

/* Under an identityVerificationId: the decision that holds. */
struct decision {
    int64_t version;
    const char *process_id;
    const char *process_type;
    const char *user_id;
    enum evaluation_result result;
    const char *code;
    const char *reason;        /* the text of the code */
    const char *words;         /* a reviewer's own, of this batch; NULL: none, or sealed */
    struct bytes sealed_words; /* those of before */
    const char *policy_version;
    int64_t event_date;      /* days since 1970-01-01 */
    struct bytes identities; /* packed; none once a reviewer or time decided */
    int64_t decided_at_ms;
    /* For the row only; nothing reads them back. */
    int rule;                /* from 1; 0: none fired, or none was asked */
    const double *score;     /* NULL: none */
    const char *summary;     /* evidence_summary(); NULL: no rule decided */
    const char *reviewed_by; /* NULL: the rules decided, or time did */
};

/* Under a userId: what is known of the customer. */
struct customer {
    int64_t version;
    struct customer_marks marks;
    struct bytes identities; /* packed */
};

/* Under an identity's digest: whose it is. */
struct identity_use {
    int64_t version;
    const char *user_id; /* NULL: nobody's */
    bool firm;           /* accepted or registered; false: a reviewer has yet to decide */
    const char *identity_verification_id; /* that tied it; NULL: registered by the bank */
};

extern const struct state_kind decision_kind, customer_kind, identity_use_kind;

/* The one struct under a key, or NULL. */
struct decision *decision_find(const struct turn *turn, const char *identity_verification_id);
struct customer *customer_find(const struct turn *turn, const char *user_id);

/*
 * Writes the decision (the customer, when there is news) as the next version, for later events of
 * the batch as well.
 */
void decision_save(const struct turn *turn, struct outcome *out,
                   const char *identity_verification_id, struct decision decision);
void customer_save(const struct turn *turn, struct outcome *out, const char *user_id,
                   struct customer customer);

/* Tells what was decided; process_id: of the event that is answered. */
void decision_publish(const struct turn *turn, struct outcome *out,
                      const char *identity_verification_id, const char *process_id);

/* The keys of identities, for load functions. */
void identities_ask(struct keys *keys, const struct identities *identities);

/* Whether any of the identities is tied to another person; the links of the user are loaded. */
bool identities_used_by_other(const struct turn *turn, const struct identities *identities,
                              const char *user_id);

/*
 * Ties identities to a user. Who is firmly tied to one keeps it; a firm tie takes over one that
 * is not firm yet.
 */
void identities_tie(const struct turn *turn, struct outcome *out,
                    const struct identities *identities, const char *user_id, bool firm,
                    const char *identity_verification_id);

/* Sets free what this verification (NULL: the bank) had tied to the user, but for `kept`. */
void identities_release(const struct turn *turn, struct outcome *out,
                        const struct identities *identities, const struct identities *kept,
                        const char *user_id, const char *identity_verification_id);

#endif
