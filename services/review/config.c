/* Settings of a job that holds cases: a key, and the server that is called back. */
#include "services/review/config.h"

#include <assert.h>

#include "common/core/blind_index.h"
#include "common/effects/provider_settings.h"
#include "services/review/callback.h"

#define CALLBACK_SETTING "ONBOARDING_CALLBACK"

struct review_config review_config;

const struct setting review_settings[] = {
    BLIND_INDEX_SETTING(struct review_config, index_key),
    PROVIDER_PROFILE_SETTING(struct review_config, profile),
    PROVIDER_HTTP_SETTINGS(CALLBACK_SETTING, "", struct review_config, callback),
};
static_assert(COUNT(review_settings) == REVIEW_SETTING_COUNT, "the number in the header");

const struct effect_kind callback_kind = {
    .name = "callback",
    .provider = &review_config.callback,
    .load = callback_load,
    .handle = callback_handle,
};

const struct effect_kind *const review_effects[] = {&callback_kind};
static_assert(COUNT(review_effects) == REVIEW_EFFECT_COUNT, "the number in the header");

void review_config_check(void *target, struct problems *problems)
{
    struct review_config *config = target;

    provider_check(CALLBACK_SETTING, config->profile, &config->callback, problems);
    config->callback.retries_4xx = true; /* by the contract: a wrong password must lose no result */
}
