/* Texts of messages: read from the policy with their mistakes, found by language, filled in. */
#include "services/otp/texts.h"

#include <string.h>

#include "common/core/language.h"
#include "services/otp/otp.h"
#include "services/otp/sms.h"

static bool has_text(const struct otp_text *text, enum otp_channel channel)
{
    return channel == OTP_CHANNEL_SMS ? text->sms != NULL : text->email_text != NULL;
}

static const struct otp_text *find_in(const struct otp_texts *texts, enum otp_channel channel,
                                      const char *language)
{
    for (size_t i = 0; language != NULL && i < texts->count; i++)
        if (has_text(&texts->items[i], channel) && strcmp(texts->items[i].language, language) == 0)
            return &texts->items[i];
    return NULL;
}

const struct otp_text *otp_text_find(const struct otp_texts *texts, enum otp_channel channel,
                                     const char *language, const char *fallback)
{
    const struct otp_text *text = find_in(texts, channel, language);

    return text != NULL ? text : find_in(texts, channel, fallback);
}

static size_t count_placeholders(const char *text)
{
    size_t count = 0;

    while ((text = strstr(text, OTP_PLACEHOLDER)) != NULL) {
        text += strlen(OTP_PLACEHOLDER);
        count++;
    }
    return count;
}

const char *otp_text_fill(const char *text, const char *code, struct arena *arena)
{
    size_t code_size = strlen(code);
    char *filled = arena_alloc(
        arena, strlen(text) + count_placeholders(text) * code_size + 1 /* the NUL */, 1);
    char *out = filled;
    const char *found;

    while ((found = strstr(text, OTP_PLACEHOLDER)) != NULL) {
        memcpy(out, text, (size_t)(found - text));
        out += found - text;
        memcpy(out, code, code_size);
        out += code_size;
        text = found + strlen(OTP_PLACEHOLDER);
    }
    memcpy(out, text, strlen(text));
    return filled;
}

/* --- Reading */

/* Lines of a message may end, and nothing else may control it. */
static bool has_control(const char *text, const char *allowed)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < ' ' || *text == 0x7f) && strchr(allowed, *text) == NULL)
            return true;
    return false;
}

static void check_placeholders(const char *text, const struct json_at *at)
{
    size_t count = count_placeholders(text);
    const char *at_brace = text;

    if (count == 0)
        json_problem(at, "must have " OTP_PLACEHOLDER " in it");
    for (size_t braces = 0; (at_brace = strstr(at_brace, "{{")) != NULL; at_brace += 2)
        if (++braces > count) {
            json_problem(at, "has {{ for other than " OTP_PLACEHOLDER);
            return;
        }
}

static const char *read_bounded(const json_t *value, const struct json_at *at, const char *allowed)
{
    size_t size = json_string_length(value);
    const char *text = json_string_value(value);

    if (text == NULL)
        json_problem(at, "must be a text");
    else if (size == 0 || size > OTP_TEXT_BYTES_MAX)
        json_problem(at, "must have 1..%d bytes", OTP_TEXT_BYTES_MAX);
    else if (has_control(text, allowed))
        json_problem(at, "has control characters");
    else
        return arena_copy(at->arena, text, size);
    return NULL;
}

static void read_body(const json_t *value, const struct json_at *at,
                      const struct json_member *member, void *target)
{
    const char *text = read_bounded(value, at, "\n");

    (void)member;
    if (text == NULL)
        return;
    check_placeholders(text, at);
    memcpy(target, &text, sizeof text);
}

static void read_subject(const json_t *value, const struct json_at *at,
                         const struct json_member *member, void *target)
{
    const char *text = json_text_of(value, at);

    (void)member;
    if (text == NULL)
        return;
    if (has_control(text, ""))
        json_problem(at, "has control characters");
    if (strstr(text, "{{") != NULL)
        json_problem(at, "must not have {{ in it: mail servers log subjects");
    memcpy(target, &text, sizeof text);
}

/* clang-format off */
#define AT(field) .offset = offsetof(struct otp_text, field)
static const struct json_member members[] = {
    {"sms",          read_body,    AT(sms)},
    {"emailSubject", read_subject, AT(email_subject)},
    {"emailText",    read_body,    AT(email_text)},
};
/* clang-format on */

static struct otp_text read_text(const char *language, const json_t *value,
                                 const struct json_at *at)
{
    struct otp_text text = {.language = arena_text(at->arena, language)};

    if (!language_is_code(language))
        json_problem(at, "is no language by ISO 639-1");
    json_read_object(value, at, members, COUNT(members), &text);
    if (json_is_object(value) && (json_object_get(value, "emailSubject") == NULL) !=
                                     (json_object_get(value, "emailText") == NULL))
        json_problem(at, "emailSubject and emailText need each other");
    return text;
}

void otp_texts_read(const json_t *value, const struct json_at *at, const struct json_member *member,
                    void *target)
{
    struct otp_texts texts = {0};
    struct otp_text *items;
    const char *language;
    json_t *item;

    (void)member;
    if (!json_is_object(value)) {
        json_problem(at, "must be an object");
        return;
    }
    if (json_object_size(value) > OTP_LANGUAGES_MAX) {
        json_problem(at, "must have at most %d members", OTP_LANGUAGES_MAX);
        return;
    }
    items = arena_alloc(at->arena, json_object_size(value) * sizeof *items, _Alignof(void *));
    texts.items = items;
    json_object_foreach((json_t *)value, language, item)
    {
        struct json_at here = json_at_member(at, language);

        items[texts.count++] = read_text(language, item, &here);
    }
    memcpy(target, &texts, sizeof texts);
}

void otp_texts_measure(const struct otp_texts *texts, int64_t segments_max,
                       const struct json_at *at)
{
    static const char longest[] = "000000000000"; /* all digits are of one width */
    _Static_assert(sizeof longest - 1 == OTP_CODE_BYTES_MAX, "the longest code");

    for (size_t i = 0; i < texts->count; i++) {
        const struct otp_text *text = &texts->items[i];
        struct json_at here = json_at_member(at, text->language);
        struct json_at sms = json_at_member(&here, "sms");
        struct sms_size size;

        if (text->sms == NULL)
            continue;
        size = sms_measure(otp_text_fill(text->sms, longest, at->arena));
        if (size.segments > (size_t)segments_max)
            json_problem(&sms, "takes %zu segments of %s, more than smsSegments", size.segments,
                         size.is_ucs2 ? "UCS-2" : "GSM-7");
    }
}
