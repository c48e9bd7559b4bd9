/*
 * otp: otp.requested.v1 → otp.completed.v1, by the rules in otp.c.
 *
 * A code goes by SMS or e-mail to where the request says, else to where customer.registered.v1
 * says that the user is, perhaps under another id, which customer.linked.v1 tells; the answer
 * follows when the provider has answered. otp.expired.v1, from the schedule, closes challenges. The
 * code itself is kept nowhere but in the effect that sends it.
 */
#include <string.h>

#include "common/core/bytes.h"
#include "common/core/language.h"
#include "common/core/text.h"
#include "common/worker/retention.h"
#include "customer_registered.h"
#include "otp_expired.h"
#include "otp_requested.h"
#include "otp_sql.h"
#include "services/links/links.h"
#include "services/otp/answer.h"
#include "services/otp/config.h"
#include "services/otp/delivery.h"
#include "services/otp/known.h"
#include "services/otp/otp.h"
#include "services/otp/request.h"
#include "topics.h"

static bool is_id_or_none(const char *text)
{
    return text == NULL || text_is_id(text);
}

static const struct otp_config *config_of(const struct turn *turn)
{
    return turn->config;
}

/* --- Requests */

/* What the contract demands; NULL, or what is wrong. The code stands in none of the texts. */
static const char *find_fault(const struct otp_requested *event, struct arena *arena)
{
    if (!text_is_id(event->processId))
        return "processId is blank or too long";
    if (!is_id_or_none(event->processType))
        return "processType is blank or too long";
    if (!is_id_or_none(event->userId))
        return "userId is blank or too long";
    if (!otp_is_code(event->otpCode))
        return "otpCode is not 4 to 12 digits";
    if (event->phoneNumber != NULL && phone_normalize(event->phoneNumber, arena) == NULL)
        return "phoneNumber is not in international form";
    if (event->email != NULL && email_normalize(event->email, arena) == NULL)
        return "email is no address";
    return NULL;
}

static void load_requested(const struct turn *turn, struct keys *keys)
{
    const struct otp_requested *event = turn->event;
    struct otp_contact asked;

    if (find_fault(event, turn->arena) != NULL)
        return;
    asked = request_contact(turn);
    keys_add_text(keys, &challenge_kind, event->processId);
    traffic_ask(keys, &asked);
    if (event->userId != NULL)
        link_follow(keys, event->userId);
}

/* The challenge that the message belongs to: the open one, or a new one in its place. */
static struct challenge step_challenge(const struct turn *turn, const struct otp_request *request,
                                       struct outcome *out)
{
    const struct otp_requested *event = request->event;
    struct challenge challenge;

    if (event->resend && request->is_same_code) {
        challenge = *request->open;
        challenge.resends++;
        challenge.asked_at_ms = turn->now_ms;
        challenge_save(turn, out, event->processId, request->open, challenge);
        return challenge;
    }
    if (request->open != NULL) {
        challenge = *request->open;
        challenge.state = CHALLENGE_REPLACED;
        challenge.code_hmac = (struct bytes){0};
        challenge_save(turn, out, event->processId, request->open, challenge);
    }
    challenge = (struct challenge){
        .id = turn->fresh_id,
        .type = event->otpType,
        .code_hmac = bytes_copy(digest_bytes(&request->code_hmac), turn->arena),
        .opened_at_ms = turn->now_ms,
        .asked_at_ms = turn->now_ms,
        .expires_at_ms = request->asked_at_ms + request->policy->valid_ms,
    };
    challenge_save(turn, out, event->processId, NULL, challenge);
    return challenge;
}

static void record_message(const struct turn *turn, const struct otp_request *request,
                           const struct challenge *challenge, const char *language,
                           struct outcome *out)
{
    const struct otp_requested *event = request->event;

    traffic_of(turn, &request->destination.index)->messages++;
    outcome_row(out, &sql_insert_message, UUID_VALUE(turn->fresh_id), UUID_VALUE(challenge->id),
                TEXT(event->processId), TEXT(event->processType), TEXT(event->userId),
                TEXT(otp_type_text[event->otpType]), BOOL(event->resend),
                TEXT(otp_channel_text[request->destination.channel]), TEXT(language),
                BYTES(digest_bytes(&request->destination.index)),
                TEXT(otp_policy_format.version(turn->policy)), TIME_MS(turn->meta->time_ms),
                TIME_MS(turn->now_ms));
}

/* Nothing is changed before it is sure that there is a message. */
static void deliver(const struct turn *turn, const struct otp_request *request, struct outcome *out)
{
    const struct otp_requested *event = request->event;
    struct challenge challenge;
    struct error error;
    struct otp_delivery delivery = {
        .message_id = turn->fresh_id,
        .process_id = event->processId,
        .subject = event->userId,
        .destination = &request->destination,
        .text = otp_text_find(&request->policy->texts[event->otpType], request->destination.channel,
                              language_of(event->language, turn->arena), request->policy->language),
        .code = event->otpCode,
    };

    if (!otp_delivery_build(turn, &delivery, &error)) {
        outcome_reject(out, REASON_CONTRACT, "an e-mail that cannot be built: %s", error.text);
        return;
    }
    challenge = step_challenge(turn, request, out);
    delivery.expires_at_ms = challenge.expires_at_ms;
    record_message(turn, request, &challenge, delivery.text->language, out);
    otp_deliver(&delivery, out);
}

static void refuse(const struct turn *turn, const struct otp_request *request,
                   enum otp_result result, struct outcome *out)
{
    const struct otp_requested *event = request->event;
    struct otp_answer answer = {
        .message = {.process_id = event->processId,
                    .process_type = event->processType,
                    .user_id = event->userId,
                    .type = event->otpType,
                    .resend = event->resend,
                    .channel = request->destination.channel,
                    .policy_version = otp_policy_format.version(turn->policy),
                    .requested_at_ms = turn->meta->time_ms},
        .id = turn->fresh_id,
        .result = result,
        .has_channel = request->destination.address != NULL,
    };

    otp_answer_give(turn, &answer, out);
}

static void handle_requested(const struct turn *turn, struct outcome *out)
{
    const struct otp_requested *event = turn->event;
    const char *fault = find_fault(event, turn->arena);
    struct otp_request request;
    enum otp_result result;

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    if (event->userId != NULL)
        outcome_subject(out, event->userId);
    request = request_look(turn);
    result = request_decide(turn, &request);
    if (result == OTP_RESULT_SENT)
        deliver(turn, &request, out);
    else
        refuse(turn, &request, result, out);
}

/* --- Time */

static const char *find_expiry_fault(const struct otp_expired *event, struct uuid *challenge_id)
{
    if (!text_is_id(event->processId))
        return "processId is blank or too long";
    if (!uuid_parse(event->challengeId, strlen(event->challengeId), challenge_id))
        return "challengeId is no UUID";
    return NULL;
}

static void load_expired(const struct turn *turn, struct keys *keys)
{
    const struct otp_expired *event = turn->event;
    struct uuid challenge_id;

    if (find_expiry_fault(event, &challenge_id) == NULL)
        keys_add_text(keys, &challenge_kind, event->processId);
}

/* Closes the challenge; one that has ended already, or has not by our clock, stays as it is. */
static void handle_expired(const struct turn *turn, struct outcome *out)
{
    const struct otp_expired *event = turn->event;
    struct uuid challenge_id;
    const char *fault = find_expiry_fault(event, &challenge_id);
    struct challenge *known, challenge;

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    known = challenge_find(turn, event->processId, challenge_id);
    if (known == NULL) {
        outcome_reject(out, REASON_CONTRACT, "no such challenge in this process");
        return;
    }
    if (known->state != CHALLENGE_OPEN || known->expires_at_ms > turn->now_ms) {
        outcome_ignore(out);
        return;
    }
    challenge = *known;
    challenge.state = CHALLENGE_EXPIRED;
    challenge.code_hmac = (struct bytes){0};
    challenge_save(turn, out, event->processId, known, challenge);
}

/* --- Customers */

static const char *find_customer_fault(const struct customer_registered *event)
{
    return text_is_id(event->userId) ? NULL : "userId is blank or too long";
}

static struct otp_contact contact_registered(const struct turn *turn)
{
    const struct customer_registered *event = turn->event;

    return otp_contact_of(event->phoneNumber, event->email, &config_of(turn)->index_key,
                          turn->arena);
}

/* The destinations' numbers too: a request in the same batch may send to them. */
static void load_registered(const struct turn *turn, struct keys *keys)
{
    const struct customer_registered *event = turn->event;
    struct otp_contact contact;

    if (find_customer_fault(event) != NULL)
        return;
    contact = contact_registered(turn);
    traffic_ask(keys, &contact);
    keys_add_text(keys, &contact_kind, event->userId);
    keys_add_subject(keys, event->userId);
}

static void handle_registered(const struct turn *turn, struct outcome *out)
{
    const struct customer_registered *event = turn->event;
    const char *fault = find_customer_fault(event);
    struct otp_contact contact;

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    contact = contact_registered(turn);
    contact_save(turn, out, event->userId, &contact);
}

/* --- The service */

static const struct route routes[] = {
    {&topic_otp_requested, load_requested, handle_requested},
    {&topic_otp_expired, load_expired, handle_expired},
    {&topic_customer_registered, load_registered, handle_registered},
    {&topic_customer_linked, links_load, links_handle},
    RETENTION_ROUTE,
};

/* Links lead to contacts under other ids, these to the numbers of their destinations. */
static const struct state_kind *const states[] = {
    &link_kind, &contact_kind, &traffic_kind, &challenge_kind, &message_kind,
};

static const struct topic *const outputs[] = {&topic_otp_completed};

const struct service service = {
    .name = "otp",
    .routes = routes,
    .route_count = COUNT(routes),
    .states = states,
    .state_count = COUNT(states),
    .outputs = outputs,
    .output_count = COUNT(outputs),
    .effects = otp_effects,
    .effect_count = OTP_CHANNEL_COUNT,
    .settings = otp_settings,
    .setting_count = OTP_SETTING_COUNT,
    .config = &otp_config,
    .check = otp_config_check,
    .policy = &otp_policy_format,
    .has_secrets = true,
};
