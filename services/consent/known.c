/* Texts and answers as the database knows them. */
#include "services/consent/known.h"

#include <stdio.h>
#include <string.h>

#include "consent_sql.h"

static void read_edition(const struct row *row, struct arena *arena, void *out)
{
    *(struct edition *)out = (struct edition){
        .language = row_text(row, 1, arena),
        .version = row_text(row, 2, arena),
        .effective_from = (int32_t)row_int(row, 3),
        .digest = row_bytes(row, 4, arena),
    };
}

static void read_text(const struct row *row, struct arena *arena, void *out)
{
    read_edition(row, arena, out);
    ((struct edition *)out)->html = row_text(row, 5, arena);
}

const struct state_kind edition_kind = {
    .name = "edition",
    .load = &sql_load_edition,
    .size = sizeof(struct edition),
    .read = read_edition,
    .fixed = true,
};

const struct state_kind text_kind = {
    .name = "text",
    .load = &sql_load_text,
    .size = sizeof(struct edition),
    .read = read_text,
    .fixed = true,
};

static void read_holding(const struct row *row, struct arena *arena, void *out)
{
    *(struct holding *)out = (struct holding){
        .type = row_text(row, 1, arena),
        .version = row_int(row, 2),
        .state = (enum consent_state)row_choice(row, 3, consent_state_text, CONSENT_STATE_COUNT,
                                                CONSENT_STATE_REFUSED),
        .recorded_at_ms = row_time_ms(row, 4),
    };
}

const struct state_kind holding_kind = {
    .name = "holding",
    .load = &sql_load_holding,
    .size = sizeof(struct holding),
    .read = read_holding,
};

/* Neither part has a slash in it. */
static const char *key_of(const char *type, const char *language, struct arena *arena)
{
    size_t size = strlen(type) + 1 + strlen(language) + 1;
    char *key = arena_alloc(arena, size, 1);

    snprintf(key, size, "%s/%s", type, language);
    return key;
}

void editions_ask(struct keys *keys, const struct state_kind *kind, const char *type,
                  const struct text_wish *wish, struct arena *arena)
{
    if (wish->language != NULL)
        keys_add_text(keys, kind, key_of(type, wish->language, arena));
    keys_add_text(keys, kind, key_of(type, wish->fallback, arena));
}

struct edition_list editions_find(const struct turn *turn, const struct state_kind *kind,
                                  const char *type, const struct text_wish *wish)
{
    struct state_list wished = {0};
    struct state_list others =
        state_find_text(turn, kind, key_of(type, wish->fallback, turn->arena));

    if (wish->language != NULL)
        wished = state_find_text(turn, kind, key_of(type, wish->language, turn->arena));

    size_t count = wished.count + others.count;
    const struct edition **items =
        arena_alloc(turn->arena, count * sizeof *items, _Alignof(struct edition *));

    for (size_t i = 0; i < wished.count; i++)
        items[i] = wished.items[i];
    for (size_t i = 0; i < others.count; i++)
        items[wished.count + i] = others.items[i];
    return (struct edition_list){items, count};
}

struct holding_list holdings_find(const struct turn *turn, const char *user_id)
{
    struct state_list list = state_find_text(turn, &holding_kind, user_id);
    const struct holding **items =
        arena_alloc(turn->arena, list.count * sizeof *items, _Alignof(struct holding *));

    for (size_t i = 0; i < list.count; i++)
        items[i] = list.items[i];
    return (struct holding_list){items, list.count};
}

struct holding *holding_of(const struct turn *turn, const char *user_id, const char *type)
{
    struct state_list list = state_find_text(turn, &holding_kind, user_id);
    struct holding *holding;

    for (size_t i = 0; i < list.count; i++) {
        holding = list.items[i];
        if (strcmp(holding->type, type) == 0)
            return holding;
    }
    holding = state_add_text(turn, &holding_kind, user_id);
    holding->type = type;
    return holding;
}
