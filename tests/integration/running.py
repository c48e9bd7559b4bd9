"""A worker of the asan build on a database and a consumer group of its own, and its surroundings."""

import base64
import json
import os
import sys
import urllib.error
import urllib.request
from collections import namedtuple

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "faults"))

import books  # noqa: E402
from contract import Contract  # noqa: E402
from events import CONSENT, CUSTOMER, EVALUATION, LOOKUP, RETENTION, REVIEW, Generator  # noqa: E402
from murmur2 import partition_of  # noqa: E402, F401
from stack import Stack, claim_stack  # noqa: E402, F401
from topics_read import header, is_barrier, message_of, watermarks  # noqa: E402
from worker import Worker, await_true  # noqa: E402

FENCE_MS = 4000
PARTITIONS = 4
SECONDS = 30  # what a worker does in a second or two is awaited for so long
READY, AWAY = 200, 503
APPROVAL = "onboarding.approval.requested.v1"
EVALUATED = "onboarding.evaluation.completed.v1"
LINKED = "onboarding.customer.linked.v1"
CASE_EXPIRED = "onboarding.review.expired.v1"
PROCESS_EXPIRED = "onboarding.process.expired.v1"

CONSENT_TEXT = "onboarding.consent-text.requested.v1"

INPUTS = {
    "probe": (CONSENT_TEXT,),
    "evaluation": (EVALUATION, CUSTOMER, LINKED, REVIEW, CASE_EXPIRED, PROCESS_EXPIRED, RETENTION),
    "lookup": (LOOKUP, CUSTOMER, CONSENT, RETENTION),
    "approval": (APPROVAL, EVALUATED, CONSENT, LINKED, REVIEW, CASE_EXPIRED, PROCESS_EXPIRED, RETENTION),
}
OUTPUT = {
    "probe": "onboarding.consent-text.completed.v1",
    "evaluation": EVALUATED,
    "lookup": "onboarding.lookup.completed.v1",
    "approval": "onboarding.approval.completed.v1",
}
DEAD_LETTER = ".dlt"

Spot = namedtuple("Spot", "topic partition offset")


class Running:
    """A service under test; close() ends its workers. `stack` is tests/faults' Stack."""

    def __init__(self, stack, folder, service="evaluation", seed=1, **settings):
        self.stack, self.folder, self.service = stack, str(folder), service
        self.extra = settings
        os.makedirs(self.folder, exist_ok=True)
        self.group = f"onboarding-{service}-{os.path.basename(self.folder)}-{os.urandom(4).hex()}"
        self.database = stack.new_database()
        self.connect()
        self.contract = Contract()
        self.generator = Generator(seed, {INPUTS[service][0]: 1}, self.contract)
        self.workers = []
        self.producer = Producer(
            {
                "bootstrap.servers": stack.brokers,
                "partitioner": "murmur2_random",
                "message.max.bytes": 2000000,
                "compression.type": "lz4",
                "linger.ms": 0,
                "log_level": 0,
            }
        )
        self.readers, self.seen = {}, {}
        for topic in [OUTPUT[service], *(t + DEAD_LETTER for t in INPUTS[service])]:
            self.listen(topic)

    def connect(self):
        """Also after PostgreSQL was away."""
        self.books = books.connect(self.stack.admin_url(self.database), self.service)

    def close(self):
        for worker in self.workers:
            worker.kill()
        for reader in self.readers.values():
            reader.close()
        self.books.close()
        self.stack.drop_database(self.database)

    # The worker.

    def key_file(self, name):
        path = os.path.join(self.folder, name + ".key")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            file.write(base64.b64encode(name.encode().ljust(32, b"k")) + b"\n")
        return path

    def data_keys_file(self, *numbers):
        """The ring of keys around data keys; number 1 alone where none is given."""
        path = os.path.join(self.folder, "data.keys")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            for number in numbers or (1,):
                key = base64.b64encode(f"data {number}".encode().ljust(32, b"k"))
                file.write(b"%d %s\n" % (number, key))
        return path

    def settings(self):
        return {
            "ONBOARDING_KAFKA_BROKERS": self.stack.brokers,
            "ONBOARDING_POSTGRES_URL": self.stack.service_url(self.service, self.database),
            "ONBOARDING_POSTGRES_PASSWORD_FILE": self.stack.password_file(self.service),
            "ONBOARDING_CONSUMER_GROUP": self.group,
            "ONBOARDING_FENCE": f"{FENCE_MS}ms",
            "ONBOARDING_START": "end",
            "ONBOARDING_SESSION_TIMEOUT": "6s",
            "ONBOARDING_DIGEST_KEY_FILE": self.key_file("digest"),
            "ONBOARDING_INDEX_KEY_FILE": self.key_file("index"),
            "ONBOARDING_DATA_KEYS_FILE": self.data_keys_file(),
            "ONBOARDING_POLICY_FILE": os.path.join(ROOT, "services", self.service, "policy.json"),
        } | self.extra

    def policy_file(self, **changes):
        """A copy of the service's policy that a test may change."""
        path = os.path.join(self.folder, "policy.json")
        with open(os.path.join(ROOT, "services", self.service, "policy.json"), encoding="utf-8") as file:
            policy = json.load(file) | changes
        with open(path, "w", encoding="utf-8") as file:
            json.dump(policy, file)
        return path

    def spawn(self, armed=(), **settings):
        """Starts a worker; `armed`: failpoints that lie in wait, as (name, action, skip). The first
        of them is passed long after a start, so there is time to put them there."""
        folder = os.path.join(self.folder, f"w{len(self.workers) + 1}")
        worker = Worker(folder, self.service, self.settings() | settings)
        for failpoint in armed:
            worker.arm(*failpoint)
        self.workers.append(worker)
        return worker

    def start(self, **settings):
        """A worker that has all partitions, or its share of them beside others."""
        worker = self.spawn(**settings)
        self.await_taken(worker)
        return worker

    def await_taken(self, worker, seconds=SECONDS):
        wanted = PARTITIONS * len(INPUTS[self.service])
        await_sure(lambda: len(held(worker)) == wanted, seconds, lambda: tail(worker))

    # Upstream.

    def fresh(self, topic=None, **given):
        """A good event as a record, not sent yet."""
        topic = topic or INPUTS[self.service][0]
        if topic in (EVALUATION, LOOKUP):
            given.setdefault("plain", True)
        return self.generator.fresh(topic, **given)

    def send(self, records):
        """Produces records; gives where each one landed."""
        spots = [None] * len(records)

        def note(index):
            def on_delivery(error, message):
                assert error is None, error
                spots[index] = Spot(message.topic(), message.partition(), message.offset())

            return on_delivery

        for index, record in enumerate(records):
            self.producer.produce(
                record.topic,
                record.value,
                record.key,
                -1 if record.partition is None else record.partition,
                headers=record.headers,
                on_delivery=note(index),
            )
        assert self.producer.flush(SECONDS) == 0
        return spots

    # What came of it.

    def outcome(self, spot):
        """The ledger's row for a record's place, or None."""
        rows = [r for r in books.read_books(self.books, self.group).rows if at(r) == spot]
        assert len(rows) < 2, rows
        return rows[0] if rows else None

    def outcomes(self, spots, seconds=SECONDS):
        """The ledger's rows for these places, when all have one."""
        wanted = set(spots)
        found = {}

        def complete():
            rows = books.read_books(self.books, self.group).rows
            found.clear()
            found.update((at(row), row) for row in rows if at(row) in wanted)
            return len(found) == len(wanted)

        await_sure(complete, seconds, lambda: f"{wanted - set(found)} {self.tails()}")
        return [found[spot] for spot in spots]

    def tails(self):
        return "\n".join(tail(worker) for worker in self.workers[-2:])

    def idle(self):
        """Nothing is left to publish or to mark."""
        places = books.read_places(self.books, self.group).values()
        return bool(places) and all(p.next == p.published for p in places)

    def await_idle(self, seconds=SECONDS):
        await_sure(self.idle, seconds, lambda: str(books.read_places(self.books, self.group)))

    def rows(self, query, *parameters):
        return self.books.execute(query, parameters or None).fetchall()

    # Topics from now on.

    def listen(self, topic):
        reader = Consumer(
            {
                "bootstrap.servers": self.stack.brokers,
                "group.id": "test",
                "enable.auto.commit": False,
                "isolation.level": "read_uncommitted",
                "fetch.message.max.bytes": 4 << 20,
                "fetch.wait.max.ms": 50,
                "log_level": 0,
            }
        )
        count = len(reader.list_topics(topic, timeout=20).topics[topic].partitions)
        ends = [watermarks(reader, topic, number)[1] for number in range(count)]
        reader.assign([TopicPartition(topic, n, end) for n, end in enumerate(ends)])
        self.readers[topic], self.seen[topic] = reader, []

    def heard(self, topic):
        """Everything on a topic since this service was set up, barriers left out."""
        for got in self.readers[topic].consume(1000, 0.1):
            if got.error():
                continue
            message = message_of(got)
            if not is_barrier(message):
                self.seen[topic].append(message)
        return self.seen[topic]

    def await_heard(self, topic, count, seconds=SECONDS):
        """When so many have come; and no more by then."""
        await_sure(lambda: len(self.heard(topic)) >= count, seconds, lambda: self.tails())
        assert len(self.heard(topic)) == count
        return self.seen[topic]

    def results(self, count, seconds=SECONDS):
        return self.await_heard(OUTPUT[self.service], count, seconds)

    def dead_letters(self, count, topic=None, seconds=SECONDS):
        return self.await_heard((topic or INPUTS[self.service][0]) + DEAD_LETTER, count, seconds)

    def answered(self):
        """The ids of the events that have results."""
        return [header(message, "ce_causationid") for message in self.heard(OUTPUT[self.service])]

    def decoded(self, message):
        name = self.contract.schema_of_topic(OUTPUT[self.service])
        return self.contract.decode(name, message.value)


def id_of(record):
    return dict(record.headers)["ce_id"].decode()


def ids_of(records):
    return [id_of(record) for record in records]


def at(row):
    return Spot(row.topic, row.partition, row.offset)


def await_sure(condition, seconds, explain=lambda: ""):
    assert await_true(condition, seconds), explain()


def tail(worker, lines=12):
    return "\n".join(json.dumps(line) for line in list(worker.lines())[-lines:])


def said(worker, words):
    """Its log lines with these words as the message."""
    return [line for line in worker.lines() if words in (line.get("message"), line.get("text"))]


def held(worker):
    """The partitions that it says it took over."""
    return {(line["topic"], line["partition"]) for line in said(worker, "taken over")}


def port_of(worker):
    started = said(worker, "started")
    return started[0]["health_port"] if started else None


def ask(worker, path):
    """Status and text of its HTTP answer; (None, "") while there is none."""
    port = port_of(worker)
    if port is None:
        return None, ""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return None, ""


def status(worker, path):
    return ask(worker, path)[0]


def await_status(worker, path, wanted, seconds=SECONDS):
    await_sure(lambda: status(worker, path) == wanted, seconds, lambda: tail(worker))


def on_partition(service, number, count):
    records = [service.fresh(process=service.generator.process()) for _ in range(count)]
    for record in records:
        record.partition = number
    return records
