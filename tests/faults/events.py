"""Upstream's events from a seed: mostly good, some repeated, conflicting, misplaced or broken.

Each record says in the header `test-expect` what is to become of it on its own: `ok`, `ignored`,
`barrier`, or the reason of its dead letter. That it is a repeat or a conflict is not said: the
checker finds it out from ids and contents, as which of two is first depends on the partitions.

    events.py SEED COUNT      prints what would be sent
"""

import random
import sys
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import partial

import approval
import consent
import otp
import poison
from contract import Contract
from murmur2 import partition_of
from wire import Encoder, Style

EVALUATION = "onboarding.evaluation.requested.v1"
LOOKUP = "onboarding.lookup.requested.v1"
CUSTOMER = "onboarding.customer.registered.v1"
CONSENT = "onboarding.consent.completed.v1"
RETENTION = "onboarding.retention.due.v1"
REVIEW = "onboarding.review.decided.v1"
CONSENT_TEXT = "onboarding.consent-text.requested.v1"

REPEATED, CONFLICTING, POISONED, MISPLACED = 0.05, 0.01, 0.01, 0.01
BARRIERS, OTHER_SOURCE, TEXT_IDS = 0.002, 0.003, 0.03
RECENT = 400  # events that a repeat may go back
PROCESSES = 48  # active at a time: few keys, so that order is really tested
SOURCES = ["//bank.example/onboarding", "//bank.example/branch", "urn:example:app"]

SURNAMES = ["Novak", "Dvorak", "Svoboda", "Kralova", "Horak", "Vesela", "Maly", "Cerna"]
GIVEN = ["Jana", "Petr", "Eva", "Tomas", "Lucie", "Adam", "Marie", "Filip"]


@dataclass
class Record:
    """What is produced, and what the generator knows of it."""

    topic: str
    key: bytes
    value: bytes
    headers: list
    partition: int = None  # None: where the key belongs
    expect: str = "ok"
    kind: str = "new"
    key_field: str = "processId"
    stranger: bytes = b""  # a value of another schema
    event: dict = field(default_factory=dict)

    def all_headers(self):
        return self.headers + [
            ("test-expect", self.expect.encode()),
            ("test-kind", self.kind.encode()),
        ]


class Person:
    """Somebody invented, with documents that agree with each other."""

    def __init__(self, rng, number):
        self.user = f"user-{number}"
        self.surname, self.given = rng.choice(SURNAMES), rng.choice(GIVEN)
        self.born = f"{rng.randrange(1950, 2000)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
        self.personal_number = f"P{rng.getrandbits(40):012d}{number}"
        self.document = f"D{rng.getrandbits(40):012d}{number}"
        self.email = f"person{number}@example.com"
        self.phone = f"+420600{number:06d}"


class Process:
    def __init__(self, rng, number):
        self.id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        self.person = Person(rng, number)
        self.verifications = []
        self.codes = {}  # one-time codes by their use


class Generator:
    """next() gives the records to send next, in order; `topics` maps topic names to weights."""

    def __init__(self, seed, topics, contract=None, partitions=4):
        self.rng = random.Random(seed)
        self.topics, self.partitions = topics, partitions
        self.contract = contract or Contract()
        self.encoder = Encoder(self.contract.raw)
        self.serial = 0
        self.recent = []
        self.processes = [self.process() for _ in range(PROCESSES)]
        self.verifications = []
        self.customers = {}
        self.linked = {}  # first ids by later ones
        self.make = {
            EVALUATION: self.evaluation,
            LOOKUP: self.lookup,
            CUSTOMER: self.customer,
            CONSENT: self.consent,
            REVIEW: self.review,
            CONSENT_TEXT: self.consent_text,
        }
        for service in (otp, approval, consent):
            if service.REQUESTED in topics:
                self.make |= {topic: partial(make, self) for topic, make in service.EVENTS.items()}

    @property
    def now(self):
        return datetime.now(timezone.utc)

    def next(self):
        """One step of upstream: usually one record, sometimes a few that belong together."""
        dice = self.rng.random()
        if self.recent and dice < REPEATED:
            return [self.repeat("repeat")]
        if self.recent and dice < REPEATED + CONFLICTING:
            return [self.conflict()]
        if self.recent and dice < REPEATED + CONFLICTING + MISPLACED:
            return [self.misplaced()]
        if dice > 1 - BARRIERS:
            return [self.barrier()]
        topic = self.rng.choices(list(self.topics), self.topics.values())[0]
        if topic in (EVALUATION, LOOKUP) and self.rng.random() < 0.03:
            return self.rivals(topic)
        record = self.fresh(topic)
        if self.rng.random() < POISONED / 0.93:
            record.stranger = self.stranger(topic)
            poison.break_record(record, record.event, self.writer(topic), self.rng)
        elif self.rng.random() < OTHER_SOURCE:
            return [record, self.same_id_elsewhere(record)]
        else:
            self.remember(record)
        return [record]

    # What upstream does.

    def fresh(self, topic, **given):
        event, expect = self.make[topic](**given)
        key_field = self.contract.topics[topic]["key"]
        return Record(
            topic,
            event[key_field].encode(),
            self.value(topic, event),
            self.headers(topic),
            expect=expect,
            key_field=key_field,
            event=event,
        )

    def repeat(self, kind):
        """The same id and content, in other bytes."""
        first = self.rng.choice(self.recent)
        style = Style(blocks=self.rng.random() < 0.5, turned=self.rng.random() < 0.5)
        return Record(
            first.topic,
            first.key,
            self.value(first.topic, first.event, style),
            self.same_id(first),
            expect=first.expect,
            kind=kind,
            key_field=first.key_field,
            event=first.event,
        )

    def conflict(self):
        """The same id, other content."""
        first = self.rng.choice(self.recent)
        other = self.fresh(first.topic)
        other.event[first.key_field] = first.event[first.key_field]
        other.key, other.kind = first.key, "conflict"
        other.value = self.value(first.topic, other.event)
        other.headers = self.same_id(first)
        return other

    def misplaced(self):
        """A repeat on a partition where its key does not belong, soon after the first."""
        record = self.repeat("misplaced")
        own = partition_of(record.key, self.partitions)
        record.partition = (own + self.rng.randrange(1, self.partitions)) % self.partitions
        return record

    def same_id_elsewhere(self, record):
        """Another sender may use the same id for something else."""
        other = self.fresh(record.topic)
        other.kind = "other source"
        other.headers = [
            (name, b"urn:example:other" if name == "ce_source" else value)
            for name, value in self.same_id(record)
        ]
        return other

    def rivals(self, topic):
        """Two events at once for what only one may get, on partitions of their own."""
        first, second = self.process(), self.process()
        while partition_of(first.id.encode(), self.partitions) == partition_of(
            second.id.encode(), self.partitions
        ):
            second = self.process()
        one = self.fresh(topic, process=first, plain=True)
        if topic == EVALUATION and self.rng.random() < 0.5:
            second.person.personal_number = first.person.personal_number
            two = self.fresh(topic, process=second, plain=True)
        elif topic == EVALUATION:
            second.person = first.person
            two = self.fresh(topic, process=second, verification=first.verifications[-1])
        elif self.rng.random() < 0.5:
            two = self.fresh(topic, process=second, person=first.person)
        else:
            two = self.fresh(CUSTOMER, person=first.person)
            self.processes[self.rng.randrange(PROCESSES)] = first  # is asked for again
        one.kind = two.kind = "rival"
        return [one, two]

    def lookup_and_registration(self):
        """Of the same person: two records at once, and who asks after them."""
        person = self.process().person
        one, again = (
            self.fresh(LOOKUP, process=self.process(), person=person, plain=True) for _ in range(2)
        )
        return [one, self.fresh(CUSTOMER, person=person)], again

    def barrier(self):
        """What an older owner may have left on an input that is an output elsewhere."""
        topic = self.rng.choice(list(self.topics))
        return Record(
            topic,
            None,
            None,
            [("ob-barrier", b"1")],
            partition=self.rng.randrange(self.partitions),
            expect="barrier",
            kind="barrier",
        )

    # Parts.

    def process(self):
        self.serial += 1
        return Process(self.rng, self.serial)

    def active(self):
        index = self.rng.randrange(len(self.processes))
        if self.rng.random() < 0.1:
            person = self.processes[index].person
            self.processes[index] = self.process()
            if approval.REQUESTED in self.topics and self.rng.random() < 0.3:
                self.processes[index].person = person  # tries again
        return self.processes[index]

    def remember(self, record):
        self.recent.append(record)
        if len(self.recent) > RECENT:
            self.recent.pop(0)

    def writer(self, topic):
        schema = self.contract.raw[self.contract.schema_of_topic(topic)]
        return lambda event, style: self.encoder.encode(schema, event, style)

    def value(self, topic, event, style=Style()):
        frame = self.contract.frame(self.contract.schema_of_topic(topic))
        return frame + self.writer(topic)(event, style)

    def stranger(self, topic):
        other = CUSTOMER if topic != CUSTOMER else REVIEW
        return self.value(other, self.make[other]()[0])

    def new_id(self):
        if self.rng.random() < TEXT_IDS:
            return f"evt/{self.rng.getrandbits(48):x}/ž"
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def headers(self, topic):
        trace = f"00-{self.rng.getrandbits(128) | 1:032x}-{self.rng.getrandbits(64) | 1:016x}-01"
        made = [
            ("ce_specversion", b"1.0"),
            ("ce_id", self.new_id().encode()),
            ("ce_source", self.rng.choice(SOURCES).encode()),
            ("ce_type", topic.encode()),
            ("ce_time", self.time_of(topic).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()),
            ("content-type", b"application/avro"),
        ]
        if self.rng.random() < 0.7:
            made.append(("traceparent", trace.encode()))
        elif self.rng.random() < 0.3:
            made.append(("traceparent", b"ff-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01"))
        return made

    def time_of(self, topic):
        """When it says that it happened: some requests for codes have lain somewhere."""
        late = topic == otp.REQUESTED and self.rng.random() < 0.03
        return self.now - timedelta(seconds=2 * otp.LONGEST_SECONDS if late else 0)

    def same_id(self, record):
        """The headers of a repeat: id and source as before, the rest as it comes."""
        kept = {name: value for name, value in record.headers if name in ("ce_id", "ce_source")}
        return [(name, kept.get(name, value)) for name, value in self.headers(record.topic)]

    # Events, each with what is to become of it.

    def evaluation(self, process=None, plain=False, verification=None):
        rng = self.rng
        process = process or self.active()
        person = process.person
        if verification is None:
            if process.verifications and rng.random() < 0.05:
                verification = rng.choice(process.verifications)
            else:
                verification = "idv-" + self.new_id()
                process.verifications.append(verification)
        event = {
            "processId": process.id,
            "processType": "onboarding",
            "userId": person.user,
            "identityVerificationId": verification,
            "provider": rng.choice(["ZenID", "Microblink"]),
            "status": "SUCCESS",
            "score": round(rng.uniform(7.5, 10), 3),
            "documents": [self.document(person)],
        }
        if not plain:
            self.spoil(event)
        return event, "ok"

    def document(self, person):
        return {
            "type": "ID_CARD",
            "status": "SUCCESS",
            "country": "CZE",
            "data": {
                "givenNames": person.given,
                "surname": person.surname,
                "dateOfBirth": person.born,
                "personalNumber": person.personal_number,
                "documentNumber": person.document,
                "dateOfIssue": (self.now - timedelta(days=900)).strftime("%Y-%m-%d"),
                "dateOfExpiry": (self.now + timedelta(days=900)).strftime("%Y-%m-%d"),
            },
            "images": [{"type": "FACE", "digest": self.rng.randbytes(32), "size": 40000}],
            "rawData": '{"checks":["mrz","hologram"],"engine":"4.2"}',
        }

    def spoil(self, event):
        """Makes another decision than ACCEPTED likely."""
        data = event["documents"][0]["data"]
        dice = self.rng.random()
        if dice < 0.08:
            event["score"] = round(self.rng.uniform(0, 3.9), 3)
        elif dice < 0.16:
            event["score"] = round(self.rng.uniform(4.1, 6.9), 3)
        elif dice < 0.20:
            event["status"] = "FAILURE"
        elif dice < 0.24:
            data["dateOfExpiry"] = (self.now - timedelta(days=90)).strftime("%Y-%m-%d")
        elif dice < 0.28:
            data["dateOfBirth"] = (self.now - timedelta(days=17 * 365)).strftime("%Y-%m-%d")
        elif dice < 0.31:
            event["documents"] = []
        elif dice < 0.34:
            data["surname"] = None

    def lookup(self, process=None, plain=False, person=None):
        process = process or self.active()
        person = person or process.person
        identification = {"email": person.email, "phoneNumber": person.phone}
        if self.rng.random() < 0.05 and not plain:
            identification = {"nickname": person.given}
        return {
            "processId": process.id,
            "processType": "new-customer",
            "identification": identification,
        }, "ok"

    def customer(self, person=None):
        if person is None:
            self.serial += 1
            person = Person(self.rng, self.serial)
            person.email = "customer." + person.email
        return {
            "userId": person.user,
            "identifiers": {"clientNumber": "C-" + person.user},
            "surname": person.surname,
            "givenNames": person.given,
            "birthDate": person.born,
            "personalNumber": person.personal_number,
            "email": person.email,
            "phoneNumber": person.phone,
            "documents": [{"type": "ID_CARD", "country": "CZE", "documentNumber": person.document}],
        }, "ok"

    def consent(self):
        process = self.active()
        return {
            "processId": process.id,
            "userId": process.person.user,
            "consentType": "GDPR",
            "approved": self.rng.random() < 0.9,
            "recordedAt": int(self.now.timestamp() * 1000),
        }, "ok"

    def consent_text(self):
        """To the probe: which effects to ask for, of which order key, and whether one follows."""
        process = self.active()
        return {
            "processId": process.id,
            "processType": self.rng.choice(["plain", "plain", "chain"]),
            "userId": process.person.user,
            "consentType": self.rng.choice(["first", "second", "first second"]),
            "language": self.rng.choice([None, *(f"key-{n}" for n in range(6))]),
            "variables": {},
        }, "ok"

    def review(self):
        process = self.active()
        return {
            "processId": process.id,
            "identityVerificationId": "idv-" + self.new_id(),
            "userId": process.person.user,
            "job": "APPROVAL",
            "decision": "OK",
            "reason": "seen",
            "decidedBy": "reviewer-1",
        }, "ignored"


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    generator = Generator(seed, {EVALUATION: 8, CUSTOMER: 1, REVIEW: 1})
    for _ in range(count):
        for record in generator.next():
            size = len(record.value or b"")
            print(record.topic, record.key, record.partition, record.kind, record.expect, size)


if __name__ == "__main__":
    main()
