#ifndef TESTS_SUPPORT_OTP_EXAMPLES_H
#define TESTS_SUPPORT_OTP_EXAMPLES_H

/* Events for the tests of the otp worker, its settings, and what is said of them. */

#include "customer_registered.h"
#include "otp_completed.h"
#include "otp_expired.h"
#include "otp_requested.h"
#include "otp_sql.h"
#include "services/otp/config.h"
#include "services/otp/delivery.h"
#include "services/otp/known.h"
#include "tests/support/fake_worker.h"
#include "topics.h"

extern const struct service service;

#define PHONE "+420601000001"
#define EMAIL "eva@example.com"

static const char request[] =
    "{'processId': 'p', 'processType': 'retail', 'userId': 'u1', 'otpCode': '135790',"
    " 'otpType': 'ACTIVATION', 'language': 'cs', 'resend': false, 'phoneNumber': null,"
    " 'email': null}";
static const char customer[] = "{'userId': 'u1', 'phoneNumber': '" PHONE "', 'email': '" EMAIL "'}";

/* The id that the fake worker gives out with the first event. */
static const char message_id[] = "01020304-0506-7000-8000-000000000001";

static inline int start(void **state)
{
    static const char sms_body[] = "{\"to\": \"{{destination}}\", \"text\": \"{{text}}\"}";
    const char *fault;

    (void)state;
    fake_start(&service,
               "{'version': '7', 'default': {'language': 'en', 'messagesPerDay': 7, 'texts': {"
               " 'ACTIVATION': {'en': {'sms': 'EN {{code}}', 'emailSubject': 'S', 'emailText': "
               "'E {{code}}'},"
               "                'cs': {'sms': 'CS {{code}}'}},"
               " 'USER_VERIFICATION': {'en': {'sms': 'V {{code}}', 'emailSubject': 'SV', "
               "'emailText': 'VE {{code}}'}}}},"
               " 'processTypes': {'loan': {'channels': ['EMAIL']}}}");
    otp_config.sms.url = "https://sms.example/";
    otp_config.sms_body =
        body_template_parse(sms_body, sizeof sms_body - 1, otp_sms_fields, SMS_FIELD_COUNT, &fault);
    assert_non_null(otp_config.sms_body);
    otp_config.mail.url = "smtps://mail.example";
    otp_config.mail.from = "bank@example.com";
    otp_config.mail.from_name = "Bank";
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    body_template_free(otp_config.sms_body);
    fake_end();
    return 0;
}

static inline const struct outcome *ask(const char *change)
{
    return fake_send(&service, &topic_otp_requested, request, change);
}

static inline const struct outcome *registered(const char *change)
{
    return fake_send(&service, &topic_customer_registered, customer, change);
}

static inline void pass_s(int seconds)
{
    fake.later_ms += (int64_t)seconds * 1000;
}

/* A column of the n-th row of a statement, as a text. */
static inline const char *column_of(const struct statement *statement, size_t n, size_t index)
{
    char *text = arena_alloc(&fake.arena, UUID_TEXT_SIZE, 1);

    for (size_t i = 0; i < fake.outcome.row_count; i++) {
        const struct fake_row *row = &fake.outcome.rows[i];

        if (row->statement != statement || n-- > 0)
            continue;
        const struct value *value = &row->values[index];
        switch (value->kind) {
        case VALUE_TEXT:
        case VALUE_BYTES:
            return arena_copy(&fake.arena, (const char *)value->bytes.data, value->bytes.size);
        case VALUE_BOOL: return value->boolean ? "true" : "false";
        case VALUE_UUID: uuid_format(value->uuid, text); return text;
        case VALUE_NULL: return "-";
        default: snprintf(text, UUID_TEXT_SIZE, "%lld", (long long)value->integer); return text;
        }
    }
    fail_msg("no such row");
    return NULL;
}

enum {
    CHALLENGE_ID = 1,
    CHALLENGE_VERSION,
    CHALLENGE_TYPE,
    CHALLENGE_STATE,
    CHALLENGE_HMAC,
    CHALLENGE_RESENDS,
};

static inline const char *challenge(size_t n, size_t column)
{
    return column_of(&sql_insert_challenge, n, column);
}

/* The request was let pass, and nothing is said yet. */
static inline const struct effect_request *sent(const struct outcome *out)
{
    assert_false(out->rejected);
    assert_int_equal(out->event_count, 0);
    assert_int_equal(out->effect_count, 1);
    assert_int_equal(fake_rows_of(&sql_insert_message), 1);
    assert_int_equal(fake_rows_of(&sql_insert_answer), 0);
    return &out->effects[0];
}

static inline bool holds(struct bytes bytes, const char *text)
{
    return bytes.size != 0 && memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
}

/* A case of each example; cmocka gives *state to the set-up first, which leaves it alone. */
#define ADD(list, function)                                                                        \
    for (size_t i = 0; i < COUNT(list); i++) {                                                     \
        tests[count] = EXAMPLE(function, &(list)[i]);                                              \
        tests[count].setup_func = start;                                                           \
        tests[count++].teardown_func = end;                                                        \
    }

#endif
