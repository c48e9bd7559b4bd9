#ifndef EVALUATION_CUSTOMER_H
#define EVALUATION_CUSTOMER_H

#include "common/core/arena.h"
#include "common/core/digest.h"
#include "customer_registered.h"
#include "services/evaluation/evaluation.h"

/* What documents are compared with, as keyed digests of normalised values; size 0: not known. */
struct customer_marks {
    struct bytes surname;
    struct bytes birth_date;
    struct bytes personal_number;
};

/* The digests live in `arena`. */
struct customer_marks customer_marks_of(const struct customer_registered *event,
                                        const struct key *key, struct arena *arena);

/* Sets in `facts` what differs on any document; what either side lacks does not differ. */
void customer_compare(const struct customer_marks *known, const struct evidence *evidence,
                      const struct key *key, struct arena *arena, struct evaluation_facts *facts);

#endif
