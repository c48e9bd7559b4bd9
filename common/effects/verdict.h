#ifndef COMMON_EFFECTS_VERDICT_H
#define COMMON_EFFECTS_VERDICT_H

#include "common/effects/provider.h"

/* What is known of a request when its transfer has ended, well or not. */
struct transfer_end {
    bool complete;    /* without an error */
    bool asked;       /* the connection stood (TLS and AUTH too) and the request could go out */
    bool body_begun;  /* SMTP: the server had asked for the message, and got some of it */
    int status;       /* of the last answer; 0: none. HTTP: 1xx is no answer yet */
    bool retries_4xx; /* HTTP: of the provider's options */
};

/*
 * Where nothing was sent, or the provider said that it did nothing, a retry does no harm; once
 * something was sent and no answer came, nobody knows.
 */
enum provider_verdict verdict_http(const struct transfer_end *end);
enum provider_verdict verdict_smtp(const struct transfer_end *end);

#endif
