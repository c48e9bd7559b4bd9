#ifndef LOOKUP_H
#define LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lookup_completed.h"
#include "services/lookup/policy.h"

/* What the identifiers of a request led to. */
struct lookup_facts {
    bool complete; /* all identifiers of some set were given */
    size_t users;  /* persons found by the first such set; ids of one person count once */
};

/* Who was found: total and pure. */
enum lookup_code lookup_decide(const struct lookup_facts *facts,
                               const struct lookup_policy *policy);

/* An answer to a consent, as the consent worker stored it. */
struct consent_fact {
    const char *type;
    bool approved; /* false: refused or withdrawn */
    int64_t recorded_at_ms;
};

/* Whether the user has to consent. Of several answers to one type the latest counts. */
enum consent consent_decide(const struct consent_fact *const *facts, size_t count,
                            const struct lookup_policy *policy);

#endif
