#ifndef COMMON_WORKER_WORKER_H
#define COMMON_WORKER_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "common/avro/codec.h"
#include "common/kafka/client.h"
#include "common/ledger/clock_probe.h"
#include "common/ledger/ledger.h"
#include "common/ledger/results.h"
#include "common/postgres/config.h"
#include "common/worker/config.h"
#include "common/worker/health.h"
#include "common/worker/outcomes.h"
#include "common/worker/policy.h"
#include "common/worker/service.h"
#include "common/worker/subjects.h"

/* What all loops of a process share; changes only where it says so. */
struct worker {
    const struct service *service;
    struct worker_config config;
    struct kafka_config kafka_config;
    struct postgres_config postgres_config;
    struct kafka_options kafka;
    struct db_options database;
    struct schema_store *schemas;
    struct output_topic *outputs;
    struct outcome_options outcomes;
    struct parked_by parked_by;
    struct subject_options subjects;
    struct policies *policies; /* changes on SIGHUP; has a lock of its own */
    struct health *health;
    struct clock_probe *clock_probe;
    _Atomic bool stopping; /* SIGTERM, or a loop that cannot go on */
    _Atomic bool failed;   /* the latter: exit with 1 */
};

#define ONBOARDING_VERSION "0.1.0"

enum { EXIT_CONFIG = 78 }; /* sysexits.h: EX_CONFIG */

/* Reads the settings, then runs the loops until SIGTERM. Returns main()'s exit status. */
int worker_main(const struct service *service, int argc, char **argv);

/* Reads again what may change while it runs; what is bad is refused, and the old one kept. */
void worker_reload(struct worker *worker);

/* Logs which topics of results and dead letters are fenced otherwise than set. */
void worker_check_fence(const struct worker *worker);

#endif
