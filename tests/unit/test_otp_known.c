/* What is kept of challenges and of customers' contacts. */
#include "common/core/bytes.h"
#include "tests/support/otp_examples.h"

static const struct outcome *expire(const char *process_id, const char *challenge_id)
{
    struct otp_expired event = {.processId = process_id, .challengeId = challenge_id};

    return fake_handle(&service, &topic_otp_expired, &event);
}

static void a_challenge_expires_once(void **state)
{
    const char *id;

    (void)state;
    registered(NULL);
    id = fake_copy(sent(ask(NULL))->reference);
    pass_s(299);
    assert_true(expire("p", id)->ignored);
    assert_int_equal(fake.outcome.row_count, 0);
    pass_s(1);
    assert_false(expire("p", id)->ignored);
    assert_int_equal(fake.outcome.event_count, 0);
    assert_int_equal(fake.outcome.row_count, 1);
    assert_string_equal(challenge(0, CHALLENGE_STATE), "EXPIRED");
    assert_string_equal(challenge(0, CHALLENGE_VERSION), "2");
    assert_string_equal(challenge(0, CHALLENGE_HMAC), "-");
    assert_true(expire("p", id)->ignored);
}

static void an_expiry_of_nothing_is_parked(void **state)
{
    const char *id;

    (void)state;
    registered(NULL);
    id = fake_copy(sent(ask(NULL))->reference);
    assert_true(expire("p2", id)->rejected);
    assert_true(expire("p", message_id + 1)->rejected);
    assert_true(expire(" ", id)->rejected);
}

static void contacts_are_kept_sealed(void **state)
{
    const struct outcome *out = registered(NULL);

    (void)state;
    assert_int_equal(out->row_count, 1);
    assert_int_equal(out->event_count, 0);
    assert_string_equal(column_of(&sql_insert_contact, 0, 0), "u1");
    assert_string_equal(column_of(&sql_insert_contact, 0, 1), "1");
    assert_string_equal(column_of(&sql_insert_contact, 0, 2), "u1/contact.phone/u1/1=" PHONE);
    assert_string_equal(column_of(&sql_insert_contact, 0, 3), "u1/contact.email/u1/1=" EMAIL);
}

static void only_news_are_written(void **state)
{
    (void)state;
    registered(NULL);
    assert_int_equal(registered("{'phoneNumber': '00420 601 000 001'}")->row_count, 0);
    assert_int_equal(registered("{'email': null}")->row_count, 1);
    assert_string_equal(column_of(&sql_insert_contact, 0, 1), "2");
    assert_string_equal(column_of(&sql_insert_contact, 0, 2), "u1/contact.phone/u1/2=" PHONE);
    assert_string_equal(column_of(&sql_insert_contact, 0, 3), "-");
    assert_string_equal(column_of(&sql_insert_contact, 0, 5), "-");
    assert_int_equal(registered("{'userId': 'u2', 'phoneNumber': null, 'email': null}")->row_count,
                     0);
}

static void who_was_erased_can_be_registered_again(void **state)
{
    struct contact *known;

    (void)state;
    registered(NULL);
    known = fake_find(&contact_kind, bytes_of("u1"))->items[0];
    known->sealed[OTP_CHANNEL_EMAIL] = bytes_of("noise");
    assert_int_equal(registered(NULL)->row_count, 1);
    assert_string_equal(column_of(&sql_insert_contact, 0, 1), "2");
    assert_int_equal(registered(NULL)->row_count, 0);
}

static void a_later_phone_gets_the_code(void **state)
{
    (void)state;
    registered(NULL);
    registered("{'phoneNumber': '+420601000009'}");
    assert_true(holds(sent(ask(NULL))->body, "+420601000009"));
}

static void a_customer_without_an_id_is_parked(void **state)
{
    struct customer_registered event = {.userId = " "};

    (void)state;
    assert_true(fake_handle(&service, &topic_customer_registered, &event)->rejected);
}

static const struct CMUnitTest cases[] = {
    CASE(a_challenge_expires_once),
    CASE(an_expiry_of_nothing_is_parked),
    CASE(contacts_are_kept_sealed),
    CASE(only_news_are_written),
    CASE(who_was_erased_can_be_registered_again),
    CASE(a_later_phone_gets_the_code),
    CASE(a_customer_without_an_id_is_parked),
};

int main(void)
{
    return cmocka_run_group_tests_name("otp_known", cases, NULL, NULL);
}
