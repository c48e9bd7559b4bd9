#ifndef EVALUATION_H
#define EVALUATION_H

#include <stdbool.h>
#include <stdint.h>

#include "evaluation_completed.h"
#include "services/evaluation/evidence.h"
#include "services/evaluation/policy.h"

/* What is known beside the event. */
struct evaluation_facts {
    int32_t today;        /* the event's date (UTC), days since 1970-01-01 */
    bool identity_in_use; /* the personal number, or a document, is tied to another user */
    /* Documents against the known customer; all false where the customer or a value isn't known. */
    bool birth_date_differs;
    bool personal_number_differs;
    bool surname_differs;
};

struct evaluation {
    enum evaluation_result result;
    const char *code;   /* UNDER_AGE; ACCEPTED where no rule fired; static */
    const char *reason; /* the English text of the code, never NULL; static */
    int rule;           /* its place in the table, from 1; 0 where no rule fired */
};

/*
 * Decides on a person's documents: total (all evidence gets a decision) and pure (the same
 * evidence, facts and policy, the same decision).
 */
struct evaluation evaluate(const struct evidence *evidence, const struct evaluation_facts *facts,
                           const struct evaluation_policy *policy);

#endif
