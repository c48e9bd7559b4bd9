/* The publisher against librdkafka's mock of a cluster, for errors that a broker gives on order. */
#include "common/ledger/publisher.h"

#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "tests/support/test.h"

enum { PRODUCE = 0, WAIT_MS_MAX = 10000, NEXT_OFFSET = 100, STAMP_MS = 1700000000 };

static const char *const topic = "onboarding.output.v1";

static rd_kafka_t *host; /* of the mock */
static rd_kafka_mock_cluster_t *cluster;
static struct kafka_options options;
static struct publisher *publisher;
static struct partition *partition;
static struct error error;

/* One event's results: `count` to each of the output's first `outputs` partitions. */
static struct result_list results_of(struct result *results, size_t count)
{
    struct result_list list;

    results_init(&list);
    for (size_t i = 0; i < count; i++) {
        results[i] = (struct result){.id = "id",
                                     .topic = topic,
                                     .partition = (int32_t)i,
                                     .key = {(const uint8_t *)"k", 1},
                                     .value = {(const uint8_t *)"v", 1}};
        results_add(&list, &results[i]);
    }
    return list;
}

static bool send_results(int64_t offset, size_t count, int64_t stamp_ms)
{
    struct result results[4];
    struct result_list list = results_of(results, count);

    return publisher_send(publisher, partition, offset, &list, stamp_ms);
}

static void await_acknowledged(void)
{
    int64_t give_up_ms = clock_monotonic_ms() + WAIT_MS_MAX;

    while (publisher_unacked(publisher) != 0 && clock_monotonic_ms() < give_up_ms)
        publisher_poll(publisher, 10);
    assert_int_equal(publisher_unacked(publisher), 0);
}

static void await_failed(void)
{
    int64_t give_up_ms = clock_monotonic_ms() + WAIT_MS_MAX;

    while (!publisher_failed(publisher) && clock_monotonic_ms() < give_up_ms)
        publisher_poll(publisher, 10);
    assert_true(publisher_failed(publisher));
}

static void fail_next(rd_kafka_resp_err_t failure)
{
    rd_kafka_mock_push_request_errors(cluster, PRODUCE, 1, failure);
}

/* The time-stamps of the partition's records, in order. */
static size_t read_stamps(int32_t number, int64_t *stamps, size_t wanted)
{
    rd_kafka_conf_t *conf;
    rd_kafka_t *reader;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    int64_t give_up_ms = clock_monotonic_ms() + WAIT_MS_MAX;
    size_t count = 0;

    assert_true(kafka_configure(&options, kafka_reader_properties, &conf, &error));
    assert_true(kafka_open(RD_KAFKA_CONSUMER, conf, &reader, &error));
    rd_kafka_topic_partition_list_add(list, topic, number)->offset = 0;
    assert_int_equal(rd_kafka_assign(reader, list), 0);
    while (count < wanted && clock_monotonic_ms() < give_up_ms) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 100);
        rd_kafka_timestamp_type_t type;
        if (message == NULL)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            stamps[count++] = rd_kafka_message_timestamp(message, &type);
        rd_kafka_message_destroy(message);
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
    return count;
}

static void acknowledged_results_are_published(void **state)
{
    int64_t stamps[2];

    (void)state;
    assert_true(send_results(10, 2, STAMP_MS));
    assert_true(send_results(11, 1, STAMP_MS));
    assert_int_equal(publisher_unacked(publisher), 3);
    assert_int_equal(partition_published_offset(partition), 10);
    await_acknowledged();
    assert_int_equal(partition_published_offset(partition), NEXT_OFFSET);
    assert_int_equal(publisher_acknowledged(publisher), 3);
    assert_false(publisher_failed(publisher));
    assert_int_equal(read_stamps(0, stamps, 2), 2);
    assert_int_equal(stamps[0], STAMP_MS);
}

static void a_passing_error_is_tried_again(void **state)
{
    (void)state;
    fail_next(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
    assert_true(send_results(10, 1, STAMP_MS));
    await_acknowledged();
    assert_false(publisher_failed(publisher));
}

/* The fence's answer to an old stamp, for one: nobody but a new owner knows what follows. */
static void a_delivery_error_fails_it(void **state)
{
    (void)state;
    fail_next(RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP);
    assert_true(send_results(10, 1, STAMP_MS));
    await_failed();
    await_acknowledged();
    assert_int_equal(publisher_acknowledged(publisher), 0);
    assert_int_equal(partition_published_offset(partition), 10);
}

static void a_reset_forgets(void **state)
{
    int64_t stamps[1];

    (void)state;
    fail_next(RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP);
    assert_true(send_results(10, 1, STAMP_MS));
    await_failed();
    partition_drop_flights(partition);
    assert_true(publisher_reset(publisher, &error));
    assert_false(publisher_failed(publisher));
    assert_int_equal(publisher_unacked(publisher), 0);
    assert_true(send_results(11, 1, STAMP_MS + 1));
    await_acknowledged();
    assert_int_equal(partition_published_offset(partition), NEXT_OFFSET);
    assert_int_equal(read_stamps(0, stamps, 1), 1);
    assert_int_equal(stamps[0], STAMP_MS + 1);
}

/* With nobody to answer: the messages are purged, their flights freed. */
static void a_reset_does_not_wait_for_a_broker(void **state)
{
    (void)state;
    assert_int_equal(rd_kafka_mock_broker_set_down(cluster, 1), 0);
    for (int i = 0; i < 100; i++)
        assert_true(send_results(10 + i, 2, STAMP_MS));
    assert_int_equal(publisher_unacked(publisher), 200);
    partition_drop_flights(partition);
    int64_t start_ms = clock_monotonic_ms();
    assert_true(publisher_reset(publisher, &error));
    assert_true(clock_monotonic_ms() - start_ms < WAIT_MS_MAX);
    assert_int_equal(publisher_unacked(publisher), 0);
    assert_int_equal(rd_kafka_mock_broker_set_up(cluster, 1), 0);
    assert_true(send_results(10, 1, STAMP_MS));
    await_acknowledged();
}

/* A refused first batch leaves no sequence behind, and a later one would overtake it. */
static void a_newer_stamp_waits_for_the_first_acknowledgement(void **state)
{
    (void)state;
    assert_true(send_results(10, 1, STAMP_MS));
    assert_true(send_results(11, 1, STAMP_MS));
    assert_int_equal(publisher_acknowledged(publisher), 0);
    assert_true(send_results(12, 1, STAMP_MS + 1)); /* waits */
    assert_true(publisher_acknowledged(publisher) >= 2);
    await_acknowledged();

    assert_int_equal(rd_kafka_mock_broker_set_down(cluster, 1), 0);
    assert_true(send_results(13, 1, STAMP_MS + 2)); /* proven: goes on at once */
    assert_true(send_results(14, 1, STAMP_MS + 3));
    assert_int_equal(publisher_unacked(publisher), 2);
    assert_int_equal(rd_kafka_mock_broker_set_up(cluster, 1), 0);
    await_acknowledged();
}

static void each_output_partition_proves_itself(void **state)
{
    (void)state;
    assert_true(send_results(10, 1, STAMP_MS));
    await_acknowledged();
    assert_int_equal(rd_kafka_mock_broker_set_rtt(cluster, 1, 200), 0);
    assert_true(send_results(11, 2, STAMP_MS + 1));
    size_t before = publisher_unacked(publisher);
    assert_int_equal(before, 2);
    assert_true(send_results(12, 2, STAMP_MS + 2)); /* partition 1 waits, partition 0 would not */
    assert_true(publisher_acknowledged(publisher) >= 2);
    await_acknowledged();
}

/* After the first was refused, nothing newer lands before it: the order would be lost. */
static void nothing_overtakes_a_refused_first(void **state)
{
    int64_t stamps[2];

    (void)state;
    fail_next(RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP);
    assert_true(send_results(10, 1, STAMP_MS));
    assert_false(send_results(11, 1, STAMP_MS + 1));
    assert_true(publisher_failed(publisher));
    partition_drop_flights(partition);
    assert_true(publisher_reset(publisher, &error));
    assert_true(send_results(10, 1, STAMP_MS + 2));
    assert_true(send_results(11, 1, STAMP_MS + 2));
    await_acknowledged();
    assert_int_equal(read_stamps(0, stamps, 2), 2);
    assert_int_equal(stamps[0], STAMP_MS + 2);
    assert_int_equal(stamps[1], STAMP_MS + 2);
}

static int start(void **state)
{
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    (void)state;
    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", reason, sizeof reason);
    rd_kafka_conf_set(conf, "log_level", "0", reason, sizeof reason);
    host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
    if (host == NULL)
        return -1;
    cluster = rd_kafka_handle_mock_cluster(host);
    rd_kafka_mock_topic_create(cluster, topic, 4, 1);
    options = (struct kafka_options){.brokers = rd_kafka_mock_cluster_bootstraps(cluster),
                                     .client_id = "test",
                                     .security_protocol = "plaintext"};
    partition = partition_new(NULL, 1, 0);
    partition->next_offset = NEXT_OFFSET;
    return !publisher_new(&options, &publisher, &error);
}

static int finish(void **state)
{
    (void)state;
    partition_free(partition);
    publisher_free(publisher);
    rd_kafka_destroy(host);
    return 0;
}

#define PUBLISHER_TEST(function) cmocka_unit_test_setup_teardown(function, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PUBLISHER_TEST(acknowledged_results_are_published),
        PUBLISHER_TEST(a_passing_error_is_tried_again),
        PUBLISHER_TEST(a_delivery_error_fails_it),
        PUBLISHER_TEST(a_reset_forgets),
        PUBLISHER_TEST(a_reset_does_not_wait_for_a_broker),
        PUBLISHER_TEST(a_newer_stamp_waits_for_the_first_acknowledgement),
        PUBLISHER_TEST(each_output_partition_proves_itself),
        PUBLISHER_TEST(nothing_overtakes_a_refused_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
