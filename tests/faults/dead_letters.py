"""What must hold of dead letters: which records are there, how often, with what reason."""

from collections import defaultdict

from books import CONFLICT, DEAD_LETTER
from report import at
from results_check import check_stamp
from topics_read import expectation, header, kind_of

SUSPECT = "CRASH_SUSPECT"


def check(checker):
    """Exactly the records that could not be handled, untouched, with the right reason."""
    seen = defaultdict(list)
    for message in checker.dead:
        origin = header(message, "onboarding-dlt-topic")
        number = header(message, "onboarding-dlt-partition")
        offset = header(message, "onboarding-dlt-offset")
        if header(message, "onboarding-dlt-group") == checker.group:
            seen[origin, int(number), int(offset)].append(message)
    missing = copies = 0
    for where in checker.records:
        row = checker.row(where)
        if row is None or row.outcome not in (CONFLICT, DEAD_LETTER):
            continue
        found = seen.pop(where, [])
        copies += max(0, len(found) - 1)
        if not found:
            missing += 1
            checker.report.bad("DEAD LETTER MISSING", where)
        if len(found) > 1 and checker.fenced:
            checker.report.bad("DEAD LETTER COPIES", where, str([m.offset for m in found]))
        for message in found:
            check_letter(checker, where, row, message)
    for where in seen:
        checker.report.bad("dead letter without reason", where)
    for where in checker.books.parked:
        if checker.row(where) is None or checker.row(where).outcome not in (CONFLICT, DEAD_LETTER):
            checker.report.bad("dead_letter row without its event", where)
    checker.report.numbers.update(dead_missing=missing, dead_copies=copies)


def reason_of(checker, record):
    """Schemas of what the service reads elsewhere it knows, but cannot read here; others not."""
    known = [checker.contract.frame(checker.contract.schema_of_topic(name)) for name in checker.inputs]
    wanted = SUSPECT if at(record) in checker.lost else expectation(record)
    if wanted == "SCHEMA_INCOMPATIBLE" and not record.value.startswith(tuple(known)):
        return "SCHEMA_UNKNOWN"
    return wanted


def check_letter(checker, where, row, message):
    record = checker.records[where]
    reason = header(message, "onboarding-dlt-reason") or ""
    wanted = "ID_CONFLICT" if row.outcome == CONFLICT else reason_of(checker, record)
    if reason not in wanted.split("|"):
        checker.report.bad("reason", where, f"{reason} instead of {wanted}: {kind_of(record)}")
    if (message.key, message.value) != (record.key, record.value):
        checker.report.bad("dead letter changed", where)
    if message.headers[: len(record.headers)] != record.headers and not large(record):
        own = [h for h in message.headers if not h[0].startswith("onboarding-dlt-")]
        if own != record.headers:
            checker.report.bad("headers of dead letter changed", where)
    parked = checker.books.parked.get(where)
    if parked is None or parked.reason != reason:
        checker.report.bad("dead_letter row", where, str(parked and parked.reason))
    check_stamp(checker, where, message, row.time_ms)


def large(record):
    """Headers beyond what a dead letter has to carry along."""
    return sum(len(n) + len(v or b"") for n, v in record.headers) > 65536 or len(record.headers) > 100
