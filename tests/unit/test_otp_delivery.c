/* What is told and recorded of the end of a message. */
#include "common/core/bytes.h"
#include "tests/support/otp_examples.h"

static const struct ending_example {
    const char *name;
    enum effect_state state;
    enum effect_failure failure;
    const char *code;
    const char *sent;
} endings[] = {
    {"sent", EFFECT_SENT, EFFECT_FAILURE_NONE, "SENT", "true"},
    {"refused", EFFECT_FAILED, EFFECT_REFUSED, "PROVIDER_REFUSED", "false"},
    {"exhausted", EFFECT_FAILED, EFFECT_EXHAUSTED, "PROVIDER_EXHAUSTED", "false"},
    {"expired", EFFECT_FAILED, EFFECT_EXPIRED, "EXPIRED", "false"},
    {"erased", EFFECT_FAILED, EFFECT_ERASED, "NO_DESTINATION", "false"},
    {"unknown", EFFECT_UNKNOWN, EFFECT_FAILURE_NONE, "UNKNOWN", "true"},
};

static const struct outcome *settle(const struct ending_example *example)
{
    struct effect_outcome outcome = {
        .order_key = "p",
        .reference = message_id,
        .subject = "u1",
        .state = example->state,
        .failure = example->failure,
        .attempts = 2,
    };

    *(struct message *)fake_know(&message_kind, bytes_of(message_id)) = (struct message){
        .process_id = "p",
        .process_type = "retail",
        .user_id = "u1",
        .type = OTP_TYPE_USER_VERIFICATION,
        .resend = true,
        .channel = OTP_CHANNEL_EMAIL,
        .policy_version = "6",
        .requested_at_ms = fake_now_ms - 5000,
    };
    return fake_settle(&service, otp_effects[OTP_CHANNEL_EMAIL], &outcome);
}

static void an_end_is_told_and_recorded(void **state)
{
    const struct ending_example *example = *state;
    const struct outcome *out = settle(example);
    const char *const texts[] = {message_id, "p",     "retail",      "u1", "USER_VERIFICATION",
                                 "true",     "EMAIL", example->code, "2",  "6"};

    assert_false(out->rejected);
    assert_int_equal(out->row_count, 1);
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_string_equal(column_of(&sql_insert_answer, 0, i), texts[i]);
    assert_int_equal(out->event_count, 1);
    assert_string_equal(out->subject, "u1");
    assert_string_equal(out->key, "p");
    assert_string_equal(fake_member("userId"), "u1");
    assert_string_equal(fake_member("otpType"), "USER_VERIFICATION");
    assert_string_equal(fake_member("otpSent"), example->sent);
    assert_string_equal(fake_member("code"), example->code);
    assert_string_equal(fake_member("channel"), "EMAIL");
    assert_string_equal(fake_member("policyVersion"), "6");
}

static void the_end_of_what_is_nobodys_is_nobodys(void **state)
{
    const struct effect_outcome outcome = {.reference = message_id, .state = EFFECT_SENT};
    struct message *message = fake_know(&message_kind, bytes_of(message_id));
    const struct outcome *out;

    (void)state;
    *message = (struct message){.process_id = "p", .policy_version = "6"};
    out = fake_settle(&service, otp_effects[OTP_CHANNEL_SMS], &outcome);
    assert_string_equal(fake_member("code"), "SENT");
    assert_null(out->subject);
}

static void an_end_of_nothing_is_parked(void **state)
{
    struct effect_outcome outcome = {.order_key = "p", .reference = message_id, .subject = "u1"};

    (void)state;
    assert_true(fake_settle(&service, otp_effects[OTP_CHANNEL_SMS], &outcome)->rejected);
}

static const struct CMUnitTest cases[] = {
    CASE(the_end_of_what_is_nobodys_is_nobodys),
    CASE(an_end_of_nothing_is_parked),
};

int main(void)
{
    struct CMUnitTest tests[COUNT(cases) + COUNT(endings)];
    size_t count = COUNT(cases);

    memcpy(tests, cases, sizeof cases);
    ADD(endings, an_end_is_told_and_recorded)
    return cmocka_run_group_tests_name("otp_delivery", tests, NULL, NULL);
}
