/*
 * onboarding-probe: a service that does nothing but ask for effects, for tests of the runtime.
 * Its input says which kinds, in which order, and its results tell what became of each.
 */
#include <stdio.h>
#include <string.h>

#include "common/core/bytes.h"
#include "common/effects/provider_settings.h"
#include "common/worker/service.h"
#include "common/worker/worker.h"
#include "consent_text_completed.h"
#include "consent_text_requested.h"
#include "topics.h"

static struct config {
    int profile;
    int64_t validity_ms;
    struct provider_options first, second;
} config;

static void tell(const struct turn *turn, struct outcome *out);
static void tell_or_go_on(const struct turn *turn, struct outcome *out);

static const struct effect_kind first = {
    .name = "first", .provider = &config.first, .handle = tell_or_go_on};
static const struct effect_kind second = {
    .name = "second", .provider = &config.second, .handle = tell};
static const struct effect_kind *const kinds[] = {&first, &second};

/* The reference of an effect that is followed by one of the second kind if it fails. */
#define CHAIN "chain:"

static void request(struct outcome *out, const struct effect_kind *kind, const char *reference,
                    const struct consent_text_requested *event, const struct turn *turn)
{
    outcome_effect(out, &(struct effect_request){
                            .kind = kind,
                            .order_key = event->language,
                            .reference = reference,
                            .subject = event->userId,
                            .expires_ms = turn->now_ms + config.validity_ms,
                            .path = "/ask",
                            .body = bytes_of(event->processId),
                        });
}

static void handle(const struct turn *turn, struct outcome *out)
{
    const struct consent_text_requested *event = turn->event;
    char reference[128];

    snprintf(reference, sizeof reference, "%s%s",
             strcmp(event->processType, "chain") == 0 ? CHAIN : "", event->processId);
    if (strstr(event->consentType, "first") != NULL)
        request(out, &first, reference, event, turn);
    if (strstr(event->consentType, "second") != NULL)
        request(out, &second, reference, event, turn);
}

static const char *process_of(const struct effect_outcome *outcome)
{
    bool chained = strncmp(outcome->reference, CHAIN, sizeof CHAIN - 1) == 0;

    return outcome->reference + (chained ? sizeof CHAIN - 1 : 0);
}

static void tell_of(const struct turn *turn, struct outcome *out, const char *kind)
{
    static const char *const states[] = {"SENT", "FAILED", "UNKNOWN"};
    static const char *const failures[] = {"NONE", "REFUSED", "EXHAUSTED", "EXPIRED", "ERASED"};
    const struct effect_outcome *outcome = turn->event;
    char text[400];

    if (outcome->status == 418) {
        outcome_reject(out, REASON_CONTRACT, "a status that no provider has");
        return;
    }

    snprintf(text, sizeof text, "%s %s %d %d %s %.*s", states[outcome->state],
             failures[outcome->failure], outcome->attempts, outcome->status,
             outcome->provider_id == NULL ? "-" : outcome->provider_id,
             outcome->response.size > 80 ? 80 : (int)outcome->response.size,
             outcome->response.size == 0 ? "" : (const char *)outcome->response.data);
    outcome_event(out, &topic_consent_text_completed, process_of(outcome),
                  &(struct consent_text_completed){.processId = process_of(outcome),
                                                   .userId = outcome->subject,
                                                   .consentType = kind,
                                                   .code = CONSENT_TEXT_CODE_TEXT,
                                                   .consentText = text});
}

static void tell(const struct turn *turn, struct outcome *out)
{
    tell_of(turn, out, second.name);
}

static void tell_or_go_on(const struct turn *turn, struct outcome *out)
{
    const struct effect_outcome *outcome = turn->event;
    const char *process = process_of(outcome);

    if (outcome->state == EFFECT_FAILED && process != outcome->reference)
        outcome_effect(out, &(struct effect_request){
                                .kind = &second,
                                .reference = process,
                                .subject = outcome->subject,
                                .expires_ms = turn->now_ms + config.validity_ms,
                                .path = "/instead",
                                .body = bytes_of(process),
                            });
    else
        tell_of(turn, out, first.name);
}

static void check(void *settings, struct problems *problems)
{
    struct config *given = settings;

    provider_check("ONBOARDING_FIRST", given->profile, &given->first, problems);
    provider_check("ONBOARDING_SECOND", given->profile, &given->second, problems);
}

/* clang-format off */
static const struct setting settings[] = {
    PROVIDER_PROFILE_SETTING(struct config, profile),
    {"ONBOARDING_VALIDITY", SETTING_DURATION_MS, offsetof(struct config, validity_ms), "60s",
     "how long an effect may wait, 100ms..1h", 100, 3600000, NULL},
    PROVIDER_HTTP_SETTINGS("ONBOARDING_FIRST", NULL, struct config, first),
    PROVIDER_HTTP_SETTINGS("ONBOARDING_SECOND", NULL, struct config, second),
};
/* clang-format on */

static const struct route routes[] = {{.from = &topic_consent_text_requested, .handle = handle}};
static const struct topic *const outputs[] = {&topic_consent_text_completed};

const struct service service = {
    .name = "probe",
    .routes = routes,
    .route_count = COUNT(routes),
    .outputs = outputs,
    .output_count = COUNT(outputs),
    .effects = kinds,
    .effect_count = COUNT(kinds),
    .settings = settings,
    .setting_count = COUNT(settings),
    .config = &config,
    .check = check,
};
