/* Phone numbers and e-mail addresses: their form, and which of them gets a code. */
#include "services/otp/destination.h"

#include <string.h>

#include "common/core/blind_index.h"
#include "common/effects/mail_address.h"

#define DIGITS "0123456789"

const char *phone_normalize(const char *text, struct arena *arena)
{
    char *phone = arena_alloc(arena, PHONE_DIGITS_MAX + sizeof "+", 1);
    size_t digits = 0;

    text += strspn(text, " ");
    if (text[0] == '+')
        text++;
    else if (strncmp(text, "00", 2) == 0)
        text += 2;
    else
        return NULL;
    phone[0] = '+';
    for (; *text != '\0'; text++) {
        if (strchr(" .-/()", *text) != NULL)
            continue;
        if (strchr(DIGITS, *text) == NULL || digits == PHONE_DIGITS_MAX)
            return NULL;
        phone[++digits] = *text;
    }
    return digits < PHONE_DIGITS_MIN || phone[1] == '0' ? NULL : phone;
}

const char *email_normalize(const char *text, struct arena *arena)
{
    static const char blank[] = " \t\r\n";
    const char *email;
    size_t size;

    text += strspn(text, blank);
    size = strlen(text);
    while (size > 0 && strchr(blank, text[size - 1]) != NULL)
        size--;
    email = arena_copy(arena, text, size);
    return mail_address_fault(email) == NULL ? email : NULL;
}

static struct digest index_of(const char *channel, const char *address, const struct key *index_key,
                              struct arena *arena)
{
    char *lower = arena_text(arena, address);

    for (char *c = lower; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c | 0x20);
    return blind_index(index_key, channel, (const char *const[]){lower}, 1, arena);
}

struct otp_contact otp_contact_of(const char *phone, const char *email, const struct key *index_key,
                                  struct arena *arena)
{
    struct otp_contact contact = {{
        [OTP_CHANNEL_SMS].address = phone == NULL ? NULL : phone_normalize(phone, arena),
        [OTP_CHANNEL_EMAIL].address = email == NULL ? NULL : email_normalize(email, arena),
    }};

    for (int channel = 0; channel < OTP_CHANNEL_COUNT; channel++) {
        struct otp_address *at = &contact.by_channel[channel];

        if (at->address != NULL)
            at->index = index_of(otp_channel_text[channel], at->address, index_key, arena);
    }
    return contact;
}

struct otp_destination otp_destination_choose(const struct otp_contact *asked,
                                              const struct otp_contact *known,
                                              const struct otp_channels *channels)
{
    const struct otp_contact *contacts[] = {asked, known};

    for (size_t i = 0; i < COUNT(contacts); i++)
        for (size_t k = 0; k < channels->count; k++) {
            enum otp_channel channel = channels->items[k];
            const struct otp_address *at = &contacts[i]->by_channel[channel];

            if (at->address != NULL)
                return (struct otp_destination){channel, at->address, at->index};
        }
    return (struct otp_destination){0};
}
