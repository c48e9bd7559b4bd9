/* What users answered to consents, as the consent worker reported it. */
#include "services/lookup/consents.h"

#include <string.h>

#include "lookup_sql.h"

static void read_consent(const struct row *row, struct arena *arena, void *out)
{
    *(struct consent_fact *)out = (struct consent_fact){
        .type = row_text(row, 1, arena),
        .approved = row_bool(row, 2),
        .recorded_at_ms = row_time_ms(row, 3),
    };
}

const struct state_kind consent_kind = {
    .name = "consent",
    .load = &sql_load_consent,
    .size = sizeof(struct consent_fact),
    .read = read_consent,
};

struct consent_list consents_of(const struct turn *turn, const struct user_list *users)
{
    struct consent_list all = {0};
    size_t most = 0;

    for (size_t i = 0; i < users->count; i++)
        most += state_find_text(turn, &consent_kind, users->items[i]).count;
    all.items = arena_alloc(turn->arena, most * sizeof *all.items, _Alignof(void *));
    for (size_t i = 0; i < users->count; i++) {
        struct state_list list = state_find_text(turn, &consent_kind, users->items[i]);

        for (size_t k = 0; k < list.count; k++)
            all.items[all.count++] = list.items[k];
    }
    return all;
}

static struct consent_fact *find(const struct turn *turn, const char *user_id, const char *type)
{
    struct state_list list = state_find_text(turn, &consent_kind, user_id);

    for (size_t i = 0; i < list.count; i++) {
        struct consent_fact *fact = list.items[i];

        if (strcmp(fact->type, type) == 0)
            return fact;
    }
    return NULL;
}

void consent_keep(const struct turn *turn, struct outcome *out, const char *user_id,
                  const char *process_id, struct consent_fact fact)
{
    struct consent_fact *known = find(turn, user_id, fact.type);

    if (known == NULL)
        known = state_add_text(turn, &consent_kind, user_id);
    else if (known->recorded_at_ms > fact.recorded_at_ms)
        return;
    *known = fact;
    outcome_row(out, &sql_put_consent, TEXT(user_id), TEXT(fact.type), BOOL(fact.approved),
                TEXT(process_id), TIME_MS(fact.recorded_at_ms));
}
