/* `onboarding audit`: the stored results against the topics. */
#include "audit.h"

#include <stdio.h>

#include "common/core/timestamp.h"

enum { LINES_MAX = 1000 }; /* of single results; the rest is counted only */

static struct {
    const char *service;
    const char *group;
    const char *since;
    bool repair;
} given;

#define AT(member) offsetof(__typeof__(given), member)

static const struct argument arguments[] = {
    SERVICE_ARGUMENT(given),
    GROUP_ARGUMENT(given),
    {"--since", ARGUMENT_TEXT, AT(since), false, "TIME",
     "only what was recorded since, as 2026-01-31T12:00:00Z", 0, 0},
    {"--repair", ARGUMENT_FLAG, AT(repair), false, NULL,
     "publish what is missing; takes the partitions concerned from their workers", 0, 0},
};

static void print(const struct audit *audit, const struct audit_item *item,
                  enum audit_verdict verdict)
{
    const struct audit_input *input = &audit->inputs[item->input];

    printf("%-10s %s/%d/%lld -> %s/%d", audit_verdict_text[verdict], input->topic, input->partition,
           (long long)item->offset, audit->outputs[item->output].topic, item->partition);
    if (item->met > 1)
        printf(", %u times", item->met);
    printf("\n");
}

/* A line for each result that is not as it should be, then the sums. */
static void report(struct audit *audit, size_t counts[static AUDIT_VERDICTS])
{
    size_t lines = 0;

    for (size_t i = 0; i < audit_set_count(audit->set); i++) {
        const struct audit_item *item = audit_set_at(audit->set, i);
        enum audit_verdict verdict = audit_judge(item);
        counts[verdict]++;
        if (verdict != AUDIT_FOUND && verdict != AUDIT_PENDING && lines++ < LINES_MAX)
            print(audit, item, verdict);
    }
    if (lines > LINES_MAX)
        printf("and %zu more\n", lines - LINES_MAX);
    printf("results %zu:", audit_set_count(audit->set));
    for (size_t i = 0; i < AUDIT_VERDICTS; i++)
        printf("%s %s %zu", i == 0 ? "" : ",", audit_verdict_text[i], counts[i]);
    if (audit->erased != 0)
        printf(", erased %zu", audit->erased);
    printf("\n");
}

static enum cli_exit judge(struct audit *audit)
{
    size_t counts[AUDIT_VERDICTS] = {0};
    struct error error;
    size_t repaired = 0;

    report(audit, counts);
    bool wrong = counts[AUDIT_REPEATED] + counts[AUDIT_DIFFERING] + counts[AUDIT_MISPLACED] != 0;
    if (counts[AUDIT_MISSING] == 0 || !given.repair)
        return wrong || counts[AUDIT_MISSING] != 0 ? CLI_FAILED : CLI_DONE;
    if (!audit_repair(audit, &repaired, &error))
        return cli_fail("%s", error.text);
    printf("repaired %zu of %zu\n", repaired, counts[AUDIT_MISSING]);
    return wrong ? CLI_FAILED : CLI_DONE;
}

static enum cli_exit run(const struct cli *cli)
{
    struct audit audit = {.cli = cli};
    struct error error;
    enum cli_exit status;

    if (given.since != NULL && !time_parse(given.since, &audit.since_ms)) {
        (void)cli_fail("--since is no time such as 2026-01-31T12:00:00Z");
        return CLI_USAGE;
    }
    if (!store_open(cli, given.service, given.group, &audit.store, &error))
        return cli_fail("%s", error.text);
    audit.set = audit_set_new();
    if (audit_load(&audit, &error) && audit_read(&audit, &error))
        status = judge(&audit);
    else
        status = cli_fail("%s", error.text);
    audit_set_free(audit.set);
    store_close(&audit.store);
    arena_done(&audit.arena);
    return status;
}

const struct command command_audit = {
    .name = "audit",
    .purpose = "compare a service's stored results with what is in the topics",
    .details =
        "missing     PostgreSQL says that it is published, and it is not there\n"
        "repeated    it is there more than once\n"
        "differing   it is there with another key, value or header\n"
        "misplaced   it is there, on another partition than stored\n"
        "pending     it is not there, and need not be: not published yet, or beyond retention\n"
        "erased      not looked for: the person's data was erased since it was stored\n\n"
        "Any but these two is exit code 1. --repair publishes the stored bytes of what is\n"
        "missing; it waits until no earlier owner's records can come any more. Where workers\n"
        "run, they take their partitions back; if that happens in the middle, it says so and is\n"
        "to be run again.\n",
    .needs = NEEDS_KAFKA | NEEDS_POSTGRES | NEEDS_DATA_KEYS,
    .arguments = arguments,
    .argument_count = COUNT(arguments),
    .values = &given,
    .run = run,
};
