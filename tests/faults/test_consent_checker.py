"""What the checker says of consent: nothing of a faultless world, and each way of spoiling one.

    test_consent_checker.py STACK_DIR

The rows stand in PostgreSQL as a worker leaves them; the rest of the world is made by hand.
"""

import hashlib
import io
import sys
import unittest
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import fastavro

import books
import consent
import consent_check
import spoiled_worlds
from contract import Contract
from report import Report
from topics_read import Message

CONTRACT = Contract()
START = datetime(2026, 3, 1, 12, 0, 0, 123000, timezone.utc)
SOURCE = "//bank.example/onboarding"

#: Answers: partition and offset, process and its type, user, type, approved, version told, language,
#: channel; what becomes of them: version, state, text's version and language, the text, required, complete.
ANSWERS = [
    (0, 0, "p1", "onboarding", "u1", "GDPR", True, None, "cs", "MOBILE", 1, "APPROVED", "2", "cs", "cs2", True, True),
    (0, 1, "p1", "onboarding", "u1", "GDPR", False, " ", "en-GB", "", 2, "WITHDRAWN", "2", "en", "en2", True, False),
    (1, 0, "p2", "both", "u1", "MARKETING", True, None, None, None, 1, "APPROVED", None, None, None, True, False),
    (1, 1, "p3", "free", "u2", "MARKETING", False, "a", "de", "BRANCH", 1, "REFUSED", "a", "en", "a", False, True),
    (1, 2, "p3", "onboarding", "u2", "GDPR", True, "else", "x", None, 1, "APPROVED", "else", None, None, True, True),
    (0, 2, "p4", "both", "u2", "MARKETING", True, None, "cs", None, 2, "APPROVED", None, "cs", None, True, True),
    (1, 3, "p3", "onboarding", "u2", "MARKETING", True, "1", "CS", None, 3, "APPROVED", "1", "cs", None, False, True),
]
HTML = {
    "cs2": "<p>Já, {{name}}, souhlasím. {{ne}, {x}</p>\n",
    "en2": "<p>I, <b>{{name}}</b> of {{town}}, agree.</p>\n",
    "a": "<p>Send me {news}.</p>\n",
}

#: Who asks for a text: type, language, variables; code, text, language, version, first day.
ASKED = [
    ("GDPR", "cs", {"name": "<Eva> & 'co'"}, "TEXT", "<p>Já, &lt;Eva&gt; &amp; &#39;co&#39;, souhlasím. {{ne}, {x}</p>\n",
     "cs", "2", "2021-06-01"),
    ("GDPR", "en", {"name": "Eva"}, "VARIABLE_MISSING", None, None, None, None),
    ("MARKETING", "cs", {}, "TEXT", "<p>Send me {news}.</p>\n", "en", "a", "2020-01-01"),
    ("TERMS", None, {}, "NO_TEXT", None, None, None, None),
    ("UNKNOWN", None, {}, "UNKNOWN_TYPE", None, None, None, None),
]  # fmt: skip


def name_of(where):
    return f"e-{where[0].split('.')[1]}-{where[1]}-{where[2]}"


def recorded(number):
    return START + timedelta(seconds=1 + number)


def write_rows(connection):
    for number, (partition, offset, process, kind, user, type_, *rest) in enumerate(ANSWERS):
        _, _, _, channel, version, state, text_version, language, text, required, _ = rest
        connection.execute(
            "insert into submission values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'faults', %s, %s)",
            (user, type_, version, process, kind, state, text_version, language,
             text and hashlib.sha256(HTML[text].encode()).digest(), required, channel or None, SOURCE,
             name_of((consent.SUBMITTED, partition, offset)), START, recorded(number)))  # fmt: skip


def make_world(connection):
    world = SimpleNamespace(connection=connection, contract=CONTRACT, report=Report(), firsts={}, contents={},
                            records={}, stored=defaultdict(list), results=[], dead=[])  # fmt: skip
    world.row = lambda where: SimpleNamespace(outcome=books.DONE)
    for number, (partition, offset, process, kind, user, type_, approved, told, language, channel, *rest) in enumerate(
        ANSWERS
    ):
        where = consent.SUBMITTED, partition, offset
        add(world, where, {
            "processId": process, "processType": kind, "userId": user, "consentType": type_, "approved": approved,
            "textVersion": told, "language": language, "channel": channel})  # fmt: skip
        _, state, text_version, language, _, required, complete = rest
        tell(world, where, consent.COMPLETED, "ConsentCompleted", {
            "processId": process, "userId": user, "consentType": type_, "approved": approved,
            "textVersion": text_version, "language": language, "recordedAt": recorded(number), "processType": kind,
            "withdrawn": state == "WITHDRAWN", "required": required, "complete": complete,
            "policyVersion": "faults"})  # fmt: skip
    for number, (type_, language, variables, code, html, told, version, day) in enumerate(ASKED):
        where = consent.TEXT_REQUESTED, 0, number
        own = {"processId": "p1", "userId": "u1", "consentType": type_}
        add(world, where, own | {"processType": "onboarding", "language": language, "variables": variables})
        tell(world, where, consent.TEXT_COMPLETED, "ConsentTextCompleted", own | {
            "code": code, "consentText": html, "language": told, "textVersion": version, "effectiveFrom": day})  # fmt: skip
    return world


def add(world, where, content):
    headers = [("ce_source", SOURCE.encode()), ("ce_id", name_of(where).encode()),
               ("ce_time", START.strftime("%Y-%m-%dT%H:%M:%S.123456Z").encode())]  # fmt: skip
    world.firsts[where], world.contents[where] = [where], content
    world.records[where] = Message(*where, 0, b"k", b"", headers)


def encode(schema, value):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, CONTRACT.schema(schema), value)
    return CONTRACT.frame(schema) + out.getvalue()


def tell(world, where, topic, schema, value):
    world.stored[where].append({"kind": "EVENT", "topic": topic, "value": encode(schema, value)})


# Each spoils the world in one way; the name says which violation must come of it.


def sql(world, statement, *parameters):
    assert world.connection.execute(statement, parameters).rowcount > 0, statement


def answer(world, partition, offset, **other):
    say(world, (consent.SUBMITTED, partition, offset), "ConsentCompleted", other)


def text(world, number, **other):
    say(world, (consent.TEXT_REQUESTED, 0, number), "ConsentTextCompleted", other)


def say(world, where, schema, other):
    (result,) = world.stored[where]
    result["value"] = encode(schema, CONTRACT.decode(schema, result["value"]) | other)


def change(world, partition, offset, **fields):
    where = consent.SUBMITTED, partition, offset
    world.contents[where] = world.contents[where] | fields


def spoil_answer_rows_none(w):
    sql(w, "delete from submission where user_id = 'u2' and version = 3")


def spoil_answer_rows_two(w):
    sql(w, "insert into submission select user_id, consent_type, 9, process_id, process_type, state, text_version,"
        " language, text_digest, required, channel, source, event_id, policy_version, submitted_at, recorded_at"
        " from submission where version = 3")  # fmt: skip


def spoil_answer_rows_told_never(w):
    del w.stored[consent.SUBMITTED, 0, 0]


def spoil_answer_rows_told_twice(w):
    w.stored[consent.SUBMITTED, 0, 0] *= 2


def spoil_answer_that_nobody_gave(w):
    del w.firsts[consent.SUBMITTED, 1, 3]


def spoil_row_of_answer_of_another_user(w):
    change(w, 0, 0, userId="u3")


def spoil_row_of_answer_of_another_process(w):
    sql(w, "update submission set process_id = 'p9' where process_id = 'p4'")


def spoil_row_of_answer_text_version(w):
    sql(w, "update submission set text_version = '1' where process_id = 'p1'")


def spoil_row_of_answer_not_yet_in_force(w):
    sql(w, "update submission set text_version = '3' where process_id = 'p1' and version = 2")


def spoil_row_of_answer_language(w):
    sql(w, "update submission set language = 'de' where process_id = 'p4'")


def spoil_row_of_answer_digest(w):
    sql(w, "update submission set text_digest = null where process_id = 'p1'")


def spoil_row_of_answer_digest_of_another_text(w):
    sql(w, "update submission set text_digest = sha256('') where process_id = 'p3' and version = 1")


def spoil_row_of_answer_required(w):
    sql(w, "update submission set required = not required where process_id = 'p4'")


def spoil_row_of_answer_channel(w):
    sql(w, "update submission set channel = '' where process_id = 'p1' and version = 2")


def spoil_row_of_answer_policy(w):
    sql(w, "update submission set policy_version = '1' where process_id = 'p4'")


def spoil_row_of_answer_time_given(w):
    sql(w, "update submission set submitted_at = recorded_at where process_id = 'p4'")


def spoil_told_otherwise_approved(w):
    answer(w, 0, 1, approved=True)


def spoil_told_otherwise_withdrawn(w):
    answer(w, 0, 1, withdrawn=False)


def spoil_told_otherwise_text(w):
    answer(w, 0, 0, textVersion="1")


def spoil_told_otherwise_time(w):
    answer(w, 0, 0, recordedAt=START)


def spoil_versions(w):
    sql(w, "update submission set version = 4 where version = 3")


def spoil_state_forgets_the_approval(w):
    sql(w, "update submission set state = 'REFUSED' where state = 'WITHDRAWN'")


def spoil_state_of_another_answer(w):
    sql(w, "update submission set state = 'APPROVED' where state = 'REFUSED'")


def spoil_time_of_answer(w):
    early = START + timedelta(seconds=1)
    sql(w, "update submission set recorded_at = %s where process_id = 'p1'", early)


def spoil_answers_out_of_order(w):
    sql(w, "update submission set state = 'APPROVED' where process_id = 'p1'")
    for old, new in ((1, 7), (2, 1), (7, 2)):
        sql(w, "update submission set version = %s where process_id = 'p1' and version = %s", new, old)


def spoil_complete_though_withdrawn(w):
    answer(w, 0, 1, complete=True)


def spoil_complete_denied_where_nothing_is_required(w):
    answer(w, 1, 1, complete=False)


def spoil_complete_denied_after_all_is_approved(w):
    answer(w, 1, 3, complete=False)


def spoil_texts_told_never(w):
    del w.stored[consent.TEXT_REQUESTED, 0, 0]


def spoil_texts_told_twice(w):
    w.stored[consent.TEXT_REQUESTED, 0, 0] *= 2


def spoil_text_told_as_markup(w):
    text(w, 0, consentText="<p>Já, <Eva> & 'co', souhlasím. {{ne}, {x}</p>\n")


def spoil_text_told_in_another_language(w):
    text(w, 2, language="cs")


def spoil_text_told_of_another_version(w):
    text(w, 0, textVersion="1")


def spoil_text_told_of_another_day(w):
    text(w, 0, effectiveFrom="2090-01-01")


def spoil_text_told_half(w):
    text(w, 1, code="TEXT", consentText="<p>I, <b>Eva</b> of , agree.</p>\n")


def spoil_text_told_before_its_time(w):
    text(w, 3, code="TEXT", consentText="<p>Later</p>\n")


def spoil_text_told_of_an_unknown_type(w):
    text(w, 4, code="NO_TEXT")


def spoil_text_told_to_another(w):
    text(w, 0, userId="u2")


def spoil_secret_in_a_table(w):
    sql(w, "update submission set channel = '975312345678'")
    sql(w, "update submission set channel = ''")


class TestConsent(spoiled_worlds.SpoiledWorlds):
    service, checks = consent.SERVICE, consent_check
    write_rows, make_world = staticmethod(write_rows), staticmethod(make_world)
    spoilers = spoiled_worlds.spoilers_of(globals())


if __name__ == "__main__":
    TestConsent.folder = sys.argv.pop(1)
    unittest.main(verbosity=2)
