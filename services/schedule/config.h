#ifndef SCHEDULE_CONFIG_H
#define SCHEDULE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/problems.h"
#include "common/core/setting.h"

/* What a process ends with; the order of the setting's choices. */
enum finished_by { FINISHED_BY_APPROVAL, FINISHED_BY_EVALUATION };

/* The settings of the schedule; the table in config.c is their reference. */
struct schedule_config {
    int64_t process_expiry_ms;
    int finished_by;
    int64_t retention_ms; /* 0: nothing is due */
    int64_t look_back_ms;
    int64_t limit;
    int log_level;
#ifdef ONBOARDING_FAULTS
    const char *failpoint_directory;
#endif
};

extern const struct setting schedule_settings[];
extern const size_t schedule_setting_count;

/* What no single setting shows. */
void schedule_config_check(const struct schedule_config *config, struct problems *problems);

#endif
