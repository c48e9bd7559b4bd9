/* Plans for bytes of our own schemas, one for each in the process. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/avro/parse.h"
#include "common/avro/plan.h"

const struct plan *plan_own(const struct schema *schema)
{
    void *known = atomic_load_explicit(schema->plan, memory_order_acquire);
    struct plan *plan;
    struct error error;
    struct writer writer;

    if (known != NULL)
        return known;
    if (!writer_parse(schema->canonical, strlen(schema->canonical), &writer, &error) ||
        !plan_new(writer.schema, schema, &plan, &error)) {
        fprintf(stderr, "%s cannot be read as itself: %s\n", schema->name, error.text);
        abort(); /* the generator let something through that the codec does not know */
    }
    writer_done(&writer);
    if (atomic_compare_exchange_strong_explicit(schema->plan, &known, plan, memory_order_acq_rel,
                                                memory_order_acquire))
        return plan;
    plan_free(plan); /* another thread was faster */
    return known;
}
