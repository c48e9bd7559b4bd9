#ifndef COMMON_LEDGER_RECOVER_H
#define COMMON_LEDGER_RECOVER_H

#include "common/ledger/takeover.h"

/* Step A3: what former owners stored and perhaps did not publish. */

struct unpublished {
    struct stored_item *items; /* in offset order */
    size_t count;
    size_t erased;       /* left out of them: the persons' data was erased */
    bool *found;         /* of each: read back from its topic */
    int64_t recorded_ms; /* of the oldest batch */
    int64_t end_offset;  /* these are all results before it; next_offset: and all there are */
};

/* Reads the oldest stored results from published_offset to next_offset, of so many batches. */
MUST_CHECK bool recover_load(const struct takeover_options *options, struct ledger *ledger,
                             const struct partition *partition, int64_t published_offset,
                             struct arena *arena, struct unpublished *out, struct error *error);

/*
 * Finds out which of them are in their topics, and publishes the others with new stamps. The
 * fence's wait is the caller's. RETRY on any doubt: then all begins anew with a new claim.
 */
MUST_CHECK bool recover_publish(const struct takeover_options *options, struct ledger *ledger,
                                const struct partition *partition, struct unpublished *missing,
                                struct arena *arena, const _Atomic bool *cancelled,
                                size_t *republished, struct error *error);

#endif
