#ifndef OTP_REQUEST_H
#define OTP_REQUEST_H

#include "services/otp/known.h"

/* What is found out about a request, in the order in which it is. */
struct otp_request {
    const struct otp_requested *event;
    const struct otp_policy *policy;
    int64_t asked_at_ms; /* of the event, but not in the future */
    struct digest code_hmac;
    struct otp_destination destination;
    struct challenge *open; /* NULL: none */
    bool is_same_code;      /* as the open challenge's */
};

/* Where the request itself says that the code may go. */
struct otp_contact request_contact(const struct turn *turn);

/* All that the rules need of a request without faults, whose states are loaded. */
struct otp_request request_look(const struct turn *turn);

/* By the rules of otp.h. */
enum otp_result request_decide(const struct turn *turn, const struct otp_request *request);

#endif
