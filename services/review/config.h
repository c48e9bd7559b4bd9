#ifndef REVIEW_CONFIG_H
#define REVIEW_CONFIG_H

#include "common/core/secret.h"
#include "common/core/setting.h"
#include "common/effects/provider.h"
#include "common/worker/service.h"

/* The settings of a job that holds cases, and the effect that its cases end with: callback.h. */
struct review_config {
    struct key index_key; /* of the job's blind indexes */
    int profile;
    struct provider_options callback; /* the onboarding server; without a URL nobody is called */
};

enum { REVIEW_SETTING_COUNT = 16, REVIEW_EFFECT_COUNT = 1 };
extern struct review_config review_config;
extern const struct setting review_settings[];           /* REVIEW_SETTING_COUNT */
extern const struct effect_kind *const review_effects[]; /* REVIEW_EFFECT_COUNT */

/* For struct service: what no single setting shows. */
void review_config_check(void *config, struct problems *problems);

#endif
