#ifndef COMMON_KAFKA_TRACE_H
#define COMMON_KAFKA_TRACE_H

#include <stdbool.h>

#include "common/core/base.h"

/* W3C Trace Context, level 1, as version 00: "00-<trace id>-<span id>-<flags>". */
enum {
    TRACEPARENT_SIZE = 56,      /* with the final NUL */
    TRACE_ID_SIZE = 33,         /* likewise */
    TRACESTATE_BYTES_MAX = 512, /* W3C asks to carry so much; a longer one is dropped */
};

/*
 * False when the value breaks the rules: version ff, zero ids, upper case, wrong lengths. Of a
 * later version the known part is taken, and of its flags only "sampled".
 */
MUST_CHECK bool traceparent_read(struct bytes value, char out[static TRACEPARENT_SIZE]);

/* A new trace, sampled: who starts one wants to see it. */
void traceparent_start(char out[static TRACEPARENT_SIZE]);

/* The next step of a trace: all is kept but the span id, which is new. */
void traceparent_next(const char *traceparent, char out[static TRACEPARENT_SIZE]);

/* The trace's own id: what log lines show and tools look for. */
void traceparent_id(const char *traceparent, char out[static TRACE_ID_SIZE]);

/* Printable ASCII within the bound. */
bool tracestate_is_good(struct bytes value);

#endif
