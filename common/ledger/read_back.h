#ifndef COMMON_LEDGER_READ_BACK_H
#define COMMON_LEDGER_READ_BACK_H

#include "common/ledger/recover.h"

/* Which stored results are in their topics already: everything before a barrier is read. */

/* An output partition that the results concern. */
struct read_back_output {
    const char *topic;
    int32_t partition;
    int64_t barrier_offset; /* -1: not acknowledged */
};

struct read_back {
    const struct kafka_options *kafka;
    struct unpublished *missing; /* found[] is set */
    const struct read_back_output *outputs;
    size_t output_count;
    struct arena *arena;
    const _Atomic bool *cancelled;
};

MUST_CHECK bool read_back(const struct read_back *read, struct error *error);

#endif
