/* Step C of the protocol: results to their topics, in order, until they are acknowledged. */
#include "common/ledger/publisher.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/clock.h"
#include "common/core/failpoint.h"

enum {
    OUTPUTS_MAX = 64, /* topics that one worker writes, dead letters included */
    QUEUE_FULL_WAIT_MS = 10,
    PURGE_REPORTS_MS = 2000, /* for the reports of purged messages */
};

/* What is known of an output partition's sequence at the broker. */
struct output_partition {
    size_t unacked;
    int64_t acked_ms; /* monotonic; 0: nothing acknowledged by this producer */
    int64_t stamp_ms; /* of what was sent last */
};

struct output {
    rd_kafka_topic_t *topic;
    const char *name;
    struct output_partition *partitions;
    int32_t partition_count;
};

/* What librdkafka hands back with its report; the flight's own, and gone with it. */
struct sent {
    struct publisher *publisher;
    struct output *output;
    int32_t partition;
    struct flight *flight;
};

/* An event's results on their way, in one allocation. */
struct shipment {
    struct flight flight; /* first: partition.c frees it by this address */
    struct sent sent[];
};

struct publisher {
    const struct kafka_options *options;
    rd_kafka_t *producer;
    struct output outputs[OUTPUTS_MAX];
    size_t output_count;
    size_t unacked;
    int64_t acknowledged;
    int64_t polled_ms; /* monotonic: reports are taken for as old as the poll that brought them */
    bool failed;
};

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    struct sent *sent = message->_private;
    struct publisher *publisher = sent->publisher;
    struct output_partition *to = &sent->output->partitions[sent->partition];
    bool fine = message->err == RD_KAFKA_RESP_ERR_NO_ERROR || MUTANT("delivery_error_ignored");

    (void)producer;
    (void)opaque;
    publisher->unacked--;
    to->unacked--;
    if (fine) {
        to->acked_ms = publisher->polled_ms;
        publisher->acknowledged++;
    } else {
        publisher->failed = true;
    }
    flight_report(sent->flight, fine);
}

static void poll_reports(struct publisher *publisher, int timeout_ms)
{
    publisher->polled_ms = clock_monotonic_ms();
    rd_kafka_poll(publisher->producer, timeout_ms);
}

static bool open_producer(struct publisher *publisher, struct error *error)
{
    rd_kafka_conf_t *conf;

    if (!kafka_configure(publisher->options, kafka_producer_properties, &conf, error))
        return false;
    if (MUTANT("finite_message_timeout"))
        (void)rd_kafka_conf_set(conf, "message.timeout.ms", "500", NULL, 0);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    return kafka_open(RD_KAFKA_PRODUCER, conf, &publisher->producer, error);
}

bool publisher_new(const struct kafka_options *options, struct publisher **out, struct error *error)
{
    struct publisher *publisher = calloc(1, sizeof *publisher);

    if (publisher == NULL)
        abort();
    publisher->options = options;
    if (!open_producer(publisher, error)) {
        free(publisher);
        return false;
    }
    *out = publisher;
    return true;
}

static void close_producer(struct publisher *publisher)
{
    int64_t give_up_ms = clock_monotonic_ms() + PURGE_REPORTS_MS;

    if (publisher->producer == NULL)
        return;
    rd_kafka_purge(publisher->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    while (publisher->unacked != 0 && clock_monotonic_ms() < give_up_ms)
        poll_reports(publisher, 10);
    for (size_t i = 0; i < publisher->output_count; i++) {
        rd_kafka_topic_destroy(publisher->outputs[i].topic);
        free(publisher->outputs[i].partitions);
    }
    publisher->output_count = 0;
    rd_kafka_destroy(publisher->producer);
    publisher->producer = NULL;
}

void publisher_free(struct publisher *publisher)
{
    if (publisher == NULL)
        return;
    close_producer(publisher);
    free(publisher);
}

bool publisher_reset(struct publisher *publisher, struct error *error)
{
    (void)FAILPOINT("producer_reset");
    close_producer(publisher);
    publisher->failed = false;
    publisher->unacked = 0;
    return open_producer(publisher, error);
}

static struct output *find_output(struct publisher *publisher, const char *topic)
{
    for (size_t i = 0; i < publisher->output_count; i++)
        if (publisher->outputs[i].name == topic || strcmp(publisher->outputs[i].name, topic) == 0)
            return &publisher->outputs[i];
    assert(publisher->output_count < OUTPUTS_MAX);

    struct output *output = &publisher->outputs[publisher->output_count];
    rd_kafka_topic_t *handle = rd_kafka_topic_new(publisher->producer, topic, NULL);
    if (handle == NULL)
        return NULL;
    publisher->output_count++;
    *output = (struct output){.topic = handle, .name = rd_kafka_topic_name(handle)};
    return output;
}

static struct output_partition *find_partition(struct output *output, int32_t number)
{
    assert(number >= 0);
    if (number >= output->partition_count) {
        size_t count = (size_t)number + 1;
        output->partitions = realloc(output->partitions, count * sizeof *output->partitions);
        if (output->partitions == NULL)
            abort();
        memset(output->partitions + output->partition_count, 0,
               (count - (size_t)output->partition_count) * sizeof *output->partitions);
        output->partition_count = (int32_t)count;
    }
    return &output->partitions[number];
}

/*
 * A refused first batch leaves no sequence behind at the broker, and a later one would overtake
 * it; so nothing with a newer stamp follows before the first acknowledgement.
 */
static bool await_proof(struct publisher *publisher, struct output *output, int32_t number,
                        int64_t stamp_ms)
{
    int64_t start_ms = clock_monotonic_ms();

    for (;;) {
        const struct output_partition *to = &output->partitions[number];
        bool proven = to->acked_ms != 0 && start_ms - to->acked_ms < PUBLISHER_PROOF_MS;
        if (proven || to->unacked == 0 || stamp_ms <= to->stamp_ms ||
            MUTANT("newer_stamp_before_first_ack"))
            return true;
        if (publisher->failed || clock_monotonic_ms() - start_ms > PUBLISHER_UNACKED_MS_MAX)
            return false;
        poll_reports(publisher, QUEUE_FULL_WAIT_MS);
    }
}

static bool produce(struct publisher *publisher, struct output *output, const struct result *result,
                    struct sent *sent, int64_t stamp_ms)
{
    rd_kafka_resp_err_t failure;

    for (;;) {
        failure = kafka_produce(publisher->producer,
                                &(struct kafka_message){.topic = output->topic,
                                                        .partition = result->partition,
                                                        .key = result->key,
                                                        .value = result->value,
                                                        .headers = result->headers,
                                                        .timestamp_ms = stamp_ms,
                                                        .opaque = sent});
        if (failure != RD_KAFKA_RESP_ERR__QUEUE_FULL || publisher->failed)
            break;
        poll_reports(publisher, QUEUE_FULL_WAIT_MS);
    }
    if (failure != RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    struct output_partition *to = &output->partitions[result->partition];
    to->unacked++;
    to->stamp_ms = stamp_ms;
    publisher->unacked++;
    return true;
}

static int64_t stamp_of(int64_t stamp_ms)
{
    return MUTANT("stamp_of_producing") ? clock_unix_ms() : stamp_ms;
}

bool publisher_send(struct publisher *publisher, struct partition *partition, int64_t offset,
                    const struct result_list *results, int64_t stamp_ms)
{
    struct shipment *shipment =
        calloc(1, sizeof *shipment + results->count * sizeof *shipment->sent);

    if (shipment == NULL)
        abort();
    struct flight *flight = &shipment->flight;
    struct sent *sent = shipment->sent;
    flight->offset = offset;
    flight->sent_ms = clock_monotonic_ms();
    flight->waiting = (uint32_t)results->count;
    partition_add_flight(partition, flight);
    for (const struct result *result = results->first; result != NULL; result = result->next) {
        struct output *output = find_output(publisher, result->topic);
        if (output != NULL)
            (void)find_partition(output, result->partition);
        *sent = (struct sent){publisher, output, result->partition, flight};
        flight->references++; /* before the report can come */
        if (output == NULL || !await_proof(publisher, output, result->partition, stamp_ms) ||
            !produce(publisher, output, result, sent++, stamp_of(stamp_ms))) {
            flight->references--;
            publisher->failed = true;
            return false;
        }
        (void)FAILPOINT("mid_produce");
    }
    return true;
}

void publisher_poll(struct publisher *publisher, int timeout_ms)
{
    poll_reports(publisher, timeout_ms);
}

bool publisher_failed(const struct publisher *publisher)
{
    return publisher->failed;
}

size_t publisher_unacked(const struct publisher *publisher)
{
    return publisher->unacked;
}

int64_t publisher_acknowledged(const struct publisher *publisher)
{
    return publisher->acknowledged;
}
