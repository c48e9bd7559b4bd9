#ifndef COMMON_LEDGER_RESULTS_H
#define COMMON_LEDGER_RESULTS_H

#include "common/core/arena.h"
#include "common/ledger/record.h"

/*
 * The results of a batch as PostgreSQL keeps them (schemas/stored_results.avsc), and dead letters
 * as results.
 */

/* Encodes the results of `records`, all of one partition, in offset order. NULL data: none. */
struct bytes results_encode(const struct record *const *records, size_t count, struct arena *arena,
                            size_t *result_count);

/* A result read back, with the offset of the event that it answers. */
struct stored_item {
    int64_t offset;
    struct result result; /* without what is sealed, until vault_open() */
    bool erased;          /* whose data it was is erased: it will never open */
};

struct stored_list {
    struct stored_item *items; /* in offset order */
    size_t count;
};

/* Everything in `stored`; FATAL when the bytes are not what this program or an older one wrote. */
MUST_CHECK bool results_decode(struct bytes stored, struct arena *arena, struct stored_list *out,
                               struct error *error);

/* Who parks a record, for the headers of its dead letter. */
struct parked_by {
    const char *group;
    const char *service;
    const char *version;
};

#define HEADER_DLT_REASON    "onboarding-dlt-reason"
#define HEADER_DLT_DETAIL    "onboarding-dlt-detail"
#define HEADER_DLT_TOPIC     "onboarding-dlt-topic"
#define HEADER_DLT_PARTITION "onboarding-dlt-partition"
#define HEADER_DLT_OFFSET    "onboarding-dlt-offset"
#define HEADER_DLT_TIMESTAMP "onboarding-dlt-timestamp"
#define HEADER_DLT_GROUP     "onboarding-dlt-group"
#define HEADER_DLT_SERVICE   "onboarding-dlt-service"
#define HEADER_DLT_VERSION   "onboarding-dlt-version"
#define HEADER_DLT_ATTEMPTS  "onboarding-dlt-attempts"
#define HEADER_DLT_DIGEST    "onboarding-dlt-digest"

enum {
    DEAD_LETTER_HEADERS = 11,
    DEAD_LETTER_BYTES_MAX = 2 << 20, /* max.message.bytes of these topics: twice Kafka's default */
    DEAD_LETTER_CONTENT_MAX = DEAD_LETTER_BYTES_MAX - 8192, /* room for our headers */
};

/* Of a dead letter: how many headers, the first ones, came from upstream. */
size_t dead_letter_headers_of_others(const struct result *result);

/*
 * The record's key, value and headers untouched, with why and where from in further headers. What
 * its topic would refuse for ever (compressed, much more fits into an input topic) is left out.
 */
struct result *dead_letter_of(const struct record *record, const struct parked_by *by,
                              struct arena *arena);

#endif
