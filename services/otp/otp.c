/* Which requests for a one-time code are answered with a message, and which are refused. */
#include "services/otp/otp.h"

#include <string.h>

bool otp_is_code(const char *text)
{
    size_t size = strspn(text, "0123456789");

    return size >= OTP_CODE_BYTES_MIN && size <= OTP_CODE_BYTES_MAX && text[size] == '\0';
}

/* --- The rules */

static bool has_no_destination(const struct otp_facts *facts, const struct otp_policy *policy)
{
    (void)policy;
    return !facts->has_destination;
}

static bool is_too_soon(const struct otp_facts *facts, const struct otp_policy *policy)
{
    return facts->is_resend && facts->since_last_ms < policy->resend_after_ms;
}

/* A resend with another code opens a challenge: only the challenges of the day bound those. */
static bool is_further_message(const struct otp_facts *facts)
{
    return facts->is_resend && facts->is_same_code;
}

static bool are_too_many_resends(const struct otp_facts *facts, const struct otp_policy *policy)
{
    return is_further_message(facts) && facts->resends >= policy->resends_max;
}

static bool are_too_many_challenges(const struct otp_facts *facts, const struct otp_policy *policy)
{
    return !is_further_message(facts) && facts->challenges >= policy->challenges_max;
}

static bool are_too_many_messages(const struct otp_facts *facts, const struct otp_policy *policy)
{
    return facts->messages >= policy->messages_max;
}

static bool is_expired(const struct otp_facts *facts, const struct otp_policy *policy)
{
    return facts->age_ms >= policy->valid_ms;
}

/* The first that fires decides. */
static const struct {
    enum otp_result result;
    bool (*fires)(const struct otp_facts *facts, const struct otp_policy *policy);
} rules[] = {
    {OTP_RESULT_NO_DESTINATION, has_no_destination}, {OTP_RESULT_TOO_SOON, is_too_soon},
    {OTP_RESULT_TOO_MANY, are_too_many_resends},     {OTP_RESULT_TOO_MANY, are_too_many_challenges},
    {OTP_RESULT_TOO_MANY, are_too_many_messages},    {OTP_RESULT_EXPIRED, is_expired},
};

enum otp_result otp_decide(const struct otp_facts *facts, const struct otp_policy *policy)
{
    for (size_t i = 0; i < COUNT(rules); i++)
        if (rules[i].fires(facts, policy))
            return rules[i].result;
    return OTP_RESULT_SENT;
}

/* --- Results */

static const struct {
    bool is_sent;
    const char *reason;
} results[OTP_RESULT_COUNT] = {
    [OTP_RESULT_SENT] = {true, "The code was sent"},
    [OTP_RESULT_NO_DESTINATION] = {false, "There is no phone number or e-mail address to send to"},
    [OTP_RESULT_TOO_SOON] = {false, "The last message was sent too short a time ago"},
    [OTP_RESULT_TOO_MANY] = {false, "Too many messages were asked for"},
    [OTP_RESULT_EXPIRED] = {false, "The code was not valid any more when it could be sent"},
    [OTP_RESULT_PROVIDER_REFUSED] = {false, "The provider refused the message"},
    [OTP_RESULT_PROVIDER_EXHAUSTED] = {false, "The provider could not be reached in time"},
    [OTP_RESULT_UNKNOWN] = {true, "The provider did not say whether it sent the code"},
};

const char *otp_reason(enum otp_result result)
{
    return results[result].reason;
}

bool otp_is_sent(enum otp_result result)
{
    return results[result].is_sent;
}
