#ifndef REVIEW_CASE_JOB_H
#define REVIEW_CASE_JOB_H

#include "services/review/case.h"

/*
 * What every job that holds cases does about reviewers and time; its routes beside its own:
 *
 *     {&topic_review_decided, case_load_reviewed, case_handle_reviewed},
 *     {&topic_review_expired, case_load_expired, case_handle_expired},
 *     {&topic_process_expired, case_load_process_expired, case_handle_process_expired},
 */

/* How a case ended that no rule ended. */
struct conclusion {
    struct case_closing closing;
    const char *reason;      /* the text of the code */
    const char *words;       /* a reviewer's own; NULL: none */
    const char *reviewed_by; /* NULL: time */
};

struct case_job {
    enum review_job job;
    /* Under an identityVerificationId: the job's decisions. */
    const struct state_kind *decision_kind;
    /* The decision that holds; false: none. Of one that waits its case tells the result. */
    bool (*find)(const struct turn *turn, const char *identity_verification_id,
                 struct case_decided *out);
    /* Decides as the case was closed, keeps that and publishes it. */
    void (*conclude)(const struct turn *turn, struct outcome *out,
                     const char *identity_verification_id, const struct conclusion *conclusion);
};

/* Each program that holds cases defines this. */
extern const struct case_job case_job;

void case_load_reviewed(const struct turn *turn, struct keys *keys);
void case_handle_reviewed(const struct turn *turn, struct outcome *out);
void case_load_expired(const struct turn *turn, struct keys *keys);
void case_handle_expired(const struct turn *turn, struct outcome *out);
void case_load_process_expired(const struct turn *turn, struct keys *keys);
void case_handle_process_expired(const struct turn *turn, struct outcome *out);

#endif
