/* Answers to requests: a row and an event each. */
#include "services/otp/answer.h"

#include "otp_sql.h"
#include "services/otp/otp.h"
#include "topics.h"

/* The two enums are one in Avro, which knows no types that schemas share. */
static const enum otp_use uses[OTP_TYPE_COUNT] = {
    [OTP_TYPE_ACTIVATION] = OTP_USE_ACTIVATION,
    [OTP_TYPE_USER_VERIFICATION] = OTP_USE_USER_VERIFICATION,
};

void otp_answer_give(const struct turn *turn, const struct otp_answer *answer, struct outcome *out)
{
    const struct message *message = &answer->message;

    outcome_row(out, &sql_insert_answer, UUID_VALUE(answer->id), TEXT(message->process_id),
                TEXT(message->process_type), TEXT(message->user_id),
                TEXT(otp_type_text[message->type]), BOOL(message->resend),
                answer->has_channel ? TEXT(otp_channel_text[message->channel]) : NOTHING,
                TEXT(otp_result_text[answer->result]), INT(answer->attempts),
                TEXT(message->policy_version), TIME_MS(message->requested_at_ms),
                TIME_MS(turn->now_ms));
    outcome_event(out, &topic_otp_completed, message->process_id,
                  &(struct otp_completed){
                      .processId = message->process_id,
                      .userId = message->user_id,
                      .otpType = uses[message->type],
                      .otpSent = otp_is_sent(answer->result),
                      .code = answer->result,
                      .resultReason = otp_reason(answer->result),
                      .channel = answer->has_channel ? &message->channel : NULL,
                      .policyVersion = message->policy_version,
                      .decidedAt = turn->now_ms,
                  });
}
