#ifndef TESTS_SUPPORT_EVALUATION_EXAMPLES_H
#define TESTS_SUPPORT_EVALUATION_EXAMPLES_H

/* Events for the tests of the evaluation worker, and what is said of them. */

#include "evaluation_sql.h"
#include "review_decided.h"
#include "review_sql.h"
#include "services/evaluation/evaluation.h"
#include "services/evaluation/known.h"
#include "services/review/case.h"
#include "tests/support/fake_worker.h"
#include "topics.h"

extern const struct service service;

static const char request[] =
    "{'processId': 'p', 'processType': 'retail', 'userId': 'u', 'identityVerificationId': 'v',"
    " 'provider': 'ZenID', 'status': 'SUCCESS', 'score': 9,"
    " 'documents': [{'type': 'ID_CARD', 'country': 'CZE',"
    "   'data': {'givenNames': 'Žofie', 'surname': 'Vymyšlená', 'dateOfBirth': '1990-02-28',"
    "            'personalNumber': '905228/0001', 'documentNumber': '998877665'}}]}";
static const char review[] = "{'processId': 'p', 'identityVerificationId': 'v', 'userId': 'u',"
                             " 'job': 'EVALUATION', 'decision': 'OK', 'reason': '',"
                             " 'decidedBy': 'reviewer-1'}";
static const char customer[] =
    "{'userId': 'u', 'surname': 'Vymyšlená', 'birthDate': '1990-02-28',"
    " 'personalNumber': '9052280001',"
    " 'documents': [{'type': 'ID_CARD', 'country': 'CZE', 'documentNumber': '998 877 665'}]}";

#define UNSURE "'score': 5"
#define OTHER  "'userId': 'u2', 'identityVerificationId': 'v2'"

static inline int start(void **state)
{
    (void)state;
    fake_start(&service, "{'version': '7'}");
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    fake_end();
    return 0;
}

static inline const struct outcome *ask(const char *change)
{
    return fake_send(&service, &topic_evaluation_requested, request, change);
}

static inline const struct outcome *decide(const char *change)
{
    return fake_send(&service, &topic_review_decided, review, change);
}

static inline const struct outcome *tell(const char *change)
{
    return fake_send(&service, &topic_customer_registered, customer, change);
}

static inline void assert_answer(const char *result, const char *code)
{
    assert_false(fake.outcome.rejected);
    assert_int_equal(fake.outcome.event_count, 1);
    assert_ptr_equal(fake.outcome.topic, &topic_evaluation_completed);
    assert_string_equal(fake_member("result"), result);
    assert_string_equal(fake_member("code"), code);
}

#endif
