"""What must hold of results: as stored, as published, and in which order."""

from collections import defaultdict

import books
from books import CONFLICT, DEAD_LETTER, DONE
from effects import PREFIX
from murmur2 import partition_of
from report import at, place
from service_topics import ANSWERED_LATER, SEVERAL
from topics_read import header


def check_stored(checker):
    """Each event has the results that it must have, with the right key, place and headers."""
    for where, record in checker.records.items():
        row = checker.row(where)
        if row is None:
            continue
        events = [r for r in checker.stored.get(where, []) if r["kind"] == "EVENT"]
        letters = [r for r in checker.stored.get(where, []) if r["kind"] == "DEAD_LETTER"]
        wanted = int(row.outcome == DONE and checker.inputs[record.topic] is not None)
        several = row.outcome == DONE and topics_of_several(checker, record)
        later = not events and record.topic in ANSWERED_LATER
        if len(events) != wanted and not several and not later:
            checker.report.bad("stored results", where, f"{len(events)} instead of {wanted}")
        wanted = int(row.outcome in (CONFLICT, DEAD_LETTER))
        if len(letters) != wanted:
            checker.report.bad("stored dead letters", where, f"{len(letters)} instead of {wanted}")
        for result in events:
            check_result(checker, where, record, result)
    for where in checker.stored:
        if where not in checker.records and not where[0].startswith(PREFIX):
            checker.report.bad("stored result without a record", where)


def topics_of_several(checker, record):
    return SEVERAL.get((checker.service, record.topic))


def check_result(checker, where, record, result):
    headers = {h["name"]: h["value"] for h in result["headers"]}
    expected = {
        "ce_id": result["id"],
        "ce_source": "onboarding/" + checker.service,
        "ce_type": result["topic"],
        "ce_causationid": header(record, "ce_id"),
        "content-type": "application/avro",
        "ce_specversion": "1.0",
    }
    for name, value in expected.items():
        if headers.get(name) != value.encode():
            checker.report.bad("header " + name, where, f"{headers.get(name)} != {value}")
    plain = books.uuid_or_none(result["id"])
    if plain is None or plain.version != 7:
        checker.report.bad("result id is no UUIDv7", where, result["id"])
    several = topics_of_several(checker, record)
    if result["topic"] not in (several or {checker.inputs[record.topic]}):
        checker.report.bad("topic of result", where, result["topic"])
    if result["key"] != record.key and not several:
        checker.report.bad("key of result", where)
    if result["partition"] != partition_of(result["key"], checker.count_of(result["topic"])):
        checker.report.bad("partition of result", where, str(result["partition"]))
    check_trace(checker, where, record, headers)


def check_trace(checker, where, record, headers):
    came, went = header(record, "traceparent"), headers.get("traceparent", b"").decode()
    if len(went) != 55:
        checker.report.bad("no trace", where, went)
    elif came and came.startswith("00-") and came[3:35] != went[3:35]:
        checker.report.bad("trace lost", where)


def check_published(checker):
    """Every stored result on its topic: none missing, none twice, the same bytes."""
    seen = defaultdict(list)
    for message in checker.results:
        seen[header(message, "ce_id")].append(message)
    missing = copies = 0
    for where, stored in checker.stored.items():
        for result in stored:
            if result["kind"] != "EVENT":
                continue
            found = seen.pop(result["id"], [])
            copies += max(0, len(found) - 1)
            if not found:
                missing += 1
                checker.report.bad("MISSING", where, f"result {result['id']}")
            if len(found) > 1 and checker.fenced:
                offsets = [m.offset for m in found]
                checker.report.bad("COPIES", where, f"{result['topic']} at {offsets}")
            for message in found:
                check_bytes(checker, where, result, message)
    for messages in seen.values():
        checker.report.bad("result that nobody stored", at(messages[0]))
    checker.report.numbers.update(results=len(checker.results), missing=missing, copies=copies)


def check_bytes(checker, where, result, message):
    headers = [(h["name"], h["value"]) for h in result["headers"]]
    if message.value != result["value"] or message.key != result["key"]:
        checker.report.bad("other bytes than stored", where, place(at(message)))
    if message.headers != headers:
        checker.report.bad("other headers than stored", where, place(at(message)))
    if (message.topic, message.partition) != (result["topic"], result["partition"]):
        checker.report.bad("published elsewhere", where, place(at(message)))
    check_stamp(checker, where, message, result["batch_time_ms"])


def check_stamp(checker, where, message, batch_time_ms):
    """Stamps are taken in a transaction that leaves them in the partition's row."""
    latest = checker.books.places[where[:2]].last_stamp_ms
    if not batch_time_ms <= message.time_ms <= latest:
        late = message.time_ms - latest
        checker.report.bad("stamp out of bounds", where, f"{place(at(message))}: {late} ms late")


def check_order(checker):
    """Results of one input partition and one key are in the input's order."""
    of_id = {
        r["id"]: (*where, number)
        for where, stored in checker.stored.items()
        for number, r in enumerate(stored)
    }
    seen, last = set(), {}
    for message in checker.results:
        result = header(message, "ce_id")
        where = of_id.get(result)
        if where is None or result in seen:
            continue
        seen.add(result)
        lane = where[0], where[1], message.topic, message.key
        if where[2:] <= last.get(lane, (-1, 0)):
            checker.report.bad("ORDER", where, f"after {last[lane]} at {place(at(message))}")
        last[lane] = where[2:]
