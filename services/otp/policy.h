#ifndef OTP_POLICY_H
#define OTP_POLICY_H

#include <stdint.h>

#include "common/core/policy_file.h"
#include "common/worker/service.h"
#include "otp_completed.h"
#include "otp_requested.h"
#include "services/otp/texts.h"

/* Channels in the order in which they are tried for a destination. */
struct otp_channels {
    enum otp_channel items[OTP_CHANNEL_COUNT];
    size_t count;
};

/* The bank's wishes for one process type. */
struct otp_policy {
    int64_t valid_ms;        /* of a code, from its request on */
    int64_t resend_after_ms; /* after the message before */
    int64_t resends_max;     /* of a challenge */
    int64_t challenges_max;  /* of a process within a day */
    int64_t messages_max;    /* to a destination within a day */
    int64_t segments_max;    /* of an SMS */
    struct otp_channels channels;
    const char *language; /* where a text is not there in the language wished for */
    struct otp_texts texts[OTP_TYPE_COUNT];
};

extern const struct otp_policy otp_policy_builtin; /* has no texts */

extern const struct policy_format otp_policy_format; /* of struct policy */

#endif
