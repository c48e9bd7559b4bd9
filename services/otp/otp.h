#ifndef OTP_H
#define OTP_H

#include <stdbool.h>
#include <stdint.h>

#include "otp_completed.h"
#include "services/otp/policy.h"

enum { OTP_CODE_BYTES_MIN = 4, OTP_CODE_BYTES_MAX = 12 };

/* 4 to 12 ASCII digits. */
bool otp_is_code(const char *text);

/* What the rules know of a request. */
struct otp_facts {
    bool has_destination;
    bool is_resend;        /* asked for as one, and a challenge of its type is open */
    bool is_same_code;     /* as the open challenge's; false where there is none */
    int64_t age_ms;        /* of the request; not negative */
    int64_t since_last_ms; /* since the last message of the open challenge; of resends only */
    int64_t resends;       /* of the open challenge so far */
    int64_t challenges;    /* of the process within a day */
    int64_t messages;      /* to the destination within a day */
};

/* OTP_RESULT_SENT: nothing speaks against sending it; else why it is refused. */
enum otp_result otp_decide(const struct otp_facts *facts, const struct otp_policy *policy);

/* The English text of a result; never NULL. */
const char *otp_reason(enum otp_result result);

/* Whether the caller is to count on the message: sent, or perhaps sent. */
bool otp_is_sent(enum otp_result result);

#endif
