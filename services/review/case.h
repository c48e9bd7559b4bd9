#ifndef REVIEW_CASE_H
#define REVIEW_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/worker/service.h"
#include "review_decided.h"

/*
 * Cases that wait for a person: a job that decided WAIT opens one, and whoever comes first closes
 * it: a reviewer, the rules by themselves, or time. Each job's schema has a table review_case
 * (runtime.create_reviews), to which rows are only added: a change is the next version, and the
 * database refuses a version that another batch wrote meanwhile.
 *
 * A job lists process_case_kind, its decisions and case_kind among its states, in this order, and
 * topic_review_completed among its outputs. Whatever may open a case asks in load, beside the job's
 * own state, for
 *
 *     keys_add_text(keys, &process_case_kind, event->processId);
 *     keys_add_text(keys, &case_kind, event->identityVerificationId);
 *
 * What it decided itself it writes and publishes itself; here is only what holds for every job.
 */

enum case_state {
    CASE_OPEN,
    CASE_RESOLVED,   /* a reviewer decided */
    CASE_SUPERSEDED, /* the rules decided after all, by what they were told later */
    CASE_EXPIRED,    /* nobody decided in time */
    CASE_STATES
};

/* Codes of what closes a case without a rule. */
#define CASE_CODE_REVIEWED        "REVIEWED"
#define CASE_CODE_EXPIRED         "CASE_EXPIRED"
#define CASE_CODE_PROCESS_EXPIRED "PROCESS_EXPIRED"

/* What the contract demands of a review; NULL, or what is wrong. For the job whose review it is. */
const char *case_review_fault(const struct review_decided *event);

/* The text for the user: the reviewer's words, or a standing text where there are none. */
const char *case_review_reason(const struct review_decided *event);
const char *case_review_words(const struct review_decided *event);

/* The texts for users that belong to CASE_CODE_EXPIRED and CASE_CODE_PROCESS_EXPIRED. */
const char *case_expiry_reason(const char *code);

enum {
    CASE_EXPIRY_HOURS_DEFAULT = 72,   /* over a weekend */
    CASE_EXPIRY_HOURS_MAX = 24 * 365, /* what is older nobody decides any more */
};

/* Under an identityVerificationId: its case as it stands. */
struct review_case {
    int64_t version;
    enum case_state state;
    const char *process_id;
    const char *process_type; /* NULL: none was named */
    const char *user_id;
    const char *code;       /* of the rule that wants a person */
    const char *reason;     /* the text that belongs to the code, never NULL */
    int64_t opened_ms;      /* Unix time, as those below */
    int64_t facts_until_ms; /* until then the rules may still decide by themselves; 0: they won't */
    int64_t expires_ms;
    /* Once it is not open any more: */
    enum review_decision result;
    const char *closed_code;
    int64_t closed_ms;
};

extern const struct state_kind case_kind;

/* The case, open or closed; NULL: there never was one. It must have been asked for in load. */
struct review_case *case_find(const struct turn *turn, const char *identity_verification_id);

/*
 * Opens a case; of `opening` counts what is known at the start: process, type, user, code,
 * reason, facts_until_ms, expires_ms. A closed one is opened again. An open one stays as it is but
 * for code, reason, facts_until_ms and expires_ms.
 */
void case_open(const struct turn *turn, struct outcome *out, const char *identity_verification_id,
               struct review_case opening);

/* expires_ms of a case that is opened now. */
int64_t case_expiry(const struct turn *turn, int64_t hours);

/*
 * Under a processId: identity verifications that have a case. What opens one must have asked for
 * its process: an end of the process in the same batch, or beside it, must not miss it.
 */
struct process_case {
    const char *identity_verification_id;
};

extern const struct state_kind process_case_kind;

struct case_closing {
    enum review_job job;
    enum case_state state; /* not CASE_OPEN */
    enum review_decision result;
    const char *code; /* CASE_CODE_…, or that of the rule */
};

/*
 * Closes the open case, once, and calls back (callback.h). For CASE_RESOLVED it also tells the
 * reviewer (review.completed): call it before publishing the job's own result, so that a reply is
 * the answer to the reviewer.
 */
void case_close(const struct turn *turn, struct outcome *out, const char *identity_verification_id,
                struct case_closing closing);

/* What a job decided without ever opening a case; for reviewers who decide on that too. */
struct case_decided {
    const char *process_id;
    const char *user_id;
    enum review_decision result;
    const char *code;
    int64_t decided_ms;
};

/*
 * For a review.decided of the caller's job (else: outcome_ignore): the open case that it decides.
 * NULL where there is none; then the reviewer was told why: ALREADY_DECIDED, or NO_SUCH_CASE.
 * decided: NULL unless the job decided that verification without a case.
 */
const struct review_case *case_to_resolve(const struct turn *turn, struct outcome *out,
                                          const struct case_decided *decided);

/*
 * For a review.expired of the caller's job: the open case that it is about and that has expired.
 * NULL where there is none; then the event needs nothing done, and was ignored.
 */
const struct review_case *case_to_expire(const struct turn *turn, struct outcome *out);

#endif
