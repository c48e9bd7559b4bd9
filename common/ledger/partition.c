/* An input partition as its owner holds it, and the events whose results are on their way. */
#include "common/ledger/partition.h"

#include <assert.h>
#include <stdlib.h>

const char *const partition_state_text[PARTITION_STATES] = {
    [PARTITION_TAKING_OVER] = "taking over", [PARTITION_READY] = "ready",
    [PARTITION_ACTIVE] = "active",           [PARTITION_DOUBTFUL] = "doubtful",
    [PARTITION_STOPPED] = "stopped",
};

struct partition *partition_new(const struct topic *topic, int32_t topic_id, int32_t number)
{
    struct partition *partition = malloc(sizeof *partition);

    if (partition == NULL)
        abort();
    *partition = (struct partition){.topic = topic,
                                    .topic_id = topic_id,
                                    .number = number,
                                    .owner_epoch = -1,
                                    .sought_offset = -1,
                                    .group_offset = -1,
                                    .high_watermark = -1,
                                    .suspect_offset = -1};
    partition->flights_end = &partition->flights;
    return partition;
}

void partition_add_effects(struct partition *partition, const struct topic *topic, int32_t topic_id)
{
    partition->effects = partition_new(topic, topic_id, partition->number);
    partition->effects->pseudo = true;
    partition->effects->state = PARTITION_DOUBTFUL;
}

void partition_free(struct partition *partition)
{
    if (partition == NULL)
        return;
    partition_free(partition->effects);
    partition_drop_flights(partition);
    free(partition);
}

int64_t partition_published_offset(const struct partition *partition)
{
    return partition->flights != NULL ? partition->flights->offset : partition->next_offset;
}

void partition_add_flight(struct partition *partition, struct flight *flight)
{
    flight->partition = partition;
    flight->next = NULL;
    *partition->flights_end = flight;
    partition->flights_end = &flight->next;
}

static void pop(struct partition *partition)
{
    struct flight *flight = partition->flights;

    partition->flights = flight->next;
    if (partition->flights == NULL)
        partition->flights_end = &partition->flights;
    flight->partition = NULL;
    if (flight->references == 0)
        free(flight);
}

void partition_land_flights(struct partition *partition)
{
    while (partition->flights != NULL && partition->flights->waiting == 0)
        pop(partition);
}

void partition_drop_flights(struct partition *partition)
{
    while (partition->flights != NULL)
        pop(partition);
}

void flight_report(struct flight *flight, bool acknowledged)
{
    assert(flight->references != 0);
    flight->references--;
    if (acknowledged)
        flight->waiting--;
    if (flight->partition == NULL && flight->references == 0)
        free(flight);
    else if (flight->partition != NULL && flight->waiting == 0)
        partition_land_flights(flight->partition);
}
