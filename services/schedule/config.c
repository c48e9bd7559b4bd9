/* The settings of the schedule beside those of Kafka and PostgreSQL, in one table. */
#include "config.h"

#define FIELD(name) offsetof(struct schedule_config, name)

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS };
#define YEAR_MS (INT64_C(366) * 24 * HOUR_MS)

/* clang-format off */
const struct setting schedule_settings[] = {
    {"ONBOARDING_PROCESS_EXPIRY", SETTING_DURATION_MS, FIELD(process_expiry_ms), "3h",
     "a process that nothing ended so long after its first event is expired, 1s..8784h", SECOND_MS, YEAR_MS, NULL},
    {"ONBOARDING_FINISHED_BY", SETTING_CHOICE, FIELD(finished_by), "approval",
     "the job whose OK ends a process", 0, 0, "approval|evaluation"},
    {"ONBOARDING_RETENTION", SETTING_DURATION_MS, FIELD(retention_ms), "1h",
     "data of who did not become a customer are due to be erased so long after the last process; 0s: never, 0s..8784h", 0, YEAR_MS, NULL},
    {"ONBOARDING_LOOK_BACK", SETTING_DURATION_MS, FIELD(look_back_ms), "48h",
     "how far back processes are looked at; what happened before needs a longer one, once, 1m..8784h", MINUTE_MS, YEAR_MS, NULL},
    {"ONBOARDING_LIMIT", SETTING_INT, FIELD(limit), "10000",
     "most events that a run publishes, 1..100000", 1, 100000, NULL},
    {"ONBOARDING_LOG_LEVEL", SETTING_CHOICE, FIELD(log_level), "info",
     "lowest level that is logged", 0, 0, "debug|info|warning|error"},
#ifdef ONBOARDING_FAULTS
    {"ONBOARDING_FAILPOINT_DIR", SETTING_TEXT, FIELD(failpoint_directory), "",
     "test builds: files here make failpoints of their names fire", 0, 0, NULL},
#endif
};
/* clang-format on */

const size_t schedule_setting_count = COUNT(schedule_settings);

void schedule_config_check(const struct schedule_config *config, struct problems *problems)
{
    if (config->look_back_ms <= config->process_expiry_ms)
        problems_add(problems, "ONBOARDING_LOOK_BACK", "must exceed ONBOARDING_PROCESS_EXPIRY");
}
