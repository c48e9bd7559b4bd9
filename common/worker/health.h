#ifndef COMMON_WORKER_HEALTH_H
#define COMMON_WORKER_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/base.h"
#include "common/core/error.h"

/*
 * GET /livez (200 while every loop has beaten within heartbeat_max_ms), /readyz (200 while every
 * loop is ready), /metrics (Prometheus text); 404 and 405 else.
 */
enum { HEALTH_LOOPS_MAX = 64 };

struct health;

/* Listens on address:port in a thread of its own; port 0 picks a free one. FATAL on failure. */
MUST_CHECK bool health_start(const char *address, uint16_t port, unsigned loop_count,
                             int64_t heartbeat_max_ms, struct health **out, struct error *error);
uint16_t health_port(const struct health *health);
void health_beat(struct health *health, unsigned loop);              /* a loop lives; lock-free */
void health_ready(struct health *health, unsigned loop, bool ready); /* lock-free */
void health_stop(struct health *health);                             /* takes NULL */

#endif
