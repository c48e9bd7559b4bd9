#ifndef OTP_DELIVERY_H
#define OTP_DELIVERY_H

#include "services/otp/destination.h"
#include "services/otp/texts.h"

/* A message to be sent. */
struct otp_delivery {
    struct uuid message_id;
    const char *process_id; /* messages of a process go one after another */
    const char *subject;    /* whose data key seals it; NULL: nobody's */
    const struct otp_destination *destination;
    const struct otp_text *text; /* has a text for the destination's channel */
    const char *code;
    int64_t expires_at_ms;
    struct bytes body; /* by otp_delivery_build() */
};

/* By enum otp_channel; their handlers give the answers. */
extern const struct effect_kind *const otp_effects[OTP_CHANNEL_COUNT];

/* What the provider gets. False: an e-mail that cannot be; the text holds nothing personal. */
MUST_CHECK bool otp_delivery_build(const struct turn *turn, struct otp_delivery *delivery,
                                   struct error *error);

/* Asks the channel's provider to send it. */
void otp_deliver(const struct otp_delivery *delivery, struct outcome *out);

#endif
