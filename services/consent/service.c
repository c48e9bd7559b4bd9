/*
 * consent: consent.submitted.v1 → consent.completed.v1, consent-text.requested.v1 →
 * consent-text.completed.v1, by the rules in consent.c.
 *
 * Every answer of a user is kept with the version of the text that was shown; the latest one of a
 * type holds. Texts are imported by `onboarding consent import`.
 */
#include <string.h>

#include "common/core/date.h"
#include "common/core/language.h"
#include "common/core/text.h"
#include "common/worker/retention.h"
#include "consent_completed.h"
#include "consent_sql.h"
#include "consent_submitted.h"
#include "consent_text_completed.h"
#include "consent_text_requested.h"
#include "services/consent/consent.h"
#include "services/consent/known.h"
#include "services/consent/render.h"
#include "topics.h"

enum {
    VARIABLES_MAX = 20,       /* a text has a name or two */
    VARIABLE_BYTES_MAX = 1000 /* of a value; an address has a hundred */
};

/* What may be absent may be blank, but not long. */
static bool is_short(const char *text)
{
    return text == NULL || strlen(text) <= TEXT_ID_MAX;
}

/* NULL: a blank text says as much as none. */
static const char *unless_blank(const char *text)
{
    return text == NULL || text_is_blank(text) ? NULL : text;
}

static struct text_wish wish_of(const struct turn *turn, const char *process_type,
                                const char *language)
{
    const struct consent_policy *policy = policy_rules(turn->policy, process_type);

    return (struct text_wish){
        .language = language_of(language, turn->arena),
        .fallback = policy->language,
        .day = date_of_ms(turn->meta->time_ms),
    };
}

/* --- Answers */

/*
 * What the contract demands; NULL, or what is wrong. An answer to an unknown type waits among the
 * dead letters until the policy lists it, to be replayed: it must neither be lost nor count.
 */
static const char *find_answer_fault(const struct consent_submitted *event,
                                     const struct policy *policy)
{
    if (!text_is_id(event->processId))
        return "processId is blank or too long";
    if (!text_is_id(event->processType))
        return "processType is blank or too long";
    if (!text_is_id(event->userId))
        return "userId is blank or too long";
    if (!is_short(event->textVersion) || !is_short(event->channel))
        return "textVersion or channel is too long";
    if (!consent_is_known(policy, event->consentType))
        return "consentType is not in the policy";
    return NULL;
}

static void load_submitted(const struct turn *turn, struct keys *keys)
{
    const struct consent_submitted *event = turn->event;
    struct text_wish wish;

    if (find_answer_fault(event, turn->policy) != NULL)
        return;
    wish = wish_of(turn, event->processType, event->language);
    editions_ask(keys, &edition_kind, event->consentType, &wish, turn->arena);
    keys_add_text(keys, &holding_kind, event->userId);
}

/* What is recorded of an answer. */
struct answer {
    struct holding holding;
    struct text_shown shown;
    bool required, complete;
};

static struct answer take_answer(const struct turn *turn)
{
    const struct consent_submitted *event = turn->event;
    const struct consent_policy *policy = policy_rules(turn->policy, event->processType);
    struct text_wish wish = wish_of(turn, event->processType, event->language);
    struct edition_list editions = editions_find(turn, &edition_kind, event->consentType, &wish);
    struct holding *holding = holding_of(turn, event->userId, event->consentType);

    holding->version++;
    holding->state = consent_state_after(holding->state, event->approved);
    holding->recorded_at_ms = consent_moment(turn->now_ms, holding->recorded_at_ms);
    return (struct answer){
        .holding = *holding,
        .shown = text_shown_find(editions, &wish, unless_blank(event->textVersion)),
        .required = consent_is_required(policy, event->consentType),
        .complete = consent_is_complete(holdings_find(turn, event->userId), policy),
    };
}

static void handle_submitted(const struct turn *turn, struct outcome *out)
{
    const struct consent_submitted *event = turn->event;
    const char *fault = find_answer_fault(event, turn->policy);
    const char *policy_version = consent_policy_format.version(turn->policy);
    struct answer answer;

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    answer = take_answer(turn);
    outcome_row(out, &sql_insert_submission, TEXT(event->userId), TEXT(event->consentType),
                INT(answer.holding.version), TEXT(event->processId), TEXT(event->processType),
                TEXT(consent_state_text[answer.holding.state]), TEXT(answer.shown.version),
                TEXT(answer.shown.language), BYTES_OR_NULL(answer.shown.digest),
                BOOL(answer.required), TEXT(unless_blank(event->channel)), TEXT(turn->meta->source),
                TEXT(turn->meta->id), TEXT(policy_version), TIME_MS(turn->meta->time_ms),
                TIME_MS(answer.holding.recorded_at_ms));
    outcome_event(out, &topic_consent_completed, event->processId,
                  &(struct consent_completed){
                      .processId = event->processId,
                      .userId = event->userId,
                      .consentType = event->consentType,
                      .approved = event->approved,
                      .textVersion = answer.shown.version,
                      .language = answer.shown.language,
                      .recordedAt = answer.holding.recorded_at_ms,
                      .processType = event->processType,
                      .withdrawn = answer.holding.state == CONSENT_STATE_WITHDRAWN,
                      .required = answer.required,
                      .complete = answer.complete,
                      .policyVersion = policy_version,
                  });
}

/* --- Texts */

static const char *find_request_fault(const struct consent_text_requested *event)
{
    if (!text_is_id(event->processId))
        return "processId is blank or too long";
    if (!text_is_id(event->processType))
        return "processType is blank or too long";
    if (!text_is_id(event->userId))
        return "userId is blank or too long";
    if (!text_is_id(event->consentType))
        return "consentType is blank or too long";
    if (event->variables.count > VARIABLES_MAX)
        return "too many variables";
    for (size_t i = 0; i < event->variables.count; i++)
        if (strlen(event->variables.items[i].value) > VARIABLE_BYTES_MAX)
            return "the value of a variable is too long";
    return NULL;
}

static void load_requested(const struct turn *turn, struct keys *keys)
{
    const struct consent_text_requested *event = turn->event;
    struct text_wish wish;

    if (find_request_fault(event) != NULL || !consent_is_known(turn->policy, event->consentType))
        return;
    wish = wish_of(turn, event->processType, event->language);
    editions_ask(keys, &text_kind, event->consentType, &wish, turn->arena);
}

/* The answer's code, and with TEXT the text's members. */
static void find_text(const struct turn *turn, struct consent_text_completed *out)
{
    static const enum consent_text_code codes[] = {
        [RENDERING_DONE] = CONSENT_TEXT_CODE_TEXT,
        [RENDERING_VARIABLE_MISSING] = CONSENT_TEXT_CODE_VARIABLE_MISSING,
        [RENDERING_TOO_LARGE] = CONSENT_TEXT_CODE_TOO_LARGE,
    };
    const struct consent_text_requested *event = turn->event;
    struct text_wish wish = wish_of(turn, event->processType, event->language);
    struct edition_list editions = editions_find(turn, &text_kind, event->consentType, &wish);
    const struct edition *edition = text_choose(editions, &wish);
    char *day = arena_alloc(turn->arena, DATE_TEXT_SIZE, 1);

    out->code = CONSENT_TEXT_CODE_NO_TEXT;
    if (edition == NULL)
        return;
    out->code =
        codes[html_render(edition->html, &event->variables, turn->arena, &out->consentText)];
    if (out->code != CONSENT_TEXT_CODE_TEXT)
        return;
    date_format(edition->effective_from, day);
    out->language = edition->language;
    out->textVersion = edition->version;
    out->effectiveFrom = day;
}

static void handle_requested(const struct turn *turn, struct outcome *out)
{
    const struct consent_text_requested *event = turn->event;
    const char *fault = find_request_fault(event);
    struct consent_text_completed completed = {
        .processId = event->processId,
        .userId = event->userId,
        .consentType = event->consentType,
        .code = CONSENT_TEXT_CODE_UNKNOWN_TYPE,
    };

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    if (consent_is_known(turn->policy, event->consentType))
        find_text(turn, &completed);
    outcome_event(out, &topic_consent_text_completed, event->processId, &completed);
}

static const struct route routes[] = {
    {&topic_consent_submitted, load_submitted, handle_submitted},
    {&topic_consent_text_requested, load_requested, handle_requested},
    RETENTION_ROUTE,
};

static const struct state_kind *const states[] = {
    &edition_kind,
    &text_kind,
    &holding_kind,
};

static const struct topic *const outputs[] = {
    &topic_consent_completed,
    &topic_consent_text_completed,
};

const struct service service = {
    .name = "consent",
    .routes = routes,
    .route_count = COUNT(routes),
    .states = states,
    .state_count = COUNT(states),
    .outputs = outputs,
    .output_count = COUNT(outputs),
    .policy = &consent_policy_format,
};
