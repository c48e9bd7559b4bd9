"""The checker's own test: green on a faultless world, red on each way of spoiling it.

    test_checker.py STACK_DIR

A model of a worker, of which nothing is ever killed, makes the world on the real stack; the
world is then spoiled in the checker's memory, one way at a time.
"""

import copy
import sys
import unittest
import uuid
from collections import Counter, defaultdict

from confluent_kafka import Producer

import books
import dead_letters
import domain
import events
from books import CONFLICT, DEAD_LETTER, DONE, DUPLICATE
from checker import UNREADABLE, Checker
from model_worker import SERVICE, Model
from report import Report
from service_topics import SERVICES
from stack import Stack
from topics_read import Message, expectation, header

TOPICS = {events.EVALUATION: 8, events.CUSTOMER: 1, events.REVIEW: 1}  # the others stay empty


def first_where(checker, outcome):
    return next(w for w in sorted(checker.records) if checker.row(w).outcome == outcome)


def change_row(checker, where, **fields):
    index = checker.books.rows.index(checker.rows[where][0])
    checker.books.rows[index] = checker.rows[where][0] = checker.rows[where][0]._replace(**fields)


def event_of(checker):
    """Coordinates and stored result of an evaluation."""
    return next((w, r) for w, rs in sorted(checker.stored.items()) for r in rs if r["kind"] == "EVENT")


# Each spoils the world in one way; the name says which violation must come of it.
def spoil_no_row(c):
    c.rows.pop(first_where(c, DONE))


def spoil_several_rows(c):
    where = first_where(c, DONE)
    c.rows[where].append(c.rows[where][0])


def spoil_row_without_a_record(c):
    c.rows[events.EVALUATION, 0, 10**6] = [c.books.rows[0]]


def spoil_a_later_repeat_won(c):
    where = next(w for w, places in ids_of(c).items() if len(places) > 1)
    other = next(p for p in ids_of(c)[where] if p != where)
    change_row(c, where, outcome=DUPLICATE)
    change_row(c, other, outcome=DONE)


def ids_of(c):
    """First good record of each id -> all of them in one partition with the same content."""
    out, first = {}, {}
    for where in sorted(c.contents):
        key = header(c.records[where], "ce_source"), header(c.records[where], "ce_id"), where[1]
        out.setdefault(first.setdefault(key, where), []).append(where)
    return out


def spoil_done_once(c):
    change_row(c, first_where(c, DUPLICATE), outcome=DONE)


def spoil_outcome_2_instead_of_3(c):
    change_row(c, first_where(c, CONFLICT), outcome=DUPLICATE)


def spoil_outcome_1_instead_of_4(c):
    change_row(c, first_where(c, DEAD_LETTER), outcome=DONE)


def spoil_id_of_row(c):
    change_row(c, first_where(c, DONE), event_id=uuid.uuid4(), event_text="x")


def spoil_source_of_row(c):
    change_row(c, first_where(c, DONE), source="urn:nobody")


def spoil_same_content_other_digest(c):
    change_row(c, first_where(c, DUPLICATE), digest=b"else")


def spoil_other_content_same_digest(c):
    first, second = [w for w in sorted(c.contents) if c.row(w).outcome == DONE][:2]
    change_row(c, first, digest=c.row(second).digest)


def spoil_stored_results(c):
    c.stored.pop(event_of(c)[0])


def spoil_partition_of_result(c):
    event_of(c)[1]["partition"] += 1


def spoil_header_ce_causationid(c):
    headers = event_of(c)[1]["headers"]
    headers[:] = [h for h in headers if h["name"] != "ce_causationid"]


def spoil_missing(c):
    c.results.pop(3)


def spoil_copies(c):
    c.results.append(c.results[3]._replace(offset=10**6))


def spoil_result_that_nobody_stored(c):
    stray = c.results[3]
    headers = [("ce_id", b"stray") if h[0] == "ce_id" else h for h in stray.headers]
    c.results.append(stray._replace(headers=headers))


def spoil_other_bytes_than_stored(c):
    c.results[3] = c.results[3]._replace(value=c.results[3].value + b"x")


def spoil_published_elsewhere(c):
    c.results[3] = c.results[3]._replace(partition=(c.results[3].partition + 1) % 4)


def spoil_stamp_out_of_bounds(c):
    c.results[3] = c.results[3]._replace(time_ms=c.results[3].time_ms + 5000)


def spoil_order(c):
    by_key = {}
    for index, message in enumerate(c.results):
        if message.key in by_key:
            other = by_key[message.key]
            c.results[index], c.results[other] = c.results[other], message
            break
        by_key[message.key] = index


def spoil_dead_letter_missing(c):
    c.dead.pop(0)


def spoil_dead_letter_copies(c):
    c.dead.append(c.dead[0])


def spoil_dead_letter_without_reason(c):
    letter = c.dead[0]
    headers = [h for h in letter.headers if h[0] != "onboarding-dlt-offset"]
    c.dead.append(letter._replace(headers=headers + [("onboarding-dlt-offset", b"999999")]))


def spoil_dead_letter_changed(c):
    c.dead[0] = c.dead[0]._replace(value=b"other")


def spoil_reason(c):
    letter = c.dead[0]
    headers = [h for h in letter.headers if h[0] != "onboarding-dlt-reason"]
    c.dead[0] = letter._replace(headers=headers + [("onboarding-dlt-reason", b"TOO_LARGE")])


def spoil_lag(c):
    change_place(c, next=1)


def spoil_unmarked(c):
    change_place(c, published=1)


def spoil_partition_stopped(c):
    change_place(c, stopped="cluster")


def change_place(c, **fields):
    spot = events.EVALUATION, 2
    c.books.places[spot] = c.books.places[spot]._replace(**fields)


SPOILERS = {name[6:]: spoil for name, spoil in list(globals().items()) if name.startswith("spoil_")}


class TestChecker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(cls.folder, own=False)
        cls.addClassCleanup(cls.stack.delete_topics)
        cls.stack.new_topics(3600 * 1000)
        cls.database = cls.stack.new_database()
        cls.addClassCleanup(cls.stack.drop_database, cls.database)
        generator = events.Generator(5, TOPICS)
        producer = Producer({"bootstrap.servers": cls.stack.brokers, "partitioner": "murmur2_random"})
        for _ in range(600):
            for record in generator.next():
                produce(producer, record)
        assert producer.flush(20) == 0
        Model(cls.stack, cls.database).run()
        cls.world = Checker(cls.stack.brokers, cls.stack.admin_url(cls.database), SERVICE)
        cls.addClassCleanup(cls.world.connection.close)
        cls.world.read()

    def checked(self, spoil=None):
        """The report on a copy of the world."""
        checker, world = copy.copy(self.world), self.world
        checker.report = Report()
        checker.books = copy.copy(world.books)
        checker.books.rows = list(world.books.rows)
        checker.books.places = dict(world.books.places)
        checker.results, checker.dead = list(world.results), list(world.dead)
        checker.rows = defaultdict(list, {w: list(rows) for w, rows in world.rows.items()})
        checker.stored = copy.deepcopy(world.stored)
        if spoil:
            spoil(checker)
        for check in Checker.CHECKS:
            check(checker)
        return checker.report

    def test_faultless_world(self):
        report = self.checked()
        report.print()
        self.assertEqual(dict(report.violations), {})

    def test_spoiled_worlds(self):
        for name, spoil in SPOILERS.items():
            with self.subTest(name):
                kinds = {k.lower().replace(" ", "_").replace(",", "") for k in self.checked(spoil).violations}
                self.assertIn(name, kinds)

    def test_record_of_somebody_else(self):
        """Nobody of us labelled it, and it cannot be read: told, with its place."""
        checker = copy.copy(self.world)
        checker.report = Report()
        where, good = next((w, r) for w, r in checker.records.items() if expectation(r) == "ok")
        for value in (good.value[:-1], good.value[:5], b"", None):
            checker.records = {where: good._replace(value=value, headers=[])}
            checker.read_contents()
        self.assertEqual(checker.report.violations, {UNREADABLE: 4})
        self.assertIn("none of this run's", checker.report.lines[0])
        self.assertIn(f"{where[0]}[{where[1]}]@{where[2]}", checker.report.lines[0])

    def test_reason_of_a_stranger(self):
        """evaluation knows customers' schema; lookup does not know that of reviews, nor the probe either."""
        generator = events.Generator(5, TOPICS)
        customer, review = (generator.stranger(name) for name in (events.EVALUATION, events.CUSTOMER))
        for service, value, reason in (
            ("evaluation", customer, "SCHEMA_INCOMPATIBLE"), ("evaluation", review, "SCHEMA_INCOMPATIBLE"),
            ("lookup", customer, "SCHEMA_INCOMPATIBLE"), ("lookup", review, "SCHEMA_UNKNOWN"),
            ("probe", customer, "SCHEMA_UNKNOWN"),
        ):  # fmt: skip
            with self.subTest(service):
                checker = copy.copy(self.world)
                checker.inputs = SERVICES[service]
                headers = [("test-expect", b"SCHEMA_INCOMPATIBLE")]
                record = Message("topic", 0, 0, 0, b"key", value, headers)
                self.assertEqual(dead_letters.reason_of(checker, record), reason)

    def test_parked_by_chance(self):
        """Only what was next in line when three owners were lost."""
        lost, kept, poison = sorted(self.world.contents)[:2] + sorted(self.world.books.parked)[:1]
        checker = copy.copy(self.world)
        checker.books, checker.report = copy.copy(self.world.books), Report()
        suspect = books.Parked("CRASH_SUSPECT", "", None)
        checker.books.parked = self.world.books.parked | {lost: suspect, kept: suspect}
        checker.taken_over = Counter({lost: 3, kept: 2, poison: 9})
        checker.find_lost()
        self.assertEqual(checker.lost, {lost})
        self.assertEqual(dead_letters.reason_of(checker, checker.records[lost]), "CRASH_SUSPECT")
        self.assertEqual(dead_letters.reason_of(checker, checker.records[kept]), "ok")

    def test_spoiled_tables(self):
        for name, change in {
            "decisions": "delete from decision where ctid = (select min(ctid) from decision)",
            "told_otherwise": "update decision set code = 'UNDER_AGE' where code = 'ACCEPTED'",
            "decision_that_nobody_asked_for": "update decision set identity_verification_id = 'x'"
            " where ctid = (select min(ctid) from decision)",
            "one_identity_two_users": "update decision set code = 'ACCEPTED' where code = 'IDENTITY_IN_USE'",
            "customer_rows": "delete from customer where ctid = (select min(ctid) from customer)",
        }.items():
            with self.subTest(name):
                checker = copy.copy(self.world)
                checker.report = Report()
                checker.connection.execute("begin")
                checker.connection.execute(change)
                domain.check_evaluation(checker)
                checker.connection.execute("rollback")
                kinds = {k.replace(" ", "_").replace(",", "") for k in checker.report.violations}
                self.assertIn(name, kinds)


def produce(producer, record):
    producer.produce(
        record.topic,
        record.value,
        record.key,
        -1 if record.partition is None else record.partition,
        headers=record.all_headers(),
    )
    producer.poll(0)


if __name__ == "__main__":
    TestChecker.folder = sys.argv.pop(1)
    unittest.main(verbosity=2)
