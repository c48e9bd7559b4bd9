/* How long to wait between attempts. */
#include "common/core/backoff.h"

int64_t backoff_next_ms(struct backoff *backoff, uint64_t random)
{
    int64_t bound = BACKOFF_FIRST_MS;

    for (unsigned i = 0; i < backoff->failures && bound < BACKOFF_MAX_MS; i++)
        bound *= 2;
    if (bound > BACKOFF_MAX_MS)
        bound = BACKOFF_MAX_MS;
    else
        backoff->failures++; /* beyond the bound counting is no use and would overflow */
    return (int64_t)(random % ((uint64_t)bound + 1));
}

void backoff_reset(struct backoff *backoff)
{
    backoff->failures = 0;
}
