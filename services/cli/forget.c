/* `onboarding forget`: deletes what nobody needs any more, a piece at a time. */
#include <stdio.h>
#include <unistd.h>

#include "forget_ages.h"
#include "services.h"

enum { CHUNK = 10000 }; /* rows of a table and transaction: some 100 ms */

#define DAY_MS   INT64_C(86400000)
#define YEARS_MS (36500 * DAY_MS) /* more would leave PostgreSQL's range of times */

static struct {
    const char *service;
    struct forget_ages ages;
} given;

#define AT(member) offsetof(__typeof__(given), member)

/* An effect may wait for a day, sealed under the key of the day before. */
static const struct argument arguments[] = {
    {"--service", ARGUMENT_TEXT, AT(service), false, "NAME",
     "only this one's; the schedule's notes stay", 0, 0},
    {"--results-older", ARGUMENT_AGE, AT(ages.results_ms), false, "AGE",
     "stored results, with the keys of their days; 7d without", DAY_MS, YEARS_MS},
    {"--ids-older", ARGUMENT_AGE, AT(ages.ids_ms), false, "AGE",
     "ids of events, dead letters, notes of the schedule; 32d without, and at least", DAY_MS,
     YEARS_MS},
    {"--effects-older", ARGUMENT_AGE, AT(ages.effects_ms), false, "AGE",
     "effects, since they ended; 32d without", DAY_MS, YEARS_MS},
};

/* Repeats a statement that tells how many rows went, each time in a transaction of its own. */
static bool forget_all(struct store *store, const struct statement *statement,
                       const struct value *values, const char *what, struct error *error)
{
    int64_t total = 0;
    int64_t gone;

    do {
        if (!store_run(store, statement, values, error))
            return error_within(error, "%s", store->service);
        struct row row = db_row(store->db, 0, 0);
        gone = row_int(&row, 0);
        total += gone;
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "\r%s: %s, %lld gone%s", store->service, what, (long long)total,
                    gone == 0 ? "\n" : "");
    } while (gone != 0);
    printf("%-12s %s: %lld forgotten\n", store->service, what, (long long)total);
    (void)fflush(stdout); /* so that who stops it sees what is done */
    return true;
}

/* Keys of days go after the results that they seal. */
static bool forget_service(struct store *store, void *context, struct error *error)
{
    const struct forget_ages *ages = context;
    const struct value events[] = {TEXT(store->service), INT(ages->results_ms), INT(ages->ids_ms),
                                   INT(CHUNK)};
    const struct value days[] = {TEXT(store->service), INT(ages->results_ms)};
    const struct value effects[] = {TEXT(store->service), INT(ages->effects_ms), INT(CHUNK)};

    return forget_all(store, &sql_forget_events, events, "results, ids and dead letters", error) &&
           forget_all(store, &sql_forget_days, days, "keys of days", error) &&
           forget_all(store, &sql_forget_effects, effects, "effects", error);
}

static bool forget_notes(const struct cli *cli, const struct forget_ages *ages, struct error *error)
{
    const struct value values[] = {INT(ages->ids_ms), INT(CHUNK)};
    struct store store;

    if (!store_connect(cli, "schedule", NULL, &store, error))
        return false;
    bool fine = forget_all(&store, &sql_forget_notes, values, "notes", error);
    store_close(&store);
    return fine;
}

static enum cli_exit run(const struct cli *cli)
{
    struct error error;

    if (!forget_ages_complete(topics, topic_count, &given.ages, &error)) {
        (void)cli_fail("%s", error.text);
        return CLI_USAGE;
    }
    if (!services_each(cli, &sql_list_services, given.service, forget_service, &given.ages,
                       &error) ||
        (given.service == NULL && !forget_notes(cli, &given.ages, &error)))
        return cli_fail("%s", error.text);
    return CLI_DONE;
}

const struct command command_forget = {
    .name = "forget",
    .purpose = "delete stored results, ids and effects that are no longer needed",
    .details =
        "To be run daily. Results that are not known to be published stay, and so do keys of\n"
        "days whose results do. It works in pieces and can be stopped at any time; run again,\n"
        "it goes on.\n"
        "An AGE is a number with m, h or d. Ids have to outlive the events: one that came again\n"
        "after its id was forgotten would be handled twice.\n"
        "Of the schedule's notes those of expired processes stay: they say that these expired.\n"
        "The user of ONBOARDING_POSTGRES_URL must be a member of onboarding_owner.\n",
    .needs = NEEDS_POSTGRES,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
