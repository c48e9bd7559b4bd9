#ifndef OTP_SMS_H
#define OTP_SMS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a text takes as an SMS (3GPP TS 23.038, 23.040): GSM-7 where its alphabet has all the
 * characters, those of the extension table counting double; else UCS-2 in 16-bit units. A text of
 * more than one segment loses some room in each to the header that joins them, and no character
 * is split between two.
 */
struct sms_size {
    bool is_ucs2;
    size_t units;    /* septets, or 16-bit units */
    size_t segments; /* 1 for an empty text */
};

/* The text is UTF-8; what is none counts as one character of UCS-2. */
struct sms_size sms_measure(const char *text);

#endif
