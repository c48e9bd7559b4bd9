#ifndef REVIEW_CALLBACK_H
#define REVIEW_CALLBACK_H

#include <stdint.h>

#include "common/core/arena.h"
#include "common/core/base.h"
#include "common/worker/service.h"
#include "review_decided.h"

/*
 * The call-back: whoever was told WAIT is told the final result, by a POST to the onboarding
 * server. It answers {"result": "OK" | "NOK", "resultReason": …}; either ends it.
 */

enum {
    CALLBACK_VALID_MS = 24 * 60 * 60 * 1000, /* an outage of that server is shorter */
    CALLBACK_REASON_MAX = 255,               /* bytes that are kept of its words */
};

/* Where those words are sealed to, beside the effect's id as text. */
#define CALLBACK_REASON_COLUMN "review_callback.reason"

struct callback {
    enum review_job job;
    enum review_decision result;
    const char *process_id;
    const char *user_id;
    const char *identity_verification_id;
};

/* config.h has its provider and lists it for the job. */
extern const struct effect_kind callback_kind;

/* Asks for a call, unless no server is set. */
void callback_ask(const struct turn *turn, struct outcome *out, const struct callback *callback);

/* Records what came of it; the server's words, which may speak of the user, sealed for the user. */
void callback_load(const struct turn *turn, struct keys *keys);
void callback_handle(const struct turn *turn, struct outcome *out);

/* What follows the server's URL. */
const char *callback_path(enum review_job job);

/* JSON, in `arena`. */
struct bytes callback_body(const struct callback *callback, struct arena *arena);

enum callback_state {
    CALLBACK_OK,         /* the server took it */
    CALLBACK_NOK,        /* the server refused it, and may have said why */
    CALLBACK_UNREADABLE, /* it answered, and nobody knows what */
    CALLBACK_UNKNOWN,    /* it may have taken it: an answer was lost, and no repeat was accepted */
    /* It never took it: */
    CALLBACK_REFUSED,   /* by a redirect: no HTTP error, which may pass */
    CALLBACK_EXHAUSTED, /* tries used up */
    CALLBACK_EXPIRED,   /* its turn did not come in time */
    CALLBACK_ERASED,    /* the user's data was erased before */
    CALLBACK_STATES
};
extern const char *const callback_state_text[CALLBACK_STATES];

struct callback_answer {
    enum callback_state state;
    const char *reason; /* one line of UTF-8, at most CALLBACK_REASON_MAX bytes; NULL: none */
};

/* What came of it. Members of the answer that are not known are passed over. */
struct callback_answer callback_read(const struct effect_outcome *outcome, struct arena *arena);

#endif
