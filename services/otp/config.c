/* Settings of otp: keys, and the providers of its channels. */
#include "services/otp/config.h"

#include "common/core/blind_index.h"
#include "common/effects/provider_settings.h"

struct otp_config otp_config;

const struct body_field otp_sms_fields[SMS_FIELD_COUNT] = {
    [SMS_FIELD_DESTINATION] = {"destination", .required = true}, /* +420601234567 */
    [SMS_FIELD_TEXT] = {"text", .required = true},
    [SMS_FIELD_REFERENCE] = {"reference"}, /* our id of the message */
};

const struct setting otp_settings[] = {
    BLIND_INDEX_SETTING(struct otp_config, index_key),
    {.name = "ONBOARDING_OTP_PEPPER_FILE",
     .kind = SETTING_KEY_FILE,
     .offset = offsetof(struct otp_config, pepper),
     .meaning = "file with the key of the codes' digests: 32 bytes in base64"},
    PROVIDER_PROFILE_SETTING(struct otp_config, profile),
    PROVIDER_HTTP_SETTINGS("ONBOARDING_SMS", "", struct otp_config, sms),
    {.name = "ONBOARDING_SMS_BODY_FILE",
     .kind = SETTING_FILE,
     .offset = offsetof(struct otp_config, sms_body_file),
     .fallback = "",
     .meaning = "JSON that is posted, with {{destination}}, {{text}}, {{reference}} in its texts"},
    PROVIDER_SMTP_SETTINGS("ONBOARDING_SMTP", "", struct otp_config, mail),
};
_Static_assert(COUNT(otp_settings) == OTP_SETTING_COUNT, "the number in the header");

static bool has_provider(const struct otp_config *config, enum otp_channel channel)
{
    return provider_is_set(channel == OTP_CHANNEL_SMS ? &config->sms : &config->mail);
}

struct otp_channels otp_config_channels(const struct otp_config *config,
                                        const struct otp_channels *wanted)
{
    struct otp_channels channels = {0};

    for (size_t i = 0; i < wanted->count; i++)
        if (has_provider(config, wanted->items[i]))
            channels.items[channels.count++] = wanted->items[i];
    return channels;
}

static struct body_template *read_sms_body(const char *path, struct problems *problems)
{
    static const char setting[] = "ONBOARDING_SMS_BODY_FILE";

    if (path[0] != '\0')
        return body_template_read(setting, path, otp_sms_fields, SMS_FIELD_COUNT, problems);
    problems_add(problems, setting, "is required with ONBOARDING_SMS_URL");
    return NULL;
}

void otp_config_check(void *target, struct problems *problems)
{
    struct otp_config *config = target;

    provider_check("ONBOARDING_SMS", config->profile, &config->sms, problems);
    if (provider_is_set(&config->sms))
        config->sms_body = read_sms_body(config->sms_body_file, problems);
    provider_check("ONBOARDING_SMTP", config->profile, &config->mail, problems);
    if (!provider_is_set(&config->sms) && !provider_is_set(&config->mail))
        problems_add(problems, "ONBOARDING_SMS_URL",
                     "or ONBOARDING_SMTP_URL must be set: nothing could be sent");
}
