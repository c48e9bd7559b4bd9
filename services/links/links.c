/* Which ids are one person's: what is told of it, checked and written down. */
#include "services/links/links.h"

#include <string.h>

#include "common/core/text.h"
#include "links_sql.h"

const char *links_find_fault(const struct customer_linked *event)
{
    if (!text_is_id(event->userId))
        return "userId is blank or too long";
    if (!text_is_id(event->firstId))
        return "firstId is blank or too long";
    return strcmp(event->userId, event->firstId) == 0 ? "userId and firstId are one" : NULL;
}

void links_record(const struct turn *turn, struct outcome *out, const struct customer_linked *event)
{
    outcome_row(out, &sql_insert_link, TEXT(event->userId), TEXT(event->firstId),
                TIME_MS(turn->now_ms));
}
