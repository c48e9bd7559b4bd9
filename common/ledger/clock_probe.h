#ifndef COMMON_LEDGER_CLOCK_PROBE_H
#define COMMON_LEDGER_CLOCK_PROBE_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/kafka/client.h"
#include "common/postgres/db.h"

/*
 * The time-stamp fence holds while brokers' clocks agree with PostgreSQL's within
 * FENCE_MARGIN_MS. A thread measures that, once a minute: the broker stamps a probe record on
 * each partition of a LogAppendTime topic (one a broker), between two looks at PostgreSQL's clock.
 */
struct clock_probe;

enum {
    CLOCK_PROBE_EVERY_MS = 60000,
    CLOCK_PROBE_ACK_MS = 5000,
    CLOCK_SKEW_UNKNOWN = -1,
};

struct clock_probe *clock_probe_start(const struct kafka_options *kafka,
                                      const struct db_options *database);
void clock_probe_stop(struct clock_probe *probe); /* takes NULL */

/*
 * The largest difference seen in the last round, at least: the probe's own travel hides what is
 * smaller. Milliseconds, or CLOCK_SKEW_UNKNOWN. Lock-free.
 */
int64_t clock_probe_skew_ms(const struct clock_probe *probe);

/* How far `stamp_ms` lies outside before_ms..after_ms; 0 inside. */
int64_t clock_skew_of(int64_t before_ms, int64_t stamp_ms, int64_t after_ms);

#endif
