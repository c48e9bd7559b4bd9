"""What the checker says of one-time codes: nothing of a faultless world, and each way of spoiling one.

    test_otp_checker.py STACK_DIR

The rows stand in PostgreSQL as a worker leaves them; the rest of the world is made by hand.
"""

import io
import sys
import unittest
import uuid
from collections import defaultdict
from contextlib import nullcontext
from datetime import datetime, timezone
from types import SimpleNamespace
from unittest import mock

import fastavro

import books
import effects
import otp
import otp_check
from contract import Contract
from murmur2 import partition_of
from report import Report
from stack import Stack
from topics_read import Message

CONTRACT = Contract()
PARTITIONS = 4
START_S = 1_800_000_000
POLICY = otp.read_policy()
KNOWN, NEW, PHONE, OTHER = "+420771111111", "+420772222222", "+420773333333", "+420774444444"
CODE, SECOND = "975311111111", "975322222222"
FIRST, TIGHT, CROWD = "process-1", "process-4", "process-6"

#: Requests in their order: process and its type, use, code, resend, number, user, seconds after the
#: start, seconds that it has lain; what was done with it; what the provider did.
MADE = [
    (FIRST, None, "ACTIVATION", CODE, False, PHONE, None, 0, 0, "SENT", ["silent", "accept"]),
    (FIRST, None, "ACTIVATION", CODE, True, PHONE, None, 1, 0, "TOO_SOON", None),
    (FIRST, None, "ACTIVATION", CODE, True, PHONE, None, 3, 0, "SENT", ["error", "accept"]),
    (FIRST, None, "USER_VERIFICATION", CODE, False, None, "user-1", 4, 0, "PROVIDER_REFUSED", ["refuse"]),
    (FIRST, None, "USER_VERIFICATION", CODE, True, None, "user-2", 9, 0, "NO_DESTINATION", None),
    (FIRST, None, "ACTIVATION", SECOND, False, PHONE, None, 9, 0, "UNKNOWN", ["cut", "silent"]),
    (FIRST, None, "ACTIVATION", SECOND, False, PHONE, None, 9, 600, "EXPIRED", None),
    (TIGHT, "tight", "ACTIVATION", CODE, False, OTHER, None, 5, 0, "SENT", ["accept"]),
    (TIGHT, "tight", "ACTIVATION", SECOND, False, OTHER, None, 9, 0, "TOO_MANY", None),
]
ENDS = {told: end for end, told in otp_check.ENDS.items() if told != "EXPIRED"}
LOST, REFUSED = (str(uuid.UUID(int=n)) for n in (1, 4))


def encode(name, values):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, CONTRACT.schema(name), values)
    return out.getvalue()


def seconds(after):
    return datetime.fromtimestamp(START_S + after, timezone.utc)


def place_of(number):
    return otp.REQUESTED, partition_of(MADE[number][0].encode(), PARTITIONS), number


def write_rows(connection):
    for number, made in enumerate(MADE, 1):
        process, kind, use, code, resend, phone, user, at, lain, told, moods = made
        connection.execute(
            "insert into answer values (%s, %s, %s, %s, %s, %s, %s, %s, %s, '1', %s, %s)",
            (uuid.UUID(int=number), process, kind, user, use, resend, phone and "SMS", told,
             len(moods or []), seconds(at - lain), seconds(at)))  # fmt: skip
        if moods:
            write_message(connection, number, made)
    challenges = [  # process, first message, versions, use, last state, resends
        (FIRST, 1, 3, "ACTIVATION", "REPLACED", 1), (FIRST, 4, 1, "USER_VERIFICATION", "OPEN", 0),
        (FIRST, 6, 1, "ACTIVATION", "OPEN", 0), (TIGHT, 8, 1, "ACTIVATION", "OPEN", 0),
    ]  # fmt: skip
    for process, first, versions, use, state, resends in challenges:
        connection.execute(
            "insert into challenge values (%s, %s, %s, %s, %s, %s, %s, now(), now(), now(), now())",
            (process, uuid.UUID(int=first), versions, use, state,
             b"h" * 32 if state == "OPEN" else None, resends))  # fmt: skip


def write_message(connection, number, made):
    process, kind, use, _, resend, phone, user, at, lain, told, moods = made
    state, failure = ENDS[told]
    lost = sum(mood in ("silent", "cut") for mood in moods)
    index = (phone or KNOWN).encode().ljust(32)
    name = uuid.UUID(int=number)
    connection.execute(
        "insert into message values (%s, %s, %s, %s, %s, %s, %s, 'SMS', 'en', %s, '1', %s, %s)",
        (name, name, process, kind, user, use, resend, index, seconds(at - lain), seconds(at)))  # fmt: skip
    cause = encode("StoredCause", {"id": f"e{number}", "source": "s", "traceparent": "", "time": 0})
    connection.execute(
        "insert into effect (due_at, expires_at, finished_at, topic_id, partition, attempts, group_id,"
        " unknowns, effect_id, kind, state, failure, order_key, reference, sealed_by, cause)"
        " values (now(), now(), now(), 1, 0, %s, 1, %s, %s, 'sms', %s, %s, %s, %s, '', %s)",
        (len(moods), lost, name, state, failure, process, str(name), cause))  # fmt: skip


def result_of(made, **other):
    process, _, use, _, _, phone, user, at, _, told, _ = made
    value = {"processId": process, "userId": user, "otpType": use, "otpSent": told in ("SENT", "UNKNOWN"),
             "code": told, "resultReason": "", "channel": phone and "SMS", "policyVersion": "1",
             "decidedAt": seconds(at)} | other  # fmt: skip
    return {"kind": "EVENT", "topic": otp.COMPLETED,
            "value": CONTRACT.frame("OtpCompleted") + encode("OtpCompleted", value)}  # fmt: skip


def text_of(made):
    return POLICY["default"]["texts"][made[2]]["en"]["sms"].replace("{{code}}", made[3])


class Providers:
    def __init__(self):
        self.asked, self.got = [], []

    def requests(self):
        return self.got


def make_world(connection):
    world = SimpleNamespace(
        connection=connection, contract=CONTRACT, report=Report(), firsts={}, contents={}, records={},
        end_rows=[], stored=defaultdict(list), providers=Providers(), results=[], dead=[],
        count_of=lambda topic: PARTITIONS, outcomes=defaultdict(lambda: books.DONE))  # fmt: skip
    world.row = lambda where: SimpleNamespace(outcome=world.outcomes[where])
    add(world, (otp.CUSTOMER, 0, 0), "c1", 0, {"userId": "user-0", "phoneNumber": KNOWN})
    for number, pair in enumerate([("user-1", "user-9"), ("user-9", "user-0")]):
        add(world, (otp.LINKED, 0, number), f"l{number}", 0, {"userId": pair[0], "firstId": pair[1]})
    for number, made in enumerate(MADE):
        process, kind, use, code, resend, phone, user, at, lain, told, moods = made
        where, name = place_of(number), str(uuid.UUID(int=number + 1))
        add(world, where, f"e{number + 1}", at - lain, {
            "processId": process, "processType": kind, "userId": user, "otpCode": code, "otpType": use,
            "language": "", "resend": resend, "phoneNumber": phone,
        })  # fmt: skip
        if moods is None:
            world.stored[where].append(result_of(made))
            continue
        end = effects.PREFIX + otp.REQUESTED, 0, number
        world.end_rows.append(books.Row(*end, effects.SOURCE, uuid.UUID(name), None, books.DONE, b"", 0))
        world.stored[end].append(result_of(made))
        world.providers.asked += [(name, mood) for mood in moods]
        message = {"to": phone or KNOWN, "text": text_of(made), "reference": name}
        world.providers.got += [(name, dict(message)) for _ in moods]
    return world


def add(world, where, name, at, content):
    headers = [("ce_id", name.encode()), ("ce_source", b"s"), ("ce_time", seconds(at).isoformat().encode())]
    world.firsts[where] = [where]
    world.contents[where] = content
    world.records[where] = Message(*where, int((START_S + at) * 1000), b"k", b"", headers)


# Each spoils the world in one way; the name says which violation must come of it.


def tell(world, number, **other):
    """The answer to a request is another one."""
    for stored in (world.stored[place_of(number)], world.stored[effects.PREFIX + otp.REQUESTED, 0, number]):
        if stored:
            stored[:] = [result_of(MADE[number], **other)]


def change(world, table, what, where="true"):
    world.connection.execute(f"update {table} set {what} where {where}")


def spoil_effect_without_an_end(w):
    change(w, "effect", "state = 'PENDING', failure = null, finished_at = null, content = ''", f"effect_id = '{REFUSED}'")


def spoil_effect_that_nobody_asked_for(w):
    cause = encode("StoredCause", {"id": "e9999", "source": "s", "traceparent": "", "time": 0})
    w.connection.execute("update effect set cause = %s where effect_id = %s", (cause, REFUSED))


def spoil_end_recorded(w):
    w.end_rows.append(w.end_rows[0]._replace(offset=99))


def spoil_message_without_a_row(w):
    w.connection.execute("delete from message where message_id = %s", (LOST,))


def spoil_message_that_nobody_asked_for(w):
    w.connection.execute("delete from effect where effect_id = %s", (REFUSED,))


def spoil_answer_to_nobody(w):
    w.stored[otp.REQUESTED, 0, 99].append(result_of(MADE[1]))


def spoil_answers_none(w):
    del w.stored[place_of(1)]


def spoil_answers_of_an_effect_none(w):
    del w.stored[effects.PREFIX + otp.REQUESTED, 0, 0]


def spoil_answers_two(w):
    w.stored[place_of(1)].append(result_of(MADE[1]))


def spoil_effects_two_of_one_request(w):
    w.connection.execute(
        "update effect set cause = (select cause from effect where effect_id = %s) where effect_id = %s",
        (LOST, REFUSED))  # fmt: skip


def spoil_answer_of_another(w):
    tell(w, 1, userId="user-9")


def spoil_otpsent(w):
    tell(w, 1, otpSent=True)


def spoil_refused_and_sent(w):
    w.stored[place_of(0)].append(result_of(MADE[0], code="TOO_SOON", otpSent=False))


def spoil_told_otherwise(w):
    tell(w, 3, code="SENT", otpSent=True)


def spoil_answer_rows_missing(w):
    w.connection.execute("delete from answer where answer_id = %s", (LOST,))


def spoil_answer_rows_of_another_result(w):
    change(w, "answer", "result = 'UNKNOWN'", f"answer_id = '{REFUSED}'")


def spoil_two_numbers_taken_for_one(w):
    index = OTHER.encode().ljust(32)
    w.connection.execute("update message set destination_index = %s where message_id = %s", (index, LOST))


def spoil_too_many_to_a_number(w):
    otp.CHANGED["messagesPerDay"] = 2


def spoil_decided_before_it_came(w):
    tell(w, 1, decidedAt=seconds(-9))


def spoil_time_went_back(w):
    tell(w, 6, decidedAt=seconds(8))


def spoil_destination_forgotten(w):
    where = place_of(4)
    w.contents[where] = w.contents[where] | {"userId": "user-1"}


def spoil_rule_too_soon(w):
    change(w, "message", "asked_at = asked_at - interval '2 s'", "message_id = '00000000-0000-0000-0000-000000000003'")


def spoil_rule_not_too_soon(w):
    tell(w, 1, decidedAt=seconds(2.5))


def spoil_rule_too_many(w):
    where = place_of(8)
    w.contents[where] = w.contents[where] | {"processType": "onboarding"}


def spoil_rule_not_too_many(w):
    where = place_of(3)
    w.contents[where] = w.contents[where] | {"processType": "tight"}


def spoil_rule_not_expired(w):
    tell(w, 6, code="TOO_MANY")


def spoil_rule_no_destination(w):
    where = place_of(1)
    w.contents[where] = w.contents[where] | {"phoneNumber": None}


def spoil_challenges_missing(w):
    w.connection.execute("delete from challenge where process_id = %s", (TIGHT,))


def spoil_challenges_resent_too_often(w):
    change(w, "challenge", "resends = 2", "resends = 1")


def spoil_challenges_of_nobody(w):
    w.connection.execute("insert into challenge select %s, challenge_id, 1, otp_type, state, code_hmac, 0,"
                         " now(), now(), now(), now() from challenge where process_id = %s", (CROWD, TIGHT))  # fmt: skip


def spoil_heeded_too_often(w):
    change(w, "effect", "unknowns = 0", f"effect_id = '{LOST}'")


def spoil_effects_out_of_order(w):
    w.providers.asked.reverse()


def spoil_message_of_no_effect(w):
    w.providers.got.append(("e9", {}))


def spoil_message_to_another(w):
    w.providers.got[0][1]["to"] = OTHER


def spoil_message_to_another_than_is_linked(w):
    del w.contents[otp.LINKED, 0, 1]


def spoil_message_to_another_than_registered(w):
    next(m for _, m in w.providers.got if m["to"] == KNOWN)["to"] = NEW


def spoil_text_of_message(w):
    w.providers.got[0][1]["text"] = text_of(MADE[5])


def spoil_reference_of_message(w):
    w.providers.got[0][1]["reference"] = REFUSED


def spoil_secret_in_a_table(w):
    change(w, "challenge", f"process_id = '{CODE}'", f"process_id = '{TIGHT}'")


def spoil_secret_in_a_table_for_a_while(w):
    change(w, "answer", f"process_type = '{CODE}'")
    change(w, "answer", "process_type = null")


def spoil_secret_published(w):
    headers = [("x", CODE.encode())]
    w.results.append(Message(otp.COMPLETED, 0, 0, 0, b"k", b"v", headers))


def spoil_secret_in_a_reason(w):
    headers = [("onboarding-dlt-detail", f"otpCode is {CODE}".encode())]
    w.dead.append(Message(otp.REQUESTED + ".dlt", 0, 0, 0, b"k", CODE.encode(), headers))


SPOILERS = {name[6:]: spoil for name, spoil in list(globals().items()) if name.startswith("spoil_")}


class TestOtp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(cls.folder, own=False)

    def database(self):
        """A connection to a database of its own, with the rows of a faultless world."""
        name = self.stack.new_database()
        self.addCleanup(self.stack.drop_database, name)
        connection = books.connect(self.stack.admin_url(name), otp.SERVICE)
        self.addCleanup(connection.close)
        write_rows(connection)
        return connection

    def report(self, connection, spoil=None, name="secret"):
        """What is said of a world; nothing of it stays but in the files. Those are slow to read: not
        where the world is spoiled in another way."""
        keep = nullcontext() if name.startswith("secret") else mock.patch.object(otp_check, "canary")
        connection.execute("begin")
        try:
            world = make_world(connection)
            with mock.patch.dict(otp.CHANGED), keep:
                if spoil:
                    spoil(world)
                otp_check.check(world)
        finally:
            connection.execute("rollback")
        return world.report

    def test_faultless_world(self):
        report = self.report(self.database())
        self.assertEqual(report.lines, [])
        self.assertEqual((report.numbers["requests"], report.numbers["rules_followed"]), (8, len(MADE)))

    def test_spoiled_worlds(self):
        shared = self.database()
        for name, spoil in SPOILERS.items():
            connection = self.database() if "in_a_table" in name else shared
            with self.subTest(name):
                violations = self.report(connection, spoil, name).violations
                kinds = [k.replace(" ", "_").replace(",", "").lower() for k in violations]
                self.assertTrue(any(name.startswith(kind) for kind in kinds), kinds)


if __name__ == "__main__":
    TestOtp.folder = sys.argv.pop(1)
    unittest.main(verbosity=2)
