/* Messages of text: RFC 5322 headers, words of other than ASCII by RFC 2047, the body by MIME. */
#include "common/effects/mail.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <utf8proc.h>

#include "common/core/timestamp.h"
#include "common/effects/mail_address.h"

enum {
    LINE_MAX_BYTES = 76, /* RFC 2047 allows so much beside an encoded word; readers wrap there */
    WORD_BYTES = 39,     /* in base64 and wrapped as =?UTF-8?B?…?= 64, behind "Subject: " 73 */
    WORD_TEXT_SIZE = 80,
    BODY_LINE_BYTES = 57, /* 76 in base64 */
    HEADERS_SIZE = 2048,  /* names, date, addresses, id */
    ENCODED_GROWTH = 4,   /* most bytes of an encoded word a byte */
};

/* Room was reckoned before: what does not fit is a mistake of this file. */
struct text {
    char *data;
    size_t size, room;
};

static void append(struct text *text, const char *bytes, size_t size)
{
    assert(size <= text->room - text->size);
    if (size > 0)
        memcpy(text->data + text->size, bytes, size);
    text->size += size;
}

static void append_text(struct text *text, const char *more)
{
    append(text, more, strlen(more));
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

/* UTF-8 without controls but those that are allowed. */
static bool is_written(const char *text, const char *controls)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t left = strlen(text);

    while (left > 0) {
        int32_t code;
        utf8proc_ssize_t taken = utf8proc_iterate(at, (utf8proc_ssize_t)left, &code);

        if (taken <= 0 || (code < 0x20 && strchr(controls, code) == NULL) ||
            (code >= 0x7f && code < 0xa0))
            return false;
        at += taken;
        left -= (size_t)taken;
    }
    return true;
}

static bool is_id(const char *id)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789.-";

    return *id != '\0' && strlen(id) <= MAIL_ID_MAX && id[strspn(id, characters)] == '\0';
}

static bool refuse(struct error *error, const char *what, const char *fault)
{
    return error_poison(error, REASON_CONTRACT, "%s of a mail %s", what, fault);
}

static bool check_written(const char *text, size_t max, const char *controls, const char *what,
                          struct error *error)
{
    if (strlen(text) > max)
        return refuse(error, what, "is too long");
    return is_written(text, controls) || refuse(error, what, "holds controls or is no UTF-8");
}

static bool check(const struct mail *mail, struct error *error)
{
    const char *from = mail_address_fault(mail->from), *to = mail_address_fault(mail->to);

    if (from != NULL)
        return refuse(error, "sender", from);
    if (to != NULL)
        return refuse(error, "recipient", to);
    if (!is_id(mail->id))
        return refuse(error, "id", "has other than letters, digits, dots and dashes");
    return check_written(mail->from_name, MAIL_NAME_MAX, "", "sender's name", error) &&
           check_written(mail->subject, MAIL_SUBJECT_MAX, "", "subject", error) &&
           check_written(mail->text, MAIL_TEXT_MAX, "\t\r\n", "text", error);
}

/* The longest start of at most `max` bytes that ends between characters. */
static size_t cut(const char *text, size_t size, size_t max)
{
    if (size <= max)
        return size;
    while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
        max--;
    return max;
}

static void append_word(struct text *out, const char *bytes, size_t size)
{
    unsigned char encoded[WORD_TEXT_SIZE];

    EVP_EncodeBlock(encoded, (const unsigned char *)bytes, (int)size);
    append_text(out, "=?UTF-8?B?");
    append_text(out, (const char *)encoded);
    append_text(out, "?=");
}

/* Each word on a line of its own; readers join them without the white space between. */
static void append_words(struct text *out, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t size = cut(text, left, WORD_BYTES);

        append_word(out, text, size);
        text += size;
        left -= size;
        if (left > 0)
            append_text(out, "\r\n ");
    }
}

/* What readers take for an encoded word must be one. */
static bool is_plain(const char *text, size_t before)
{
    return is_ascii(text) && strstr(text, "=?") == NULL && before + strlen(text) <= LINE_MAX_BYTES;
}

static void append_subject(struct text *out, const char *subject)
{
    static const char name[] = "Subject: ";

    append_text(out, name);
    if (is_plain(subject, sizeof name - 1) && *subject != ' ')
        append_text(out, subject);
    else
        append_words(out, subject);
    append_text(out, "\r\n");
}

static void append_quoted(struct text *out, const char *name)
{
    append_text(out, "\"");
    for (; *name != '\0'; name++) {
        if (*name == '"' || *name == '\\')
            append_text(out, "\\");
        append(out, name, 1);
    }
    append_text(out, "\"");
}

static void append_sender(struct text *out, const struct mail *mail)
{
    static const char name[] = "From: ";

    append_text(out, name);
    if (*mail->from_name != '\0') {
        if (is_plain(mail->from_name, sizeof name + 1))
            append_quoted(out, mail->from_name);
        else
            append_words(out, mail->from_name);
        append_text(out, "\r\n "); /* an address is long enough for a line */
    }
    append_text(out, "<");
    append_text(out, mail->from);
    append_text(out, ">\r\n");
}

/* By tables: strftime() would ask the locale. */
static void append_date(struct text *out, int64_t unix_ms)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(time_clamp(unix_ms) / 1000);
    struct tm at;
    char line[80];

    gmtime_r(&seconds, &at);
    if (snprintf(line, sizeof line, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n",
                 days[at.tm_wday], at.tm_mday, months[at.tm_mon], at.tm_year + 1900, at.tm_hour,
                 at.tm_min, at.tm_sec) > 0)
        append_text(out, line);
}

static void append_id(struct text *out, const struct mail *mail)
{
    const char *domain = strchr(mail->from, '@') + 1;

    append_text(out, "Message-ID: <");
    append_text(out, mail->id);
    append_text(out, "@");
    append_text(out, is_ascii(domain) ? domain : "onboarding.invalid");
    append_text(out, ">\r\n");
}

/* Every line with CRLF, the last one too. */
static struct text canonical(const char *text, struct arena *arena)
{
    struct text out = {.room = 2 * strlen(text) + 2};

    out.data = arena_alloc(arena, out.room, 1);
    while (*text != '\0') {
        size_t size = strcspn(text, "\r\n");

        append(&out, text, size);
        append_text(&out, "\r\n");
        text += size;
        if (text[0] == '\r' && text[1] == '\n')
            text++;
        text += *text == '\0' ? 0 : 1;
    }
    return out;
}

/* ASCII in lines that fit goes as it is: every reader and every filter likes it best. */
static bool fits(const struct text *text)
{
    size_t line = 0;

    for (size_t i = 0; i < text->size; i++) {
        line = text->data[i] == '\n' ? 0 : line + 1;
        if ((unsigned char)text->data[i] >= 0x80 || line > LINE_MAX_BYTES + 1)
            return false;
    }
    return true;
}

static void append_base64(struct text *out, const struct text *text)
{
    unsigned char line[WORD_TEXT_SIZE];

    for (size_t at = 0; at < text->size; at += BODY_LINE_BYTES) {
        size_t left = text->size - at;

        EVP_EncodeBlock(line, (const unsigned char *)text->data + at,
                        (int)(left < BODY_LINE_BYTES ? left : BODY_LINE_BYTES));
        append_text(out, (const char *)line);
        append_text(out, "\r\n");
    }
}

static void append_body(struct text *out, const struct text *text)
{
    bool plain = fits(text);

    append_text(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: ");
    append_text(out, plain ? "7bit\r\n" : "base64\r\n");
    append_text(out, "Auto-Submitted: auto-generated\r\n\r\n"); /* no answers by machines */
    if (plain)
        append(out, text->data, text->size);
    else
        append_base64(out, text);
}

bool mail_build(const struct mail *mail, struct arena *arena, struct bytes *out,
                struct error *error)
{
    struct text text, built = {.size = 0};

    if (!check(mail, error))
        return false;
    text = canonical(mail->text, arena);
    built.room = HEADERS_SIZE + ENCODED_GROWTH * (strlen(mail->subject) + strlen(mail->from_name)) +
                 2 * text.size; /* base64 with its line ends is less */
    built.data = arena_alloc(arena, built.room, 1);
    append_date(&built, mail->date_ms);
    append_sender(&built, mail);
    append_text(&built, "To: <");
    append_text(&built, mail->to);
    append_text(&built, ">\r\n");
    append_id(&built, mail);
    append_subject(&built, mail->subject);
    append_body(&built, &text);
    *out = (struct bytes){(const uint8_t *)built.data, built.size};
    return true;
}
