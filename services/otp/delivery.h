#ifndef OTP_DELIVERY_H
#define OTP_DELIVERY_H

#include "services/otp/destination.h"
#include "services/otp/texts.h"

/* A message to be sent. */
struct otp_delivery {
    struct uuid message_id;
    const char *process_id; /* messages of a process go one after another */
    const char *subject;    /* whose data key seals it */
    const struct otp_destination *destination;
    const struct otp_text *text; /* has a text for the destination's channel */
    const char *code;
    int64_t expires_at_ms;
};

/* By enum otp_channel; their handlers give the answers. */
extern const struct effect_kind *const otp_effects[OTP_CHANNEL_COUNT];

/* Asks the channel's provider to send it. */
void otp_deliver(const struct turn *turn, const struct otp_delivery *delivery, struct outcome *out);

#endif
