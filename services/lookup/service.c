/*
 * lookup: lookup.requested.v1 → lookup.completed.v1, by the rules in lookup.c.
 *
 * customer.registered.v1 tells who can be found and by what, consent.completed.v1 who consented.
 */
#include <assert.h>
#include <string.h>

#include "common/core/blind_index.h"
#include "common/core/text.h"
#include "common/core/uuid.h"
#include "common/worker/retention.h"
#include "consent_completed.h"
#include "lookup_sql.h"
#include "services/lookup/consents.h"
#include "services/lookup/identification.h"
#include "services/lookup/lookup.h"
#include "services/lookup/people.h"
#include "topics.h"

enum {
    IDENTIFIER_BYTES_MAX = 255, /* of one value; the longest e-mail address has 254 */
    IDENTIFICATION_MAX = 100,   /* values in a request; a form has a handful of fields */
};

struct config {
    struct key index_key;
};

static const struct key *index_key(const struct turn *turn)
{
    return &((const struct config *)turn->config)->index_key;
}

static bool is_reasonable(const struct text_map *map)
{
    if (map->count > IDENTIFICATION_MAX)
        return false;
    for (size_t i = 0; i < map->count; i++)
        if (strlen(map->items[i].value) > IDENTIFIER_BYTES_MAX)
            return false;
    return true;
}

/* What the contract demands; NULL, or what is wrong. */
static const char *find_request_fault(const struct lookup_requested *event)
{
    if (!text_is_id(event->processId))
        return "processId is blank or too long";
    if (!is_reasonable(&event->identification))
        return "identification has too many, or too long values";
    return NULL;
}

static struct indexes indexes_of_request(const struct turn *turn,
                                         const struct identifier_sets *sets)
{
    const struct lookup_requested *event = turn->event;
    struct identification identification = identification_of_map(
        &event->identification, &lookup_policy_common(turn->policy)->identifiers, turn->arena);

    return identification_indexes(&identification, sets, index_key(turn), turn->arena);
}

static void load_requested(const struct turn *turn, struct keys *keys)
{
    const struct lookup_requested *event = turn->event;
    const struct lookup_policy *policy = policy_rules(turn->policy, event->processType);
    struct indexes indexes;

    if (find_request_fault(event) != NULL)
        return;
    indexes = indexes_of_request(turn, &policy->sets);
    indexes_ask(keys, &indexes);
    if (policy->prospects == PROSPECTS_CREATE) {
        indexes = indexes_of_request(turn, &lookup_policy_common(turn->policy)->all_sets);
        indexes_ask(keys, &indexes);
    }
}

struct answer {
    enum lookup_code code;
    const char *user_id; /* NULL: nobody */
    enum consent consent;
};

static const char *make_prospect(const struct turn *turn, struct outcome *out)
{
    struct indexes indexes =
        indexes_of_request(turn, &lookup_policy_common(turn->policy)->all_sets);
    char *user_id = arena_alloc(turn->arena, UUID_TEXT_SIZE, 1);

    uuid_format(turn->fresh_id, user_id);
    prospect_create(turn, out, user_id, &indexes);
    return user_id;
}

/* The first complete set decides. */
static struct answer find_answer(const struct turn *turn, struct outcome *out)
{
    const struct lookup_requested *event = turn->event;
    const struct lookup_policy *policy = policy_rules(turn->policy, event->processType);
    struct indexes indexes = indexes_of_request(turn, &policy->sets);
    struct lookup_facts facts = {.complete = indexes.count > 0};
    struct answer answer = {.consent = CONSENT_NOT_EVALUATED};
    struct user_list users = {0}, ids = {0};
    struct consent_list consents;

    if (facts.complete)
        users = people_find(turn, &indexes.items[0]);
    facts.users = users.count;
    answer.code = lookup_decide(&facts, policy);
    if (answer.code == LOOKUP_CODE_FOUND) {
        assert(users.count == 1);
        answer.user_id = users.items[0];
        ids = people_ids(turn, &indexes.items[0]);
    } else if (answer.code == LOOKUP_CODE_PROSPECT) {
        answer.user_id = make_prospect(turn, out);
    }
    if (answer.user_id != NULL) {
        consents = consents_of(turn, &ids);
        answer.consent = consent_decide(consents.items, consents.count, policy);
    }
    return answer;
}

static void handle_requested(const struct turn *turn, struct outcome *out)
{
    const struct lookup_requested *event = turn->event;
    const char *fault = find_request_fault(event);
    const char *version = lookup_policy_format.version(turn->policy);
    struct answer answer;

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    answer = find_answer(turn, out);
    outcome_row(out, &sql_insert_answer, UUID_VALUE(turn->fresh_id), TEXT(event->processId),
                TEXT(event->processType), TEXT(lookup_code_text[answer.code]), TEXT(answer.user_id),
                TEXT(consent_text[answer.consent]), TEXT(version), TIME_MS(turn->now_ms));
    outcome_event(out, &topic_lookup_completed, event->processId,
                  &(struct lookup_completed){
                      .processId = event->processId,
                      .processType = event->processType,
                      .userId = answer.user_id,
                      .consent = answer.consent,
                      .consentRequired = answer.consent == CONSENT_REQUIRED,
                      .code = answer.code,
                      .policyVersion = version,
                      .decidedAt = turn->now_ms,
                  });
}

static const char *find_customer_fault(const struct customer_registered *event)
{
    if (!text_is_id(event->userId))
        return "userId is blank or too long";
    if (!is_reasonable(&event->identifiers))
        return "identifiers has too many, or too long values";
    return NULL;
}

static struct indexes indexes_of_customer(const struct turn *turn)
{
    const struct lookup_common *common = lookup_policy_common(turn->policy);
    struct identification identification =
        identification_of_customer(turn->event, &common->identifiers, turn->arena);

    return identification_indexes(&identification, &common->all_sets, index_key(turn), turn->arena);
}

static void load_registered(const struct turn *turn, struct keys *keys)
{
    const struct customer_registered *event = turn->event;
    struct indexes indexes;

    if (find_customer_fault(event) != NULL)
        return;
    indexes = indexes_of_customer(turn);
    keys_add_text(keys, &entry_kind, event->userId);
    indexes_ask(keys, &indexes);
    keys_add_text(keys, &person_kind, event->userId);
}

static void handle_registered(const struct turn *turn, struct outcome *out)
{
    const struct customer_registered *event = turn->event;
    const char *fault = find_customer_fault(event);
    struct indexes indexes;

    if (fault != NULL) {
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
        return;
    }
    indexes = indexes_of_customer(turn);
    customer_register(turn, out, event->userId, &indexes);
}

static const char *find_consent_fault(const struct consent_completed *event)
{
    if (!text_is_id(event->processId))
        return "processId is blank or too long";
    if (!text_is_id(event->userId))
        return "userId is blank or too long";
    return text_is_id(event->consentType) ? NULL : "consentType is blank or too long";
}

static void load_consented(const struct turn *turn, struct keys *keys)
{
    const struct consent_completed *event = turn->event;

    if (find_consent_fault(event) == NULL)
        keys_add_text(keys, &consent_kind, event->userId);
}

static void handle_consented(const struct turn *turn, struct outcome *out)
{
    const struct consent_completed *event = turn->event;
    const char *fault = find_consent_fault(event);

    if (fault != NULL)
        outcome_reject(out, REASON_CONTRACT, "%s", fault);
    else
        consent_keep(turn, out, event->userId, event->processId,
                     (struct consent_fact){
                         .type = event->consentType,
                         .approved = event->approved,
                         .recorded_at_ms = event->recordedAt,
                     });
}

static const struct route routes[] = {
    {&topic_lookup_requested, load_requested, handle_requested},
    {&topic_customer_registered, load_registered, handle_registered},
    {&topic_consent_completed, load_consented, handle_consented},
    RETENTION_ROUTE,
};

/* Entries lead to the identities of a customer, these to the persons, and these to consents. */
static const struct state_kind *const states[] = {
    &entry_kind,
    &identity_kind,
    &person_kind,
    &consent_kind,
};

static struct config config;

static const struct setting settings[] = {
    BLIND_INDEX_SETTING(struct config, index_key),
};

static const struct topic *const outputs[] = {&topic_lookup_completed, &topic_customer_linked};

const struct service service = {
    .name = "lookup",
    .routes = routes,
    .route_count = COUNT(routes),
    .states = states,
    .state_count = COUNT(states),
    .outputs = outputs,
    .output_count = COUNT(outputs),
    .settings = settings,
    .setting_count = COUNT(settings),
    .config = &config,
    .policy = &lookup_policy_format,
};
