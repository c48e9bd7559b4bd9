"""What must hold of consent, whatever happened to its workers.

Answers of a user to a type are numbered in some order that keeps that of each partition; what a row
says follows from the event and from the rows before it. Whether all is answered depends on the
user's answers to other types: those of other partitions may have come before or after.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timezone

import books
import canary
from consent import (
    COMPLETED, EDITIONS, LANGUAGE, OF_TYPE, POLICY_VERSION, REQUIRED, SUBMITTED, TEXT_COMPLETED,
    TEXT_REQUESTED, TYPES,
)  # fmt: skip
from topics_read import header

ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\u202e": "\ufffd"}


@dataclass
class Answer:
    """An answer that was taken: where it came, its event, its row, what was told."""

    where: tuple
    event: dict
    at: datetime  # when it says that it was given
    row: dict = None
    told: dict = None


def check(checker):
    answers = read_answers(checker)
    lines = defaultdict(list)
    for answer in answers:
        check_content(checker, answer)
        lines[answer.event["userId"], answer.event["consentType"]].append(answer)
    for own in lines.values():
        check_line(checker, own)
    for answer in answers:
        check_complete(checker, answer, lines)
    codes = check_texts(checker)
    canary.check_tables(checker)
    canary.check_reasons(checker)
    states = Counter(answer.row["state"].lower() for answer in answers)
    checker.report.numbers.update(states, **codes)


def read_answers(checker):
    """Answers that have a row of their own."""
    rows = read_rows(checker)
    answers = []
    for where in sorted(checker.firsts):
        if where[0] != SUBMITTED or checker.row(where).outcome != books.DONE:
            continue
        record = checker.records[where]
        answer = Answer(where, checker.contents[where], time_of(record))
        own = rows.pop((header(record, "ce_source"), header(record, "ce_id")), [])
        told = told_of(checker, where, COMPLETED, "ConsentCompleted")
        if len(own) != 1 or len(told) != 1:
            checker.report.bad("answer rows", where, f"{len(own)} rows, {len(told)} told")
            continue
        answer.row, answer.told = own[0], told[0]
        answers.append(answer)
    for source, name in rows:
        checker.report.bad("answer that nobody gave", name, source)
    return answers


def read_rows(checker):
    names = ["user", "type", "version", "process", "process_type", "state", "text_version", "language",
             "digest", "required", "channel", "policy_version", "at", "recorded_ms"]  # fmt: skip
    query = """
        select source, event_id, user_id, consent_type, version, process_id, process_type, state,
               text_version, language, text_digest, required, channel, policy_version, submitted_at,
               floor(extract(epoch from recorded_at) * 1000)::bigint
          from submission"""
    rows = defaultdict(list)
    for source, name, *row in checker.connection.execute(query):
        rows[source, name].append(dict(zip(names, row)))
    return rows


def told_of(checker, where, topic, schema):
    return [checker.contract.decode(schema, result["value"])
            for result in checker.stored.get(where, [])
            if result["kind"] == "EVENT" and result["topic"] == topic]  # fmt: skip


def time_of(record):
    """The event's time, as precisely as it is kept."""
    time = datetime.fromisoformat(header(record, "ce_time").replace("Z", "+00:00"))
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def ms_of(moment):
    return moment if isinstance(moment, int) else round(moment.timestamp() * 1000)


def unless_blank(text):
    return None if text is None or not text.strip() else text


def required_by(process_type):
    return OF_TYPE.get(process_type, {}).get("required", REQUIRED)


# Texts.


def language_of(tag):
    """The language that a tag begins with; None: it names none."""
    letters = "".join(c if c.isascii() and c.isalpha() else " " for c in tag or "").split(" ")[0]
    rest = (tag or "")[len(letters) :]
    return letters.lower() if 2 <= len(letters) <= 3 and rest[:1] in ("", "-", "_") else None


def in_force(kind, wished, process_type, day):
    """The text to show; None: there is none."""
    for language in (wished, OF_TYPE.get(process_type, {}).get("language", LANGUAGE)):
        found = [e for e in EDITIONS if (e.type, e.language) == (kind, language) and e.begins <= day]
        if found:
            return max(found, key=lambda e: e.begins)
    return None


def named(kind, wished, process_type, version):
    for language in (wished, OF_TYPE.get(process_type, {}).get("language", LANGUAGE)):
        for e in EDITIONS:
            if (e.type, e.language, e.version) == (kind, language, version):
                return e
    return None


def fill(html, variables):
    """The text with its variables; None: one is missing. What only looks like one stays."""
    out, rest = [], html
    while "{{" in rest:
        before, _, rest = rest.partition("{{")
        name, end, after = rest.partition("}}")
        if not end or not name.isalnum():
            out += [before, "{{"]
        elif name not in variables:
            return None
        else:
            out += [before, "".join(ESCAPES.get(c, c) for c in variables[name])]
            rest = after
    return "".join([*out, rest])


def text_wanted(event, day):
    """The members of the answer to who asks for a text."""
    nothing = {"code": "NO_TEXT", "consentText": None, "language": None, "textVersion": None, "effectiveFrom": None}
    if event["consentType"] not in TYPES:
        return nothing | {"code": "UNKNOWN_TYPE"}
    found = in_force(event["consentType"], language_of(event["language"]), event["processType"], day)
    if found is None:
        return nothing
    html = fill(found.html, event["variables"])
    if html is None:
        return nothing | {"code": "VARIABLE_MISSING"}
    return {"code": "TEXT", "consentText": html, "language": found.language, "textVersion": found.version,
            "effectiveFrom": str(found.begins)}  # fmt: skip


def check_texts(checker):
    """Who asked for a text was told the one in force, filled in; gives how often which code."""
    codes = Counter()
    for where in sorted(checker.firsts):
        if where[0] != TEXT_REQUESTED or checker.row(where).outcome != books.DONE:
            continue
        event, day = checker.contents[where], time_of(checker.records[where]).astimezone(timezone.utc).date()
        told = told_of(checker, where, TEXT_COMPLETED, "ConsentTextCompleted")
        wanted = text_wanted(event, day) | {n: event[n] for n in ("processId", "userId", "consentType")}
        if len(told) != 1:
            checker.report.bad("texts told", where, f"{len(told)} instead of 1")
        for one in told:
            codes[one["code"].lower()] += 1
            differ = [name for name in wanted if one[name] != wanted[name]]
            if differ:
                checker.report.bad("text told", where, f"{differ}: {one['code']}, wanted {wanted['code']}")
    return codes


# Answers.


def shown(answer):
    """Version, language and digest of what the user answered to."""
    event = answer.event
    wished, kind = language_of(event["language"]), event["processType"]
    version = unless_blank(event["textVersion"])
    if version is None:
        found = in_force(event["consentType"], wished, kind, answer.at.astimezone(timezone.utc).date())
    else:
        found = named(event["consentType"], wished, kind, version)
    return (found.version, found.language, found.digest) if found else (version, wished, None)


def check_content(checker, answer):
    """The row and what was told say what the event says."""
    event, row, told = answer.event, answer.row, answer.told
    version, language, digest = shown(answer)
    wanted = {
        "user": event["userId"], "type": event["consentType"], "process": event["processId"],
        "process_type": event["processType"], "text_version": version, "language": language, "digest": digest,
        "required": event["consentType"] in required_by(event["processType"]),
        "channel": unless_blank(event["channel"]), "policy_version": POLICY_VERSION, "at": answer.at,
    }  # fmt: skip
    found = row | {"digest": row["digest"] and bytes(row["digest"])}
    differ = [name for name in wanted if found[name] != wanted[name]]
    if differ:
        checker.report.bad("row of answer", answer.where, str(differ))
    wanted = {
        "userId": row["user"], "consentType": row["type"], "processId": row["process"],
        "processType": row["process_type"], "approved": event["approved"], "textVersion": row["text_version"],
        "language": row["language"], "required": row["required"], "policyVersion": row["policy_version"],
        "withdrawn": row["state"] == "WITHDRAWN",
    }  # fmt: skip
    differ = [name for name in wanted if told[name] != wanted[name]]
    if ms_of(told["recordedAt"]) != row["recorded_ms"]:
        differ.append("recordedAt")
    if differ:
        checker.report.bad("told otherwise", answer.where, str(differ))


def state_after(before, approved):
    if approved:
        return "APPROVED"
    return "WITHDRAWN" if before in ("APPROVED", "WITHDRAWN") else "REFUSED"


def check_line(checker, answers):
    """All answers of a user to a type: numbered from 1, each following from the one before."""
    answers.sort(key=lambda a: a.row["version"])
    versions = [a.row["version"] for a in answers]
    if versions != list(range(1, 1 + len(answers))):
        checker.report.bad("versions", answers[0].where, str(versions))
    state, moment, last = None, 0, {}
    for answer in answers:
        where, row = answer.where, answer.row
        state = state_after(state, answer.event["approved"])
        if row["state"] != state:
            checker.report.bad("state", where, f"{row['state']} instead of {state}")
        if row["recorded_ms"] <= moment:
            checker.report.bad("time of answer", where, f"{moment - row['recorded_ms']} ms before the last")
        if where < last.get(where[:2], where):
            checker.report.bad("answers out of order", where)
        moment, last[where[:2]] = row["recorded_ms"], where


def may_hold(answers, where):
    """Whether a type may have been approved when the event at `where` came: a set of booleans."""
    sure = [n for n, a in enumerate(answers, 1) if a.where[:2] == where[:2] and a.where < where]
    later = [n for n, a in enumerate(answers, 1) if a.where[:2] == where[:2] and a.where > where]
    first, end = max(sure, default=0), min(later, default=1 + len(answers))
    return {n > 0 and answers[n - 1].row["state"] == "APPROVED" for n in range(first, end)}


def check_complete(checker, answer, lines):
    """Whether the user was told to be through."""
    event, possible = answer.event, {True}
    for kind in required_by(event["processType"]):
        own = {answer.row["state"] == "APPROVED"} if kind == event["consentType"] else None
        holds = own or may_hold(lines.get((event["userId"], kind), []), answer.where)
        possible = {one and other for one in possible for other in holds}
    if answer.told["complete"] not in possible:
        checker.report.bad("complete", answer.where, f"{answer.told['complete']}")
