#ifndef OTP_TEXTS_H
#define OTP_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/core/json_form.h"
#include "otp_completed.h"

/*
 * Texts of messages as the policy file has them, by language; {{code}} stands for the code:
 *
 *     {"en": {"sms": "{{code}} is your code", "emailSubject": "…", "emailText": "… {{code}} …"}}
 */

enum {
    OTP_LANGUAGES_MAX = 50,    /* of a text; a bank has a handful */
    OTP_TEXT_BYTES_MAX = 4000, /* of an e-mail; a page */
};

#define OTP_PLACEHOLDER "{{code}}"

struct otp_text {
    const char *language;
    const char *sms;           /* NULL: none */
    const char *email_subject; /* without the code: mail servers log subjects */
    const char *email_text;    /* NULL: none, as the subject */
};

struct otp_texts {
    const struct otp_text *items;
    size_t count;
};

/* The text for a channel in the language wished for, else in the fallback; NULL: neither. */
const struct otp_text *otp_text_find(const struct otp_texts *texts, enum otp_channel channel,
                                     const char *language, const char *fallback);

/* The text with the code in the place of each {{code}}; in `arena`. */
const char *otp_text_fill(const char *text, const char *code, struct arena *arena);

/* For tables of policies: struct otp_texts. */
void otp_texts_read(const json_t *value, const struct json_at *at, const struct json_member *member,
                    void *target);

/* Lists every SMS that takes more segments than that. */
void otp_texts_measure(const struct otp_texts *texts, int64_t segments_max,
                       const struct json_at *at);

#endif
