/* Whether topics of results are fenced as the setting says, which take-overs rely on. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/core/log.h"
#include "common/kafka/admin.h"
#include "common/worker/worker.h"

enum { NAME_SIZE = 256, NUMBER_SIZE = 24 };

static bool has(struct topic_properties properties, const char *name, const char *value)
{
    for (size_t i = 0; i < properties.count; i++)
        if (strcmp(properties.items[i].name, name) == 0)
            return strcmp(properties.items[i].value, value) == 0;
    return false;
}

/* True where it could be asked, whatever the answer. */
static bool check(struct kafka_admin *admin, const char *topic, int64_t fence_ms,
                  struct arena *arena)
{
    struct topic_state state;
    struct error error;
    char wanted[NUMBER_SIZE];

    if (!kafka_admin_find(admin, topic, arena, &state, &error)) {
        log_line(LOG_WARNING, "whether topics are fenced is not known",
                 LOG_TEXT("error", error.text));
        return false;
    }
    snprintf(wanted, sizeof wanted, "%" PRId64, fence_ms);
    if (!has(state.properties, "message.timestamp.type", "CreateTime") ||
        !has(state.properties, "message.timestamp.before.max.ms", wanted))
        log_line(LOG_ERROR,
                 "a topic is not fenced as ONBOARDING_FENCE says: results may come twice",
                 LOG_TEXT("topic", topic), LOG_INT("fence_ms", fence_ms));
    return true;
}

void worker_check_fence(const struct worker *worker)
{
    const struct service *service = worker->service;
    int64_t fence_ms = worker->kafka_config.fence_ms;
    struct kafka_admin *admin;
    struct arena arena = {0};
    struct error error;
    bool known = kafka_admin_open(&worker->kafka, &admin, &error);

    if (!known)
        return; /* as loops will say */
    for (size_t i = 0; known && i < service->output_count; i++)
        if (service->outputs[i]->fenced)
            known = check(admin, service->outputs[i]->name, fence_ms, &arena);
    for (size_t i = 0; known && i < service->route_count; i++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "%s.dlt", service->routes[i].from->name);
        known = check(admin, name, fence_ms, &arena);
    }
    kafka_admin_close(admin);
    arena_done(&arena);
}
