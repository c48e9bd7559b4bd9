#ifndef COMMON_KAFKA_READER_H
#define COMMON_KAFKA_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/core/error.h"
#include "common/kafka/config.h"
#include "common/kafka/event_meta.h"

/* Reads topics without a consumer group: for people, and for audits. */
struct kafka_reader;

MUST_CHECK bool kafka_reader_open(const struct kafka_options *options, struct kafka_reader **out,
                                  struct error *error);
void kafka_reader_close(struct kafka_reader *reader); /* takes NULL */

MUST_CHECK bool kafka_reader_partitions(struct kafka_reader *reader, const char *topic,
                                        int32_t *out, struct error *error);

/* The first offset in the log, and the one after its last. */
MUST_CHECK bool kafka_reader_bounds(struct kafka_reader *reader, const char *topic,
                                    int32_t partition, int64_t *low, int64_t *high,
                                    struct error *error);

/* The first offset whose record is not older than the Unix time; the log's end when none is. */
MUST_CHECK bool kafka_reader_offset_at(struct kafka_reader *reader, const char *topic,
                                       int32_t partition, int64_t time_ms, int64_t *out,
                                       struct error *error);

struct kafka_position {
    const char *topic;
    int32_t partition;
    int64_t offset; /* of the record to be read first */
};

/* From now on these partitions are read, and no others. */
MUST_CHECK bool kafka_reader_start(struct kafka_reader *reader,
                                   const struct kafka_position *positions, size_t count,
                                   struct error *error);

/* A record; all of it lives until the next call, or the reader's end. */
struct kafka_record {
    const char *topic; /* NULL: nothing came in time */
    int32_t partition;
    int64_t offset;
    bool at_end; /* no record: the log of the partition ends, for now, before `offset` */
    int64_t timestamp_ms;
    struct bytes key;   /* data NULL: no key */
    struct bytes value; /* data NULL: no value */
    struct header_list headers;
};

/* RETRY on an error that librdkafka does not mend by itself. */
MUST_CHECK bool kafka_reader_next(struct kafka_reader *reader, int wait_ms,
                                  struct kafka_record *out, struct error *error);

/* A barrier of the delivery protocol: no key, no value, and its header. */
bool kafka_record_is_barrier(const struct kafka_record *record);

/* The value of the first, or the last, header of a name; NULL without one. */
const struct bytes *header_find(struct header_list headers, const char *name);
const struct bytes *header_find_last(struct header_list headers, const char *name);

enum { READER_REQUEST_MS_MAX = 10000 };

#endif
