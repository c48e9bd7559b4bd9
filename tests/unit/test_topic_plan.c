/* The list of topics as Kafka's properties, names long and short, and differences. */
#include "services/cli/topic_plan.h"

#include <stdio.h>
#include <string.h>

#include "test.h"
#include "tests/support/arena.h"
#include "topics.h"

static const struct topic plain = {.name = "onboarding.a.b.v1",
                                   .partitions = 4,
                                   .retention_ms = 1000,
                                   .segment_ms = 500,
                                   .dead_letter_retention_ms = 2000};
static const struct topic fenced = {.name = "onboarding.otp.completed.v1",
                                    .partitions = 2,
                                    .retention_ms = 900000,
                                    .segment_ms = 300000,
                                    .dead_letter_retention_ms = 900000,
                                    .fenced = true};

/* "name=value …" in order. */
static const char *text_of(struct topic_properties properties)
{
    static char text[512];
    size_t used = 0;

    for (size_t i = 0; i < properties.count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s=%s", i == 0 ? "" : " ",
                                 properties.items[i].name, properties.items[i].value);
    return text;
}

static void properties_follow_from_the_list(void **state)
{
    (void)state;
    struct topic_wish wish = topic_plan_wish(&plain, false, 5000, &arena);
    assert_string_equal(wish.name, "onboarding.a.b.v1");
    assert_int_equal(wish.partitions, 4);
    assert_string_equal(text_of(wish.properties),
                        "cleanup.policy=delete retention.ms=1000 segment.ms=500");

    wish = topic_plan_wish(&fenced, false, 5000, &arena);
    assert_string_equal(text_of(wish.properties),
                        "cleanup.policy=delete retention.ms=900000 segment.ms=300000 "
                        "message.timestamp.type=CreateTime message.timestamp.before.max.ms=5000");
}

static void dead_letters_are_fenced_and_larger(void **state)
{
    (void)state;
    struct topic_wish wish = topic_plan_wish(&plain, true, 4000, &arena);
    assert_string_equal(wish.name, "onboarding.a.b.v1.dlt");
    assert_string_equal(
        text_of(wish.properties),
        "cleanup.policy=delete retention.ms=2000 segment.ms=500 max.message.bytes=2097152 "
        "message.timestamp.type=CreateTime message.timestamp.before.max.ms=4000");
}

/* Codes are gone from the brokers' disks soon; else retention waits for a segment to fill up. */
static void codes_are_kept_for_minutes(void **state)
{
    static const char kept[] = "cleanup.policy=delete retention.ms=900000 segment.ms=300000";

    (void)state;
    struct topic_wish wish = topic_plan_wish(&topic_otp_requested, false, 5000, &arena);
    assert_string_equal(text_of(wish.properties), kept);
    for (int dead_letters = 0; dead_letters <= 1; dead_letters++) {
        wish = topic_plan_wish(&topic_otp_requested, dead_letters, 5000, &arena);
        assert_memory_equal(text_of(wish.properties), kept, sizeof kept - 1);
        wish = topic_plan_wish(&topic_otp_completed, dead_letters, 5000, &arena);
        assert_memory_equal(text_of(wish.properties), kept, sizeof kept - 1);
    }
}

/* What is said of how long personal data stay in topics rests on it. */
static void every_topic_bounds_its_segments(void **state)
{
    (void)state;
    for (unsigned i = 0; i < topic_count; i++) {
        struct topic_wish wish = topic_plan_wish(topics[i], true, 5000, &arena);
        assert_non_null(strstr(text_of(wish.properties), " segment.ms="));
        assert_in_range(topics[i]->segment_ms, 1, 86400000);
    }
}

static void what_is_acknowledged_outlives_a_broker(void **state)
{
    static const struct {
        int32_t replicas;
        const char *properties;
    } examples[] = {
        {1, "cleanup.policy=delete retention.ms=1000 segment.ms=500 min.insync.replicas=1 "
            "unclean.leader.election.enable=false"},
        {2, "cleanup.policy=delete retention.ms=1000 segment.ms=500 min.insync.replicas=2 "
            "unclean.leader.election.enable=false"},
        {3, "cleanup.policy=delete retention.ms=1000 segment.ms=500 min.insync.replicas=2 "
            "unclean.leader.election.enable=false"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        struct topic_wish wish = topic_plan_wish(&plain, false, 5000, &arena);
        topic_plan_replicate(&wish, examples[i].replicas, &arena);
        assert_string_equal(text_of(wish.properties), examples[i].properties);
    }
}

static void what_differs_is_named(void **state)
{
    static const struct topic_property actual[] = {{"cleanup.policy", "compact"},
                                                   {"retention.ms", "1000"},
                                                   {"segment.ms", "500"},
                                                   {"other", "x"}};
    const struct topic_state found = {3, 1, {actual, COUNT(actual)}};
    struct topic_wish wish = topic_plan_wish(&plain, false, 5000, &arena);

    (void)state;
    struct topic_differences differences = topic_plan_compare(&wish, &found, &arena);
    assert_int_equal(differences.count, 2);
    assert_string_equal(differences.items[0].name, "partitions");
    assert_string_equal(differences.items[0].actual, "3");
    assert_string_equal(differences.items[0].wanted, "4");
    assert_string_equal(differences.items[1].name, "cleanup.policy");
    assert_string_equal(differences.items[1].actual, "compact");
    assert_string_equal(differences.items[1].wanted, "delete");
}

static void nothing_differs_where_all_holds(void **state)
{
    static const struct topic_property actual[] = {
        {"retention.ms", "1000"}, {"segment.ms", "500"}, {"cleanup.policy", "delete"}};
    const struct topic_state found = {4, 3, {actual, COUNT(actual)}};
    struct topic_wish wish = topic_plan_wish(&plain, false, 5000, &arena);

    (void)state;
    assert_int_equal(topic_plan_compare(&wish, &found, &arena).count, 0);
}

static void a_missing_topic_is_one_difference(void **state)
{
    const struct topic_state none = {0};
    struct topic_wish wish = topic_plan_wish(&plain, false, 5000, &arena);

    (void)state;
    assert_int_equal(topic_plan_compare(&wish, &none, &arena).count, 1);
}

static const struct name {
    const char *name;
    const char *topic; /* NULL: none */
    bool dead_letters;
} names[] = {
    {"onboarding.lookup.requested.v1", "onboarding.lookup.requested.v1", false},
    {"onboarding.lookup.requested.v1.dlt", "onboarding.lookup.requested.v1", true},
    {"lookup.requested", "onboarding.lookup.requested.v1", false},
    {"lookup.requested.v1", "onboarding.lookup.requested.v1", false},
    {"lookup.requested.dlt", "onboarding.lookup.requested.v1", true},
    {"lookup.requested.v1.dlt", "onboarding.lookup.requested.v1", true},
    {"lookup.completed", "onboarding.lookup.completed.v1", false},
    {"", NULL, false},
    {"lookup", NULL, false},
    {"lookup.request", NULL, false},
    {"lookup.requested.", NULL, false},
    {"lookup.requested.v", NULL, false},
    {"lookup.requested.v2", NULL, false},
    {"lookup.requested.v1.dlt.dlt", NULL, false},
    {"onboarding.lookup.requested.v11", NULL, false},
    {"requested", NULL, false},
};

static void finds_topics(void **state)
{
    const struct name *name = *state;
    bool dead_letters = false;
    const struct topic *topic = topic_plan_find(name->name, &dead_letters);

    if (name->topic == NULL) {
        assert_null(topic);
        return;
    }
    assert_non_null(topic);
    assert_string_equal(topic->name, name->topic);
    assert_int_equal(dead_letters, name->dead_letters);
}

int main(void)
{
    enum { OTHERS = 7 };
    struct CMUnitTest tests[COUNT(names) + OTHERS] = {
        cmocka_unit_test(properties_follow_from_the_list),
        cmocka_unit_test(dead_letters_are_fenced_and_larger),
        cmocka_unit_test(codes_are_kept_for_minutes),
        cmocka_unit_test(every_topic_bounds_its_segments),
        cmocka_unit_test(what_is_acknowledged_outlives_a_broker),
        cmocka_unit_test(what_differs_is_named),
        cmocka_unit_test(nothing_differs_where_all_holds),
        cmocka_unit_test(a_missing_topic_is_one_difference),
    };

    for (size_t i = 0; i < COUNT(names); i++)
        tests[OTHERS + i] = EXAMPLE(finds_topics, &names[i]);
    return cmocka_run_group_tests_name("topic_plan", tests, NULL, drop_arena);
}
