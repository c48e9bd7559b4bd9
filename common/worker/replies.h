#ifndef COMMON_WORKER_REPLIES_H
#define COMMON_WORKER_REPLIES_H

#include "common/kafka/client.h"
#include "common/ledger/record.h"

/*
 * Answers to reply addresses (Spring's ReplyingKafkaTemplate), through a small producer of their
 * own: best effort and bounded tries. Who misses one repeats its request and gets the stored
 * answer.
 */
struct replies;

/* `prefix`: other topics are not written to, whatever an event asks for. */
MUST_CHECK bool replies_new(const struct kafka_options *options, const char *prefix,
                            struct replies **out, struct error *error);
void replies_free(struct replies *replies); /* waits a moment for what is on its way; takes NULL */

void replies_send(struct replies *replies, const struct reply_address *to,
                  const struct result *result);
void replies_poll(struct replies *replies);

#endif
