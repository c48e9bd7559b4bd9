"""What analysts see."""

import pytest

from analytics_examples import HOLDERS_OF_CASES, at
from database import SERVICES


def test_decisions_show_the_rule_and_which_version_holds(analyst):
    rows = analyst.execute(
        """select identity_verification_id, version, holds, result, code, reason, rule, reviewed,
                  policy_version
             from decision where decided_at < %s order by decided_at, version""",
        (at(20),),
    ).fetchall()
    assert rows == [
        ("v-ok", 1, False, "WAIT", "SCORE_UNCERTAIN", "Text of SCORE_UNCERTAIN", 15, False,
         "policy-2"),
        ("v-ok", 2, True, "OK", "REVIEWED", "Text of REVIEWED", None, True, "policy-2"),
        ("v-nok-1", 1, True, "OK", "ACCEPTED", "Text of ACCEPTED", None, False, "policy-2"),
        ("v-nok-2", 1, True, "NOK", "UNDER_AGE", "Text of UNDER_AGE", 6, False, "policy-2"),
        ("v-wait", 1, True, "WAIT", "IMAGE_MISSING", "Text of IMAGE_MISSING", 16, False,
         "policy-2"),
        ("v-unknown", 1, True, "OK", "ACCEPTED", "Text of ACCEPTED", None, False, "policy-2"),
    ]


@pytest.mark.parametrize("job", HOLDERS_OF_CASES)
def test_cases_show_how_long_they_wait(analyst, job):
    rows = analyst.execute(
        """select identity_verification_id, state, code, reason, result, closed_code, closed_at,
                  extract(epoch from age)::integer / 60
             from review where job = %s order by 1""",
        (job,),
    ).fetchall()
    assert rows == [
        ("v-ok", "RESOLVED", "IMAGE_MISSING", "Text", "OK", "REVIEWED", at(20), None),
        ("v-wait", "OPEN", "IMAGE_MISSING", "Text", None, None, None, 90),
    ]


def test_approvals_show_the_rule_and_which_version_holds(analyst):
    rows = analyst.execute(
        """select identity_verification_id, version, holds, result, code, reason, rule,
                  awaits_facts, reviewed, score, process_attempt, day_attempt, policy_version,
                  requested_at, decided_at
             from approval where process_id = 'p-ok' order by version"""
    ).fetchall()
    assert rows == [
        ("v-ok", 1, False, "WAIT", "EVALUATION_PENDING", "Text of EVALUATION_PENDING", 8, True,
         False, 6.5, 1, 2, "policy-4", at(20), at(20)),
        ("v-ok", 2, False, "WAIT", "SCORE_UNCERTAIN", "Text of SCORE_UNCERTAIN", 10, False, False,
         6.5, 1, 2, "policy-4", at(20), at(21)),
        ("v-ok", 3, True, "OK", "REVIEWED", "Text of REVIEWED", None, False, True, 6.5, 1, 2,
         "policy-4", at(20), at(22)),
    ]


def test_deliveries_of_codes(analyst):
    rows = analyst.execute(
        """select process_id, user_id, otp_type, channel, result, attempts, requested_at, decided_at
             from otp order by process_id"""
    ).fetchall()
    assert rows == [
        ("p-nobody", None, "ACTIVATION", None, "NO_DESTINATION", 0, at(8), at(9)),
        ("p-ok", "u-3", "ACTIVATION", "SMS", "SENT", 2, at(8), at(9)),
    ]


def test_effects_show_how_long_they_wait(analyst):
    rows = analyst.execute(
        """select service, kind, state, failure, attempts, last_status, finished_at,
                  extract(epoch from age)::integer / 3600
             from effect where service = 'otp' order by state"""
    ).fetchall()
    assert rows == [
        ("otp", "sms", "FAILED", "REFUSED", 1, 429, at(9), None),
        ("otp", "sms", "PENDING", None, 1, 429, None, 1),
    ]


def test_timeline_tells_a_process_in_order(analyst):
    rows = analyst.execute(
        """select at, job, event, user_id, identity_verification_id, version, result, code
             from process_timeline where process_id = 'p-ok' order by at, version"""
    ).fetchall()
    assert rows == [
        (at(4), "lookup", "lookup.completed", "u-3", None, None, "REQUIRED", "FOUND"),
        (at(5), "lookup", "lookup.completed", "u-3", None, None, "NOT_REQUIRED", "FOUND"),
        (at(8), "consent", "consent.completed", "u-3", None, 1, "APPROVED", "GDPR"),
        (at(9), "otp", "otp.completed", "u-3", None, None, "ACTIVATION", "SENT"),
        (at(10), "evaluation", "evaluation.completed", "u-3", "v-ok", 1, "WAIT",
         "SCORE_UNCERTAIN"),
        (at(10), "evaluation", "review.decided", "u-3", "v-ok", 2, "OK", "REVIEWED"),
        (at(20), "approval", "approval.completed", "u-3", "v-ok", 1, "WAIT", "EVALUATION_PENDING"),
        (at(21), "approval", "approval.completed", "u-3", "v-ok", 2, "WAIT", "SCORE_UNCERTAIN"),
        (at(22), "approval", "review.decided", "u-3", "v-ok", 3, "OK", "REVIEWED"),
    ]


@pytest.mark.parametrize(
    "process_id, expected",
    [
        ("p-found", ("USER_FOUND", "u-1", "FOUND", "REQUIRED", None, None, 0, 0, 0)),
        ("p-nobody", ("USER_NOT_FOUND", None, "NOT_FOUND", "NOT_EVALUATED", None, None, 0, 1, 9)),
        ("p-late", ("USER_FOUND", "u-2", "PROSPECT", "NOT_REQUIRED", None, None, 0, 2, 3)),
        ("p-ok", ("ACCEPTED", "u-3", "FOUND", "NOT_REQUIRED", "OK", "REVIEWED", 1, 4, 22)),
        ("p-nok", ("REJECTED", "u-4", "FOUND", "NOT_EVALUATED", "NOK", "UNDER_AGE", 2, 6, 191)),
        ("p-expired", ("EXPIRED", "u-8", "FOUND", "REQUIRED", None, None, 0, 8, 190)),
        ("p-wait", ("IN_REVIEW", "u-5", "FOUND", "NOT_EVALUATED", "WAIT", "IMAGE_MISSING", 1, 7,
                    13)),
        ("p-unknown", ("DOCUMENTS_ACCEPTED", "u-6", None, None, "OK", "ACCEPTED", 1, 14, 14)),
        ("p-consent", ("STARTED", "u-7", None, None, None, None, 0, 9, 9)),
        ("p-again", ("DOCUMENTS_ACCEPTED", "u-9", None, None, "OK", "ACCEPTED", 2, 29, 31)),
        ("p-face", ("IN_REVIEW", "u-10", None, None, "OK", "ACCEPTED", 1, 33, 34)),
        ("p-alone", ("REJECTED", "u-11", None, None, None, None, 1, 36, 36)),
    ],
)
def test_state_of_a_process(analyst, process_id, expected):
    *values, started, last = expected
    rows = analyst.execute(
        """select state, user_id, lookup_code, consent_demand, evaluation_result, evaluation_code,
                  identity_verifications, started_at, last_at
             from process where process_id = %s""",
        (process_id,),
    ).fetchall()
    assert rows == [(*values, at(started), at(last))]


def test_a_process_shows_what_consent_and_approval_came_to(analyst):
    rows = analyst.execute(
        """select process_id, consents_approved, codes_sent, approval_result, approval_code from process
            where process_id in ('p-ok', 'p-consent', 'p-again') order by 1"""
    ).fetchall()
    assert rows == [
        ("p-again", 0, 0, "NOK", "SCORE_TOO_LOW"),
        ("p-consent", 0, 0, None, None),
        ("p-ok", 1, 1, "OK", "REVIEWED"),
    ]


def test_timeline_tells_when_the_time_of_a_process_was_over(analyst):
    rows = analyst.execute(
        """select at, job, event, process_type, user_id, result, code
             from process_timeline where process_id = 'p-expired' order by at"""
    ).fetchall()
    assert rows == [
        (at(8), "lookup", "lookup.completed", "onboarding", "u-8", "REQUIRED", "FOUND"),
        (at(190), "schedule", "process.expired", None, None, None, None),
    ]


def test_a_condition_on_the_process_reaches_the_indexes(filled):
    with filled.connect() as connection:
        connection.execute("set local enable_seqscan = off")
        plan = connection.execute(
            "explain select * from analytics.process where process_id = 'p-ok'"
        ).fetchall()
    text = "\n".join(line for (line,) in plan)
    assert "answer_pkey" in text and "decision_process" in text
    assert "submission_process" in text and "published_pkey" in text


def test_funnel_counts_by_the_day_of_the_first_event(analyst):
    analyst.execute("set timezone = 'Pacific/Auckland'")  # days are UTC's whatever the session's
    rows = analyst.execute(
        """select day::text, process_type, processes, looked_up, user_found, consented, code_sent, evaluated,
                  documents_accepted, presence_checked, in_review, rejected, accepted, expired
             from funnel_by_day order by day, process_type"""
    ).fetchall()
    assert rows == [
        ("2026-03-01", "onboarding", 12, 7, 6, 2, 1, 6, 4, 4, 2, 2, 1, 1),
        ("2026-03-02", "onboarding", 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_dead_letters(analyst, service):
    rows = analyst.execute(
        """select consumer_group, topic, generation, partition, "offset", reason, detail,
                  recorded_at, replayed_at
             from dead_letter where service = %s order by "offset" """,
        (service,),
    ).fetchall()
    where = (f"onboarding-{service}", f"onboarding.{service}.v1", 3)
    assert rows == [
        (*where, 0, 17, "UNDECODABLE", "field score: ends early", at(0), None),
        (*where, 1, 18, "ID_CONFLICT", None, at(1), at(2)),
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_publishing_lag(analyst, service):
    rows = analyst.execute(
        """select partition, next_offset, published_offset, unpublished_offsets,
                  oldest_unpublished_at, stopped,
                  clock_timestamp() - oldest_unpublished_at - oldest_unpublished_age
                      < interval '1 minute'
             from publishing_lag
            where service = %s and consumer_group = %s and topic = %s and generation = 3
            order by partition""",
        (service, f"onboarding-{service}", f"onboarding.{service}.v1"),
    ).fetchall()
    assert rows == [
        (0, 400, 150, 250, at(2), None, True),
        (1, 100, 100, 0, None, None, None),
        (2, 100, 20, 80, at(5), "the topic was created anew", True),
    ]


def test_of_consents_the_latest_answer_holds(analyst):
    rows = analyst.execute(
        """select user_id, consent_type, approved, state, answers, process_id, process_type,
                  text_version, language, text_imported, required, submitted_at, recorded_at
             from consent order by 1"""
    ).fetchall()
    assert rows == [
        ("u-3", "GDPR", True, "APPROVED", 1, "p-ok", "onboarding", "1", "cs", True, True, at(7),
         at(8)),
        ("u-7", "GDPR", False, "WITHDRAWN", 2, "p-consent", "onboarding", "1", "cs", True, True,
         at(8), at(9)),
    ]


def test_every_answer_to_a_consent_is_shown(analyst):
    rows = analyst.execute(
        """select user_id, version, holds, state, process_id, text_version, text_imported,
                  policy_version
             from consent_answer order by user_id, version"""
    ).fetchall()
    assert rows == [
        ("u-3", 1, True, "APPROVED", "p-ok", "1", True, "policy-3"),
        ("u-7", 1, False, "APPROVED", "p-late", None, False, "policy-3"),
        ("u-7", 2, True, "WITHDRAWN", "p-consent", "1", True, "policy-3"),
    ]
