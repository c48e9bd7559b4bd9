#ifndef APPROVAL_POLICY_H
#define APPROVAL_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/core/json_form.h"
#include "common/core/policy_file.h"
#include "common/worker/service.h"

/* The bank's limits for one process type; README tells what a file may say. */
struct approval_policy {
    double score_nok_below;       /* 0..10; a score below is refused */
    double score_wait_below;      /* 0..10, not below the former; a score below needs a person */
    bool frame;                   /* a picture from the session must be there */
    bool evaluation;              /* the documents must have been accepted */
    struct json_texts consents;   /* types that must be approved */
    int64_t facts_awaited_min;    /* how long what others decide is waited for, in minutes */
    int64_t attempts_per_process; /* from 1 */
    int64_t attempts_per_day;     /* of a user, from 1 */
    int64_t case_expiry_hours;    /* what nobody has decided by then is refused */
};

extern const struct approval_policy approval_policy_builtin;

extern const struct policy_format approval_policy_format; /* of struct policy */

/* The rules of a process type; NULL: of none that was named. */
const struct approval_policy *approval_rules(const void *policy, const char *process_type);

#endif
