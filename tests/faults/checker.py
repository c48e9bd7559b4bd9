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

import books
import dead_letters
import domain
import effects
import results_check
import seals
from books import CONFLICT, DEAD_LETTER, DONE, DUPLICATE, GAP, IGNORED
from contract import Contract
from dead_letters import SUSPECT
from report import Report, at
from service_topics import EFFECT_RESULTS, SERVICES, SEVERAL
from stored import write_out
from topics_read import expectation, header, is_barrier, kind_of, read_topics

UNREADABLE = "good, and cannot be read"
SUSPECT_LOSSES = 3  # owners lost with a record in hand and noted: it is parked, be it good or bad


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

    # Places.

    def count_of(self, topic):
        return sum(1 for name, _ in self.ends if name == topic)

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
        results_check.check_stored,
        results_check.check_published,
        dead_letters.check,
        results_check.check_order,
        check_places,
        check_domain,
    )


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
