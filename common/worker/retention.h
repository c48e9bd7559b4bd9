#ifndef COMMON_WORKER_RETENTION_H
#define COMMON_WORKER_RETENTION_H

#include "common/worker/service.h"
#include "topics.h"

/*
 * A person's data are not to be kept any longer: every service that holds some has this route,
 * which deletes the person's data key and leaves the proof.
 */
#define RETENTION_ROUTE                                                                            \
    {                                                                                              \
        &topic_retention_due, retention_load, retention_handle                                     \
    }

void retention_load(const struct turn *turn, struct keys *keys);
void retention_handle(const struct turn *turn, struct outcome *out);

#endif
