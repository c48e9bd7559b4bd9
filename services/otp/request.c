/* Requests for codes in the light of what is known: destination, open challenge, numbers so far. */
#include "services/otp/request.h"

#include <string.h>

#include "common/core/blind_index.h"
#include "services/otp/config.h"
#include "services/otp/otp.h"

static const struct otp_config *config_of(const struct turn *turn)
{
    return turn->config;
}

static const struct otp_policy *rules_of(const struct turn *turn, const char *process_type)
{
    return policy_rules(turn->policy, process_type == NULL ? "" : process_type);
}

struct otp_contact request_contact(const struct turn *turn)
{
    const struct otp_requested *event = turn->event;

    return otp_contact_of(event->phoneNumber, event->email, &config_of(turn)->index_key,
                          turn->arena);
}

/* Bound to process and type: the same code elsewhere is another. */
static struct digest code_hmac_of(const struct turn *turn)
{
    const struct otp_requested *event = turn->event;
    const char *const parts[] = {event->processId, otp_type_text[event->otpType], event->otpCode};

    return blind_index(&config_of(turn)->pepper, "otp.code", parts, COUNT(parts), turn->arena);
}

static struct otp_destination destination_of(const struct turn *turn,
                                             const struct otp_policy *policy)
{
    const struct otp_requested *event = turn->event;
    struct otp_contact asked = request_contact(turn), known = {0};
    struct otp_channels channels = otp_config_channels(config_of(turn), &policy->channels);

    if (event->userId != NULL)
        known = contact_of_person(turn, event->userId);
    return otp_destination_choose(&asked, &known, &channels);
}

struct otp_request request_look(const struct turn *turn)
{
    const struct otp_requested *event = turn->event;
    struct otp_request request = {
        .event = event,
        .policy = rules_of(turn, event->processType),
        .asked_at_ms = turn->meta->time_ms < turn->now_ms ? turn->meta->time_ms : turn->now_ms,
        .code_hmac = code_hmac_of(turn),
        .open = challenge_find_open(turn, event->processId, event->otpType),
    };

    request.destination = destination_of(turn, request.policy);
    request.is_same_code =
        request.open != NULL && request.open->code_hmac.size == DIGEST_SIZE &&
        memcmp(request.open->code_hmac.data, request.code_hmac.bytes, DIGEST_SIZE) == 0;
    return request;
}

enum otp_result request_decide(const struct turn *turn, const struct otp_request *request)
{
    const struct challenge *open = request->open;
    struct otp_facts facts = {
        .has_destination = request->destination.address != NULL,
        .is_resend = request->event->resend && open != NULL,
        .is_same_code = request->is_same_code,
        .age_ms = turn->now_ms - request->asked_at_ms,
        .challenges = challenges_of_day(turn, request->event->processId),
    };

    if (open != NULL) {
        facts.since_last_ms = turn->now_ms - open->asked_at_ms;
        facts.resends = open->resends;
    }
    if (facts.has_destination)
        facts.messages = traffic_of(turn, &request->destination.index)->messages;
    return otp_decide(&facts, request->policy);
}
