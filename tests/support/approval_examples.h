#ifndef TESTS_SUPPORT_APPROVAL_EXAMPLES_H
#define TESTS_SUPPORT_APPROVAL_EXAMPLES_H

/* Events for the tests of the approval worker, and what is said of them. */

#include "approval_completed.h"
#include "approval_requested.h"
#include "approval_sql.h"
#include "common/core/bytes.h"
#include "consent_completed.h"
#include "evaluation_completed.h"
#include "review_decided.h"
#include "review_expired.h"
#include "review_sql.h"
#include "services/approval/approval.h"
#include "services/approval/facts.h"
#include "services/approval/known.h"
#include "services/review/case.h"
#include "tests/support/fake_worker.h"
#include "topics.h"

extern const struct service service;

static const char request[] =
    "{'processId': 'p', 'processType': 'retail', 'userId': 'u', 'identityVerificationId': 'v',"
    " 'provider': 'iProov', 'status': 'SUCCESS', 'score': 9,"
    " 'frame': {'data': '/9j/AAAA', 'mediaType': 'image/jpeg'}}";
static const char evaluated[] =
    "{'processId': 'p', 'userId': 'u', 'identityVerificationId': 'v', 'result': 'OK',"
    " 'code': 'ACCEPTED', 'resultReason': 'Accepted.', 'policyVersion': '1', 'decidedAt': 1000}";
static const char consented[] = "{'processId': 'p', 'userId': 'u', 'consentType': 'GDPR',"
                                " 'approved': true, 'recordedAt': 1000}";
static const char review[] = "{'processId': 'p', 'identityVerificationId': 'v', 'userId': 'u',"
                             " 'job': 'APPROVAL', 'decision': 'OK', 'reason': '',"
                             " 'decidedBy': 'reviewer-1'}";
static const char expiry[] = "{'processId': 'p', 'identityVerificationId': 'v', 'job': 'APPROVAL',"
                             " 'expiredAt': 1000}";

static const char policy[] =
    "{'version': '7', 'processTypes': {'consenting': {'consents': ['GDPR', 'SCORING']}}}";

#define UNSURE     "'score': 5"
#define NO_FRAME   "'frame': null"
#define OTHER      "'userId': 'u2', 'processId': 'p2', 'identityVerificationId': 'v2'"
#define CONSENTING "'processType': 'consenting'"

enum { MINUTE_MS = 60 * 1000 };

static inline int start(void **state)
{
    (void)state;
    fake_start(&service, policy);
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
    return fake_send(&service, &topic_approval_requested, request, change);
}

static inline const struct outcome *tell_evaluation(const char *change)
{
    return fake_send(&service, &topic_evaluation_completed, evaluated, change);
}

static inline const struct outcome *tell_consent(const char *change)
{
    return fake_send(&service, &topic_consent_completed, consented, change);
}

static inline const struct outcome *decide(const char *change)
{
    return fake_send(&service, &topic_review_decided, review, change);
}

static inline const struct outcome *expire(const char *change)
{
    return fake_send(&service, &topic_review_expired, expiry, change);
}

static inline void assert_answer(const char *result, const char *code)
{
    assert_false(fake.outcome.rejected);
    assert_string_equal(fake_member_on(&topic_approval_completed, "code"), code);
    assert_string_equal(fake_member_on(&topic_approval_completed, "result"), result);
}

static inline void assert_silence(void)
{
    assert_false(fake.outcome.rejected);
    assert_int_equal(fake.outcome.event_count, 0);
}

/* An open case that awaits facts, as the database knows it. */
static inline void know_waiting(int64_t age_ms)
{
    struct decision *known = fake_know(&decision_kind, bytes_of("v"));
    struct awaiting *awaiting = fake_know(&awaiting_kind, bytes_of("u"));
    struct review_case *open = fake_know(&case_kind, bytes_of("v"));

    awaiting->identity_verification_id = "v";
    *known = (struct decision){.identity_verification_id = "v",
                               .version = 1,
                               .process_id = "p",
                               .user_id = "u",
                               .result = APPROVAL_RESULT_WAIT,
                               .code = "EVALUATION_PENDING",
                               .reason = "Pending.",
                               .policy_version = "6",
                               .presence = {.process_attempt = 1, .day_attempt = 1},
                               .awaits_facts = true,
                               .requested_at_ms = fake_now_ms - age_ms};
    *open = (struct review_case){.version = 1,
                                 .state = CASE_OPEN,
                                 .process_id = "p",
                                 .user_id = "u",
                                 .code = "EVALUATION_PENDING",
                                 .reason = "Pending.",
                                 .opened_ms = fake_now_ms - age_ms,
                                 .facts_until_ms = fake_now_ms - age_ms + 10 * MINUTE_MS,
                                 .expires_ms = fake_now_ms + MINUTE_MS};
}

#endif
