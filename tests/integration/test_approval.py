"""Approval on the real stack: every code, facts that come before and after, reviewers, bad input."""

import hmac
import itertools
import struct
import uuid
from collections import Counter

import pytest

import running
from approval_world import COMPLETED, FRAME, REPLIES, REVIEWED, Approval, Case
from books import DEAD_LETTER as PARKED, DONE, DUPLICATE, IGNORED
from running import APPROVAL, CASE_EXPIRED, DEAD_LETTER, PROCESS_EXPIRED, SECONDS, await_sure, header


@pytest.fixture(scope="module")
def approval(topics, tmp_path_factory):
    made = Approval(topics, tmp_path_factory.mktemp("approval") / "approval")
    made.start()
    yield made
    made.close()


# --- The rules, on what came before


@pytest.mark.parametrize(
    "decided, evaluation, consents, request_",
    [
        (("OK", "ACCEPTED"), "OK", {}, {}),
        (("OK", "ACCEPTED"), "OK", {"GDPR": True, "SCORING": True}, {"process_type": "consenting"}),
        (("OK", "ACCEPTED"), "OK", {}, {"process_type": None}),
        (("OK", "ACCEPTED"), "OK", {}, {"process_type": "framed", "frame": FRAME + b"1"}),
        (("NOK", "PROVIDER_FAILURE"), "OK", {}, {"status": "FAILURE"}),
        (("NOK", "EVALUATION_NOT_OK"), "NOK", {}, {}),
        (("NOK", "CONSENT_REFUSED"), "OK", {"GDPR": True, "SCORING": False}, {"process_type": "consenting"}),
        (("NOK", "SCORE_TOO_LOW"), "OK", {}, {"score": 3.999}),
        (("WAIT", "FRAME_MISSING"), "OK", {}, {"process_type": "framed"}),
        (("WAIT", "EVALUATION_PENDING"), None, {}, {}),
        (("WAIT", "EVALUATION_PENDING"), "WAIT", {}, {}),
        (("WAIT", "CONSENT_PENDING"), "OK", {"GDPR": True}, {"process_type": "consenting"}),
        (("WAIT", "SCORE_UNCERTAIN"), "OK", {}, {"score": 6.999}),
        (("WAIT", "SCORE_UNCERTAIN"), "OK", {}, {"score": None}),
    ],
)  # fmt: skip
def test_facts_that_came_before(approval, decided, evaluation, consents, request_):
    case = Case()
    facts = [case.consented(*answer) for answer in consents.items()]
    if evaluation:
        facts.append(case.evaluated(evaluation))
    assert set(approval.put(*facts)) <= {DONE}
    assert approval.put(case.asked(**request_)) == [DONE]
    assert approval.decision(case) == decided
    assert approval.holds(case) == decided
    (told,) = approval.told(case)
    assert (told["processId"], told["userId"], told["policyVersion"]) == (case.process, case.user, "test")


def test_the_fourth_verification_is_too_many(approval):
    """Three are allowed here; a repeat of one is none more."""
    first = Case()
    cases = [first] + [Case(first.process, first.user) for _ in range(3)]
    approval.put(*(case.evaluated() for case in cases))
    for case in [first, first, *cases[1:]]:
        approval.put(case.asked())
    assert approval.decisions(first, 2) == [("OK", "ACCEPTED")] * 2
    assert [approval.decision(case) for case in cases[1:]] == [("OK", "ACCEPTED")] * 2 + [("NOK", "TOO_MANY_ATTEMPTS")]
    other = Case(user=first.user)
    approval.put(other.evaluated(), other.asked())
    assert approval.holds(other) == ("NOK", "TOO_MANY_ATTEMPTS")


def test_attempts_from_many_processes_are_counted_all(approval):
    """Of one user, from many partitions at once."""
    first = Case()
    cases = [first] + [Case(user=first.user) for _ in range(11)]
    approval.put(*(case.asked(status="FAILURE") for case in cases))
    counted = approval.rows("select day_attempt from decision where user_id = %s order by 1", first.user)
    assert counted == [(n,) for n in range(1, 13)]


def test_attempts_of_a_day_are_one_persons(approval):
    prospect, customer = Case(), Case()
    approval.put(customer.linked(prospect))
    approval.put(*(Case(user=user).asked(status="FAILURE") for user in (prospect.user, customer.user, prospect.user)))
    approval.put(customer.evaluated(), customer.asked())
    assert approval.decision(customer) == ("NOK", "TOO_MANY_ATTEMPTS")
    assert approval.rows("select day_attempt from decision where user_id in (%s, %s) order by 1",
                         prospect.user, customer.user) == [(n,) for n in range(1, 5)]


def test_a_face_is_one_users(approval):
    case, again, other = Case(), Case(), Case()
    again.user = case.user
    picture = FRAME + b"2"
    approval.put(*(one.evaluated() for one in (case, again, other)))
    for one in (case, again, other):
        approval.put(one.asked(frame=picture))
    assert [approval.decision(one) for one in (case, again, other)] == [
        ("OK", "ACCEPTED"), ("OK", "ACCEPTED"), ("WAIT", "FACE_IN_USE")]  # fmt: skip
    digest = hmac.digest(b"index".ljust(32, b"k"), picture, "sha256")
    assert approval.rows("select user_id, identity_verification_id from face_use where blind_index = %s"
                         " order by recorded_at", digest) == [(case.user, case.id), (other.user, other.id)]
    referred = Case()
    topic, data = referred.asked()
    approval.put(referred.evaluated(), (topic, data | {"frame": {"digest": digest, "size": len(picture)}}))
    assert approval.holds(referred) == ("WAIT", "FACE_IN_USE")


def test_two_ids_of_one_person_have_one_face(approval):
    prospect, customer, other = Case(), Case(), Case()
    face = FRAME + uuid.uuid4().bytes
    for case in prospect, customer, other:
        approval.put(case.evaluated())
    approval.put(prospect.asked(frame=face))
    approval.put(customer.linked(prospect))
    approval.put(customer.asked(frame=face))
    approval.put(other.asked(frame=face))
    assert approval.decision(customer) == ("OK", "ACCEPTED")
    assert approval.decision(other) == ("WAIT", "FACE_IN_USE")


def test_what_a_customer_answered_holds_for_the_prospect_that_it_was(approval):
    prospect, customer = Case(), Case()
    approval.put(customer.consented("GDPR"), prospect.evaluated())
    approval.put(prospect.asked(process_type="consenting"))
    approval.put(customer.linked(prospect))
    assert approval.decision(prospect) == ("WAIT", "CONSENT_PENDING")
    approval.put(customer.consented("SCORING"))
    assert approval.decisions(prospect, 2)[1] == ("OK", "ACCEPTED")
    again = Case(user=prospect.user)
    approval.put(customer.consented("GDPR", approved=False), again.evaluated())
    approval.put(again.asked(process_type="consenting"))
    assert approval.decision(again) == ("NOK", "CONSENT_REFUSED")


def test_a_link_resolves_what_waits(approval):
    prospect, customer = Case(), Case()
    approval.put(prospect.evaluated())
    approval.put(prospect.asked(process_type="consenting"))
    approval.put(customer.consented("GDPR"), customer.consented("SCORING"))
    assert approval.decision(prospect) == ("WAIT", "CONSENT_PENDING")
    approval.put(customer.linked(prospect))
    assert approval.decisions(prospect, 2)[1] == ("OK", "ACCEPTED")


def test_the_picture_stays_nowhere(approval):
    case = Case()
    approval.put(case.evaluated(), case.asked(frame=FRAME + b"canary"))
    tables = approval.rows("select relname from pg_class where relnamespace = 'approval'::regnamespace and relkind = 'r'")
    assert len(tables) > 10
    for (table,) in tables:
        found = approval.rows(f"select 1 from {table} t where position(%s in t::text) > 0", FRAME.hex())
        assert found == [], table


# --- Facts that come after, in any order


ORDERS = list(itertools.permutations(["request", "evaluation", "gdpr", "scoring"]))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_in_whichever_order_it_comes_the_end_is_the_same(approval, order):
    case = Case()
    events = {
        "request": case.asked(process_type="consenting"),
        "evaluation": case.evaluated(),
        "gdpr": case.consented("GDPR"),
        "scoring": case.consented("SCORING"),
    }
    for name in order:
        assert approval.put(events[name]) == [DONE]
    pending, told = {"evaluation", "gdpr", "scoring"} - set(order[: order.index("request")]), []
    for name in order[order.index("request") :]:
        pending -= {name}
        code = "EVALUATION_PENDING" if "evaluation" in pending else "CONSENT_PENDING" if pending else "ACCEPTED"
        if code not in told:
            told.append(code)
    assert [code for _, code in approval.decisions(case, len(told))] == told
    states = approval.case_of(case)
    assert [state[:2] for state in states][:-1] == [("OPEN", code) for code in told[:-1]]
    assert not states or states[-1] == ("SUPERSEDED", told[-2], True, "ACCEPTED")


def test_all_at_once_from_all_topics(approval):
    cases = [Case() for _ in range(25)]
    refused = set(cases[::5])
    events = []
    for case in cases:
        events += [
            case.asked(process_type="consenting"), case.evaluated("WAIT"), case.consented("GDPR", case not in refused),
            case.consented("SCORING"), case.evaluated("OK"),
        ]  # fmt: skip
    approval.generator.rng.shuffle(events)
    assert set(approval.put(*events)) == {DONE}
    for case in cases:
        assert approval.holds(case) == (("NOK", "CONSENT_REFUSED") if case in refused else ("OK", "ACCEPTED"))
        last = max(approval.told(case), key=lambda event: (event["decidedAt"], event["result"] != "WAIT"))
        assert (last["result"], last["code"]) == approval.holds(case)
        assert not approval.case_of(case) or approval.case_of(case)[-1][0] == "SUPERSEDED"


def test_what_comes_late_is_a_persons_matter(approval):
    case = Case()
    approval.put(case.asked(process_type="hasty"))
    approval.put(case.evaluated())
    assert approval.decision(case) == ("WAIT", "EVALUATION_PENDING")
    approval.put(case.reviewed("NOK"))
    assert approval.decisions(case, 2)[1] == ("NOK", "REVIEWED")


def test_another_users_evaluation_counts_nothing(approval):
    case, other = Case(), Case()
    other.id = case.id
    approval.put(other.evaluated())
    approval.put(case.asked())
    assert approval.decision(case) == ("WAIT", "EVALUATION_PENDING")


@pytest.mark.parametrize("place, skip", [("before_commit", 0), ("after_commit", 0), ("mid_produce", 0)])
def test_a_worker_that_dies_in_between_loses_and_doubles_nothing(topics, tmp_path, place, skip):
    service = Approval(topics, tmp_path / "approval")
    try:
        worker = service.start()
        case = Case()
        service.put(case.asked())
        assert service.decision(case) == ("WAIT", "EVALUATION_PENDING")
        worker.arm(place, "kill", skip)
        spots = service.send([service.record(*case.evaluated())])
        await_sure(lambda: not worker.alive(), SECONDS, lambda: service.tails())
        worker = service.spawn()
        service.outcomes(spots, 2 * SECONDS)
        await_sure(lambda: len(service.told(case)) == 2, 2 * SECONDS, service.tails)
        assert service.decisions(case, 2) == [("WAIT", "EVALUATION_PENDING"), ("OK", "ACCEPTED")]
        assert [state[0] for state in service.case_of(case)] == ["OPEN", "SUPERSEDED"]
        ids = Counter(header(message, "ce_id") for message in service.heard(COMPLETED))
        assert set(ids.values()) == {1}
        assert worker.terminate()
        assert worker.troubles() == []
    finally:
        service.close()


# --- Repeats


def test_a_repeated_event_is_decided_once(approval):
    case = Case()
    approval.put(case.evaluated())
    record = approval.record(*case.asked())
    rows = approval.outcomes(approval.send([record, record]))
    assert sorted(row.outcome for row in rows) == [DONE, DUPLICATE]
    assert approval.decision(case) == ("OK", "ACCEPTED")


def test_a_repeated_request_gets_the_decision_that_holds(approval):
    case = Case()
    approval.put(case.asked(score=5.0), case.evaluated())
    await_sure(lambda: approval.holds(case) == ("WAIT", "SCORE_UNCERTAIN"), SECONDS)
    approval.put(case.reviewed("OK"))
    before = len(approval.told(case))
    approval.put(case.asked(score=1.0, status="FAILURE"))
    again = approval.decisions(case, before + 1)
    assert again[-2:] == [("OK", "REVIEWED")] * 2
    assert approval.told(case)[-1]["resultReason"] == "Seen in person."


# --- People and time


def test_a_reviewer_decides_once_and_the_second_is_told(approval):
    case = Case()
    approval.put(case.evaluated(), case.asked(score=5.0))
    assert approval.put(case.reviewed("OK", job="EVALUATION")) == [IGNORED]
    assert approval.put(case.reviewed("OK"), case.reviewed("NOK", by="reviewer-8")) == [DONE, DONE]
    assert approval.holds(case) == ("OK", "REVIEWED")
    assert approval.put(case.evaluated("NOK")) == [DONE]
    assert approval.holds(case) == ("OK", "REVIEWED")
    answers = approval.told(case, REVIEWED)
    assert [(answer["job"], answer["outcome"], answer["result"]) for answer in answers] == [
        ("APPROVAL", "RESOLVED", "OK"), ("APPROVAL", "ALREADY_DECIDED", "OK")]  # fmt: skip
    assert approval.put(Case().reviewed()) == [DONE]  # told that there is no such case


def test_cases_expire(approval):
    case, early = Case(), Case()
    approval.put(case.asked(), early.asked())
    approval.books.execute("update review_case set expires_at = now() - interval '1 min'"
                           " where identity_verification_id = %s", (case.id,))
    events = [{"processId": one.process, "identityVerificationId": one.id, "job": "APPROVAL", "expiredAt": 1}
              for one in (case, early)]
    assert sorted(approval.put(*((CASE_EXPIRED, event) for event in events))) == [DONE, IGNORED]
    assert approval.holds(case) == ("NOK", "CASE_EXPIRED")
    assert approval.holds(early) == ("WAIT", "EVALUATION_PENDING")
    assert approval.put((PROCESS_EXPIRED, {"processId": early.process, "expiredAt": 1})) == [DONE]
    assert approval.decisions(early, 2)[1] == ("NOK", "PROCESS_EXPIRED")


# --- Replies


def asking(correlation):
    return [("kafka_replyTopic", REPLIES.encode()), ("kafka_replyPartition", b"\0\0\0\0"),
            ("kafka_correlationId", correlation)]


@pytest.fixture(scope="module")
def replies(approval):
    approval.stack.create([running.NewTopic(REPLIES, 1, 1)])
    approval.listen(REPLIES)
    yield approval
    approval.stack.admin.delete_topics([REPLIES])


def test_who_asks_is_answered_and_what_follows_is_on_the_topic(replies):
    case, heard = Case(), len(replies.heard(REPLIES))
    topic, data = case.asked()
    replies.outcomes(replies.send([replies.record(topic, data, asking(b"who"))]))
    reply = replies.await_heard(REPLIES, heard + 1)[-1]
    assert dict(reply.headers)["kafka_correlationId"] == b"who"
    assert replies.contract.decode("ApprovalCompleted", reply.value)["result"] == "WAIT"
    replies.put(case.evaluated())
    assert replies.decisions(case, 2)[1] == ("OK", "ACCEPTED")
    replies.outcomes(replies.send([replies.record(topic, data, asking(b"again"))]))
    reply = replies.await_heard(REPLIES, heard + 2)[-1]
    assert dict(reply.headers)["kafka_correlationId"] == b"again"
    assert replies.contract.decode("ApprovalCompleted", reply.value)["result"] == "OK"


# --- What is wrong


NAN, INFINITE = struct.pack("<d", float("nan")), struct.pack("<d", float("inf"))


@pytest.mark.parametrize(
    "reason, detail, change, broken",
    [
        ("CONTRACT", "score: out of range", {"score": 11.0}, {}),
        ("CONTRACT", "score: out of range", {"score": -0.5}, {}),
        ("MALFORMED", None, {}, {"score?": NAN}),
        ("MALFORMED", None, {}, {"score?": INFINITE}),
        ("MALFORMED", None, {}, {"status": b"\x04"}),
        ("CONTRACT", "userId is blank or too long", {"userId": " "}, {}),
        ("CONTRACT", None, {"userId": "u" * 256}, {}),
        ("CONTRACT", "identityVerificationId is blank or too long", {"identityVerificationId": "\t"}, {}),
        ("CONTRACT", None, {"processId": ""}, {}),
        ("CONTRACT", "frame is empty", {"frame": {"data": b""}}, {}),
        ("CONTRACT", "frame has neither data nor digest", {"frame": {"size": 5}}, {}),
        ("CONTRACT", "digest of the frame is not of 32 bytes", {"frame": {"digest": b"short"}}, {}),
    ],
)
def test_a_request_that_breaks_the_contract_is_parked(approval, reason, detail, change, broken):
    topic, data = Case().asked()
    letters = len(approval.heard(APPROVAL + DEAD_LETTER))
    record = approval.record(topic, data | change, **broken)
    after = Case()
    bad, good = approval.outcomes(approval.send([record, approval.record(*after.asked())]))
    assert (bad.outcome, good.outcome) == (PARKED, DONE)
    letter = approval.dead_letters(letters + 1)[-1]
    assert header(letter, "onboarding-dlt-reason") == reason
    assert detail is None or header(letter, "onboarding-dlt-detail") == detail
    assert letter.value == record.value


def test_a_verification_is_one_users(approval):
    case, other = Case(), Case()
    other.id = case.id
    approval.put(case.evaluated(), case.asked())
    letters = len(approval.heard(APPROVAL + DEAD_LETTER))
    assert approval.put(other.asked()) == [PARKED]
    letter = approval.dead_letters(letters + 1)[-1]
    assert header(letter, "onboarding-dlt-detail") == "identityVerificationId is of another user"
    assert approval.rows("select count(*) from decision where user_id = %s", other.user) == [(0,)]


@pytest.mark.parametrize("name", ["userId", "identityVerificationId"])
def test_a_fact_of_nobody_is_parked(approval, name):
    topic, data = Case().evaluated()
    assert approval.put((topic, data | {name: " "})) == [PARKED]
