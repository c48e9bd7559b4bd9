/* Parses policy files by the tables of a service. */
#include "common/core/policy_file.h"

#include <stdlib.h>
#include <string.h>

static void *copy_of(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = arena_alloc(arena, size, _Alignof(max_align_t));

    if (size != 0)
        memcpy(copy, bytes, size);
    return copy;
}

static void read_version(const json_t *root, const struct json_at *at, struct policy *policy)
{
    static const struct json_member version = {.name = "version"};
    const json_t *value = json_object_get(root, version.name);
    struct json_at here = json_at_member(at, version.name);

    if (value == NULL)
        json_problem(&here, "is missing");
    else if (json_is_string(value) &&
             (json_string_length(value) == 0 || json_string_length(value) > POLICY_VERSION_MAX))
        json_problem(&here, "must have 1..%d bytes", POLICY_VERSION_MAX);
    else
        json_read_text(value, &here, &version, &policy->version);
}

static void read_shared(const json_t *root, const struct json_at *at,
                        const struct policy_table *table, struct policy *policy)
{
    void *shared = copy_of(at->arena, table->shared_builtin, table->shared_size);
    json_t *rest = json_copy((json_t *)root); /* shallow, for the members of every file to go */

    if (rest == NULL)
        abort();
    json_object_del(rest, "version");
    json_object_del(rest, "default");
    json_object_del(rest, "processTypes");
    json_read_object(rest, at, table->shared_members, table->shared_member_count, shared);
    json_decref(rest);
    policy->shared = shared;
}

static const void *read_rules(const json_t *object, const struct json_at *at,
                              const struct policy_table *table, const struct policy *policy,
                              const void *base)
{
    void *rules = copy_of(at->arena, base, table->size);
    size_t before = at->problems->count;

    if (object != NULL)
        json_read_object(object, at, table->members, table->member_count, rules);
    if (table->finish != NULL && at->problems->count == before)
        table->finish(rules, policy->shared, at);
    return rules;
}

static void read_process_types(const json_t *object, const struct json_at *at,
                               const struct policy_table *table, struct policy *policy)
{
    size_t count = json_object_size(object);
    const char *name;
    json_t *value;

    if (!json_is_object(object)) {
        json_problem(at, "must be an object");
        return;
    }
    if (count > POLICY_PROCESS_TYPES_MAX) {
        json_problem(at, "must have at most %d members", POLICY_PROCESS_TYPES_MAX);
        return;
    }
    policy->entries =
        arena_alloc(at->arena, count * sizeof *policy->entries, _Alignof(struct policy_entry));
    json_object_foreach((json_t *)object, name, value)
    {
        struct json_at here = json_at_member(at, name);

        policy->entries[policy->entry_count++] = (struct policy_entry){
            .process_type = arena_text(at->arena, name),
            .rules = read_rules(value, &here, table, policy, policy->fallback),
        };
    }
}

static void read_file(const json_t *root, const struct json_at *at,
                      const struct policy_table *table, struct policy *policy)
{
    struct json_at fallback = json_at_member(at, "default");
    struct json_at process_types = json_at_member(at, "processTypes");

    if (!json_is_object(root)) {
        json_problem(at, "must be an object");
        return;
    }
    read_version(root, at, policy);
    read_shared(root, at, table, policy);
    policy->fallback =
        read_rules(json_object_get(root, "default"), &fallback, table, policy, table->builtin);
    if (json_object_get(root, "processTypes") != NULL)
        read_process_types(json_object_get(root, "processTypes"), &process_types, table, policy);
}

struct policy *policy_parse(const char *text, size_t size, const struct policy_table *table,
                            struct problems *problems)
{
    struct policy *policy = calloc(1, sizeof *policy);
    size_t before = problems->count;
    json_error_t error;
    json_t *root;

    if (policy == NULL)
        abort();
    struct json_at at = {.problems = problems, .arena = &policy->arena};
    root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        json_problem(&at, "%s at line %d, column %d",
                     json_error_code(&error) == json_error_duplicate_key ? "repeats a member"
                                                                         : "is not JSON",
                     error.line, error.column);
    else
        read_file(root, &at, table, policy);
    json_decref(root);
    if (problems->count != before) {
        policy_free(policy);
        return NULL;
    }
    return policy;
}

void policy_free(void *policy)
{
    struct policy *freed = policy;

    if (freed == NULL)
        return;
    arena_done(&freed->arena);
    free(freed);
}

const char *policy_version(const void *policy)
{
    return ((const struct policy *)policy)->version;
}

const void *policy_rules(const struct policy *policy, const char *process_type)
{
    for (size_t i = 0; i < policy->entry_count; i++)
        if (strcmp(policy->entries[i].process_type, process_type) == 0)
            return policy->entries[i].rules;
    return policy->fallback;
}
