/* Settings of otp held against each other, read as a worker reads them. */
#include "services/otp/config.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/test.h"

enum { NAMES_MAX = 8, MISTAKES_MAX = 3 };

#define SMS    "ONBOARDING_SMS_URL=https://sms.example/send"
#define BODY   "ONBOARDING_SMS_BODY_FILE=services/otp/sms_body.json"
#define SMTP   "ONBOARDING_SMTP_URL=smtps://mail.example"
#define FROM   "ONBOARDING_SMTP_FROM=bank@example.com"
#define POLICY "ONBOARDING_SMS_BODY_FILE=services/otp/policy.json" /* has no place for a phone */

static const struct config_example {
    const char *name;
    char *environment[NAMES_MAX];
    const char *mistakes[MISTAKES_MAX];
    const char *channels; /* that are left of both */
} examples[] = {
    {"no provider", {0}, {"ONBOARDING_SMS_URL: or ONBOARDING_SMTP_URL must be set"}, ""},
    {"SMS", {SMS, BODY}, {0}, "SMS"},
    {"e-mail", {SMTP, FROM}, {0}, "EMAIL"},
    {"both", {SMS, BODY, SMTP, FROM}, {0}, "SMS EMAIL"},
    {"no body", {SMS}, {"ONBOARDING_SMS_BODY_FILE: is required with ONBOARDING_SMS_URL"}, "SMS"},
    {"a body without a place", {SMS, POLICY}, {"ONBOARDING_SMS_BODY_FILE: "}, "SMS"},
    {"no sender", {SMTP}, {"ONBOARDING_SMTP_FROM"}, "EMAIL"},
    {"SMS without TLS",
     {"ONBOARDING_SMS_URL=http://sms.example", BODY},
     {"ONBOARDING_SMS_URL"},
     "SMS"},
};

static void is_checked(void **state)
{
    static const struct otp_channels both = {{OTP_CHANNEL_SMS, OTP_CHANNEL_EMAIL}, 2};
    const struct config_example *example = *state;
    struct otp_config config = {0};
    const struct setting_group group = {otp_settings, OTP_SETTING_COUNT, &config};
    struct problems problems = {0};
    struct otp_channels left;
    char channels[40] = "";
    size_t count = 0;

    settings_read(&group, 1, example->environment, &problems);
    problems.count = 0; /* the keys, which every worker needs */
    otp_config_check(&config, &problems);
    while (count < MISTAKES_MAX && example->mistakes[count] != NULL)
        count++;
    for (size_t i = 0; i < count && i < problems.count; i++)
        assert_memory_equal(problems.items[i], example->mistakes[i], strlen(example->mistakes[i]));
    if (problems.count > count)
        fail_msg("one too many: %s", problems.items[count]);
    assert_int_equal(problems.count, count);

    left = otp_config_channels(&config, &both);
    for (size_t i = 0; i < left.count; i++)
        snprintf(channels + strlen(channels), sizeof channels - strlen(channels), "%s%s",
                 i == 0 ? "" : " ", otp_channel_text[left.items[i]]);
    assert_string_equal(channels, example->channels);
    body_template_free(config.sms_body);
    settings_wipe(&group, 1);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(examples)];

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[i] = EXAMPLE(is_checked, &examples[i]);
    return cmocka_run_group_tests_name("otp_config", tests, NULL, NULL);
}
