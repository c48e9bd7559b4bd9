#ifndef OTP_CONFIG_H
#define OTP_CONFIG_H

#include "common/core/setting.h"
#include "common/effects/body_template.h"
#include "common/effects/provider.h"
#include "services/otp/policy.h"

struct otp_config {
    struct key index_key;
    struct key pepper; /* of the digests of codes */
    int profile;
    struct provider_options sms, mail;
    const char *sms_body_file;
    struct body_template *sms_body; /* read by otp_config_check(); NULL: no SMS provider */
};

/* What a provider of SMS may be told: the places of its template. */
enum sms_field { SMS_FIELD_DESTINATION, SMS_FIELD_TEXT, SMS_FIELD_REFERENCE, SMS_FIELD_COUNT };
extern const struct body_field otp_sms_fields[SMS_FIELD_COUNT];

enum { OTP_SETTING_COUNT = 30 };
extern struct otp_config otp_config;
extern const struct setting otp_settings[]; /* OTP_SETTING_COUNT */

/* For struct service: what no single setting shows. */
void otp_config_check(void *config, struct problems *problems);

/* Of the policy's channels those that have a provider. */
struct otp_channels otp_config_channels(const struct otp_config *config,
                                        const struct otp_channels *wanted);

#endif
