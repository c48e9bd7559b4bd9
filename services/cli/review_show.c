/* `onboarding review show`: a case from its opening on. */
#include "review.h"
#include "show.h"

static struct {
    const char *id;
    const char *job;
} given;

static const struct argument arguments[] = {
    {"ID", ARGUMENT_TEXT, offsetof(__typeof__(given), id), true, NULL,
     "identityVerificationId of the case", 0, 0},
    JOB_ARGUMENT(given, false),
};

struct run {
    const struct cli *cli;
    struct arena arena;
    size_t found;
};

static json_t *describe_change(const struct case_row *row)
{
    json_t *json = json_object();

    show_add(json, "version", json_integer(row->version));
    show_add(json, "state", show_text(row->state));
    show_add(json, "at", show_time(row->result == NULL ? row->opened_ms : row->closed_ms));
    show_add(json, "code", show_text(row->result == NULL ? row->code : row->closed_code));
    show_add(json, "result", show_text(row->result));
    return json;
}

/* The members "changes" and "callbacks". */
static bool add_history(json_t *json, const struct case_list *list, struct store *store,
                        struct run *run, struct error *error)
{
    json_t *changes = json_array(), *callbacks = json_array();

    show_add(json, "changes", changes);
    show_add(json, "callbacks", callbacks);
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(changes, describe_change(&list->items[i]));
    return callbacks_describe(run->cli, store, &list->items[0], &run->arena, callbacks, error);
}

static bool take(void *context, struct store *store, struct error *error)
{
    const struct value id = TEXT(given.id);
    struct run *run = context;
    struct case_list list;
    json_t *json;

    if (!cases_load(store, &sql_show_case, &id, &run->arena, &list, error))
        return false;
    if (list.count == 0)
        return true;
    run->found++;
    json = case_describe(&list.items[list.count - 1]);
    show_add(json, "state", show_text(list.items[list.count - 1].state));
    if (!add_history(json, &list, store, run, error)) {
        json_decref(json);
        return false;
    }
    show_print(json);
    return true;
}

static enum cli_exit run_show(const struct cli *cli)
{
    enum review_job job;
    struct run run = {.cli = cli};
    struct error error;
    enum cli_exit status = CLI_DONE;

    if (given.job != NULL && !review_job_read(given.job, &job)) {
        (void)cli_fail("--job is neither evaluation nor approval");
        return CLI_USAGE;
    }
    if (!review_jobs_visit(cli, given.job, take, &run, &error))
        status = cli_fail("%s", error.text);
    else if (run.found == 0)
        status = cli_fail("there is no case of that identityVerificationId");
    arena_done(&run.arena);
    return status;
}

const struct command command_review_show = {
    .name = "review show",
    .purpose = "show a case, open or closed, and what came of it",
    .details =
        "\"changes\" tells how it was opened and closed, \"callbacks\" what came of telling\n"
        "the onboarding server. The server's reason is sealed: ONBOARDING_DATA_KEYS_FILE and\n"
        "ONBOARDING_DIGEST_KEY_FILE open it, unless the user was erased. Who reviewed, and why,\n"
        "is in the decision.\n",
    .needs = NEEDS_POSTGRES | NEEDS_DIGEST_KEY | NEEDS_DATA_KEYS,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run_show,
};
