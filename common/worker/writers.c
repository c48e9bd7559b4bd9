/* Schemas of other versions of the program, learnt when their first event comes. */
#include "common/worker/writers.h"

#include <string.h>

#include "common/core/clock.h"
#include "common/core/log.h"
#include "worker_sql.h"

void writers_start(struct writers *writers, const struct schema_store *own)
{
    *writers = (struct writers){.schemas = schema_store_over(own)};
}

void writers_done(struct writers *writers)
{
    schema_store_free(writers->schemas);
    writers->schemas = NULL;
}

bool writers_ask(struct writers *writers, struct ledger *ledger, struct arena *arena, bool *looked,
                 struct error *error)
{
    int64_t now_ms = clock_monotonic_ms();

    if (writers->asked && now_ms - writers->asked_ms < WRITERS_ASK_MS) {
        *looked = false;
        return true;
    }
    if (!ledger_connect(ledger, error) || !db_run(ledger->db, &sql_list_schemas, NULL, error))
        return false;
    writers->asked = true;
    writers->asked_ms = now_ms;
    for (size_t i = 0; i < db_row_count(ledger->db, 0); i++) {
        struct row row = db_row(ledger->db, 0, i);
        const char *json = row_text(&row, 1, arena);
        struct error fault;

        if (!schema_store_add_json(writers->schemas, json, strlen(json), &fault))
            log_line(LOG_WARNING, "a registered schema cannot be read",
                     LOG_TEXT("name", row_text(&row, 0, arena)), LOG_TEXT("error", fault.text));
    }
    *looked = true;
    return true;
}
