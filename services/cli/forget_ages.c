/* What may be forgotten when: it follows from how long topics keep records. */
#include "forget_ages.h"

#include "arguments.h"

/* Kafka looks only now and then for what it has to delete, and clocks differ. */
#define SPARE_MS INT64_C(86400000)

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A record may outlive its retention until the last one of its segment does. */
bool forget_ages_complete(const struct topic *const *list, size_t count, struct forget_ages *ages,
                          struct error *error)
{
    int64_t events_ms = 0;
    int64_t held_ms = 0;
    char least[AGE_TEXT_SIZE];

    for (size_t i = 0; i < count; i++) {
        events_ms = longer(events_ms, list[i]->retention_ms);
        held_ms = longer(held_ms, longer(list[i]->retention_ms, list[i]->dead_letter_retention_ms) +
                                      list[i]->segment_ms);
    }
    int64_t least_ms = held_ms + SPARE_MS;
    if (ages->results_ms == 0)
        ages->results_ms = events_ms;
    if (ages->ids_ms == 0)
        ages->ids_ms = least_ms;
    if (ages->effects_ms == 0)
        ages->effects_ms = least_ms;
    age_format(least_ms, least);
    if (ages->ids_ms < least_ms)
        return error_set(error, ERROR_FATAL,
                         "--ids-older must be %s at least: an event that a topic or its dead "
                         "letters still hold could be handled twice",
                         least);
    if (ages->results_ms > ages->ids_ms)
        return error_set(error, ERROR_FATAL,
                         "--results-older exceeds --ids-older (%s without): results would outlive "
                         "the ids that lead to them",
                         least);
    return true;
}
