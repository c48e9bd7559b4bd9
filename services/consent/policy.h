#ifndef CONSENT_POLICY_H
#define CONSENT_POLICY_H

#include <stdbool.h>

#include "common/core/json_form.h"
#include "common/core/policy_file.h"
#include "common/worker/service.h"
#include "services/consent/names.h"

/* The bank's wishes for one process type. */
struct consent_policy {
    const char *language;       /* where a text is not there in the language wished for */
    struct json_texts required; /* types of consent; some of the known ones */
};

/* What holds for all process types. */
struct consent_common {
    struct json_texts types; /* known types of consent; any other is a mistake of the caller */
};

extern const struct policy_format consent_policy_format; /* of struct policy */

bool consent_is_known(const struct policy *policy, const char *type);
bool consent_is_required(const struct consent_policy *policy, const char *type);

#endif
