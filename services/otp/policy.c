/* The policy file of otp: limits, channels, and the texts of messages. */
#include "services/otp/policy.h"

#include <string.h>

#include "common/core/language.h"

enum {
    SECOND_MS = 1000,
    VALID_S_MIN = 30,
    VALID_S_MAX = 3600, /* nobody types a code after an hour */
    RESENDS_MAX = 100,
    CHALLENGES_MAX = 100, /* all of a process are looked at with each request */
    MESSAGES_MAX = 1000,
    SEGMENTS_MAX = 10, /* what providers take at least */
};

const struct otp_policy otp_policy_builtin = {
    .valid_ms = INT64_C(300) * SECOND_MS,
    .resend_after_ms = INT64_C(30) * SECOND_MS,
    .resends_max = 3,
    .challenges_max = 5,
    .messages_max = 20,
    .segments_max = 1,
    .channels = {{OTP_CHANNEL_SMS, OTP_CHANNEL_EMAIL}, OTP_CHANNEL_COUNT},
    .language = "en",
};

static void read_seconds(const json_t *value, const struct json_at *at,
                         const struct json_member *member, void *target)
{
    int64_t seconds = -1;

    json_read_integer(value, at, member, &seconds);
    if (seconds < 0)
        return;
    seconds *= SECOND_MS;
    memcpy(target, &seconds, sizeof seconds);
}

static const char *const channel_names[] = {"SMS", "EMAIL", NULL}; /* by enum otp_channel */
_Static_assert(COUNT(channel_names) == OTP_CHANNEL_COUNT + 1, "a name for each channel");

static void read_channels(const json_t *value, const struct json_at *at,
                          const struct json_member *member, void *target)
{
    struct otp_channels channels = {0};
    size_t before = at->problems->count;
    uint32_t seen = 0;

    json_read_choices(value, at, member, &seen); /* lists the mistakes; what follows finds none */
    if (at->problems->count != before)
        return;
    if (json_array_size(value) == 0)
        json_problem(at, "is empty: nothing could be sent");
    for (; channels.count < json_array_size(value); channels.count++)
        json_read_choice(json_array_get(value, channels.count), at, member,
                         &channels.items[channels.count]);
    memcpy(target, &channels, sizeof channels);
}

static void read_texts(const json_t *value, const struct json_at *at,
                       const struct json_member *member, void *target)
{
    static const struct json_member types[] = {
        {"ACTIVATION", otp_texts_read, .offset = OTP_TYPE_ACTIVATION * sizeof(struct otp_texts)},
        {"USER_VERIFICATION", otp_texts_read,
         .offset = OTP_TYPE_USER_VERIFICATION * sizeof(struct otp_texts)},
    };
    _Static_assert(COUNT(types) == OTP_TYPE_COUNT, "texts for every type");

    (void)member;
    json_read_object(value, at, types, COUNT(types), target);
}

/* clang-format off */
#define AT(field) .offset = offsetof(struct otp_policy, field)
static const struct json_member members[] = {
    {"validSeconds",       read_seconds,      AT(valid_ms),        .min = VALID_S_MIN, .max = VALID_S_MAX},
    {"resendAfterSeconds", read_seconds,      AT(resend_after_ms), .max = VALID_S_MAX},
    {"resends",            json_read_integer, AT(resends_max),     .max = RESENDS_MAX},
    {"challengesPerDay",   json_read_integer, AT(challenges_max),  .min = 1, .max = CHALLENGES_MAX},
    {"messagesPerDay",     json_read_integer, AT(messages_max),    .min = 1, .max = MESSAGES_MAX},
    {"smsSegments",        json_read_integer, AT(segments_max),    .min = 1, .max = SEGMENTS_MAX},
    {"channels",           read_channels,     AT(channels),        .choices = channel_names},
    {"language",           json_read_language, AT(language)},
    {"texts",              read_texts,        AT(texts)},
};
/* clang-format on */

/* Every message has a text, if only in the default language, and no SMS is too long. */
static void check_texts(const struct otp_policy *policy, const struct json_at *at)
{
    struct json_at texts = json_at_member(at, "texts");

    for (int type = 0; type < OTP_TYPE_COUNT; type++) {
        struct json_at here = json_at_member(&texts, otp_type_text[type]);

        for (size_t i = 0; i < policy->channels.count; i++)
            if (otp_text_find(&policy->texts[type], policy->channels.items[i], policy->language,
                              NULL) == NULL)
                json_problem(&here, "has no text for %s in %s, the default language",
                             otp_channel_text[policy->channels.items[i]], policy->language);
        otp_texts_measure(&policy->texts[type], policy->segments_max, &here);
    }
}

static void finish(void *rules, const void *shared, const struct json_at *at)
{
    const struct otp_policy *policy = rules;
    struct json_at resend = json_at_member(at, "resendAfterSeconds");

    (void)shared;
    if (policy->resend_after_ms >= policy->valid_ms)
        json_problem(&resend, "must be below validSeconds: no challenge would be open any more");
    check_texts(policy, at);
}

static const struct policy_table table = {
    .members = members,
    .member_count = COUNT(members),
    .builtin = &otp_policy_builtin,
    .size = sizeof(struct otp_policy),
    .finish = finish,
};

static void *parse(const char *text, size_t size, struct problems *problems)
{
    return policy_parse(text, size, &table, problems);
}

const struct policy_format otp_policy_format = {
    .parse = parse,
    .free = policy_free,
    .version = policy_version,
};
