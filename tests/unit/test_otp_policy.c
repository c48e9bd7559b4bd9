/* The policy file of otp: defaults, every member, every mistake; texts found and filled in. */
#include <stdio.h>

#include "services/otp/policy.h"
#include "tests/support/policy_examples.h"

#define TEXT_OF(sms) "{'sms': '" sms "', 'emailSubject': 'Code', 'emailText': '{{code}}'}"
#define GOOD         TEXT_OF("{{code}}")
#define TEXTS(type_en)                                                                             \
    "'texts': {'ACTIVATION': {'en': " type_en "}, 'USER_VERIFICATION': {'en': " GOOD "}}"
#define FILE_OF(members) "{'version': '1', 'default': {" members "}}"
#define WITH(members)    FILE_OF(members ", " TEXTS(GOOD))
#define EN               "default.texts.ACTIVATION.en"

/* clang-format off */
#define TEN(text)  text text text text text text text text text text
/* 149 characters, which the longest code makes 161. */
#define LONG_SMS   "{{code}}" TEN("0123456789") TEN("0123") "012345678"
/* 59 characters that UCS-2 is needed for, which the longest code makes 71. */
#define CZECH_SMS  "{{code}}" TEN("ččččč") "ččččččččč"

static const struct broken_policy broken[] = {
    {"no texts", "{'version': '1', 'default': {}}",
     {"default.texts.ACTIVATION: has no text for SMS in en, the default language",
      "default.texts.ACTIVATION: has no text for EMAIL in en, the default language",
      "default.texts.USER_VERIFICATION: has no text for SMS in en, the default language",
      "default.texts.USER_VERIFICATION: has no text for EMAIL in en, the default language"}},
    {"valid for too short a time", WITH("'validSeconds': 29"), {"default.validSeconds: must be in 30..3600"}},
    {"valid for too long", WITH("'validSeconds': 3601"), {"default.validSeconds: must be in 30..3600"}},
    {"a time as a text", WITH("'validSeconds': '5m'"), {"default.validSeconds: must be a whole number"}},
    {"a pause below 0", WITH("'resendAfterSeconds': -1"), {"default.resendAfterSeconds: must be in 0..3600"}},
    {"a pause as long as the validity", WITH("'validSeconds': 60, 'resendAfterSeconds': 60"),
     {"default.resendAfterSeconds: must be below validSeconds: no challenge would be open any more"}},
    {"too many resends", WITH("'resends': 101"), {"default.resends: must be in 0..100"}},
    {"no challenges", WITH("'challengesPerDay': 0"), {"default.challengesPerDay: must be in 1..100"}},
    {"too many challenges", WITH("'challengesPerDay': 101"), {"default.challengesPerDay: must be in 1..100"}},
    {"no messages", WITH("'messagesPerDay': 0"), {"default.messagesPerDay: must be in 1..1000"}},
    {"too many messages", WITH("'messagesPerDay': 1001"), {"default.messagesPerDay: must be in 1..1000"}},
    {"no segments", WITH("'smsSegments': 0"), {"default.smsSegments: must be in 1..10"}},
    {"too many segments", WITH("'smsSegments': 11"), {"default.smsSegments: must be in 1..10"}},
    {"no channels", WITH("'channels': []"), {"default.channels: is empty: nothing could be sent"}},
    {"an unknown channel", WITH("'channels': ['SMS', 'FAX']"), {"default.channels[1]: must be one of SMS, EMAIL"}},
    {"a channel twice", WITH("'channels': ['SMS', 'SMS']"), {"default.channels[1]: stands there twice"}},
    {"channels as a text", WITH("'channels': 'SMS'"), {"default.channels: must be a list"}},
    {"a language with its country", WITH("'language': 'en-US'"), {"default.language: must be a language by ISO 639-1"}},
    {"no texts in the default language", WITH("'language': 'cs', 'channels': ['EMAIL']"),
     {"default.texts.ACTIVATION: has no text for EMAIL in cs, the default language",
      "default.texts.USER_VERIFICATION: has no text for EMAIL in cs, the default language"}},
    {"an unknown member", WITH("'codes': 4"), {"default.codes: is not known"}},
    {"an unknown type", FILE_OF("'texts': {'LOGIN': {}}"), {"default.texts.LOGIN: is not known"}},
    {"texts as a list", FILE_OF("'texts': []"), {"default.texts: must be an object"}},
    {"languages as a text", FILE_OF("'texts': {'ACTIVATION': 'en'}"), {"default.texts.ACTIVATION: must be an object"}},
    {"a text for no language", FILE_OF("'texts': {'ACTIVATION': {'EN': {}}}"),
     {"default.texts.ACTIVATION.EN: is no language by ISO 639-1"}},
    {"a text as a text", FILE_OF("'texts': {'ACTIVATION': {'en': 'x'}}"), {EN ": must be an object"}},
    {"an unknown part", FILE_OF(TEXTS("{'push': 'x'}")), {EN ".push: is not known"}},
    {"a number for a text", FILE_OF(TEXTS("{'sms': 1}")), {EN ".sms: must be a text"}},
    {"an empty text", FILE_OF(TEXTS("{'sms': ''}")), {EN ".sms: must have 1..4000 bytes"}},
    {"a text without the code", FILE_OF(TEXTS("{'sms': 'code'}")), {EN ".sms: must have {{code}} in it"}},
    {"another placeholder", FILE_OF(TEXTS("{'sms': '{{code}} {{name}}'}")),
     {EN ".sms: has {{ for other than {{code}}"}},
    {"a tab in a text", FILE_OF(TEXTS("{'sms': '{{code}}\\t'}")), {EN ".sms: has control characters"}},
    {"a line end in a subject", FILE_OF(TEXTS("{'emailSubject': 'a\\nBcc: x', 'emailText': '{{code}}'}")),
     {EN ".emailSubject: has control characters"}},
    {"a code in a subject", FILE_OF(TEXTS("{'emailSubject': '{{code}}', 'emailText': '{{code}}'}")),
     {EN ".emailSubject: must not have {{ in it: mail servers log subjects"}},
    {"a subject alone", FILE_OF(TEXTS("{'emailSubject': 'Code'}")),
     {EN ": emailSubject and emailText need each other"}},
    {"a text without its subject", FILE_OF(TEXTS("{'emailText': '{{code}}'}")),
     {EN ": emailSubject and emailText need each other"}},
    {"161 septets", FILE_OF(TEXTS(TEXT_OF(LONG_SMS))),
     {EN ".sms: takes 2 segments of GSM-7, more than smsSegments"}},
    {"71 units", FILE_OF(TEXTS(TEXT_OF(CZECH_SMS))),
     {EN ".sms: takes 2 segments of UCS-2, more than smsSegments"}},
    {"inherited texts that are too long",
     "{'version': '1', 'default': {'smsSegments': 2, " TEXTS(TEXT_OF(LONG_SMS)) "},"
     " 'processTypes': {'loan': {'smsSegments': 1}}}",
     {"processTypes.loan.texts.ACTIVATION.en.sms: takes 2 segments of GSM-7, more than smsSegments"}},
};
/* clang-format on */

static void lists_the_mistakes(void **state)
{
    assert_mistakes(otp_policy_format.parse, *state);
}

static struct policy *good(const char *text)
{
    return parse_good(otp_policy_format.parse, text);
}

static void has_defaults(void **state)
{
    struct policy *policy = good(FILE_OF(TEXTS(GOOD)));
    const struct otp_policy *rules = policy_rules(policy, "any");

    (void)state;
    assert_int_equal(rules->valid_ms, 300000);
    assert_int_equal(rules->resend_after_ms, 30000);
    assert_int_equal(rules->resends_max, 3);
    assert_int_equal(rules->challenges_max, 5);
    assert_int_equal(rules->messages_max, 20);
    assert_int_equal(rules->segments_max, 1);
    assert_int_equal(rules->channels.count, 2);
    assert_int_equal(rules->channels.items[0], OTP_CHANNEL_SMS);
    assert_int_equal(rules->channels.items[1], OTP_CHANNEL_EMAIL);
    assert_string_equal(rules->language, "en");
    otp_policy_format.free(policy);
}

static void a_process_type_changes_the_default(void **state)
{
    struct policy *policy = good(
        "{'version': '7', 'default': {'validSeconds': 60, 'resendAfterSeconds': 10,"
        " 'resends': 0, 'challengesPerDay': 1, 'messagesPerDay': 2, 'smsSegments': 2,"
        " 'language': 'en', " TEXTS(TEXT_OF(
            LONG_SMS)) "},"
                       " 'processTypes': {'loan': {'channels': ['EMAIL'], 'validSeconds': 3600,"
                       " 'texts': {'ACTIVATION': {'en': {'emailSubject': 'Loan', 'emailText': "
                       "'{{code}}'}}}}}}");
    const struct otp_policy *any = policy_rules(policy, "any");
    const struct otp_policy *loan = policy_rules(policy, "loan");

    (void)state;
    assert_string_equal(otp_policy_format.version(policy), "7");
    assert_int_equal(any->valid_ms, 60000);
    assert_int_equal(any->resend_after_ms, 10000);
    assert_int_equal(any->resends_max, 0);
    assert_int_equal(any->challenges_max, 1);
    assert_int_equal(any->messages_max, 2);
    assert_int_equal(loan->valid_ms, 3600000);
    assert_int_equal(loan->resend_after_ms, 10000);
    assert_int_equal(loan->channels.count, 1);
    assert_int_equal(loan->channels.items[0], OTP_CHANNEL_EMAIL);
    assert_string_equal(loan->texts[OTP_TYPE_ACTIVATION].items[0].email_subject, "Loan");
    assert_string_equal(loan->texts[OTP_TYPE_USER_VERIFICATION].items[0].email_subject, "Code");
    assert_string_equal(any->texts[OTP_TYPE_ACTIVATION].items[0].email_subject, "Code");
    otp_policy_format.free(policy);
}

static void the_file_that_ships_is_good(void **state)
{
    static char text[10000];
    FILE *file = fopen("services/otp/policy.json", "r");
    struct problems problems = {0};
    struct policy *policy;

    (void)state;
    assert_non_null(file);
    policy = otp_policy_format.parse(text, fread(text, 1, sizeof text, file), &problems);
    fclose(file);
    if (policy == NULL)
        fail_msg("%s", problems.items[0]);
    otp_policy_format.free(policy);
}

/* --- Texts */

static const struct otp_text texts_known[] = {
    {"en", "en sms {{code}}", "en subject", "en text {{code}}"},
    {"cs", "cs sms {{code}}", NULL, NULL},
    {"de", NULL, "de subject", "de text {{code}}"},
};

static const struct language_example {
    const char *name;
    const char *language;
    enum otp_channel channel;
    const char *fallback;
    const char *found; /* NULL: none */
} languages[] = {
    {"in the language", "cs", OTP_CHANNEL_SMS, "en", "cs"},
    {"not for this channel", "cs", OTP_CHANNEL_EMAIL, "en", "en"},
    {"nor for the other one", "de", OTP_CHANNEL_SMS, "en", "en"},
    {"for the other channel only", "de", OTP_CHANNEL_EMAIL, "en", "de"},
    {"in no such language", "sk", OTP_CHANNEL_SMS, "cs", "cs"},
    {"no language told", NULL, OTP_CHANNEL_SMS, "en", "en"},
    {"nor in the fallback", "sk", OTP_CHANNEL_EMAIL, "cs", NULL},
};

static void finds_a_text(void **state)
{
    const struct language_example *example = *state;
    const struct otp_texts texts = {texts_known, COUNT(texts_known)};
    const struct otp_text *text =
        otp_text_find(&texts, example->channel, example->language, example->fallback);

    if (example->found == NULL) {
        assert_null(text);
        return;
    }
    assert_non_null(text);
    assert_string_equal(text->language, example->found);
}

static const struct filling_example {
    const char *name; /* the text */
    const char *filled;
} fillings[] = {
    {"{{code}}", "123456"},
    {"Code: {{code}}.", "Code: 123456."},
    {"{{code}}{{code}}", "123456123456"},
    {"nothing", "nothing"},
    {"{{cod}} {code}", "{{cod}} {code}"},
    {"Váš kód {{code}}, děkujeme", "Váš kód 123456, děkujeme"},
};

static void fills_in_the_code(void **state)
{
    const struct filling_example *example = *state;
    struct arena arena = {0};

    assert_string_equal(otp_text_fill(example->name, "123456", &arena), example->filled);
    arena_done(&arena);
}

enum { SINGLE = 3 };

int main(void)
{
    struct CMUnitTest tests[SINGLE + COUNT(broken) + COUNT(languages) + COUNT(fillings)] = {
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(a_process_type_changes_the_default),
        cmocka_unit_test(the_file_that_ships_is_good),
    };
    size_t count = SINGLE;

    for (size_t i = 0; i < COUNT(broken); i++)
        tests[count++] = EXAMPLE(lists_the_mistakes, &broken[i]);
    for (size_t i = 0; i < COUNT(languages); i++)
        tests[count++] = EXAMPLE(finds_a_text, &languages[i]);
    for (size_t i = 0; i < COUNT(fillings); i++)
        tests[count++] = EXAMPLE(fills_in_the_code, &fillings[i]);
    return cmocka_run_group_tests_name("otp_policy", tests, NULL, NULL);
}
