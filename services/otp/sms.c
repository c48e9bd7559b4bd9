/* Counts the segments of an SMS. */
#include "services/otp/sms.h"

#include <stdint.h>
#include <string.h>
#include <utf8proc.h>

/* Room of a message that is alone, and of each one of several, after a header of six bytes. */
enum { GSM7_ALONE = 160, GSM7_JOINED = 153, UCS2_ALONE = 70, UCS2_JOINED = 67 };

/* The default alphabet in the order of its codes, but for the escape. */
static const char basic[] = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
                            "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/* Behind the escape: two septets each. */
static const char extension[] = "\f^{}\\[~]|€";

/* The bytes of the character at `text`, which is not at its end. */
static size_t character_size(const char *text, utf8proc_int32_t *code_point)
{
    utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, code_point);

    return size > 0 ? (size_t)size : 1;
}

static bool has(const char *alphabet, const char *character, size_t size)
{
    for (const char *at = alphabet; *at != '\0';) {
        utf8proc_int32_t code_point;
        size_t other = character_size(at, &code_point);

        if (other == size && memcmp(at, character, size) == 0)
            return true;
        at += other;
    }
    return false;
}

/* Septets of a character; 0: the alphabet lacks it. */
static size_t gsm7_width(const char *character, size_t size)
{
    return has(basic, character, size) ? 1 : has(extension, character, size) ? 2 : 0;
}

static bool is_gsm7(const char *text)
{
    utf8proc_int32_t code_point;
    size_t size;

    for (; *text != '\0'; text += size) {
        size = character_size(text, &code_point);
        if (gsm7_width(text, size) == 0)
            return false;
    }
    return true;
}

struct sms_size sms_measure(const char *text)
{
    struct sms_size sms = {.is_ucs2 = !is_gsm7(text), .segments = 1};
    size_t alone = sms.is_ucs2 ? UCS2_ALONE : GSM7_ALONE;
    size_t joined = sms.is_ucs2 ? UCS2_JOINED : GSM7_JOINED;
    size_t segments = 1, used = 0; /* if it has to be several */
    utf8proc_int32_t code_point;

    for (size_t size; *text != '\0'; text += size) {
        size = character_size(text, &code_point);
        size_t width = sms.is_ucs2 ? (code_point > UINT16_MAX ? 2 : 1) : gsm7_width(text, size);

        sms.units += width;
        if (used + width > joined) {
            segments++;
            used = 0;
        }
        used += width;
    }
    if (sms.units > alone)
        sms.segments = segments;
    return sms;
}
