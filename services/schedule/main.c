/* onboarding-schedule: run once a minute or so, it publishes the events that time brings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/core/log.h"
#include "common/core/process.h"
#include "common/postgres/config.h"
#include "run.h"

#define PROGRAM "onboarding-schedule"

enum { EXIT_USAGE = 2, EXIT_CONFIG = 78 };

static const char help[] =
    "Publishes what is due by now: codes, cases and processes that expired, data to be erased.\n"
    "To be run again and again, by cron or a CronJob; each event has an id of its own for ever,\n"
    "so that a run more or one that was cut short changes nothing.\n\n"
    "usage: " PROGRAM " [--dry-run]\n\n"
    "  --dry-run   show what is due (time, topic, id, name) and publish nothing\n"
    "  --help\n\n"
    "exit codes:\n"
    "  0   done; the log tells how many were published and how many are left for the next run\n"
    "  1   the database or Kafka is away, or something that is due makes no event\n"
    "  2   the command line makes no sense\n"
    "  78  settings are missing or wrong\n\n"
    "settings, from the environment:\n\n";

static bool configure(const struct setting_group *groups, size_t count,
                      const struct kafka_config *kafka, const struct postgres_config *postgres,
                      const struct schedule_config *schedule)
{
    struct problems *problems = calloc(1, sizeof *problems);

    if (problems == NULL)
        abort();
    settings_read(groups, count, environ, problems);
    kafka_config_check(kafka, problems);
    postgres_config_check(postgres, problems);
    schedule_config_check(schedule, problems);
    for (size_t i = 0; i < problems->count && i < PROBLEMS_MAX; i++)
        fprintf(stderr, "%s\n", problems->items[i]);
    bool fine = problems->count == 0;
    free(problems);
    return fine;
}

static int run(const struct run_options *options)
{
    struct run_result result = {0};
    struct error error;

    log_start("schedule", (enum log_level)options->config->log_level);
    bool fine = run_schedule(options, &result, &error);
    if (result.busy)
        log_line(LOG_INFO, "another run goes on; nothing done");
    else if (!options->dry)
        log_line(fine && result.bad == 0 ? LOG_INFO : LOG_ERROR, fine ? "done" : "cut short",
                 LOG_INT("published", result.published), LOG_INT("left", result.left),
                 LOG_INT("bad", result.bad), LOG_TEXT("error", fine ? NULL : error.text));
    else if (!fine)
        fprintf(stderr, PROGRAM ": %s\n", error.text);
    return fine && result.bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static struct kafka_config kafka;
    static struct postgres_config postgres;
    static struct schedule_config schedule;
    const struct setting_group groups[] = {
        {kafka_settings, kafka_setting_count, &kafka},
        {postgres_settings, postgres_setting_count, &postgres},
        {schedule_settings, schedule_setting_count, &schedule},
    };
    bool dry = argc == 2 && strcmp(argv[1], "--dry-run") == 0;
    int status = EXIT_CONFIG;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        settings_print(groups, COUNT(groups));
        return EXIT_SUCCESS;
    }
    if (argc != 1 && !dry)
        return fprintf(stderr, "usage: " PROGRAM " [--dry-run | --help]\n"), EXIT_USAGE;
    process_leave_no_core();
    bool fine = configure(groups, COUNT(groups), &kafka, &postgres, &schedule);
    process_close();
    if (fine)
        status = run(&(struct run_options){
            .config = &schedule,
            .database = postgres_config_options(&postgres, "schedule", PROGRAM),
            .kafka = kafka_config_options(&kafka, PROGRAM),
            .dry = dry,
        });
    settings_wipe(groups, COUNT(groups));
    return status;
}
