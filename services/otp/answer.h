#ifndef OTP_ANSWER_H
#define OTP_ANSWER_H

#include "services/otp/known.h"

/* What is said of a request, and recorded: a refusal, or what became of its message. */
struct otp_answer {
    struct message message; /* as it was asked for, sent or not */
    struct uuid id;         /* of the message, or one of its own */
    enum otp_result result;
    bool has_channel; /* message.channel counts */
    int attempts;     /* of the provider */
};

void otp_answer_give(const struct turn *turn, const struct otp_answer *answer, struct outcome *out);

#endif
