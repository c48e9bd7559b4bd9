/* Answers to those who wait for one. */
#include "common/worker/replies.h"

#include <stdlib.h>
#include <string.h>

enum {
    REPLY_HEADERS_MAX = 32,
    LEAVING_MS_MAX = 1000,
};

struct replies {
    rd_kafka_t *producer;
    const char *prefix;
};

bool replies_new(const struct kafka_options *options, const char *prefix, struct replies **out,
                 struct error *error)
{
    struct replies *replies;
    rd_kafka_conf_t *conf;
    rd_kafka_t *producer;

    if (!kafka_configure(options, kafka_brief_producer_properties, &conf, error) ||
        !kafka_open(RD_KAFKA_PRODUCER, conf, &producer, error))
        return false;
    replies = calloc(1, sizeof *replies);
    if (replies == NULL)
        abort();
    *replies = (struct replies){producer, prefix};
    *out = replies;
    return true;
}

void replies_free(struct replies *replies)
{
    if (replies == NULL)
        return;
    rd_kafka_flush(replies->producer, LEAVING_MS_MAX);
    rd_kafka_purge(replies->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy(replies->producer);
    free(replies);
}

void replies_send(struct replies *replies, const struct reply_address *to,
                  const struct result *result)
{
    struct header headers[REPLY_HEADERS_MAX];
    size_t count = 0;

    if (to->topic == NULL || strncmp(to->topic, replies->prefix, strlen(replies->prefix)) != 0)
        return;
    while (count < result->headers.count && count < REPLY_HEADERS_MAX - 1) {
        headers[count] = result->headers.items[count];
        count++;
    }
    if (to->correlation.data != NULL)
        headers[count++] = (struct header){HEADER_REPLY_CORRELATION, to->correlation};
    rd_kafka_topic_t *topic = rd_kafka_topic_new(replies->producer, to->topic, NULL);
    if (topic == NULL)
        return;
    (void)kafka_produce(replies->producer,
                        &(struct kafka_message){
                            .topic = topic,
                            .partition = to->partition < 0 ? RD_KAFKA_PARTITION_UA : to->partition,
                            .key = result->key,
                            .value = result->value,
                            .headers = {headers, count}});
    rd_kafka_topic_destroy(topic);
}

void replies_poll(struct replies *replies)
{
    rd_kafka_poll(replies->producer, 0);
}
