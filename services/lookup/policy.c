/* The policy file of lookup: identifiers, the sets that suffice, prospects and consent. */
#include "services/lookup/policy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"text", "code", "date", NULL};
static const char *const prospect_rules[] = {"refuse", "create", NULL};
static const char *const consent_rules[] = {"required", "not-required", "not-evaluated", NULL};

/* {"clientNumber": "code", "birthDate": "date"} */
static void read_identifiers(const json_t *value, const struct json_at *at,
                             const struct json_member *member, void *target)
{
    struct identifier_list *list = target;
    const char *name;
    json_t *kind;

    if (!json_is_object(value)) {
        json_problem(at, "must be an object");
        return;
    }
    if (json_object_size(value) > IDENTIFIERS_MAX) {
        json_problem(at, "must have at most %d members", IDENTIFIERS_MAX);
        return;
    }
    list->count = 0;
    json_object_foreach((json_t *)value, name, kind)
    {
        struct json_at here = json_at_member(at, name);
        int index = IDENTIFIER_TEXT;

        json_read_choice(kind, &here, member, &index);
        list->items[list->count++] = (struct identifier){
            .name = arena_text(at->arena, name),
            .kind = (enum identifier_kind)index,
        };
    }
}

/* [["clientNumber", "birthDate"], ["personalNumber"]] */
static void read_sets(const json_t *value, const struct json_at *at,
                      const struct json_member *member, void *target)
{
    size_t count = json_array_size(value);
    struct json_texts *items;

    if (!json_is_list(value, at))
        return;
    if (count == 0 || count > SETS_MAX) {
        json_problem(at, "must have 1..%d items", SETS_MAX);
        return;
    }
    items = arena_alloc(at->arena, count * sizeof *items, _Alignof(struct json_texts));
    for (size_t i = 0; i < count; i++) {
        const json_t *set = json_array_get(value, i);
        struct json_at here = json_at_item(at, i);

        json_read_texts(set, &here, member, &items[i]);
        if (json_is_array(set) &&
            (json_array_size(set) == 0 || json_array_size(set) > SET_PARTS_MAX))
            json_problem(&here, "must have 1..%d items", SET_PARTS_MAX);
    }
    memcpy(target, &(struct set_texts){items, count}, sizeof(struct set_texts));
}

/* clang-format off */
#define AT(field) .offset = offsetof(struct lookup_policy, field)
static const struct json_member members[] = {
    {"identifierSets", read_sets,        AT(set_texts)},
    {"prospects",      json_read_choice, AT(prospects),     .choices = prospect_rules},
    {"consent",        json_read_choice, AT(consent),       .choices = consent_rules},
    {"consentTypes",   json_read_texts,  AT(consent_types)},
};

static const struct json_member shared_members[] = {
    {"identifiers", read_identifiers, .offset = offsetof(struct lookup_common, identifiers),
     .choices = kinds},
};
/* clang-format on */

static const struct lookup_common common_builtin = {
    .identifiers = {.items =
                        {
                            {"clientNumber", IDENTIFIER_CODE},
                            {"birthDate", IDENTIFIER_DATE},
                            {"personalNumber", IDENTIFIER_CODE},
                            {"email", IDENTIFIER_TEXT},
                            {"phoneNumber", IDENTIFIER_CODE},
                        },
                    .count = 5},
};

static const char *const set1[] = {"clientNumber", "birthDate"};
static const char *const set2[] = {"personalNumber"};
static const char *const set3[] = {"email", "phoneNumber"};
static const struct json_texts sets_builtin[] = {
    {set1, COUNT(set1)},
    {set2, COUNT(set2)},
    {set3, COUNT(set3)},
};

static const struct lookup_policy builtin = {
    .set_texts = {sets_builtin, COUNT(sets_builtin)},
    .prospects = PROSPECTS_REFUSE,
    .consent = CONSENT_RULE_NOT_EVALUATED,
};

static size_t index_of(const struct identifier_list *list, const char *name)
{
    size_t index = 0;

    while (index < list->count && strcmp(list->items[index].name, name) != 0)
        index++;
    return index;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The parts by the alphabet, so that their order in the file does not matter to the indexes. */
static struct identifier_set make_set(const struct json_texts *texts,
                                      const struct identifier_list *list, const struct json_at *at)
{
    const char *names[SET_PARTS_MAX];
    struct identifier_set set = {.count = texts->count};
    size_t size = 1, used = 0;
    char *name;

    memcpy(names, texts->items, texts->count * sizeof *names);
    qsort(names, texts->count, sizeof *names, compare_texts);
    for (size_t i = 0; i < texts->count; i++)
        size += strlen(names[i]) + 1;
    name = arena_alloc(at->arena, size, 1);
    for (size_t i = 0; i < texts->count; i++) {
        set.parts[i] = index_of(list, names[i]);
        if (set.parts[i] == list->count)
            json_problem(at, "names what stands not in identifiers");
        if (i > 0)
            name[used++] = '+';
        memcpy(name + used, names[i], strlen(names[i]));
        used += strlen(names[i]);
    }
    set.name = name;
    return set;
}

static bool has_set(const struct identifier_set *sets, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(sets[i].name, name) == 0)
            return true;
    return false;
}

static void make_sets(struct lookup_policy *policy, const struct identifier_list *list,
                      const struct json_at *at)
{
    struct json_at sets_at = json_at_member(at, "identifierSets");
    size_t count = policy->set_texts.count;
    struct identifier_set *sets =
        arena_alloc(at->arena, count * sizeof *sets, _Alignof(struct identifier_set));

    for (size_t i = 0; i < count; i++) {
        struct json_at here = json_at_item(&sets_at, i);

        sets[i] = make_set(&policy->set_texts.items[i], list, &here);
        if (has_set(sets, i, sets[i].name))
            json_problem(&here, "stands there twice");
    }
    policy->sets = (struct identifier_sets){sets, count};
}

static void finish(void *rules, const void *shared, const struct json_at *at)
{
    struct lookup_policy *policy = rules;
    struct json_at types_at = json_at_member(at, "consentTypes");

    make_sets(policy, &((const struct lookup_common *)shared)->identifiers, at);
    if (policy->consent == CONSENT_RULE_REQUIRED && policy->consent_types.count == 0)
        json_problem(&types_at, "is empty, though consent is required");
}

static const struct policy_table table = {
    .members = members,
    .member_count = COUNT(members),
    .builtin = &builtin,
    .size = sizeof(struct lookup_policy),
    .finish = finish,
    .shared_members = shared_members,
    .shared_member_count = COUNT(shared_members),
    .shared_builtin = &common_builtin,
    .shared_size = sizeof(struct lookup_common),
};

const struct lookup_common *lookup_policy_common(const struct policy *policy)
{
    return policy->shared;
}

static void add_sets(struct identifier_set *all, size_t *count, const struct lookup_policy *rules)
{
    for (size_t i = 0; i < rules->sets.count; i++)
        if (!has_set(all, *count, rules->sets.items[i].name))
            all[(*count)++] = rules->sets.items[i];
}

static struct identifier_sets gather_sets(struct policy *policy)
{
    size_t most = SETS_MAX * (policy->entry_count + 1), count = 0;
    struct identifier_set *all =
        arena_alloc(&policy->arena, most * sizeof *all, _Alignof(struct identifier_set));

    add_sets(all, &count, policy->fallback);
    for (size_t i = 0; i < policy->entry_count; i++)
        add_sets(all, &count, policy->entries[i].rules);
    return (struct identifier_sets){all, count};
}

static void *parse(const char *text, size_t size, struct problems *problems)
{
    struct policy *policy = policy_parse(text, size, &table, problems);

    if (policy != NULL)
        ((struct lookup_common *)policy->shared)->all_sets = gather_sets(policy);
    return policy;
}

const struct policy_format lookup_policy_format = {
    .parse = parse,
    .free = policy_free,
    .version = policy_version,
};
