#ifndef CLI_REVIEW_H
#define CLI_REVIEW_H

#include <jansson.h>

#include "common/core/arena.h"
#include "review_decided.h"
#include "store.h"

/* Cases that wait for a person, as commands see them: runtime.create_reviews(). */

/* A row of a case, all texts in the arena that it was read into. */
struct case_row {
    enum review_job job;
    const char *identity_verification_id;
    int64_t version;
    const char *state;
    const char *process_id;
    const char *process_type;
    const char *user_id;
    const char *code;
    const char *reason;
    int64_t opened_ms;      /* Unix time, as those below */
    int64_t facts_until_ms; /* 0: the rules will not decide by themselves */
    int64_t expires_ms;
    const char *result; /* NULL, as those below: the case is open */
    const char *closed_code;
    int64_t closed_ms;
    int64_t age_minutes; /* since it was opened, by the database's clock */
};

struct case_list {
    struct case_row *items;
    size_t count;
};

/* "evaluation" or "approval": the job of --job, and its schema. */
MUST_CHECK bool review_job_read(const char *text, enum review_job *out);

/* Runs list_cases or show_case on an open store. */
MUST_CHECK bool cases_load(struct store *store, const struct statement *statement,
                           const struct value *values, struct arena *arena, struct case_list *out,
                           struct error *error);

/*
 * Calls `take` for each job that has cases in this database, or only for `job` (its name; NULL:
 * all), with a store that is open meanwhile. False when one fails.
 */
MUST_CHECK bool review_jobs_visit(const struct cli *cli, const char *job,
                                  bool (*take)(void *context, struct store *store,
                                               struct error *error),
                                  void *context, struct error *error);

/* What is known of a case while it is open, and why it waits. */
json_t *case_describe(const struct case_row *row);

/*
 * Appends to the array `out` what came of each call back about the case. The server's words are
 * opened where the ring and the digest key are given, else "sealed" or "erased" is true.
 */
MUST_CHECK bool callbacks_describe(const struct cli *cli, struct store *store,
                                   const struct case_row *of, struct arena *arena, json_t *out,
                                   struct error *error);

#define JOB_ARGUMENT(values, needed)                                                               \
    {                                                                                              \
        "--job", ARGUMENT_TEXT, offsetof(__typeof__(values), job), needed, "JOB",                  \
            "whose cases: evaluation or approval", 0, 0                                            \
    }

#endif
