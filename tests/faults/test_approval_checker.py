"""What the checker says of approval: nothing of a faultless world, and each way of spoiling one.

    test_approval_checker.py STACK_DIR

The rows stand in PostgreSQL as a worker leaves them; the rest of the world is made by hand.
"""

import io
import sys
import unittest
import uuid
from collections import defaultdict
from datetime import datetime, timezone
from types import SimpleNamespace

import fastavro

import approval
import approval_check
import books
import effects
import spoiled_worlds
from contract import Contract
from report import Report
from topics_read import Message

CONTRACT = Contract()
START_S = 1_800_000_000
FACE, OTHER_FACE = b"f" * 32, b"g" * 32
PLAIN, PENDING, UNCERTAIN, CONSENTS, IN_USE, UNASKED, ENDED = (f"idv-{n}" for n in range(1, 8))

#: Requests: verification, process, user, type of process, score, face.
ASKED = [
    (PLAIN, "p1", "u1", "plain", 9.0, FACE),
    (PENDING, "p1", "u1", None, 9.0, None),
    (UNCERTAIN, "p3", "u3", "plain", 5.0, OTHER_FACE),
    (CONSENTS, "p4", "u4", "consents", 9.0, None),
    (IN_USE, "p5", "u5", "plain", 9.0, FACE),
    (PENDING, "p1", "u1", None, 9.0, None),
    (ENDED, "p7", "u7", "plain", 5.0, None),
]

TYPES = {name: kind for name, _, _, kind, _, _ in ASKED}

#: Decisions: verification, process, user, score, whether there was a face, whether it was another's,
#: attempts of process and day; of each version, result and code; the request or fact that brings it.
DECIDED = [
    (PLAIN, "p1", "u1", 9.0, True, False, 1, [("OK", "ACCEPTED", (approval.REQUESTED, 0))]),
    (PENDING, "p1", "u1", 9.0, False, False, 2, [
        ("WAIT", "EVALUATION_PENDING", (approval.REQUESTED, 1)), ("OK", "ACCEPTED", (approval.EVALUATED, 0))]),
    (UNCERTAIN, "p3", "u3", 5.0, True, False, 1, [
        ("WAIT", "SCORE_UNCERTAIN", (approval.REQUESTED, 2)), ("NOK", "REVIEWED", (approval.DECIDED, 0))]),
    (CONSENTS, "p4", "u4", 9.0, False, False, 1, [("WAIT", "CONSENT_PENDING", (approval.REQUESTED, 3))]),
    (IN_USE, "p5", "u5", 9.0, True, True, 1, [("WAIT", "FACE_IN_USE", (approval.REQUESTED, 4))]),
    (ENDED, "p7", "u7", 5.0, False, False, 1, [
        ("WAIT", "SCORE_UNCERTAIN", (approval.REQUESTED, 6)), ("NOK", "PROCESS_EXPIRED", (approval.EXPIRED, 0))]),
]  # fmt: skip

#: Facts: verification, user, result; answers: user, approved; reviews: verification, words, what came of them.
FACTS = [(PENDING, "u1", "OK"), (CONSENTS, "u4", "WAIT"), (CONSENTS, "u4", "OK")]
CONSENT = [("u1", False), ("u1", True)]
REVIEWS = [(UNCERTAIN, "no", "RESOLVED"), (UNCERTAIN, "", "ALREADY_DECIDED"), (UNASKED, "", "NO_SUCH_CASE")]

#: Call-backs: verification, its process, user and decision; how the effect ended; what the server did.
CALLS = [
    (PENDING, "p1", "u1", "OK", "SENT", ["silent", "accept"]),
    (UNCERTAIN, "p3", "u3", "NOK", "UNKNOWN", ["cut", "silent"]),
    (ENDED, "p7", "u7", "NOK", "SENT", ["accept"]),
]
FIRST_CALL, SECOND_CALL = (str(uuid.UUID(int=n)) for n in (1, 2))


def encode(name, values):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, CONTRACT.schema(name), values)
    return out.getvalue()


def seconds(after):
    return datetime.fromtimestamp(START_S + after, timezone.utc)


def write_rows(connection):
    for name, process, user, score, face, in_use, attempt, versions in DECIDED:
        for number, (result, code, _) in enumerate(versions, 1):
            write_version(connection, (name, process, TYPES[name], user, score, face, in_use, attempt), number, result, code)
        write_cases(connection, name, process, user, versions)
    for name, user, result in [FACTS[0], FACTS[2]]:
        connection.execute("insert into evaluation values (%s, %s, %s, now())", (name, user, result))
    connection.execute("insert into consent values ('u1', 'GDPR', true, now())")
    for number, (name, _, _, _, state, moods) in enumerate(CALLS, 1):
        write_call(connection, uuid.UUID(int=number), name, state, moods)


def write_version(connection, decided, number, result, code):
    name, process, kind, user, score, face, in_use, attempt = decided
    connection.execute(
        "insert into decision values (%s, %s, %s, %s, %s, %s, %s, 'why', null, '1', false, %s, %s, %s, %s, %s,"
        " %s, %s, now(), null, null, %s)",
        (name, number, process, kind, user, result, code, score, face, in_use, attempt, attempt,
         code in approval_check.AWAITING, seconds(0).date(), seconds(number)))  # fmt: skip


def write_cases(connection, name, process, user, versions):
    number = 0
    for result, code, _ in versions:
        by_code = {"REVIEWED": "RESOLVED", "PROCESS_EXPIRED": "EXPIRED"}
        state = "OPEN" if result == "WAIT" else by_code.get(code, "SUPERSEDED")
        if state != "OPEN" and number == 0:
            return
        number += 1
        closed = (result, code, seconds(2)) if state != "OPEN" else (None, None, None)
        connection.execute(
            "insert into review_case values (%s, %s, %s, %s, null, %s, 'c', 'r', now(), null, now(), %s, %s, %s)",
            (name, number, state, process, user, *closed))  # fmt: skip


def write_call(connection, effect, name, state, moods):
    lost = sum(mood in ("silent", "cut") for mood in moods)
    connection.execute(
        "insert into effect (due_at, expires_at, finished_at, topic_id, partition, attempts, group_id,"
        " unknowns, effect_id, kind, state, order_key, reference, sealed_by, cause)"
        " values (now(), now(), now(), 1, 0, %s, 1, %s, %s, 'callback', %s, %s, %s, '', %s)",
        (len(moods), lost, effect, state, name, name,
         encode("StoredCause", {"id": "e", "source": "s", "traceparent": "", "time": 0})))  # fmt: skip
    connection.execute("insert into review_callback values (%s, %s, %s, 200, 1, null, now())",
                       (effect, name, "OK" if state == "SENT" else state))  # fmt: skip


def frame_of(face):
    return face and {"data": None, "digest": face}


class Providers:
    def __init__(self):
        self.asked, self.got = [], []
        for number, (name, process, user, result, _, moods) in enumerate(CALLS, 1):
            effect = str(uuid.UUID(int=number))
            body = {"processId": process, "userId": user, "identityVerificationId": name,
                    "approvalResult": result}  # fmt: skip
            self.asked += [(effect, mood) for mood in moods]
            self.got += [(effect, approval_check.PATH, dict(body)) for _ in moods]

    def requests(self):
        return self.got


def make_world(connection):
    world = SimpleNamespace(
        connection=connection, contract=CONTRACT, report=Report(), firsts={}, contents={}, records={},
        end_rows=[], stored=defaultdict(list), providers=Providers(), results=[], dead=[])  # fmt: skip
    world.row = lambda where: SimpleNamespace(outcome=books.DONE, time_ms=(START_S + 100) * 1000)
    for number, (name, process, user, kind, score, face) in enumerate(ASKED):
        add(world, (approval.REQUESTED, 0, number), {
            "processId": process, "processType": kind, "userId": user, "identityVerificationId": name,
            "status": "SUCCESS", "score": score, "frame": frame_of(face)})  # fmt: skip
    for number, (name, user, result) in enumerate(FACTS):
        add(world, (approval.EVALUATED, 0, number), {
            "userId": user, "identityVerificationId": name, "result": result, "decidedAt": 1000 + number})  # fmt: skip
    for number, (user, approved) in enumerate(CONSENT):
        add(world, (approval.CONSENTED, 0, number), {
            "userId": user, "consentType": "GDPR", "approved": approved, "recordedAt": number})  # fmt: skip
    for number, (name, words, _) in enumerate(REVIEWS):
        add(world, (approval.DECIDED, 0, number), {
            "identityVerificationId": name, "decision": "NOK", "reason": words})  # fmt: skip
    add(world, (approval.EXPIRED, 0, 0), {"processId": "p7"})
    tell_all(world)
    for number in range(len(CALLS)):
        place = effects.PREFIX + approval.EVALUATED, 0, number
        world.end_rows.append(
            books.Row(*place, effects.SOURCE, uuid.UUID(int=number + 1), None, books.DONE, b"", 0))
    return world


def add(world, where, content):
    world.firsts[where] = [where]
    world.contents[where] = content
    world.records[where] = Message(*where, START_S * 1000, b"k", b"", [])


def tell_all(world):
    for name, process, user, *_, versions in DECIDED:
        for number, (result, code, (topic, offset)) in enumerate(versions, 1):
            words = REVIEWS[0][1] if code == "REVIEWED" else "why"
            world.stored[topic, 0, offset].append(told(name, process, user, number, result, code, words))
    world.stored[approval.REQUESTED, 0, 5].append(told(PENDING, "p1", "u1", 2, "OK", "ACCEPTED", "why"))
    for number, (name, _, outcome) in enumerate(REVIEWS):
        holds = {} if outcome == "NO_SUCH_CASE" else {"result": "NOK", "code": "REVIEWED", "decidedAt": seconds(2)}
        value = {"processId": "p3", "identityVerificationId": name, "userId": "u3", "job": "APPROVAL",
                 "outcome": outcome} | holds  # fmt: skip
        world.stored[approval.DECIDED, 0, number].append(result_of(approval.REVIEWED, "ReviewCompleted", value))


def told(name, process, user, version, result, code, words):
    return result_of(approval.COMPLETED, "ApprovalCompleted", {
        "processId": process, "userId": user, "identityVerificationId": name, "result": result,
        "code": code, "resultReason": words, "policyVersion": "1", "decidedAt": seconds(version)})  # fmt: skip


def result_of(topic, schema, value):
    return {"kind": "EVENT", "topic": topic, "value": CONTRACT.frame(schema) + encode(schema, value)}


# Each spoils the world in one way; the name says which violation must come of it.


def sql(world, text, *values):
    assert world.connection.execute(text, values).rowcount > 0, text


def say(world, topic, offset, **other):
    """What is told at a place is something else."""
    (result,) = [r for r in world.stored[topic, 0, offset] if r["topic"] == approval.COMPLETED]
    event = CONTRACT.decode("ApprovalCompleted", result["value"]) | other
    result["value"] = CONTRACT.frame("ApprovalCompleted") + encode("ApprovalCompleted", event)


def change(world, where, **fields):
    world.contents[where] = world.contents[where] | fields


def spoil_effect_without_an_end(w):
    sql(w, "update effect set state = 'PENDING', finished_at = null, content = '' where effect_id = %s", FIRST_CALL)


def spoil_end_recorded(w):
    w.end_rows.pop()


def spoil_heeded_too_often(w):
    sql(w, "update effect set unknowns = 0 where effect_id = %s", FIRST_CALL)


def spoil_effects_out_of_order(w):
    sql(w, "update effect set order_key = 'one'")
    w.providers.asked.reverse()


def spoil_no_decision(w):
    sql(w, "delete from decision where identity_verification_id = %s", PLAIN)


def spoil_decision_that_nobody_asked_for(w):
    del w.firsts[approval.REQUESTED, 0, 0]


def spoil_evaluation_kept_missing(w):
    sql(w, "delete from evaluation where identity_verification_id = %s", PENDING)


def spoil_evaluation_kept_of_before(w):
    sql(w, "update evaluation set result = 'WAIT' where identity_verification_id = %s", CONSENTS)


def spoil_consent_kept_of_before(w):
    sql(w, "update consent set approved = false")


def spoil_fact_of_nobody(w):
    sql(w, "insert into consent values ('u9', 'GDPR', true, now())")


def spoil_decided_on_another(w):
    sql(w, "update decision set score = 8 where identity_verification_id = %s", PLAIN)


def spoil_versions(w):
    sql(w, "update decision set version = 3 where identity_verification_id = %s and version = 2", PENDING)


def spoil_decision_of_another_rule(w):
    sql(w, "update decision set code = 'ACCEPTED', result = 'OK' where identity_verification_id = %s and version = 1",
        UNCERTAIN)  # fmt: skip


def spoil_decision_by_a_fact_that_never_came(w):
    change(w, (approval.EVALUATED, 0, 0), result="WAIT")


def spoil_decision_by_a_fact_of_another_user(w):
    change(w, (approval.EVALUATED, 0, 0), userId="u9")


def spoil_awaits_facts(w):
    sql(w, "update decision set awaits_facts = true where identity_verification_id = %s", IN_USE)


def spoil_fact_forgotten_evaluation(w):
    add(w, (approval.EVALUATED, 0, 9), dict(w.contents[approval.EVALUATED, 0, 2], decidedAt=9000, result="NOK"))


def spoil_fact_forgotten_consent(w):
    add(w, (approval.CONSENTED, 0, 9), dict(w.contents[approval.CONSENTED, 0, 1], userId="u4"))


def spoil_told_otherwise(w):
    say(w, approval.REQUESTED, 0, code="FACE_IN_USE")


def spoil_told_otherwise_the_result(w):
    say(w, approval.REQUESTED, 0, result="NOK")


def spoil_no_reason_told(w):
    say(w, approval.REQUESTED, 0, resultReason="")


def spoil_another_reason_told(w):
    say(w, approval.REQUESTED, 0, resultReason="else")


def spoil_an_older_decision_told(w):
    here, later = (approval.REQUESTED, 0, 1), (approval.REQUESTED, 0, 5)
    w.stored[here], w.stored[later] = w.stored[later], w.stored[here]


def spoil_answers_none(w):
    del w.stored[approval.REQUESTED, 0, 0]


def spoil_answers_two(w):
    w.stored[approval.REQUESTED, 0, 0] *= 2


def spoil_decision_told_never(w):
    del w.stored[approval.EVALUATED, 0, 0]


def spoil_decision_told_twice(w):
    w.stored[approval.CONSENTED, 0, 1] = list(w.stored[approval.EVALUATED, 0, 0])


def spoil_case_missing(w):
    sql(w, "delete from review_case where identity_verification_id = %s", IN_USE)


def spoil_case_opened_twice(w):
    sql(w, "insert into review_case select identity_verification_id, 2, state, process_id, process_type, user_id,"
        " code, reason, opened_at, facts_until, expires_at from review_case where identity_verification_id = %s",
        IN_USE)  # fmt: skip


def spoil_case_left_open(w):
    sql(w, "delete from review_case where identity_verification_id = %s and version = 2", PENDING)


def spoil_ended_by_its_process_never(w):
    change(w, (approval.EXPIRED, 0, 0), processId="p5")


def spoil_ended_by_its_process_with_ok(w):
    sql(w, "update decision set result = 'OK' where code = 'PROCESS_EXPIRED'")


def spoil_case_outlives_its_process(w):
    add(w, (approval.EXPIRED, 0, 1), {"processId": "p5"})


def spoil_reviews_answered_never(w):
    del w.stored[approval.DECIDED, 0, 2]


def spoil_reviews_answered_twice(w):
    w.stored[approval.DECIDED, 0, 2] *= 2


def spoil_reviews_that_counted(w):
    for offset in (0, 1):
        outcome(w, offset, outcome="RESOLVED")


def outcome(world, offset, **other):
    (result,) = [r for r in world.stored[approval.DECIDED, 0, offset] if r["topic"] == approval.REVIEWED]
    event = CONTRACT.decode("ReviewCompleted", result["value"]) | other
    result["value"] = CONTRACT.frame("ReviewCompleted") + encode("ReviewCompleted", event)


def spoil_reviewed_otherwise(w):
    change(w, (approval.DECIDED, 0, 0), decision="OK")


def spoil_words_of_the_reviewer(w):
    change(w, (approval.DECIDED, 0, 0), reason="else")


def spoil_reviewer_told_otherwise(w):
    outcome(w, 1, code="CASE_EXPIRED")


def spoil_attempts(w):
    sql(w, "update decision set process_attempt = 1 where identity_verification_id = %s", PENDING)


def spoil_attempts_of_a_day(w):
    sql(w, "update decision set day_attempt = 3 where identity_verification_id = %s", PENDING)


def spoil_one_face_two_users(w):
    sql(w, "update decision set frame_in_use = false where identity_verification_id = %s", IN_USE)


def spoil_face_refused_for_nobody(w):
    sql(w, "update decision set frame_in_use = true where identity_verification_id = %s", UNCERTAIN)


def spoil_call_backs_none(w):
    sql(w, "delete from effect where effect_id = %s", SECOND_CALL)


def spoil_call_backs_two(w):
    sql(w, "update effect set reference = %s", PENDING)


def spoil_end_of_call_back(w):
    sql(w, "update review_callback set state = 'NOK' where effect_id = %s", FIRST_CALL)


def spoil_end_of_no_call_back(w):
    sql(w, "insert into review_callback select %s, identity_verification_id, state, status, attempts, reason, now()"
        " from review_callback where effect_id = %s", str(uuid.UUID(int=9)), FIRST_CALL)  # fmt: skip


def spoil_call_back_of_no_case(w):
    w.providers.got.append((str(uuid.UUID(int=9)), approval_check.PATH, {}))


def spoil_content_of_call_back(w):
    w.providers.got[0][2]["approvalResult"] = "NOK"


def spoil_secret_in_a_table(w):
    sql(w, "update decision set reason = 'by 975312345678'")
    sql(w, "update decision set reason = 'why'")


class TestApproval(spoiled_worlds.SpoiledWorlds):
    service, checks = approval.SERVICE, approval_check
    write_rows, make_world = staticmethod(write_rows), staticmethod(make_world)
    spoilers = spoiled_worlds.spoilers_of(globals())


if __name__ == "__main__":
    TestApproval.folder = sys.argv.pop(1)
    unittest.main(verbosity=2)
