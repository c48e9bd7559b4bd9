/* The list of topics as properties of Kafka. */
#include "topic_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    PROPERTIES = 6,
    NUMBER_SIZE = 24,
    IN_SYNC_MIN = 2, /* what one broker alone acknowledged is lost with its disk */
};

static const char *number_text(int64_t number, struct arena *arena)
{
    char text[NUMBER_SIZE];
    int size = snprintf(text, sizeof text, "%" PRId64, number);

    return arena_copy(arena, text, (size_t)size);
}

const char *topic_plan_name(const struct topic *topic, bool dead_letters, struct arena *arena)
{
    size_t size = strlen(topic->name);

    if (!dead_letters)
        return topic->name;
    char *name = arena_alloc(arena, size + sizeof DEAD_LETTER_SUFFIX, 1);
    memcpy(name, topic->name, size);
    memcpy(name + size, DEAD_LETTER_SUFFIX, sizeof DEAD_LETTER_SUFFIX);
    return name;
}

struct topic_wish topic_plan_wish(const struct topic *topic, bool dead_letters, int64_t fence_ms,
                                  struct arena *arena)
{
    struct topic_property *properties =
        arena_alloc(arena, PROPERTIES * sizeof *properties, _Alignof(struct topic_property));
    size_t count = 0;
    int64_t retention_ms = dead_letters ? topic->dead_letter_retention_ms : topic->retention_ms;

    properties[count++] = (struct topic_property){"cleanup.policy", "delete"};
    properties[count++] = (struct topic_property){"retention.ms", number_text(retention_ms, arena)};
    properties[count++] =
        (struct topic_property){"segment.ms", number_text(topic->segment_ms, arena)};
    if (dead_letters)
        properties[count++] =
            (struct topic_property){"max.message.bytes", number_text(DEAD_LETTER_BYTES_MAX, arena)};
    if (dead_letters || topic->fenced) {
        properties[count++] = (struct topic_property){"message.timestamp.type", "CreateTime"};
        properties[count++] = (struct topic_property){"message.timestamp.before.max.ms",
                                                      number_text(fence_ms, arena)};
    }
    return (struct topic_wish){
        .name = topic_plan_name(topic, dead_letters, arena),
        .partitions = topic->partitions,
        .properties = {properties, count},
    };
}

void topic_plan_replicate(struct topic_wish *wish, int32_t replicas, struct arena *arena)
{
    size_t count = wish->properties.count;
    struct topic_property *properties =
        arena_alloc(arena, (count + 2) * sizeof *properties, _Alignof(struct topic_property));

    memcpy(properties, wish->properties.items, count * sizeof *properties);
    properties[count++] = (struct topic_property){
        "min.insync.replicas", number_text(replicas < IN_SYNC_MIN ? replicas : IN_SYNC_MIN, arena)};
    properties[count++] = (struct topic_property){"unclean.leader.election.enable", "false"};
    wish->properties = (struct topic_properties){properties, count};
}

/* Brokers stamp the workers' probes: a partition for each, and nothing worth keeping. */
static struct topic_wish wish_clock(int32_t broker_count)
{
    static const struct topic_property properties[] = {
        {"cleanup.policy", "delete"},
        {"retention.ms", "3600000"},
        {"message.timestamp.type", "LogAppendTime"},
    };

    return (struct topic_wish){
        .name = CLOCK_TOPIC,
        .partitions = broker_count,
        .properties = {properties, COUNT(properties)},
    };
}

struct topic_wishes topic_plan_all(int64_t fence_ms, int32_t broker_count, struct arena *arena)
{
    struct topic_wishes wishes = {0};

    wishes.items = arena_alloc(arena, (2 * topic_count + 1) * sizeof *wishes.items,
                               _Alignof(struct topic_wish));
    for (unsigned i = 0; i < topic_count; i++) {
        wishes.items[wishes.count++] = topic_plan_wish(topics[i], false, fence_ms, arena);
        if (topics[i]->dead_letter_retention_ms != 0)
            wishes.items[wishes.count++] = topic_plan_wish(topics[i], true, fence_ms, arena);
    }
    wishes.items[wishes.count++] = wish_clock(broker_count);
    return wishes;
}

static const char *value_of(struct topic_properties properties, const char *name)
{
    for (size_t i = 0; i < properties.count; i++)
        if (strcmp(properties.items[i].name, name) == 0)
            return properties.items[i].value;
    return "";
}

struct topic_differences topic_plan_compare(const struct topic_wish *wish,
                                            const struct topic_state *state, struct arena *arena)
{
    struct topic_difference *items = arena_alloc(
        arena, (wish->properties.count + 1) * sizeof *items, _Alignof(struct topic_difference));
    size_t count = 0;

    if (state->partitions != wish->partitions)
        items[count++] =
            (struct topic_difference){"partitions", number_text(state->partitions, arena),
                                      number_text(wish->partitions, arena)};
    for (size_t i = 0; state->partitions != 0 && i < wish->properties.count; i++) {
        const struct topic_property *wanted = &wish->properties.items[i];
        const char *actual = value_of(state->properties, wanted->name);
        if (strcmp(actual, wanted->value) != 0)
            items[count++] = (struct topic_difference){wanted->name, actual, wanted->value};
    }
    return (struct topic_differences){items, count};
}

/* Whether the text begins the other one; `rest` is what stands behind. */
static bool skip(const char *text, const char *beginning, const char **rest)
{
    size_t size = strlen(beginning);

    if (strncmp(text, beginning, size) != 0)
        return false;
    *rest = text + size;
    return true;
}

static bool names(const char *name, const struct topic *topic, bool *dead_letters)
{
    const char *rest = NULL;
    const char *subject = topic->name;

    if (!skip(name, topic->name, &rest)) {
        if (!skip(topic->name, "onboarding.", &subject))
            return false;
        const char *version = strrchr(subject, '.');
        size_t size = (size_t)(version - subject);
        if (strncmp(name, subject, size) != 0)
            return false;
        rest = name + size;
        (void)skip(rest, version, &rest);
    }
    *dead_letters = topic->dead_letter_retention_ms != 0 && strcmp(rest, DEAD_LETTER_SUFFIX) == 0;
    return *rest == '\0' || *dead_letters;
}

const struct topic *topic_plan_find(const char *name, bool *dead_letters)
{
    for (unsigned i = 0; i < topic_count; i++)
        if (names(name, topics[i], dead_letters))
            return topics[i];
    return NULL;
}
