/* The policy file of evaluation: its members, their ranges and what they must fulfil together. */
#include "services/evaluation/policy.h"

#include <string.h>

#include "services/review/case.h"

enum {
    AGE_MAX = 150,
    VALID_DAYS_MAX = 3650, /* documents are issued for ten years */
    SCORE_MAX = 10,
};

const char *const document_kind_text[] = {"ID_CARD", "PASSPORT", "DRIVING_LICENSE", NULL};
const char *const image_kind_text[] = {"FACE", "DOCUMENT_FRONT_SIDE", "DOCUMENT_BACK_SIDE", NULL};

const struct evaluation_policy evaluation_policy_builtin = {
    .score_nok_below = 4,
    .score_wait_below = 7,
    .minimum_age = 18,
    .valid_days = 0,
    .documents = {.kinds = {KIND_BIT(DOCUMENT_KIND_ID_CARD) | KIND_BIT(DOCUMENT_KIND_PASSPORT) |
                            KIND_BIT(DOCUMENT_KIND_DRIVING_LICENSE)},
                  .count = 1},
    .countries = {.all = true},
    .nationalities = {.all = true},
    .images = 0,
    .case_expiry_hours = CASE_EXPIRY_HOURS_DEFAULT,
};

/* [["ID_CARD", "PASSPORT"], ["DRIVING_LICENSE"]]: one of the first two, and a driving licence. */
static void read_groups(const json_t *value, const struct json_at *at,
                        const struct json_member *member, void *target)
{
    struct document_groups groups = {0};

    if (!json_is_list(value, at))
        return;
    if (json_array_size(value) > DOCUMENT_GROUPS_MAX) {
        json_problem(at, "must have at most %d items", DOCUMENT_GROUPS_MAX);
        return;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *group = json_array_get(value, i);
        struct json_at here = json_at_item(at, i);

        if (json_is_array(group) && json_array_size(group) == 0)
            json_problem(&here, "is empty: nothing could fulfil it");
        json_read_choices(group, &here, member, &groups.kinds[groups.count++]);
    }
    memcpy(target, &groups, sizeof groups);
}

static bool is_alpha3(const char *text)
{
    return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static void read_countries(const json_t *value, const struct json_at *at,
                           const struct json_member *member, void *target)
{
    struct json_texts texts = {0};

    json_read_texts(value, at, member, &texts);
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct json_at here = json_at_item(at, i);
        const json_t *item = json_array_get(value, i);

        if (json_is_string(item) && !is_alpha3(json_string_value(item)))
            json_problem(&here, "must be a country by ISO 3166 alpha-3");
    }
    memcpy(target, &texts, sizeof texts);
}

static const struct json_member place_members[] = {
    {.name = "accepted", .read = read_countries, .offset = offsetof(struct place_lists, accepted)},
    {.name = "refused", .read = read_countries, .offset = offsetof(struct place_lists, refused)},
};

static void check_places(const struct place_lists *places, const struct json_at *at)
{
    for (size_t i = 0; i < places->refused.count; i++)
        for (size_t k = 0; k < places->accepted.count; k++)
            if (strcmp(places->refused.items[i], places->accepted.items[k]) == 0) {
                struct json_at list = json_at_member(at, "refused");
                struct json_at here = json_at_item(&list, i);

                json_problem(&here, "is accepted as well");
            }
}

static void read_places(const json_t *value, const struct json_at *at,
                        const struct json_member *member, void *target)
{
    struct place_lists places = {.all = json_object_get(value, "accepted") == NULL};
    struct json_at accepted = json_at_member(at, "accepted");

    (void)member;
    json_read_object(value, at, place_members, COUNT(place_members), &places);
    if (json_is_array(json_object_get(value, "accepted")) &&
        json_array_size(json_object_get(value, "accepted")) == 0)
        json_problem(&accepted, "is empty: leave it out to accept all");
    check_places(&places, at);
    memcpy(target, &places, sizeof places);
}

/* clang-format off */
#define AT(field) .offset = offsetof(struct evaluation_policy, field)
static const struct json_member members[] = {
    {"scoreNokBelow",  json_read_double,  AT(score_nok_below),  .max = SCORE_MAX},
    {"scoreWaitBelow", json_read_double,  AT(score_wait_below), .max = SCORE_MAX},
    {"minimumAge",     json_read_integer, AT(minimum_age),      .max = AGE_MAX},
    {"validDays",      json_read_integer, AT(valid_days),       .max = VALID_DAYS_MAX},
    {"documents",      read_groups,       AT(documents),        .choices = document_kind_text},
    {"countries",      read_places,       AT(countries)},
    {"nationalities",  read_places,       AT(nationalities)},
    {"images",         json_read_choices, AT(images),           .choices = image_kind_text},
    {"caseExpiryHours", json_read_integer, AT(case_expiry_hours),
     .min = 1, .max = CASE_EXPIRY_HOURS_MAX},
};
/* clang-format on */

static void finish(void *rules, const void *shared, const struct json_at *at)
{
    const struct evaluation_policy *policy = rules;
    struct json_at here = json_at_member(at, "scoreNokBelow");

    (void)shared;
    if (policy->score_nok_below > policy->score_wait_below)
        json_problem(&here, "must not be above scoreWaitBelow");
}

static const struct policy_table table = {
    .members = members,
    .member_count = COUNT(members),
    .builtin = &evaluation_policy_builtin,
    .size = sizeof(struct evaluation_policy),
    .finish = finish,
};

static void *parse(const char *text, size_t size, struct problems *problems)
{
    return policy_parse(text, size, &table, problems);
}

const struct policy_format evaluation_policy_format = {
    .parse = parse,
    .free = policy_free,
    .version = policy_version,
};
