#ifndef SCHEDULE_RUN_H
#define SCHEDULE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/base.h"
#include "common/core/error.h"
#include "common/kafka/config.h"
#include "common/postgres/db.h"
#include "config.h"

struct run_options {
    const struct schedule_config *config;
    struct db_options database;
    struct kafka_options kafka;
    bool dry; /* show what is due and publish nothing */
};

struct run_result {
    bool busy; /* another run goes on; this one did nothing */
    int64_t published;
    int64_t left; /* due, and beyond the limit */
    int64_t bad;  /* rows that make no event; each is logged */
};

/*
 * Publishes what is due now, once. What is acknowledged is noted; of a run that is cut short the
 * next one publishes again, with the same ids, what was not. RETRY while the database or the
 * brokers are away.
 */
MUST_CHECK bool run_schedule(const struct run_options *options, struct run_result *out,
                             struct error *error);

#endif
