/* `onboarding review list`: the cases that wait for a person. */
#include <stdlib.h>
#include <string.h>

#include "review.h"
#include "show.h"

enum {
    CASES_MAX = 100000,         /* at a time in memory */
    OLDER_HOURS_MAX = 24 * 365, /* cases expire before */
    JOBS_MAX = 10,              /* with cases of their own; there are two */
};

static struct {
    const char *job;
    int64_t older_hours;
    int64_t count;
} given = {.count = 1000};

#define AT(member) offsetof(__typeof__(given), member)

static const struct argument arguments[] = {
    JOB_ARGUMENT(given, false),
    {"--older-than", ARGUMENT_COUNT, AT(older_hours), false, "HOURS",
     "only those opened so long ago", 1, OLDER_HOURS_MAX},
    {"-n", ARGUMENT_COUNT, AT(count), false, "COUNT", "the most urgent so many; 1000 without", 1,
     CASES_MAX},
};

struct run {
    struct arena arena;
    struct case_list lists[JOBS_MAX];
    size_t lists_count;
};

static bool take(void *context, struct store *store, struct error *error)
{
    struct run *run = context;
    const struct value values[] = {INT(given.older_hours), INT(given.count)};

    if (run->lists_count == JOBS_MAX)
        return error_set(error, ERROR_FATAL, "more than %d services hold cases", JOBS_MAX);
    return cases_load(store, &sql_list_cases, values, &run->arena, &run->lists[run->lists_count++],
                      error);
}

static int compare(const void *a, const void *b)
{
    const struct case_row *left = a, *right = b;

    return (left->expires_ms > right->expires_ms) - (left->expires_ms < right->expires_ms);
}

/* Those of all jobs, what expires first in front. */
static void print(struct run *run)
{
    size_t total = 0, used = 0;
    struct case_row *rows;

    for (size_t i = 0; i < run->lists_count; i++)
        total += run->lists[i].count;
    rows = arena_alloc(&run->arena, total * sizeof *rows, _Alignof(struct case_row));
    for (size_t i = 0; i < run->lists_count; i++)
        for (size_t k = 0; k < run->lists[i].count; k++)
            rows[used++] = run->lists[i].items[k];
    if (total != 0)
        qsort(rows, total, sizeof *rows, compare);
    for (size_t i = 0; i < total && (int64_t)i < given.count; i++)
        show_print(case_describe(&rows[i]));
    if ((int64_t)total >= given.count)
        (void)cli_fail("there may be more; see -n");
}

static enum cli_exit run_list(const struct cli *cli)
{
    enum review_job job;
    struct run run = {0};
    struct error error;
    enum cli_exit status = CLI_DONE;

    if (given.job != NULL && !review_job_read(given.job, &job)) {
        (void)cli_fail("--job is neither evaluation nor approval");
        return CLI_USAGE;
    }
    if (review_jobs_visit(cli, given.job, take, &run, &error))
        print(&run);
    else
        status = cli_fail("%s", error.text);
    arena_done(&run.arena);
    return status;
}

const struct command command_review_list = {
    .name = "review list",
    .purpose = "list the cases that wait for a person, the most urgent first, a JSON object a line",
    .details = "The most urgent is the one that expires first: then it is refused. Until\n"
               "\"awaitsFactsUntil\" the rules may still decide by themselves.\n",
    .needs = NEEDS_POSTGRES,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run_list,
};
