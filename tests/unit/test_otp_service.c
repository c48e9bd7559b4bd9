/* Which message a request gets, or why none. */
#include "tests/support/otp_examples.h"

static void assert_refused(const struct outcome *out, const char *code)
{
    assert_int_equal(out->effect_count, 0);
    assert_int_equal(out->event_count, 1);
    assert_int_equal(out->row_count, 1);
    assert_ptr_equal(out->topic, &topic_otp_completed);
    assert_string_equal(fake_member("code"), code);
    assert_string_equal(fake_member("otpSent"), "false");
    assert_string_equal(column_of(&sql_insert_answer, 0, 7), code);
}

static void a_code_goes_to_the_known_phone(void **state)
{
    const struct effect_request *effect;

    (void)state;
    registered(NULL);
    effect = sent(ask(NULL));
    assert_ptr_equal(effect->kind, otp_effects[OTP_CHANNEL_SMS]);
    assert_string_equal(effect->order_key, "p");
    assert_string_equal(effect->subject, "u1");
    assert_string_equal(fake.outcome.subject, "u1");
    assert_int_equal(effect->expires_ms, fake_now_ms + 300000);
    assert_true(holds(effect->body, "CS 135790"));
    assert_true(holds(effect->body, PHONE));

    assert_string_equal(effect->reference, column_of(&sql_insert_message, 0, 0));
    assert_string_equal(effect->reference, challenge(0, CHALLENGE_ID));
    assert_string_equal(challenge(0, CHALLENGE_VERSION), "1");
    assert_string_equal(challenge(0, CHALLENGE_TYPE), "ACTIVATION");
    assert_string_equal(challenge(0, CHALLENGE_STATE), "OPEN");
    assert_string_equal(challenge(0, CHALLENGE_RESENDS), "0");
}

static void a_message_is_recorded(void **state)
{
    static const char *const texts[] = {NULL,    NULL,  "p",  "retail", "u1", "ACTIVATION",
                                        "false", "SMS", "cs", NULL,     "7"};
    (void)state;
    registered(NULL);
    fake.age_ms = 1000;
    sent(ask(NULL));
    for (size_t i = 0; i < COUNT(texts); i++)
        if (texts[i] != NULL)
            assert_string_equal(column_of(&sql_insert_message, 0, i), texts[i]);
    assert_int_equal(fake.outcome.effects[0].expires_ms, fake_now_ms + 299000);
}

static void an_event_from_the_future_is_of_now(void **state)
{
    (void)state;
    registered(NULL);
    fake.age_ms = -60000;
    assert_int_equal(sent(ask(NULL))->expires_ms, fake_now_ms + 300000);
}

static const struct destination_example {
    const char *name;
    const char *known;  /* change of the customer; "": nobody is registered */
    const char *change; /* of the request */
    const char *to;     /* NULL: NO_DESTINATION */
    const char *text;
} destinations[] = {
    {"the known phone", NULL, NULL, PHONE, "CS 135790"},
    {"the known e-mail", "{'phoneNumber': null}", NULL, EMAIL, "E 135790"},
    {"the event's phone", NULL, "{'phoneNumber': '+420 601 000 002'}", "+420601000002",
     "CS 135790"},
    {"the event's e-mail", NULL, "{'email': 'jan@example.com'}", "jan@example.com", "E 135790"},
    {"a stranger's phone", "", "{'phoneNumber': '+420601000002'}", "+420601000002", "CS 135790"},
    {"without a user", NULL, "{'userId': null, 'phoneNumber': '+420601000002'}", "+420601000002",
     "CS 135790"},
    {"the channel of the process type", NULL, "{'processType': 'loan'}", EMAIL, "E 135790"},
    {"no process type", NULL, "{'processType': null}", PHONE, "CS 135790"},
    {"in the default language", NULL, "{'language': ''}", PHONE, "EN 135790"},
    {"in a language without texts", NULL, "{'language': 'de'}", PHONE, "EN 135790"},
    {"a tag", NULL, "{'language': 'CS-cz'}", PHONE, "CS 135790"},
    {"another type", NULL, "{'otpType': 'USER_VERIFICATION'}", PHONE, "V 135790"},
    {"nobody known", "", NULL, NULL, NULL},
    {"no user, no destination", NULL, "{'userId': null}", NULL, NULL},
    {"another user", NULL, "{'userId': 'u2'}", NULL, NULL},
    {"a customer without contacts", "{'phoneNumber': null, 'email': null}", NULL, NULL, NULL},
    {"a customer's phone that is none", "{'phoneNumber': '601', 'email': null}", NULL, NULL, NULL},
};

static void a_code_finds_its_way(void **state)
{
    const struct destination_example *example = *state;
    const struct outcome *out;

    if (example->known == NULL || example->known[0] != '\0')
        registered(example->known);
    out = ask(example->change);
    if (example->to == NULL) {
        assert_refused(out, "NO_DESTINATION");
        assert_string_equal(fake_member("channel"), "null");
        return;
    }
    const struct effect_request *effect = sent(out);
    bool by_email = strchr(example->to, '@') != NULL;
    assert_ptr_equal(effect->kind, otp_effects[by_email ? OTP_CHANNEL_EMAIL : OTP_CHANNEL_SMS]);
    if (by_email)
        assert_string_equal(effect->recipient, example->to);
    else
        assert_null(effect->recipient);
    assert_true(holds(effect->body, example->to));
    assert_true(holds(effect->body, example->text));
}

/* It is sealed under the key of a day, which is forgotten; nothing would ever erase a process's. */
static void what_belongs_to_nobody_known_is_nobodys(void **state)
{
    const struct outcome *out = ask("{'userId': null, 'phoneNumber': '" PHONE "'}");

    (void)state;
    assert_null(sent(out)->subject);
    assert_null(out->subject);
    assert_null(ask("{'userId': null}")->subject);
    assert_string_equal(fake_member("code"), "NO_DESTINATION");
}

static void a_channel_without_a_provider_is_left_out(void **state)
{
    (void)state;
    registered(NULL);
    otp_config.sms.url = "";
    assert_string_equal(sent(ask(NULL))->recipient, EMAIL);
    otp_config.mail.url = "";
    assert_refused(ask(NULL), "NO_DESTINATION");
}

static void a_resend_belongs_to_the_open_challenge(void **state)
{
    const char *first;

    (void)state;
    registered(NULL);
    first = fake_copy(sent(ask(NULL))->reference);
    pass_s(30);
    const struct effect_request *effect = sent(ask("{'resend': true}"));
    assert_int_equal(effect->expires_ms, fake_now_ms + 300000); /* the code is no younger */
    assert_string_not_equal(effect->reference, first);
    assert_int_equal(fake_rows_of(&sql_insert_challenge), 1);
    assert_string_equal(challenge(0, CHALLENGE_ID), first);
    assert_string_equal(challenge(0, CHALLENGE_VERSION), "2");
    assert_string_equal(challenge(0, CHALLENGE_STATE), "OPEN");
    assert_string_equal(challenge(0, CHALLENGE_RESENDS), "1");
    assert_string_equal(column_of(&sql_insert_message, 0, 1), first);
    assert_string_equal(column_of(&sql_insert_message, 0, 6), "true");
}

static void a_resend_of_another_code_replaces_the_challenge(void **state)
{
    const char *first;

    (void)state;
    registered(NULL);
    first = fake_copy(sent(ask(NULL))->reference);
    pass_s(30);
    const struct effect_request *effect = sent(ask("{'resend': true, 'otpCode': '135791'}"));
    assert_int_equal(effect->expires_ms, fake_now_ms + 330000);
    assert_int_equal(fake_rows_of(&sql_insert_challenge), 2);
    assert_string_equal(challenge(0, CHALLENGE_ID), first);
    assert_string_equal(challenge(0, CHALLENGE_STATE), "REPLACED");
    assert_string_equal(challenge(0, CHALLENGE_HMAC), "-");
    assert_string_equal(challenge(1, CHALLENGE_ID), effect->reference);
    assert_string_equal(challenge(1, CHALLENGE_STATE), "OPEN");
    assert_string_equal(challenge(1, CHALLENGE_RESENDS), "0");
}

static void a_resend_without_an_open_challenge_opens_one(void **state)
{
    (void)state;
    registered(NULL);
    sent(ask("{'resend': true}"));
    assert_string_equal(challenge(0, CHALLENGE_VERSION), "1");
    sent(ask("{'resend': true, 'otpType': 'USER_VERIFICATION'}")); /* the other type has none */
    assert_string_equal(challenge(0, CHALLENGE_TYPE), "USER_VERIFICATION");
    pass_s(300);
    sent(ask("{'resend': true}")); /* the first one is not valid any more */
    assert_int_equal(fake_rows_of(&sql_insert_challenge), 1);
    assert_string_equal(challenge(0, CHALLENGE_VERSION), "1");
}

static void a_new_request_replaces_the_challenge_at_once(void **state)
{
    (void)state;
    registered(NULL);
    sent(ask(NULL));
    sent(ask("{'otpCode': '2468'}"));
    assert_int_equal(fake_rows_of(&sql_insert_challenge), 2);
    assert_string_equal(challenge(0, CHALLENGE_STATE), "REPLACED");
}

static void codes_are_digested_with_process_and_type(void **state)
{
    const char *digests[3];

    (void)state;
    registered(NULL);
    ask(NULL);
    digests[0] = challenge(0, CHALLENGE_HMAC);
    ask("{'otpType': 'USER_VERIFICATION'}");
    digests[1] = challenge(0, CHALLENGE_HMAC);
    ask("{'processId': 'p2'}");
    digests[2] = challenge(0, CHALLENGE_HMAC);
    for (size_t i = 0; i < COUNT(digests); i++)
        assert_memory_not_equal(digests[i], digests[(i + 1) % COUNT(digests)], DIGEST_SIZE);
}

static void limits_hold(void **state)
{
    (void)state;
    registered(NULL);
    sent(ask(NULL));
    pass_s(29);
    assert_refused(ask("{'resend': true}"), "TOO_SOON");
    assert_string_equal(fake_member("channel"), "SMS");
    pass_s(1); /* what was refused does not count */
    sent(ask("{'resend': true}"));
    pass_s(29); /* the pause is after the last message, not the first */
    assert_refused(ask("{'resend': true}"), "TOO_SOON");
    pass_s(1);
    for (int i = 1; i < 3; i++, pass_s(30))
        sent(ask("{'resend': true}"));
    assert_refused(ask("{'resend': true}"), "TOO_MANY");
    for (int i = 0; i < 3; i++)
        sent(ask(NULL));
    assert_refused(ask(NULL), "TOO_MANY"); /* the eighth message to this destination */
    sent(ask("{'phoneNumber': '+420601000002'}"));
    assert_refused(ask("{'phoneNumber': '+420601000003'}"), "TOO_MANY"); /* the sixth challenge */
    sent(ask("{'processId': 'p2', 'phoneNumber': '+420601000003'}"));
    fake.later_ms += 86400000;
    sent(ask("{'phoneNumber': '+420601000003'}"));
}

static void what_came_too_late_is_not_sent(void **state)
{
    (void)state;
    registered(NULL);
    fake.age_ms = 300000;
    assert_refused(ask(NULL), "EXPIRED");
    assert_string_equal(fake_member("resultReason"),
                        "The code was not valid any more when it could be sent");
    fake.age_ms = 299999;
    sent(ask(NULL));
}

static void a_refusal_is_told_and_recorded(void **state)
{
    static const char *const texts[] = {NULL,    "p", "retail",         "u1", "ACTIVATION",
                                        "false", "-", "NO_DESTINATION", "0",  "7"};
    (void)state;
    ask(NULL);
    for (size_t i = 0; i < COUNT(texts); i++)
        if (texts[i] != NULL)
            assert_string_equal(column_of(&sql_insert_answer, 0, i), texts[i]);
    assert_string_equal(fake.outcome.key, "p");
    assert_string_equal(fake_member("processId"), "p");
    assert_string_equal(fake_member("userId"), "u1");
    assert_string_equal(fake_member("otpType"), "ACTIVATION");
    assert_string_equal(fake_member("policyVersion"), "7");
    assert_string_equal(fake_member("decidedAt"), "2026-03-15T12:00:00.000Z");
}

/* A member of a request that cannot come so through JSON, too. */
static char too_long[257];

#define OF(name) offsetof(struct otp_requested, name)

/* clang-format off */
static const struct fault_example {
    const char *name;
    size_t member;
    const char *value;
    const char *fault;
} faults[] = {
    {"blank process",       OF(processId),   " ",        "processId is blank or too long"},
    {"long process",        OF(processId),   too_long,   "processId is blank or too long"},
    {"blank process type",  OF(processType), "",         "processType is blank or too long"},
    {"blank user",          OF(userId),      "\t",       "userId is blank or too long"},
    {"empty code",          OF(otpCode),     "",         "otpCode is not 4 to 12 digits"},
    {"short code",          OF(otpCode),     "123",      "otpCode is not 4 to 12 digits"},
    {"long code",           OF(otpCode),     "1234567890123", "otpCode is not 4 to 12 digits"},
    {"letters",             OF(otpCode),     "12ab",     "otpCode is not 4 to 12 digits"},
    {"a phone that is none", OF(phoneNumber), "601",     "phoneNumber is not in international form"},
    {"an e-mail that is none", OF(email),    "a@b\r\nBcc: c@d", "email is no address"},
};
/* clang-format on */

static void a_request_is_parked(void **state)
{
    const struct fault_example *example = *state;
    struct otp_requested event = *(const struct otp_requested *)record_patched(
        &otp_requested_schema, request, NULL, &fake.arena);
    const struct outcome *out;

    registered(NULL);
    memset(too_long, 'x', sizeof too_long - 1);
    memcpy((char *)&event + example->member, &example->value, sizeof example->value);
    out = fake_handle(&service, &topic_otp_requested, &event);
    assert_true(out->rejected);
    assert_int_equal(out->reason, REASON_CONTRACT);
    assert_string_equal(out->text, example->fault);
    assert_int_equal(out->row_count + out->event_count + out->effect_count, 0);
}

/* Records and the memory of batches, which hold codes, are overwritten (loop.c, intake.c). */
static void what_held_codes_is_overwritten(void **state)
{
    (void)state;
    assert_true(service.has_secrets);
}

static const struct CMUnitTest cases[] = {
    CASE(a_code_goes_to_the_known_phone),
    CASE(a_message_is_recorded),
    CASE(an_event_from_the_future_is_of_now),
    CASE(what_belongs_to_nobody_known_is_nobodys),
    CASE(a_channel_without_a_provider_is_left_out),
    CASE(a_resend_belongs_to_the_open_challenge),
    CASE(a_resend_of_another_code_replaces_the_challenge),
    CASE(a_resend_without_an_open_challenge_opens_one),
    CASE(a_new_request_replaces_the_challenge_at_once),
    CASE(codes_are_digested_with_process_and_type),
    CASE(limits_hold),
    CASE(what_came_too_late_is_not_sent),
    CASE(a_refusal_is_told_and_recorded),
    CASE(what_held_codes_is_overwritten),
};

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + COUNT(destinations) + COUNT(faults)];
    size_t count = COUNT(cases);

    memcpy(tests, cases, sizeof cases);
    ADD(destinations, a_code_finds_its_way)
    ADD(faults, a_request_is_parked)
    return cmocka_run_group_tests_name("otp_service", tests, NULL, NULL);
}
