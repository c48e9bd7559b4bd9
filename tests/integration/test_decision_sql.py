"""The statements of evaluation and approval, of their cases, and of ids that are one person's."""

import datetime
import json
import uuid

import pytest
from psycopg import errors

from service_sql import NOON, UTC, Statements, index, name, statements_of

evaluation = statements_of("evaluation")
review = statements_of("evaluation", "review")
approval = statements_of("approval")


@pytest.fixture
def links(migrated):
    """Gives the statements of services/links as a service's role."""
    made = []

    def of(service):
        made.append(Statements(migrated, service, "links"))
        return made[-1]

    yield of
    for worker in made:
        worker.connection.close()


# evaluation


def decision(verification, version, result="WAIT", **other):
    row = {
        "verification": verification, "version": version, "process": "p", "type": "retail",
        "user": "u", "result": result, "code": "SCORE_UNCERTAIN", "reason": "Uncertain.",
        "rule": 15, "policy": "1", "score": 5.5, "date": NOON.date(),
        "evidence": json.dumps([{"type": "PASSPORT"}]), "identities": b"i" * 64,
        "reviewer": None, "words": None, "at": NOON,
    }
    return tuple((row | other).values())


def reviewed(verification, version, result):
    return decision(verification, version, result, code="REVIEWED", rule=None, score=None,
                    evidence=None, identities=None, reviewer=b"sealed", words=b"noise")


def test_the_highest_version_of_a_decision_holds(evaluation):
    one, other = name(), name()
    evaluation.put("insert_decision", decision(one, 1), decision(other, 1, "OK"))
    evaluation.put("insert_decision", reviewed(one, 2, "NOK"))
    loaded = {row[0]: row[1:] for row in evaluation.load("load_decision", one, other, name())}
    assert loaded == {
        one: (2, "p", "retail", "u", "NOK", "REVIEWED", "Uncertain.", "1", NOON.date(), None, NOON,
              b"noise"),
        other: (1, "p", "retail", "u", "OK", "SCORE_UNCERTAIN", "Uncertain.", "1", NOON.date(),
                b"i" * 64, NOON, None),
    }


def test_both_versions_may_come_in_one_batch(evaluation):
    one = name()
    evaluation.put("insert_decision", decision(one, 1), reviewed(one, 2, "OK"))
    assert evaluation.load("load_decision", one)[0][1] == 2


def test_a_version_of_a_decision_is_written_once(evaluation):
    one = name()
    evaluation.put("insert_decision", decision(one, 1))
    with pytest.raises(errors.UniqueViolation):
        evaluation.put("insert_decision", decision(one, 1, "OK"))


def test_the_highest_version_of_a_customer_holds(evaluation):
    user = name()
    evaluation.put("insert_customer", (user, 2, index(), None, b"n" * 32, b"", NOON),
                   (user, 1, None, None, None, b"i" * 32, NOON))
    (row,) = evaluation.load("load_customer", user)
    assert row[1] == 2 and row[3:] == (None, b"n" * 32, b"")
    with pytest.raises(errors.UniqueViolation):
        evaluation.put("insert_customer", (user, 2, None, None, None, b"", NOON))


def test_an_identity_is_tied_set_free_and_tied_again(evaluation):
    one = index()
    evaluation.put("insert_identity_use", (one, 1, "a", False, "v1", NOON),
                   (one, 2, None, False, "v1", NOON), (one, 3, "b", True, None, NOON))
    assert evaluation.load("load_identity_use", one, index()) == [(one, 3, "b", True, None)]


def test_an_identity_is_tied_by_one_of_two_batches(evaluation):
    one = index()
    evaluation.put("insert_identity_use", (one, 1, "a", True, "v1", NOON))
    with pytest.raises(errors.UniqueViolation):
        evaluation.put("insert_identity_use", (one, 1, "b", True, "v2", NOON))


@pytest.mark.parametrize("table", ["decision", "customer", "identity_use"])
def test_the_evaluation_worker_changes_no_history(evaluation, table):
    for statement in (f"delete from {table}", f"update {table} set version = 9"):
        with pytest.raises(errors.InsufficientPrivilege):
            evaluation.connection.execute(statement)


# review


def case(verification, version, state="OPEN", **other):
    closed = state != "OPEN"
    row = {
        "verification": verification, "version": version, "state": state, "process": "p",
        "type": "retail", "user": "u", "code": "SCORE_UNCERTAIN", "reason": "Uncertain.",
        "opened": NOON,
        "facts": None, "expires": NOON + datetime.timedelta(hours=72),
        "result": "OK" if closed else None, "by": "REVIEWED" if closed else None,
        "closed": NOON if closed else None,
    }
    return tuple((row | other).values())


def test_the_highest_version_of_a_case_holds(review):
    one, other = name(), name()
    review.put("insert_case", case(one, 2, "RESOLVED"), case(one, 1), case(other, 1, facts=NOON))
    loaded = sorted(review.load("load_case", one, other, name()))
    assert loaded == sorted([case(one, 2, "RESOLVED"), case(other, 1, facts=NOON)])


def test_a_case_is_closed_by_one_of_two_batches(review):
    one = name()
    review.put("insert_case", case(one, 1))
    review.put("insert_case", case(one, 2, "RESOLVED"))
    with pytest.raises(errors.UniqueViolation):
        review.put("insert_case", case(one, 2, "EXPIRED", result="NOK"))


@pytest.mark.parametrize("wrong", [
    {"state": "LOST"}, {"result": "OK"}, {"closed": NOON}, {"state": "RESOLVED", "result": None},
    {"state": "RESOLVED", "result": "WAIT", "by": "REVIEWED", "closed": NOON}])
def test_a_case_is_open_or_has_a_result(review, wrong):
    with pytest.raises(errors.CheckViolation):
        review.put("insert_case", case(name(), 1, **wrong))


def test_the_open_cases_of_a_process_are_found(review):
    one, two, closed, process, other = (name() for _ in range(5))
    review.put("insert_case", case(one, 1, process=process), case(two, 1, process=process),
               case(closed, 1, process=process), case(closed, 2, "EXPIRED", process=process),
               case(name(), 1, process=name()))
    assert review.load("load_process_case", process, other) == sorted(
        [(process, one), (process, two)])


def test_what_has_expired_and_is_open_still_is_due(review, migrated):
    process, old, reopened, late, closed = (name() for _ in range(5))
    future = datetime.datetime.now(UTC) + datetime.timedelta(minutes=1)
    past = NOON.replace(year=2025)
    for verification, states, expires in [
        (old, ["OPEN"], past), (late, ["OPEN"], future), (closed, ["OPEN", "RESOLVED"], past),
        (reopened, ["OPEN", "EXPIRED", "OPEN"], past)]:
        review.put("insert_case", *(
            case(verification, number, state, expires=expires, process=process)
            for number, state in enumerate(states, 1)))
    found = migrated.rows(f"""select topic, name, due_at, data from schedule.due
                               where data->>'processId' = '{process}'""")
    assert sorted(found) == sorted(
        ("onboarding.review.expired.v1", f"EVALUATION/{verification}/{version}", past,
         {"processId": process, "identityVerificationId": verification, "job": "EVALUATION",
          "expiredAt": int(past.timestamp() * 1000)})
        for verification, version in [(old, 1), (reopened, 3)])


def test_what_came_of_a_call_back_is_kept_once(review):
    effect = uuid.uuid4()
    review.put("insert_callback", (effect, name(), "NOK", 200, 2, b"sealed", NOON),
               (uuid.uuid4(), name(), "EXHAUSTED", None, 9, None, NOON))
    with pytest.raises(errors.UniqueViolation):
        review.put("insert_callback", (effect, name(), "OK", 200, 1, None, NOON))
    with pytest.raises(errors.CheckViolation):
        review.put("insert_callback", (uuid.uuid4(), name(), "LOST", 200, 1, None, NOON))


def test_cases_are_never_changed(review):
    for statement in ("delete from review_case", "update review_case set version = 9",
                      "delete from review_callback", "update review_callback set state = 'OK'"):
        with pytest.raises(errors.InsufficientPrivilege):
            review.connection.execute(statement)


# approval


def approved(verification, version, result="WAIT", **other):
    row = {
        "verification": verification, "version": version, "process": "p", "type": None, "user": "u",
        "result": result, "code": "CODE", "reason": "Why.", "rule": 8, "policy": "1",
        "failed": False, "score": 6.5, "frame": True, "in_use": False, "process_attempt": 1,
        "day_attempt": 2, "awaits": False, "date": NOON.date(), "requested": NOON,
        "reviewer": None, "words": None, "at": NOON,
    }  # fmt: skip
    return tuple((row | other).values())


def test_the_highest_version_of_an_approval_holds(approval):
    one, other = name(), name()
    approval.put("insert_decision", approved(one, 1, awaits=True), approved(other, 1, "OK", score=None))
    later = NOON + datetime.timedelta(seconds=1)
    approval.put("insert_decision", approved(one, 2, "NOK", at=later))
    loaded = {row[0]: row[1:] for row in approval.load("load_decision", one, other, name())}
    same = ("CODE", "Why.", "1", False)
    assert loaded == {
        one: (2, "p", None, "u", "NOK", *same, 6.5, True, False, 1, 2, False, NOON.date(), NOON, later, None),
        other: (1, "p", None, "u", "OK", *same, None, True, False, 1, 2, False, NOON.date(), NOON, NOON, None),
    }
    with pytest.raises(errors.UniqueViolation):
        approval.put("insert_decision", approved(one, 2, "OK"))


def test_only_what_awaits_facts_now_is_waiting(approval):
    user, waits, waited, never = name(), name(), name(), name()
    approval.put("insert_decision", approved(waits, 1, user=user, awaits=True),
                 approved(waited, 1, user=user, awaits=True), approved(waited, 2, user=user),
                 approved(never, 1, user=user), approved(name(), 1, user=name(), awaits=True))
    assert approval.load("load_awaiting", user, name()) == [(user, waits)]
    approval.put("insert_decision", approved(waits, 2, user=user, awaits=True))
    assert approval.load("load_awaiting", user) == [(user, waits)]


def test_attempts_are_verifications_not_versions(approval):
    user, process = name(), name()
    tomorrow = NOON.date() + datetime.timedelta(days=1)
    one = name()
    approval.put("insert_decision", approved(one, 1, user=user, process=process),
                 approved(one, 2, user=user, process=process),
                 approved(name(), 1, user=user, process=process),
                 approved(name(), 1, user=user, process=process, date=tomorrow))
    assert approval.load("load_process_attempts", process, name()) == [(process, 3)]
    assert approval.load("load_day_attempts", user, name()) == [(user, NOON.date(), 2), (user, tomorrow, 1)]


def test_the_latest_evaluation_holds(approval):
    one, other = name(), name()
    later = NOON + datetime.timedelta(milliseconds=1)
    approval.put("put_evaluation", (one, "u", "WAIT", NOON), (one, "u", "OK", NOON), (other, "u", "WAIT", later))
    assert approval.load("load_evaluation", one) == [(one, "u", "OK", NOON)]
    approval.put("put_evaluation", (one, "u", "WAIT", NOON), (other, "u", "NOK", NOON))
    assert approval.load("load_evaluation", one) == [(one, "u", "OK", NOON)]
    assert approval.load("load_evaluation", other) == [(other, "u", "WAIT", later)]
    approval.put("put_evaluation", (other, "u", "NOK", later), (one, "u2", "WAIT", later))
    assert approval.load("load_evaluation", other) == [(other, "u", "NOK", later)]
    assert approval.load("load_evaluation", one) == [(one, "u2", "WAIT", later)]


def test_the_latest_consent_holds(approval):
    user = name()
    later = NOON + datetime.timedelta(milliseconds=1)
    approval.put("put_consent", (user, "GDPR", True, later), (user, "GDPR", False, NOON), (user, "X", True, NOON))
    expected = [(user, "GDPR", True, later), (user, "X", True, NOON)]
    assert approval.load("load_consent", user, name()) == expected
    approval.put("put_consent", (user, "GDPR", False, NOON), (user, "X", False, later))
    assert approval.load("load_consent", user) == [expected[0], (user, "X", False, later)]


def test_of_a_faces_users_sixteen_are_enough(approval):
    one, other = index(), index()
    approval.put("put_face_use", (one, "b", "v1", NOON), (one, "b", "v2", NOON), (other, "z", "v3", NOON))
    assert approval.load("load_face_use", one, index()) == [(one, "b")]
    approval.put("put_face_use", (one, "c", "v4", NOON), (one, "a", "v5", NOON), (one, "b", "v6", NOON))
    assert approval.load("load_face_use", one, other) == sorted(
        [(one, "a"), (one, "b"), (one, "c"), (other, "z")])
    approval.put("put_face_use", *((other, f"u{n:02}", "v", NOON) for n in range(17)))
    assert approval.load("load_face_use", other) == [(other, f"u{n:02}") for n in range(16)]


@pytest.mark.parametrize("service", ["evaluation", "approval", "otp"])
def test_all_ids_of_a_person_are_found_from_each(links, service):
    first, second, third = sorted(name() for _ in range(3))
    links(service).put("insert_link", (second, first, NOON), (third, first, NOON), (name(), name(), NOON))
    links(service).put("insert_link", (second, name(), NOON))  # told already
    assert links(service).load("load_link", first) == [(first, second), (first, third)]
    assert links(service).load("load_link", third, name()) == [(third, first), (third, second)]


@pytest.mark.parametrize("table", ["decision", "face_use"])
def test_the_approval_worker_changes_no_history(approval, table):
    for statement in (f"delete from {table}", f"update {table} set user_id = 'x'"):
        with pytest.raises(errors.InsufficientPrivilege):
            approval.connection.execute(statement)
