#ifndef EVALUATION_CASES_H
#define EVALUATION_CASES_H

#include "common/worker/service.h"

/* Opens the first case of a saved decision that is WAIT; load asked for the process's cases. */
void decision_open_case(const struct turn *turn, struct outcome *out,
                        const char *identity_verification_id);

#endif
