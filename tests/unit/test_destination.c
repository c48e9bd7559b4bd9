/* Phone numbers and e-mail addresses as they are read, chosen and counted. */
#include "services/otp/destination.h"

#include <string.h>

#include "tests/support/arena.h"
#include "tests/support/test.h"

static const struct form_example {
    const char *name; /* as given */
    const char *normal;
} phones[] =
    {
        {"+420601234567", "+420601234567"},
        {" +420 601-234.567 ", "+420601234567"},
        {"00420601234567", "+420601234567"},
        {"+1 (201) 555/0123", "+12015550123"},
        {"+1234567", "+1234567"},
        {"+123456", NULL},
        {"+123456789012345", "+123456789012345"},
        {"+1234567890123456", NULL},
        {"601234567", NULL},
        {"0601234567", NULL},
        {"+0601234567", NULL},
        {"000601234567", NULL},
        {"+420601234567x", NULL},
        {"+420601234567\r\n", NULL},
        {"++420601234567", NULL},
        {"+42060123456٧", NULL},
        {"+", NULL},
        {"", NULL},
},
  emails[] = {
      {"a.b+c@example.com", "a.b+c@example.com"},
      {" \tEva@Example.COM\n", "Eva@Example.COM"},
      {"a@b@example.com", NULL},
      {"@example.com", NULL},
      {"eva", NULL},
      {"eva@", NULL},
      {"eva@example.com\r\nBcc: x@example.com", NULL},
      {"eva <eva@example.com>", NULL},
      {"a b@example.com", NULL},
      {"a@example.com,b@example.com", NULL},
      {"", NULL},
      {"   ", NULL},
};

static void assert_text(const char *actual, const char *expected)
{
    if (expected == NULL)
        assert_null(actual);
    else
        assert_string_equal(actual, expected);
}

static void reads_a_phone_number(void **state)
{
    const struct form_example *example = *state;

    assert_text(phone_normalize(example->name, &arena), example->normal);
}

static void reads_an_address(void **state)
{
    const struct form_example *example = *state;

    assert_text(email_normalize(example->name, &arena), example->normal);
}

static const struct key key = {.bytes = {1}, .present = true};

static struct otp_contact contact(const char *phone, const char *email)
{
    return otp_contact_of(phone, email, &key, &arena);
}

static const struct otp_channels sms_first = {{OTP_CHANNEL_SMS, OTP_CHANNEL_EMAIL}, 2};
static const struct otp_channels email_first = {{OTP_CHANNEL_EMAIL, OTP_CHANNEL_SMS}, 2};
static const struct otp_channels only_email = {{OTP_CHANNEL_EMAIL}, 1};
static const struct otp_channels none = {{0}, 0};

#define PHONE       "+420601000001"
#define OTHER_PHONE "+420601000002"
#define EMAIL       "eva@example.com"
#define OTHER_EMAIL "jan@example.com"

static const struct choice_example {
    const char *name;
    const char *asked_phone, *asked_email, *known_phone, *known_email;
    const struct otp_channels *channels;
    const char *address; /* NULL: none */
} choices[] = {
    {"nothing at all", NULL, NULL, NULL, NULL, &sms_first, NULL},
    {"the known phone first", NULL, NULL, PHONE, EMAIL, &sms_first, PHONE},
    {"the known e-mail first", NULL, NULL, PHONE, EMAIL, &email_first, EMAIL},
    {"the known e-mail in want of a phone", NULL, NULL, NULL, EMAIL, &sms_first, EMAIL},
    {"what is asked for before what is known", OTHER_PHONE, NULL, PHONE, EMAIL, &sms_first,
     OTHER_PHONE},
    {"an e-mail asked for before a phone that is known", NULL, OTHER_EMAIL, PHONE, EMAIL,
     &sms_first, OTHER_EMAIL},
    {"both asked for, by the policy's order", OTHER_PHONE, OTHER_EMAIL, NULL, NULL, &email_first,
     OTHER_EMAIL},
    {"a channel that the policy leaves out", OTHER_PHONE, NULL, PHONE, EMAIL, &only_email, EMAIL},
    {"no channel for what there is", PHONE, NULL, PHONE, NULL, &only_email, NULL},
    {"no channels", PHONE, EMAIL, PHONE, EMAIL, &none, NULL},
    {"a known phone that is none", NULL, NULL, "601", EMAIL, &sms_first, EMAIL},
};

static void chooses(void **state)
{
    const struct choice_example *example = *state;
    struct otp_contact asked = contact(example->asked_phone, example->asked_email);
    struct otp_contact known = contact(example->known_phone, example->known_email);
    struct otp_destination destination = otp_destination_choose(&asked, &known, example->channels);

    assert_text(destination.address, example->address);
    if (example->address != NULL)
        assert_int_equal(destination.channel, strchr(example->address, '@') == NULL
                                                  ? OTP_CHANNEL_SMS
                                                  : OTP_CHANNEL_EMAIL);
}

static struct digest index_of(const struct key *by, const char *phone, const char *email)
{
    struct otp_contact made = otp_contact_of(phone, email, by, &arena);

    return made.by_channel[phone == NULL ? OTP_CHANNEL_EMAIL : OTP_CHANNEL_SMS].index;
}

static void counts_a_destination_however_it_is_written(void **state)
{
    struct digest phone = index_of(&key, PHONE, NULL);
    struct digest same = index_of(&key, "00420 601 000 001", NULL);
    struct digest other = index_of(&key, OTHER_PHONE, NULL);
    struct digest other_key =
        index_of(&(const struct key){.bytes = {2}, .present = true}, PHONE, NULL);
    struct digest email = index_of(&key, NULL, EMAIL);
    struct digest capitals = index_of(&key, NULL, "Eva@EXAMPLE.com");

    (void)state;
    assert_memory_equal(&phone, &same, sizeof phone);
    assert_memory_equal(&email, &capitals, sizeof email);
    assert_memory_not_equal(&phone, &other, sizeof phone);
    assert_memory_not_equal(&phone, &other_key, sizeof phone);
    assert_memory_not_equal(&phone, &email, sizeof phone);
}

enum { SINGLE = 1 };

int main(void)
{
    struct CMUnitTest tests[SINGLE + COUNT(phones) + COUNT(emails) + COUNT(choices)] = {
        cmocka_unit_test(counts_a_destination_however_it_is_written),
    };
    size_t count = SINGLE;

    for (size_t i = 0; i < COUNT(phones); i++)
        tests[count++] = EXAMPLE(reads_a_phone_number, &phones[i]);
    for (size_t i = 0; i < COUNT(emails); i++)
        tests[count++] = EXAMPLE(reads_an_address, &emails[i]);
    for (size_t i = 0; i < COUNT(choices); i++)
        tests[count++] = EXAMPLE(chooses, &choices[i]);
    return cmocka_run_group_tests_name("destination", tests, NULL, drop_arena);
}
