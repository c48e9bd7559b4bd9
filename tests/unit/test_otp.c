/* Which requests for codes are refused, each limit just met and just not, and what answers say. */
#include "services/otp/otp.h"

#include <string.h>

#include "common/core/base.h"
#include "tests/support/test.h"

/* A limit of its own each, so that none is mistaken for another. */
static const struct otp_policy policy = {
    .valid_ms = 300000,
    .resend_after_ms = 30000,
    .resends_max = 3,
    .challenges_max = 5,
    .messages_max = 20,
};

#define FIRST  .has_destination = true
#define RESEND .has_destination = true, .is_resend = true, .is_same_code = true
#define OTHER  .has_destination = true, .is_resend = true
/* After the pause. */
#define LATER .since_last_ms = 30000

static const struct rule_example {
    const char *name;
    struct otp_facts facts;
    enum otp_result result;
} examples[] = {
    {"a first request", {FIRST}, OTP_RESULT_SENT},
    {"no destination", {.has_destination = false}, OTP_RESULT_NO_DESTINATION},
    {"a resend after 30 s", {RESEND, LATER}, OTP_RESULT_SENT},
    {"a resend after 29.999 s", {RESEND, .since_last_ms = 29999}, OTP_RESULT_TOO_SOON},
    {"a resend at once", {RESEND}, OTP_RESULT_TOO_SOON},
    {"a resend before the last message", {RESEND, .since_last_ms = -1}, OTP_RESULT_TOO_SOON},
    {"another code after 30 s", {OTHER, LATER}, OTP_RESULT_SENT},
    {"another code after 29.999 s", {OTHER, .since_last_ms = 29999}, OTP_RESULT_TOO_SOON},
    {"a first request beside an open challenge",
     {FIRST, .is_same_code = true, .since_last_ms = 1},
     OTP_RESULT_SENT},
    {"the third resend", {RESEND, LATER, .resends = 2}, OTP_RESULT_SENT},
    {"the fourth resend", {RESEND, LATER, .resends = 3}, OTP_RESULT_TOO_MANY},
    {"another code after three resends", {OTHER, LATER, .resends = 3}, OTP_RESULT_SENT},
    {"the fifth challenge", {FIRST, .challenges = 4}, OTP_RESULT_SENT},
    {"the sixth challenge", {FIRST, .challenges = 5}, OTP_RESULT_TOO_MANY},
    {"another code as the fifth challenge", {OTHER, LATER, .challenges = 4}, OTP_RESULT_SENT},
    {"another code as the sixth challenge", {OTHER, LATER, .challenges = 5}, OTP_RESULT_TOO_MANY},
    {"a resend of the fifth challenge", {RESEND, LATER, .challenges = 5}, OTP_RESULT_SENT},
    {"the twentieth message", {FIRST, .messages = 19}, OTP_RESULT_SENT},
    {"the twenty-first message", {FIRST, .messages = 20}, OTP_RESULT_TOO_MANY},
    {"a resend as the twenty-first", {RESEND, LATER, .messages = 20}, OTP_RESULT_TOO_MANY},
    {"valid for one millisecond more", {FIRST, .age_ms = 299999}, OTP_RESULT_SENT},
    {"not valid any more", {FIRST, .age_ms = 300000}, OTP_RESULT_EXPIRED},
    /* The order of the rules. */
    {"no destination before too soon",
     {.is_resend = true, .is_same_code = true},
     OTP_RESULT_NO_DESTINATION},
    {"no destination before too many", {.challenges = 5}, OTP_RESULT_NO_DESTINATION},
    {"no destination before expired", {.age_ms = 300000}, OTP_RESULT_NO_DESTINATION},
    {"too soon before too many", {RESEND, .resends = 3, .messages = 20}, OTP_RESULT_TOO_SOON},
    {"too soon before expired", {RESEND, .age_ms = 300000}, OTP_RESULT_TOO_SOON},
    {"too many before expired", {FIRST, .messages = 20, .age_ms = 300000}, OTP_RESULT_TOO_MANY},
};

static void decides(void **state)
{
    const struct rule_example *example = *state;

    assert_string_equal(otp_result_text[otp_decide(&example->facts, &policy)],
                        otp_result_text[example->result]);
}

static const struct code_example {
    const char *name; /* the code */
    bool is_code;
} codes[] = {
    {"1234", true},   {"123456789012", true},   {"0000", true},    {"123", false},
    {"", false},      {"1234567890123", false}, {"12a4", false},   {"abcd", false},
    {" 1234", false}, {"1234 ", false},         {"12 34", false},  {"-1234", false},
    {"١٢٣٤", false},  {"１２３４", false},      {"1234\n", false}, {"12.34", false},
};

static void tells_codes(void **state)
{
    const struct code_example *example = *state;

    assert_int_equal(otp_is_code(example->name), example->is_code);
}

static const struct result_example {
    const char *name;
    enum otp_result result;
    bool is_sent;
} results[] = {
    {"sent", OTP_RESULT_SENT, true},
    {"no destination", OTP_RESULT_NO_DESTINATION, false},
    {"too soon", OTP_RESULT_TOO_SOON, false},
    {"too many", OTP_RESULT_TOO_MANY, false},
    {"expired", OTP_RESULT_EXPIRED, false},
    {"refused", OTP_RESULT_PROVIDER_REFUSED, false},
    {"exhausted", OTP_RESULT_PROVIDER_EXHAUSTED, false},
    {"unknown", OTP_RESULT_UNKNOWN, true},
};
_Static_assert(COUNT(results) == OTP_RESULT_COUNT, "an example for each");

static void says_what_became_of_it(void **state)
{
    const struct result_example *example = *state;

    assert_int_equal(otp_is_sent(example->result), example->is_sent);
    assert_non_null(otp_reason(example->result));
    assert_true(strlen(otp_reason(example->result)) > 0);
    for (size_t i = 0; i < COUNT(results); i++)
        if (results[i].result != example->result)
            assert_string_not_equal(otp_reason(results[i].result), otp_reason(example->result));
}

int main(void)
{
    struct CMUnitTest tests[COUNT(examples) + COUNT(codes) + COUNT(results)];
    size_t count = 0;

    for (size_t i = 0; i < COUNT(examples); i++)
        tests[count++] = EXAMPLE(decides, &examples[i]);
    for (size_t i = 0; i < COUNT(codes); i++)
        tests[count++] = EXAMPLE(tells_codes, &codes[i]);
    for (size_t i = 0; i < COUNT(results); i++)
        tests[count++] = EXAMPLE(says_what_became_of_it, &results[i]);
    return cmocka_run_group_tests_name("otp", tests, NULL, NULL);
}
