#ifndef COMMON_WORKER_EFFECT_ROWS_H
#define COMMON_WORKER_EFFECT_ROWS_H

#include "common/core/arena.h"
#include "common/core/error.h"
#include "common/kafka/event_meta.h"
#include "common/ledger/record.h"
#include "common/postgres/db.h"
#include "common/worker/service.h"

/* Effects as they stand in the table `effect`. */

#define EFFECT_CONTENT "effect.content" /* the column that is sealed; its row is the id as text */

/* The event that asked, as bytes; and as the meta of the turn that hears of the outcome. */
struct bytes effect_cause_encode(const struct event_meta *meta, struct arena *arena);
MUST_CHECK bool effect_cause_decode(struct bytes cause, struct arena *arena, struct event_meta *out,
                                    struct error *error);

/* What the provider is to be given; the decoded texts and the body live in `arena`. */
struct effect_content {
    const char *recipient; /* NULL: none */
    const char *path;      /* "" or as provider.h wants it */
    struct bytes body;
};

struct bytes effect_content_encode(const struct effect_content *content, struct arena *arena);
MUST_CHECK bool effect_content_decode(struct bytes bytes, struct arena *arena,
                                      struct effect_content *out, struct error *error);

/* An effect that a handler of the batch in hand asked for. */
struct effect_asked {
    struct effect_asked *next;
    struct uuid id;
    int32_t topic_id, number; /* of its pseudo partition */
    const char *kind, *order_key, *reference, *subject;
    int64_t now_ms, expires_ms;
    struct bytes cause;
    struct bytes content; /* in clear; wiped once it is sealed */
};

/* What stands behind a record of a pseudo partition: record->event. */
struct effect_end {
    struct effect_outcome outcome; /* first: this is what handlers see */
    int unknowns;                  /* tries whose answer was lost */
    int64_t leased_epoch;          /* under which it was taken */
};

/* Queues the ends of the effects among the records. */
void effect_rows_finish(struct record *const *records, size_t count, struct arena *arena,
                        struct db *db);

extern const char *const effect_state_text[];   /* by enum effect_state */
extern const char *const effect_failure_text[]; /* by enum effect_failure; NULL: none */

#endif
