#ifndef OTP_DESTINATION_H
#define OTP_DESTINATION_H

#include "common/core/arena.h"
#include "common/core/digest.h"
#include "services/otp/policy.h"

enum {
    PHONE_DIGITS_MIN = 7,  /* country code included; the shortest numbers in use */
    PHONE_DIGITS_MAX = 15, /* E.164 */
};

/*
 * "+" and digits; the number may come with spaces, dots, dashes, slashes and parentheses, and
 * with 00 for the "+". NULL: it is none in international form.
 */
const char *phone_normalize(const char *text, struct arena *arena);

/* White space around it cut, else as it was written; NULL: mail_address_fault() finds fault. */
const char *email_normalize(const char *text, struct arena *arena);

/* Where a code may go: normalised, each with its index; address NULL: there is none. */
struct otp_contact {
    struct otp_address {
        const char *address;
        struct digest index; /* for counting; e-mail addresses that differ in capitals are one */
    } by_channel[OTP_CHANNEL_COUNT];
};

/* What is no address counts as none. */
struct otp_contact otp_contact_of(const char *phone, const char *email, const struct key *index_key,
                                  struct arena *arena);

/* A destination chosen; address NULL: there is none. */
struct otp_destination {
    enum otp_channel channel;
    const char *address;
    struct digest index;
};

/*
 * The first channel of the policy that has an address: whoever names one in the request means it,
 * so all of those come before what is known of the customer.
 */
struct otp_destination otp_destination_choose(const struct otp_contact *asked,
                                              const struct otp_contact *known,
                                              const struct otp_channels *channels);

#endif
