/* Messages: given to the providers as effects, answered when they end. */
#include "services/otp/delivery.h"

#include <string.h>

#include "common/effects/mail.h"
#include "services/otp/answer.h"
#include "services/otp/config.h"

/* --- What became of a message */

static void load_delivered(const struct turn *turn, struct keys *keys)
{
    const struct effect_outcome *effect = turn->event;

    keys_add_text(keys, &message_kind, effect->reference);
}

static enum otp_result result_of(const struct effect_outcome *effect)
{
    static const enum otp_result results[] = {
        [EFFECT_SENT] = OTP_RESULT_SENT,
        [EFFECT_UNKNOWN] = OTP_RESULT_UNKNOWN,
    };
    static const enum otp_result failures[] = {
        [EFFECT_REFUSED] = OTP_RESULT_PROVIDER_REFUSED,
        [EFFECT_EXHAUSTED] = OTP_RESULT_PROVIDER_EXHAUSTED,
        [EFFECT_EXPIRED] = OTP_RESULT_EXPIRED,
        [EFFECT_ERASED] = OTP_RESULT_NO_DESTINATION, /* it is known no more */
    };

    return effect->state == EFFECT_FAILED ? failures[effect->failure] : results[effect->state];
}

static void handle_delivered(const struct turn *turn, struct outcome *out)
{
    const struct effect_outcome *effect = turn->event;
    const struct message *message = message_find(turn, effect->reference);
    struct otp_answer answer = {
        .result = result_of(effect),
        .has_channel = true,
        .attempts = effect->attempts,
    };

    if (message == NULL || !uuid_parse(effect->reference, strlen(effect->reference), &answer.id)) {
        outcome_reject(out, REASON_CONTRACT, "no message that was asked for");
        return;
    }
    answer.message = *message;
    if (effect->subject != NULL)
        outcome_subject(out, effect->subject);
    otp_answer_give(turn, &answer, out);
}

static const struct effect_kind sms_kind = {
    .name = "sms",
    .provider = &otp_config.sms,
    .load = load_delivered,
    .handle = handle_delivered,
};

static const struct effect_kind email_kind = {
    .name = "email",
    .provider = &otp_config.mail,
    .load = load_delivered,
    .handle = handle_delivered,
};

const struct effect_kind *const otp_effects[OTP_CHANNEL_COUNT] = {
    [OTP_CHANNEL_SMS] = &sms_kind,
    [OTP_CHANNEL_EMAIL] = &email_kind,
};

/* --- A message */

/* The provider's own JSON. */
static struct bytes sms_of(const struct turn *turn, const struct otp_delivery *delivery,
                           const char *reference)
{
    const struct otp_config *config = turn->config;
    const char *const values[SMS_FIELD_COUNT] = {
        [SMS_FIELD_DESTINATION] = delivery->destination->address,
        [SMS_FIELD_TEXT] = otp_text_fill(delivery->text->sms, delivery->code, turn->arena),
        [SMS_FIELD_REFERENCE] = reference,
    };

    return body_template_fill(config->sms_body, values, turn->arena);
}

static bool build_email(const struct turn *turn, const struct otp_delivery *delivery,
                        const char *reference, struct bytes *out, struct error *error)
{
    const struct otp_config *config = turn->config;
    const struct mail mail = {
        .from = config->mail.from,
        .from_name = config->mail.from_name,
        .to = delivery->destination->address,
        .subject = delivery->text->email_subject,
        .text = otp_text_fill(delivery->text->email_text, delivery->code, turn->arena),
        .id = reference,
        .date_ms = turn->now_ms,
    };

    return mail_build(&mail, turn->arena, out, error);
}

bool otp_delivery_build(const struct turn *turn, struct otp_delivery *delivery, struct error *error)
{
    char reference[UUID_TEXT_SIZE];

    uuid_format(delivery->message_id, reference);
    if (delivery->destination->channel == OTP_CHANNEL_EMAIL)
        return build_email(turn, delivery, reference, &delivery->body, error);
    delivery->body = sms_of(turn, delivery, reference);
    return true;
}

void otp_deliver(const struct otp_delivery *delivery, struct outcome *out)
{
    const struct otp_destination *to = delivery->destination;
    char reference[UUID_TEXT_SIZE];

    uuid_format(delivery->message_id, reference);
    outcome_effect(out, &(struct effect_request){
                            .kind = otp_effects[to->channel],
                            .order_key = delivery->process_id,
                            .reference = reference,
                            .subject = delivery->subject,
                            .expires_ms = delivery->expires_at_ms,
                            .recipient = to->channel == OTP_CHANNEL_EMAIL ? to->address : NULL,
                            .body = delivery->body,
                        });
}
