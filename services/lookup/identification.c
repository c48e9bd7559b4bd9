/* Identifiers into normalised values, and these into keyed digests. */
#include "services/lookup/identification.h"

#include <string.h>

#include "common/core/blind_index.h"
#include "common/core/date.h"
#include "common/core/text.h"

static const char *as_date(const char *text, struct arena *arena)
{
    char date[DATE_TEXT_SIZE];
    int32_t days;

    if (!date_parse(text, &days))
        return "";
    date_format(days, date);
    return arena_text(arena, date);
}

/* NULL when nothing is left of it. */
static const char *normalize(const char *text, enum identifier_kind kind, struct arena *arena)
{
    static const char *(*const normalizers[])(const char *text, struct arena *arena) = {
        [IDENTIFIER_TEXT] = text_normalize,
        [IDENTIFIER_CODE] = text_normalize_code,
        [IDENTIFIER_DATE] = as_date,
    };
    const char *value = normalizers[kind](text, arena);

    return value[0] == '\0' ? NULL : value;
}

static void take(struct identification *to, const char *name, const char *text,
                 const struct identifier_list *list, struct arena *arena)
{
    for (size_t i = 0; i < list->count; i++)
        if (text != NULL && strcmp(list->items[i].name, name) == 0)
            to->values[i] = normalize(text, list->items[i].kind, arena);
}

struct identification identification_of_map(const struct text_map *map,
                                            const struct identifier_list *list, struct arena *arena)
{
    struct identification identification = {0};

    for (size_t i = 0; i < map->count; i++)
        take(&identification, map->items[i].key, map->items[i].value, list, arena);
    return identification;
}

struct identification identification_of_customer(const struct customer_registered *event,
                                                 const struct identifier_list *list,
                                                 struct arena *arena)
{
    struct identification identification = identification_of_map(&event->identifiers, list, arena);
    const struct text_entry fields[] = {
        {"surname", event->surname},
        {"givenNames", event->givenNames},
        {"birthDate", event->birthDate},
        {"personalNumber", event->personalNumber},
        {"email", event->email},
        {"phoneNumber", event->phoneNumber},
        {"nationality", event->nationality},
    };

    for (size_t i = 0; i < COUNT(fields); i++)
        take(&identification, fields[i].key, fields[i].value, list, arena);
    return identification;
}

/* False when a part is missing. The set's name counts as well: equal values of others differ. */
static bool index_set(const struct identification *identification, const struct identifier_set *set,
                      const struct key *key, struct arena *arena, struct digest *out)
{
    const char *parts[1 + SET_PARTS_MAX] = {set->name};

    for (size_t i = 0; i < set->count; i++) {
        parts[1 + i] = identification->values[set->parts[i]];
        if (parts[1 + i] == NULL)
            return false;
    }
    *out = blind_index(key, "lookup.identity", parts, 1 + set->count, arena);
    return true;
}

struct indexes identification_indexes(const struct identification *identification,
                                      const struct identifier_sets *sets, const struct key *key,
                                      struct arena *arena)
{
    struct indexes indexes = {
        .items = arena_alloc(arena, sets->count * sizeof(struct digest), _Alignof(struct digest))};

    for (size_t i = 0; i < sets->count; i++)
        if (index_set(identification, &sets->items[i], key, arena, &indexes.items[indexes.count]))
            indexes.count++;
    return indexes;
}
