/* What every service does about a person whose time is over. */
#include "common/worker/retention.h"

#include "retention_due.h"

void retention_load(const struct turn *turn, struct keys *keys)
{
    const struct retention_due *event = turn->event;

    keys_add_subject(keys, event->userId);
}

void retention_handle(const struct turn *turn, struct outcome *out)
{
    const struct retention_due *event = turn->event;

    (void)out; /* nobody waits for an answer */
    subject_erase(turn, event->userId, event->why);
}
