"""What the checker says of effects: nothing of a faultless world, and each way of spoiling one.

    test_effects_checker.py STACK_DIR

The effects stand in PostgreSQL as a worker leaves them; the rest of the world is made by hand.
"""

import io
import sys
import unittest
import uuid
from collections import defaultdict
from types import SimpleNamespace

import fastavro

import books
import effects
from contract import Contract
from report import Report
from stack import Stack
from topics_read import Message

ASKED, TOLD = "onboarding.consent-text.requested.v1", "onboarding.consent-text.completed.v1"
PLACE = effects.PREFIX + ASKED
CONTRACT = Contract()

#: Events by id: what they ask for, as the probe reads it.
EVENTS = {"e1": "first", "e2": "second", "e3": "first"}

#: Effects in the order asked for: event, kind, reference, state, failure, tries, answers lost, and
#: what the provider did with each try.
MADE = [
    ("e1", "first", "r", "SENT", None, 2, 1, ["silent", "accept"]),
    ("e2", "second", "r", "SENT", None, 2, 0, ["error", "accept"]),
    ("e3", "first", "chain:r", "FAILED", "REFUSED", 1, 0, ["refuse"]),
    ("e3", "second", "r", "UNKNOWN", None, 2, 2, ["cut", "silent"]),
]
LOST, BUSY, CHAINED, UNKNOWN = (str(uuid.UUID(int=n)) for n in range(1, 5))


def encode(name, values):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, CONTRACT.schema(name), values)
    return out.getvalue()


def write_effects(connection):
    for number, (event, kind, reference, state, failure, tries, lost, _) in enumerate(MADE, 1):
        cause = encode("StoredCause", {"id": event, "source": "s", "traceparent": "", "time": 0})
        connection.execute(
            "insert into effect (due_at, expires_at, finished_at, topic_id, partition, attempts, group_id,"
            " unknowns, effect_id, kind, state, failure, order_key, reference, sealed_by, cause)"
            " values (now(), now(), now(), 1, 0, %s, 1, %s, %s, %s, %s, %s, 'k', %s, '', %s)",
            (tries, lost, uuid.UUID(int=number), kind, state, failure, reference, cause),
        )


def result_of(event, kind, state):
    value = {"processId": "p", "userId": "u", "consentType": kind, "code": "TEXT",
             "consentText": state + " 1"}  # fmt: skip
    return {
        "topic": TOLD, "value": CONTRACT.frame("ConsentTextCompleted") + encode("ConsentTextCompleted", value),
        "headers": [{"name": "ce_causationid", "value": event.encode()}],
    }  # fmt: skip


def make_world(connection):
    world = SimpleNamespace(
        connection=connection, contract=CONTRACT, report=Report(), firsts={}, contents={}, records={},
        end_rows=[], stored=defaultdict(list), providers=SimpleNamespace(asked=[]))  # fmt: skip
    for offset, (event, kinds) in enumerate(EVENTS.items()):
        where = ASKED, 0, offset
        world.firsts[where] = [where]
        world.contents[where] = {"consentType": kinds}
        world.records[where] = Message(*where, 0, b"k", b"", [("ce_id", event.encode())])
    for offset, (event, kind, reference, state, _, _, _, moods) in enumerate(MADE):
        name = str(uuid.UUID(int=offset + 1))
        world.end_rows.append(
            books.Row(PLACE, 0, offset, effects.SOURCE, uuid.UUID(name), None, books.DONE, b"", 0))
        world.providers.asked += [(name, mood) for mood in moods]
        if not reference.startswith("chain:"):
            world.stored[PLACE, 0, offset].append(result_of(event, kind, state))
    return world


# Each spoils the world in one way; the name says which violation must come of it.


def change(world, what, name):
    world.connection.execute(f"update effect set {what} where effect_id = %s", (name,))


def spoil_effect_without_an_end(w):
    change(w, "state = 'PENDING', finished_at = null, content = ''", BUSY)


def spoil_content_kept(w):
    w.connection.execute("alter table effect drop constraint effect_check1")
    change(w, "content = 'x'", BUSY)


def spoil_effects_missing(w):
    w.connection.execute("delete from effect where effect_id = %s", (BUSY,))


def spoil_effects_twice(w):
    w.connection.execute("update effect set kind = 'second' where effect_id = %s", (LOST,))


def spoil_end_recorded_never(w):
    w.end_rows.pop(0)


def spoil_end_recorded_twice(w):
    w.end_rows.append(w.end_rows[0]._replace(offset=9))


def spoil_end_of_no_effect(w):
    w.end_rows.append(w.end_rows[0]._replace(offset=9, event_id=uuid.UUID(int=9)))


def spoil_end_of_an_effect(w):
    w.end_rows.append(w.end_rows[0]._replace(offset=9, outcome=books.CONFLICT))


def spoil_told_never(w):
    del w.stored[PLACE, 0, 1]


def spoil_told_twice(w):
    w.stored[PLACE, 0, 9] = w.stored[PLACE, 0, 1]


def spoil_told_otherwise(w):
    w.stored[PLACE, 0, 1] = [result_of("e2", "second", "FAILED")]


def spoil_answers_lost(w):
    change(w, "unknowns = 3, attempts = 3", UNKNOWN)


def spoil_sent_and_nobody_heeded_it(w):
    w.providers.asked.remove((BUSY, "accept"))


def spoil_heeded_too_often(w):
    change(w, "attempts = 3", LOST)
    w.providers.asked.append((LOST, "accept"))


def spoil_heeded_too_often_by_a_copy_that_nobody_counted(w):
    change(w, "unknowns = 0", LOST)


def spoil_requests(w):
    w.providers.asked.append((CHAINED, "error"))


def spoil_effects_out_of_order(w):
    w.providers.asked.reverse()


SPOILERS = {name[6:]: spoil for name, spoil in list(globals().items()) if name.startswith("spoil_")}


class TestEffects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stack = Stack(cls.folder, own=False)
        database = stack.new_database()
        cls.addClassCleanup(stack.drop_database, database)
        effects.make_tables(stack, database)
        cls.connection = books.connect(stack.admin_url(database), effects.SERVICE)
        cls.addClassCleanup(cls.connection.close)
        write_effects(cls.connection)

    def checked(self, spoil=None):
        """The kinds of violations of a world that nobody else sees."""
        self.connection.execute("begin")
        try:
            world = make_world(self.connection)
            if spoil:
                spoil(world)
            effects.check(world)
        finally:
            self.connection.execute("rollback")
        return world.report

    def test_faultless_world(self):
        report = self.checked()
        self.assertEqual(report.lines, [])
        self.assertEqual((report.numbers["requests"], report.numbers["effect_copies"]), (7, 2))

    def test_spoiled_worlds(self):
        for name, spoil in SPOILERS.items():
            with self.subTest(name):
                kinds = [k.replace(" ", "_").replace(",", "") for k in self.checked(spoil).violations]
                self.assertTrue(any(name.startswith(kind) for kind in kinds), kinds)


if __name__ == "__main__":
    TestEffects.folder = sys.argv.pop(1)
    unittest.main(verbosity=2)
