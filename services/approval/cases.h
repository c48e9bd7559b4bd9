#ifndef APPROVAL_CASES_H
#define APPROVAL_CASES_H

#include "common/worker/service.h"
#include "services/approval/known.h"

/*
 * Decides, by the rules, and keeps the decision as the next version, unless it says what it said
 * before. One that is WAIT has a case from then on; one that is not closes it.
 */
void decision_decide(const struct turn *turn, struct outcome *out, struct decision decision);

/* A fact came: decides anew what awaits one, and tells, unless a person has to by now. */
void decision_look_again(const struct turn *turn, struct outcome *out,
                         const char *identity_verification_id);

#endif
