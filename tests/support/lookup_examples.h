#ifndef TESTS_SUPPORT_LOOKUP_EXAMPLES_H
#define TESTS_SUPPORT_LOOKUP_EXAMPLES_H

/* Events for the tests of the lookup worker, and what is said of them. */

#include "consent_completed.h"
#include "lookup_sql.h"
#include "services/lookup/consents.h"
#include "services/lookup/lookup.h"
#include "services/lookup/people.h"
#include "tests/support/fake_worker.h"
#include "topics.h"

extern const struct service service;

static const char request[] =
    "{'processId': 'p', 'processType': 'retail',"
    " 'identification': {'clientNumber': '12-34', 'birthDate': '1990-02-28'}}";
static const char customer[] =
    "{'userId': 'c1', 'identifiers': {'clientNumber': '1234'}, 'birthDate': '1990-02-28',"
    " 'personalNumber': '905228/0001', 'email': 'zofie@example.com',"
    " 'phoneNumber': '+420 600 000 001'}";
static const char consent[] = "{'processId': 'p', 'userId': 'c1', 'consentType': 'GDPR',"
                              " 'approved': true, 'recordedAt': 1000}";

/* The ids that the fake worker gives out with the first two events. */
#define PROSPECT_1 "01020304-0506-7000-8000-000000000001"
#define PROSPECT_2 "01020304-0506-7000-8000-000000000002"

#define IDENTITY(members) "{'identification': {'clientNumber': '', " members "}}"
#define BY_NUMBER         IDENTITY("'personalNumber': '9052280001'")
#define BY_MAIL           IDENTITY("'email': ' Zofie@Example.com', 'phoneNumber': '+420600000001'")

/* As load_person.sql: an answer for every id. */
static inline void answer_person(const struct state_kind *kind, struct bytes key)
{
    if (kind != &person_kind)
        return;
    struct person *person = fake_know(kind, key);
    person->user_id = arena_copy(&fake.arena, (const char *)key.data, key.size);
}

static inline void begin(const char *policy)
{
    fake_start(&service, policy);
    fake.otherwise = answer_person;
}

static inline int start(void **state)
{
    (void)state;
    begin("{'version': '7', 'default': {'prospects': 'refuse'},"
          " 'processTypes': {'new': {'prospects': 'create'},"
          " 'consenting': {'consent': 'required', 'consentTypes': ['GDPR', 'SCORING']},"
          " 'free': {'consent': 'not-required'},"
          " 'named': {'prospects': 'create', 'identifierSets': [['personalNumber']]}}}");
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    fake_end();
    return 0;
}

static inline const struct outcome *ask_as(const char *type, const char *change)
{
    struct lookup_requested event = *(const struct lookup_requested *)record_patched(
        &lookup_requested_schema, request, change, &fake.arena);

    event.processType = type;
    return fake_handle(&service, &topic_lookup_requested, &event);
}

static inline const struct outcome *ask(const char *change)
{
    return ask_as("retail", change);
}

static inline const struct outcome *tell(const char *change)
{
    return fake_send(&service, &topic_customer_registered, customer, change);
}

static inline void assert_answer(const char *code, const char *user_id)
{
    assert_false(fake.outcome.rejected);
    assert_int_equal(fake.outcome.event_count, 1);
    assert_ptr_equal(fake.outcome.topic, &topic_lookup_completed);
    assert_string_equal(fake_member("code"), code);
    assert_string_equal(fake_member("userId"), user_id);
    assert_int_equal(fake_rows_of(&sql_insert_answer), 1);
}

#endif
