/* What the end of a process does to its cases that are still open. */
#include "process_expired.h"
#include "services/review/case.h"

void process_case_load(const struct turn *turn, struct keys *keys)
{
    const struct process_expired *event = turn->event;

    keys_add_text(keys, &process_case_kind, event->processId);
}

void process_case_expire(const struct turn *turn, struct outcome *out,
                         void (*expire)(const struct turn *turn, struct outcome *out,
                                        const char *identity_verification_id, const char *code))
{
    const struct process_expired *event = turn->event;
    struct state_list cases = state_find_text(turn, &process_case_kind, event->processId);

    for (size_t i = 0; i < cases.count; i++) {
        const struct process_case *item = cases.items[i];

        if (case_find(turn, item->identity_verification_id)->state == CASE_OPEN)
            expire(turn, out, item->identity_verification_id, CASE_CODE_PROCESS_EXPIRED);
    }
}
