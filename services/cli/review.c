/* Cases that wait for a person: reading them from each job's schema. */
#include "review.h"

#include <string.h>

#include "show.h"

/* A job's schema has the job's name. */
static const char *const schemas[REVIEW_JOB_COUNT] = {
    [REVIEW_JOB_EVALUATION] = "evaluation",
    [REVIEW_JOB_APPROVAL] = "approval",
};

bool review_job_read(const char *text, enum review_job *out)
{
    for (int i = 0; i < REVIEW_JOB_COUNT; i++)
        if (strcmp(schemas[i], text) == 0) {
            *out = (enum review_job)i;
            return true;
        }
    return false;
}

static int64_t time_or_0(const struct row *row, int column)
{
    return row_is_null(row, column) ? 0 : row_time_ms(row, column);
}

static struct case_row read_row(const struct row *row, enum review_job job, struct arena *arena)
{
    return (struct case_row){
        .job = job,
        .identity_verification_id = row_text(row, 0, arena),
        .version = row_int(row, 1),
        .state = row_text(row, 2, arena),
        .process_id = row_text(row, 3, arena),
        .process_type = row_text(row, 4, arena),
        .user_id = row_text(row, 5, arena),
        .code = row_text(row, 6, arena),
        .reason = row_text(row, 7, arena),
        .opened_ms = row_time_ms(row, 8),
        .facts_until_ms = time_or_0(row, 9),
        .expires_ms = row_time_ms(row, 10),
        .result = row_text(row, 11, arena),
        .closed_code = row_text(row, 12, arena),
        .closed_ms = time_or_0(row, 13),
        .age_minutes = row_int(row, 14),
    };
}

bool cases_load(struct store *store, const struct statement *statement, const struct value *values,
                struct arena *arena, struct case_list *out, struct error *error)
{
    enum review_job job;
    size_t count;

    if (!review_job_read(store->service, &job))
        return error_set(error, ERROR_FATAL, "service %s holds no cases", store->service);
    if (!store_run(store, statement, values, error))
        return false;
    count = db_row_count(store->db, 0);
    out->items = arena_alloc(arena, count * sizeof *out->items, _Alignof(struct case_row));
    out->count = count;
    for (size_t i = 0; i < count; i++) {
        struct row row = db_row(store->db, 0, i);
        out->items[i] = read_row(&row, job, arena);
    }
    return true;
}

static bool visit(const struct cli *cli, const char *schema,
                  bool (*take)(void *context, struct store *store, struct error *error),
                  void *context, struct error *error)
{
    struct store store;

    if (!store_connect(cli, schema, NULL, &store, error))
        return false;
    bool fine = take(context, &store, error);
    store_close(&store);
    return fine;
}

bool review_jobs_visit(const struct cli *cli, const char *job,
                       bool (*take)(void *context, struct store *store, struct error *error),
                       void *context, struct error *error)
{
    struct arena arena = {0};
    struct store store;
    bool fine;

    if (job != NULL)
        return visit(cli, job, take, context, error);
    /* Any schema will do to ask which there are. */
    if (!store_connect(cli, "pg_catalog", NULL, &store, error))
        return false;
    fine = store_run(&store, &sql_list_review_schemas, NULL, error);
    for (size_t i = 0; fine && i < db_row_count(store.db, 0); i++) {
        struct row row = db_row(store.db, 0, i);
        fine = visit(cli, row_text(&row, 0, &arena), take, context, error);
    }
    store_close(&store);
    arena_done(&arena);
    return fine;
}

json_t *case_describe(const struct case_row *row)
{
    json_t *json = json_object();

    show_add(json, "job", json_string(schemas[row->job]));
    show_add(json, "identityVerificationId", show_text(row->identity_verification_id));
    show_add(json, "processId", show_text(row->process_id));
    show_add(json, "processType", show_text(row->process_type));
    show_add(json, "userId", show_text(row->user_id));
    show_add(json, "code", show_text(row->code));
    show_add(json, "reason", show_text(row->reason));
    show_add(json, "openedAt", show_time(row->opened_ms));
    show_add(json, "ageMinutes", json_integer(row->age_minutes));
    show_add(json, "awaitsFactsUntil",
             row->facts_until_ms == 0 ? json_null() : show_time(row->facts_until_ms));
    show_add(json, "expiresAt", show_time(row->expires_ms));
    return json;
}
