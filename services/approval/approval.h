#ifndef APPROVAL_H
#define APPROVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "approval_completed.h"
#include "evaluation_completed.h"
#include "services/approval/policy.h"

/* What the request gave, as it stood then: it is not looked up anew when a fact comes later. */
struct presence {
    bool failed;             /* the provider's check */
    const double *score;     /* 0..10; NULL: none */
    bool frame;              /* a picture came with it */
    bool frame_in_use;       /* and had come with another user */
    int64_t process_attempt; /* from 1: which attempt of the process this is */
    int64_t day_attempt;     /* likewise of the user on the event's day */
};

/* What a user answered last to a type of consent. */
struct consent_answer {
    const char *type;
    bool approved;
};

/* What other workers have told by now. */
struct approval_facts {
    const enum evaluation_result *evaluation; /* of this verification; NULL: has not arrived */
    const struct consent_answer *consents;    /* the user's, one a type */
    size_t consent_count;
};

struct approval {
    enum approval_result result;
    const char *code;   /* FACE_IN_USE; ACCEPTED where no rule fired; static */
    const char *reason; /* the English text of the code, never NULL; static */
    int rule;           /* its place in the table, from 1; 0 where no rule fired */
    bool awaits_facts;  /* a fact may change it without a person */
};

/*
 * Decides on a presence check: total (every request gets a decision) and pure (the same presence,
 * facts and policy, the same decision).
 */
struct approval approve(const struct presence *presence, const struct approval_facts *facts,
                        const struct approval_policy *policy);

#endif
