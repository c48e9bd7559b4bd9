/* The policy file of consent: known types, the default language, what processes require. */
#include "services/consent/policy.h"

#include <string.h>

#include "common/core/language.h"

static void read_types(const json_t *value, const struct json_at *at,
                       const struct json_member *member, void *target)
{
    struct json_texts types = {0};

    json_read_texts(value, at, member, &types);
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct json_at here = json_at_item(at, i);
        const json_t *item = json_array_get(value, i);

        if (json_is_string(item) && !consent_is_name(json_string_value(item)))
            json_problem(&here, "must be 1..%d letters, digits, dots, dashes, underscores",
                         CONSENT_NAME_BYTES_MAX);
    }
    memcpy(target, &types, sizeof types);
}

/* clang-format off */
#define AT(field) .offset = offsetof(struct consent_policy, field)
static const struct json_member members[] = {
    {"language", json_read_language, AT(language)},
    {"required", json_read_texts,    AT(required)},
};

static const struct json_member shared_members[] = {
    {"types", read_types, .offset = offsetof(struct consent_common, types), .required = true},
};
/* clang-format on */

static void finish(void *rules, const void *shared, const struct json_at *at)
{
    const struct consent_policy *policy = rules;
    const struct consent_common *common = shared;
    struct json_at required = json_at_member(at, "required");

    for (size_t i = 0; i < policy->required.count; i++) {
        struct json_at here = json_at_item(&required, i);

        if (!json_texts_have(&common->types, policy->required.items[i]))
            json_problem(&here, "stands not in types");
    }
}

static const struct consent_policy builtin = {.language = "en"};
static const struct consent_common common_builtin = {0};

static const struct policy_table table = {
    .members = members,
    .member_count = COUNT(members),
    .builtin = &builtin,
    .size = sizeof(struct consent_policy),
    .finish = finish,
    .shared_members = shared_members,
    .shared_member_count = COUNT(shared_members),
    .shared_builtin = &common_builtin,
    .shared_size = sizeof(struct consent_common),
};

bool consent_is_known(const struct policy *policy, const char *type)
{
    return json_texts_have(&((const struct consent_common *)policy->shared)->types, type);
}

bool consent_is_required(const struct consent_policy *policy, const char *type)
{
    return json_texts_have(&policy->required, type);
}

static void *parse(const char *text, size_t size, struct problems *problems)
{
    return policy_parse(text, size, &table, problems);
}

const struct policy_format consent_policy_format = {
    .parse = parse,
    .free = policy_free,
    .version = policy_version,
};
