#ifndef COMMON_LEDGER_PUBLISHER_H
#define COMMON_LEDGER_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/error.h"
#include "common/kafka/client.h"
#include "common/ledger/partition.h"
#include "common/ledger/record.h"

/*
 * Sends committed results, in offset order, and follows their acknowledgements. One a loop; it
 * never skips a record: a delivery error makes it `failed`, and then only publisher_reset()
 * helps.
 */
struct publisher;

enum {
    PUBLISHER_UNACKED_MAX = 4000,    /* results on their way before a loop stops taking batches */
    PUBLISHER_UNACKED_MS_MAX = 5000, /* the oldest one's age before a loop doubts */
    PUBLISHER_PROOF_MS = 3600000,    /* an output partition silent for longer is as new */
    LEASE_MS = 2000,                 /* a stamp older than this is renewed before sending */
    LEASE_CHECK_RECORDS = 16,        /* how often that is looked at */
};

MUST_CHECK bool publisher_new(const struct kafka_options *options, struct publisher **out,
                              struct error *error);
void publisher_free(struct publisher *publisher); /* drops what is on its way; takes NULL */

/*
 * Sends the results of the event at `offset` with `stamp_ms` as their time-stamp. False: the
 * publisher failed.
 */
MUST_CHECK bool publisher_send(struct publisher *publisher, struct partition *partition,
                               int64_t offset, const struct result_list *results, int64_t stamp_ms);

void publisher_poll(struct publisher *publisher, int timeout_ms);
bool publisher_failed(const struct publisher *publisher);
size_t publisher_unacked(const struct publisher *publisher);
int64_t publisher_acknowledged(const struct publisher *publisher); /* results, since the start */

/* Forgets everything on its way and starts anew; flights must have been dropped before. */
MUST_CHECK bool publisher_reset(struct publisher *publisher, struct error *error);

#endif
