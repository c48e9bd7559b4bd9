"""Holds what a worker left behind against what upstream sent. Shares no code with the worker.

    checker.py --brokers HOST:PORT --postgres URL --service evaluation [--group NAME]

Truth are the input topics, read wholly; from them follow the ledger's rows, the results and the
dead letters. Prints every violation with its coordinates; exit code 1 when there is one.
"""

import argparse
import json
import os
import sys
from collections import Counter, defaultdict

import approval
import books
import consent
import domain
import effects
import otp
import seals
from books import CONFLICT, DEAD_LETTER, DONE, DUPLICATE, GAP, IGNORED
from contract import Contract
from murmur2 import partition_of
from topics_read import header, is_barrier, read_topics

SHOWN = 6  # violations of one kind that are printed
UNREADABLE = "good, and cannot be read"
SUSPECT = "CRASH_SUSPECT"
SUSPECT_LOSSES = 3  # owners lost with a record in hand and noted: it is parked, be it good or bad

LINKED = "onboarding.customer.linked.v1"

#: An event of these may have any number of results, each under a key of its own.
SEVERAL = {
    ("lookup", "onboarding.customer.registered.v1"): {LINKED},
    (approval.SERVICE, approval.EVALUATED): {approval.COMPLETED},
    (approval.SERVICE, approval.CONSENTED): {approval.COMPLETED},
    (approval.SERVICE, approval.DECIDED): {approval.COMPLETED, approval.REVIEWED},
}

#: To an event of these the result may come later, when an effect has ended.
ANSWERED_LATER = {otp.REQUESTED}

#: What a service consumes, and the topic of the one result of each event (None: no result).
SERVICES = {
    "evaluation": {
        "onboarding.evaluation.requested.v1": "onboarding.evaluation.completed.v1",
        "onboarding.customer.registered.v1": None,
        "onboarding.customer.linked.v1": None,
        "onboarding.review.decided.v1": None,
        "onboarding.review.expired.v1": None,
        "onboarding.process.expired.v1": None,
    },
    "lookup": {
        "onboarding.lookup.requested.v1": "onboarding.lookup.completed.v1",
        "onboarding.customer.registered.v1": None,
        "onboarding.consent.completed.v1": None,
    },
    otp.SERVICE: {
        otp.REQUESTED: otp.COMPLETED,
        "onboarding.otp.expired.v1": None,
        "onboarding.customer.registered.v1": None,
        "onboarding.customer.linked.v1": None,
    },
    approval.SERVICE: {
        approval.REQUESTED: approval.COMPLETED,
        approval.EVALUATED: None,
        approval.CONSENTED: None,
        approval.DECIDED: None,
        "onboarding.review.expired.v1": None,
        "onboarding.process.expired.v1": None,
    },
    consent.SERVICE: {
        consent.SUBMITTED: consent.COMPLETED,
        consent.TEXT_REQUESTED: consent.TEXT_COMPLETED,
    },
    effects.SERVICE: {"onboarding.consent-text.requested.v1": None},
}

#: Where a service tells what became of effects, beside the topics above.
EFFECT_RESULTS = {
    effects.SERVICE: {"onboarding.consent-text.completed.v1"},
    otp.SERVICE: {otp.COMPLETED},
}


def write_out(stored):
    """Puts into stored results what they leave out since the result before them says it too."""
    before = None
    for result in stored:
        if result["kind"] != "EVENT":
            continue
        if before is not None:
            result["topic"] = result["topic"] or before["topic"]
            for place, header in enumerate(result["headers"]):
                if header["name"]:
                    continue
                model = before["headers"][place]
                header["name"] = model["name"]
                if header["value"] is None:
                    header["value"] = model["value"]
                elif not header["value"] and place:
                    header["value"] = result["headers"][place - 1]["value"]
        if not result["id"]:
            result["id"] = next(h["value"] for h in result["headers"] if h["name"] == b"ce_id").decode()
        before = result


class Report:
    """Violations by kind, and numbers worth knowing."""

    def __init__(self):
        self.violations = Counter()
        self.lines = []
        self.numbers = {}

    def bad(self, kind, where, what=""):
        self.violations[kind] += 1
        if self.violations[kind] <= SHOWN:
            self.lines.append(f"VIOLATION {kind}: {place(where)} {what}".rstrip())

    def print(self, out=sys.stdout):
        for line in self.lines:
            print(line, file=out)
        for kind, count in sorted(self.violations.items()):
            if count > SHOWN:
                print(f"VIOLATION {kind}: {count} in all", file=out)
        print(" ".join(f"{k}={v}" for k, v in self.numbers.items()), file=out)


def place(where):
    """Coordinates as people write them; topics without the words that all have."""
    if isinstance(where, tuple) and len(where) >= 3:
        return f"{where[0]}[{where[1]}]@{where[2]}"
    return str(where)


def at(thing):
    return thing.topic, thing.partition, thing.offset


class Checker:
    def __init__(self, brokers, postgres, service, group=None, contract=None, fenced=True,
                 data_keys=None, providers=None, taken_over=None):  # fmt: skip
        self.contract = contract or Contract()
        self.brokers, self.service = brokers, service
        self.group = group or "onboarding-" + service
        self.connection = books.connect(postgres, service)
        self.inputs = SERVICES[service]
        self.ring = seals.read_ring(data_keys) if data_keys else {}
        self.fenced = fenced  # False: copies on fenced topics are counted, but no violation
        self.providers = providers  # who were asked for effects; None: not known, or nobody
        self.taken_over = taken_over or Counter()  # take-overs by where the partition then stood
        self.lost = set()  # good records parked by chance
        self.report = Report()

    def run(self):
        self.read()
        for check in self.CHECKS:
            check(self)
        return self.report

    # Reading.

    def read(self):
        outputs = {name for name in self.inputs.values() if name}
        outputs |= EFFECT_RESULTS.get(self.service, set())
        outputs |= {name for (service, _), names in SEVERAL.items() if service == self.service for name in names}
        dead = {name + ".dlt" for name in self.inputs}
        topics, self.ends = read_topics(self.brokers, [*self.inputs, *outputs, *dead])
        self.books = books.read_books(self.connection, self.group)
        self.keys = seals.data_keys(self.ring, self.books.data_keys)
        self.records = {
            at(m): m for name in self.inputs for m in topics[name] if not is_barrier(m)
        }
        self.results = [m for name in outputs for m in topics[name] if not is_barrier(m)]
        self.dead = [m for name in dead for m in topics[name] if not is_barrier(m)]
        self.barriers = sum(
            is_barrier(m) for name in outputs | dead for m in topics[name]
        )
        self.find_lost()
        self.read_contents()
        self.rows = defaultdict(list)
        self.end_rows = [r for r in self.books.rows if r.topic.startswith(effects.PREFIX)]
        for row in self.books.rows:
            if not row.topic.startswith(effects.PREFIX):
                self.rows[at(row)].append(row)
        self.read_stored()

    def find_lost(self):
        """Who loses owner after owner with one record in hand cannot know that it was by chance."""
        self.lost = {
            where for where, parked in self.books.parked.items()
            if parked.reason == SUSPECT and self.taken_over[where] >= SUSPECT_LOSSES
        }  # fmt: skip
        self.report.numbers["parked_by_chance"] = len(self.lost)

    def read_contents(self):
        """What the good records say. One that says nothing came from somebody else, who is to tell."""
        self.contents, self.texts = {}, {}
        for where, record in self.records.items():
            if expectation(record) not in ("ok", "ignored") or where in self.lost:
                continue
            try:
                schema = self.contract.schema_of_topic(record.topic)
                content = self.contract.decode(schema, record.value)
            except Exception as error:  # fastavro's are of many kinds
                kind = kind_of(record) or "without a label: none of this run's"
                self.report.bad(UNREADABLE, where, f"{error!r}, {kind}")
                continue
            self.contents[where] = content
            self.texts[where] = json.dumps(content, sort_keys=True, default=str)

    def read_stored(self):
        """Stored results by the input's coordinates."""
        self.stored = defaultdict(list)
        covered = {}
        for batch in self.books.batches:
            spot = batch.topic, batch.partition
            if batch.first < covered.get(spot, 0):
                self.report.bad("batches overlap", (*spot, batch.first))
            covered[spot] = batch.last + 1
            made = []
            if batch.results is not None:
                made = self.open_batch(batch)
            if len(made) != batch.count:
                self.report.bad("batch count", (*spot, batch.first), f"{len(made)} != {batch.count}")
            for result in made:
                if not batch.first <= result["offset"] <= batch.last:
                    self.report.bad("result outside its batch", (*spot, result["offset"]))
                result["batch_time_ms"] = batch.time_ms
                for item in result["headers"]:
                    item["name"] = item["name"].decode("utf-8", "replace")
                self.stored[*spot, result["offset"]].append(result)

    def open_batch(self, batch):
        decoded = self.contract.decode_stored(bytes(batch.results))
        made = decoded["results"]
        write_out(made)
        place = batch.group_id, batch.topic, batch.generation, batch.partition
        for result in seals.open_results(self.contract, self.keys, decoded, place):
            self.report.bad("sealed for ever", (*place[1::2], result["offset"]))
        return made

    # One ledger row an event.

    def check_rows(self):
        for where in self.records:
            count = len(self.rows.get(where, []))
            if count != 1:
                self.report.bad("no row" if count == 0 else "several rows", where, f"{count} rows")
        for where, rows in self.rows.items():
            if where not in self.records and rows[0].outcome != GAP:
                self.report.bad("row without a record", where)
            if rows[0].outcome == GAP:
                self.report.bad("gap", where)
        self.report.numbers.update(
            records=len(self.records), rows=len(self.books.rows), barriers=self.barriers
        )

    def row(self, where):
        """The one row of a record, or None."""
        rows = self.rows.get(where, [])
        return rows[0] if len(rows) == 1 else None

    def check_outcomes(self):
        """First of an id, duplicates and conflicts, from ids and contents alone."""
        ids = defaultdict(list)
        for where, record in self.records.items():
            if where in self.contents:
                ids[header(record, "ce_source"), header(record, "ce_id")].append(where)
            else:
                self.expect_outcome(where, DEAD_LETTER)
        self.firsts = {}
        for key, places in ids.items():
            self.check_id(key, places)
        self.report.numbers.update(
            (name, sum(r.outcome == number for r in self.books.rows))
            for name, number in (
                ("done", DONE),
                ("duplicates", DUPLICATE),
                ("conflicts", CONFLICT),
                ("dead", DEAD_LETTER),
                ("ignored", IGNORED),
            )
        )

    def expect_outcome(self, where, outcome):
        row = self.row(where)
        if row and row.outcome != outcome:
            kind = f"outcome {row.outcome} instead of {outcome}"
            self.report.bad(kind, where, expectation(self.records[where]))

    def check_id(self, key, places):
        """`places` are all good records of one id, in the order of partitions and offsets."""
        firsts = [p for p in places if self.row(p) and self.row(p).outcome in (DONE, IGNORED)]
        if len(firsts) != 1:
            self.report.bad("done once", places[0], f"{len(firsts)} times: id {key}")
            return
        (first,) = firsts
        self.firsts[first] = places
        row = self.row(first)
        self.expect_outcome(
            first, IGNORED if expectation(self.records[first]) == "ignored" else DONE
        )
        if row.source != key[0]:
            self.report.bad("source of row", first, f"{row.source!r} != {key[0]!r}")
        plain = books.uuid_or_none(key[1])
        if row.event_id != plain if plain else row.event_text != key[1]:
            self.report.bad("id of row", first, f"{row.event_id} {row.event_text}")
        for where in places:
            if where[:2] == first[:2] and where[2] < first[2]:
                self.report.bad("a later repeat won", first, f"{where[2]} came first")
            if where != first:
                same = self.contents[where] == self.contents[first]
                self.expect_outcome(where, DUPLICATE if same else CONFLICT)

    def check_digests(self):
        """Digests are keyed, so only this can be said: equal exactly when contents are."""
        of_content, of_digest = {}, {}
        for where, text in self.texts.items():
            row = self.row(where)
            if row is None:
                continue
            known = where[0], text
            digest = bytes(row.digest)
            if of_content.setdefault(known, digest) != digest:
                self.report.bad("same content, other digest", where)
            if of_digest.setdefault(digest, known) != known:
                self.report.bad("other content, same digest", where)

    # Results.

    def check_stored(self):
        """Each event has the results that it must have, with the right key, place and headers."""
        for where, record in self.records.items():
            row = self.row(where)
            if row is None:
                continue
            events = [r for r in self.stored.get(where, []) if r["kind"] == "EVENT"]
            letters = [r for r in self.stored.get(where, []) if r["kind"] == "DEAD_LETTER"]
            wanted = int(row.outcome == DONE and self.inputs[record.topic] is not None)
            several = row.outcome == DONE and self.several(record)
            later = not events and record.topic in ANSWERED_LATER
            if len(events) != wanted and not several and not later:
                self.report.bad("stored results", where, f"{len(events)} instead of {wanted}")
            wanted = int(row.outcome in (CONFLICT, DEAD_LETTER))
            if len(letters) != wanted:
                self.report.bad("stored dead letters", where, f"{len(letters)} instead of {wanted}")
            for result in events:
                self.check_result(where, record, result)
        for where in self.stored:
            if where not in self.records and not where[0].startswith(effects.PREFIX):
                self.report.bad("stored result without a record", where)

    def several(self, record):
        return SEVERAL.get((self.service, record.topic))

    def check_result(self, where, record, result):
        headers = {h["name"]: h["value"] for h in result["headers"]}
        expected = {
            "ce_id": result["id"],
            "ce_source": "onboarding/" + self.service,
            "ce_type": result["topic"],
            "ce_causationid": header(record, "ce_id"),
            "content-type": "application/avro",
            "ce_specversion": "1.0",
        }
        for name, value in expected.items():
            if headers.get(name) != value.encode():
                self.report.bad("header " + name, where, f"{headers.get(name)} != {value}")
        plain = books.uuid_or_none(result["id"])
        if plain is None or plain.version != 7:
            self.report.bad("result id is no UUIDv7", where, result["id"])
        several = self.several(record)
        if result["topic"] not in (several or {self.inputs[record.topic]}):
            self.report.bad("topic of result", where, result["topic"])
        if result["key"] != record.key and not several:
            self.report.bad("key of result", where)
        if result["partition"] != partition_of(result["key"], self.count_of(result["topic"])):
            self.report.bad("partition of result", where, str(result["partition"]))
        self.check_trace(where, record, headers)

    def check_trace(self, where, record, headers):
        came, went = header(record, "traceparent"), headers.get("traceparent", b"").decode()
        if len(went) != 55:
            self.report.bad("no trace", where, went)
        elif came and came.startswith("00-") and came[3:35] != went[3:35]:
            self.report.bad("trace lost", where)

    def count_of(self, topic):
        return sum(1 for name, _ in self.ends if name == topic)

    def check_published(self):
        """Every stored result on its topic: none missing, none twice, the same bytes."""
        seen = defaultdict(list)
        for message in self.results:
            seen[header(message, "ce_id")].append(message)
        missing = copies = 0
        for where, stored in self.stored.items():
            for result in stored:
                if result["kind"] != "EVENT":
                    continue
                found = seen.pop(result["id"], [])
                copies += max(0, len(found) - 1)
                if not found:
                    missing += 1
                    self.report.bad("MISSING", where, f"result {result['id']}")
                if len(found) > 1 and self.fenced:
                    offsets = [m.offset for m in found]
                    self.report.bad("COPIES", where, f"{result['topic']} at {offsets}")
                for message in found:
                    self.check_bytes(where, result, message)
        for messages in seen.values():
            self.report.bad("result that nobody stored", at(messages[0]))
        self.report.numbers.update(results=len(self.results), missing=missing, copies=copies)

    def check_bytes(self, where, result, message):
        headers = [(h["name"], h["value"]) for h in result["headers"]]
        if message.value != result["value"] or message.key != result["key"]:
            self.report.bad("other bytes than stored", where, place(at(message)))
        if message.headers != headers:
            self.report.bad("other headers than stored", where, place(at(message)))
        if (message.topic, message.partition) != (result["topic"], result["partition"]):
            self.report.bad("published elsewhere", where, place(at(message)))
        self.check_stamp(where, message, result["batch_time_ms"])

    def check_stamp(self, where, message, batch_time_ms):
        """Stamps are taken in a transaction that leaves them in the partition's row."""
        latest = self.books.places[where[:2]].last_stamp_ms
        if not batch_time_ms <= message.time_ms <= latest:
            late = message.time_ms - latest
            self.report.bad("stamp out of bounds", where, f"{place(at(message))}: {late} ms late")

    def check_dead_letters(self):
        """Exactly the records that could not be handled, untouched, with the right reason."""
        seen = defaultdict(list)
        for message in self.dead:
            origin = header(message, "onboarding-dlt-topic")
            number = header(message, "onboarding-dlt-partition")
            offset = header(message, "onboarding-dlt-offset")
            if header(message, "onboarding-dlt-group") == self.group:
                seen[origin, int(number), int(offset)].append(message)
        missing = copies = 0
        for where in self.records:
            row = self.row(where)
            if row is None or row.outcome not in (CONFLICT, DEAD_LETTER):
                continue
            found = seen.pop(where, [])
            copies += max(0, len(found) - 1)
            if not found:
                missing += 1
                self.report.bad("DEAD LETTER MISSING", where)
            if len(found) > 1 and self.fenced:
                self.report.bad("DEAD LETTER COPIES", where, str([m.offset for m in found]))
            for message in found:
                self.check_letter(where, row, message)
        for where in seen:
            self.report.bad("dead letter without reason", where)
        for where in self.books.parked:
            if self.row(where) is None or self.row(where).outcome not in (CONFLICT, DEAD_LETTER):
                self.report.bad("dead_letter row without its event", where)
        self.report.numbers.update(dead_missing=missing, dead_copies=copies)

    def reason_of(self, record):
        """Schemas of what the service reads elsewhere it knows, but cannot read here; others not."""
        known = [self.contract.frame(self.contract.schema_of_topic(name)) for name in self.inputs]
        wanted = SUSPECT if at(record) in self.lost else expectation(record)
        if wanted == "SCHEMA_INCOMPATIBLE" and not record.value.startswith(tuple(known)):
            return "SCHEMA_UNKNOWN"
        return wanted

    def check_letter(self, where, row, message):
        record = self.records[where]
        reason = header(message, "onboarding-dlt-reason") or ""
        wanted = "ID_CONFLICT" if row.outcome == CONFLICT else self.reason_of(record)
        if reason not in wanted.split("|"):
            self.report.bad("reason", where, f"{reason} instead of {wanted}: {kind_of(record)}")
        if (message.key, message.value) != (record.key, record.value):
            self.report.bad("dead letter changed", where)
        if message.headers[: len(record.headers)] != record.headers and not large(record):
            own = [h for h in message.headers if not h[0].startswith("onboarding-dlt-")]
            if own != record.headers:
                self.report.bad("headers of dead letter changed", where)
        parked = self.books.parked.get(where)
        if parked is None or parked.reason != reason:
            self.report.bad("dead_letter row", where, str(parked and parked.reason))
        self.check_stamp(where, message, row.time_ms)

    # Order, places.

    def check_order(self):
        """Results of one input partition and one key are in the input's order."""
        of_id = {
            r["id"]: (*where, number)
            for where, stored in self.stored.items()
            for number, r in enumerate(stored)
        }
        seen, last = set(), {}
        for message in self.results:
            result = header(message, "ce_id")
            where = of_id.get(result)
            if where is None or result in seen:
                continue
            seen.add(result)
            lane = where[0], where[1], message.topic, message.key
            if where[2:] <= last.get(lane, (-1, 0)):
                self.report.bad("ORDER", where, f"after {last[lane]} at {place(at(message))}")
            last[lane] = where[2:]

    def check_places(self):
        for (topic, partition), (_, end) in self.ends.items():
            if topic not in self.inputs:
                continue
            spot = self.books.places.get((topic, partition))
            if spot is None:
                self.report.bad("partition without a row", (topic, partition, end))
                continue
            if spot.stopped:
                self.report.bad("partition stopped", (topic, partition, end), spot.stopped)
            if spot.next != end:
                self.report.bad("LAG", (topic, partition, end), f"next_offset {spot.next}")
            if spot.published != spot.next:
                self.report.bad("UNMARKED", (topic, partition, end), f"published {spot.published}")
        for where in self.books.suspects:
            self.report.bad("suspect left", where)
        self.report.numbers["claims"] = sum(p.epoch for p in self.books.places.values())


    def check_domain(self):
        domain.CHECKS[self.service](self)

    CHECKS = (
        check_rows,
        check_outcomes,
        check_digests,
        check_stored,
        check_published,
        check_dead_letters,
        check_order,
        check_places,
        check_domain,
    )


def expectation(record):
    """What the record says is to become of it; without a word it is good."""
    return header(record, "test-expect") or "ok"


def kind_of(record):
    return header(record, "test-kind") or ""


def large(record):
    """Headers beyond what a dead letter has to carry along."""
    return sum(len(n) + len(v or b"") for n, v in record.headers) > 65536 or len(record.headers) > 100


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--brokers", default=os.environ.get("ONBOARDING_KAFKA_BROKERS"))
    parser.add_argument("--postgres", default=os.environ.get("ONBOARDING_POSTGRES_URL"))
    parser.add_argument("--service", required=True, choices=sorted(SERVICES))
    parser.add_argument("--group")
    parser.add_argument("--data-keys", default=os.environ.get("ONBOARDING_DATA_KEYS_FILE"))
    arguments = parser.parse_args()
    report = Checker(
        arguments.brokers,
        arguments.postgres,
        arguments.service,
        arguments.group,
        data_keys=arguments.data_keys,
    ).run()
    report.print()
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
