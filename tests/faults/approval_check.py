"""What must hold of approval, whatever happened to its workers.

Requests and facts are in topics of their own, so which came first nobody knows: a decision must be
one that some order allows. But a decision that awaits a fact must not be left when the fact came.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import books
import canary
import effects
from approval import (
    COMPLETED, CONSENTED, DECIDED, EVALUATED, EXPIRED, OF_TYPE, REQUESTED, REVIEWED,
)  # fmt: skip

PATH = "/api/private/client/approve"
NOK_BELOW, WAIT_BELOW, ATTEMPTS = 4, 7, 5  # of the policy that is shipped
AWAITING = {"EVALUATION_PENDING", "CONSENT_PENDING"}
BY_TIME = "PROCESS_EXPIRED"
CLOSED_BY = {"REVIEWED": "RESOLVED", BY_TIME: "EXPIRED"}  # else a fact did
OVERLAP_MS = 30000  # a batch may have begun so long before it was seen
BY_REVIEWER = {"OK": "Accepted by a reviewer.", "NOK": "Refused by a reviewer."}


@dataclass
class Matter:
    """A verification: what was asked and told of it, and what the tables say."""

    requests: list = field(default_factory=list)  # (where, event), in the order of partitions
    facts: list = field(default_factory=list)  # events of EVALUATED
    reviews: list = field(default_factory=list)  # (where, event)
    versions: list = field(default_factory=list)  # rows of `decision` in their order
    cases: list = field(default_factory=list)  # (state, result, code)
    told: dict = field(default_factory=lambda: defaultdict(list))  # by where: results


def check(checker):
    asked = effects.read_effects(checker)
    effects.check_ended(checker, asked)
    effects.check_recorded(checker, asked)
    matters, consents = read_matters(checker)
    check_facts(checker, matters, consents)
    for name, matter in matters.items():
        if not matter.requests and not matter.versions:
            continue
        if not matter.requests:
            checker.report.bad("decision that nobody asked for", name)
        elif not matter.versions:
            checker.report.bad("no decision", matter.requests[0][0])
        else:
            check_matter(checker, matter, consents)
    check_expired(checker, matters)
    check_reviews(checker, matters)
    check_attempts(checker, matters)
    check_faces(checker, matters)
    check_callbacks(checker, matters, asked)
    canary.check_tables(checker)
    canary.check_reasons(checker)
    if checker.providers:
        effects.check_heeded(checker, asked)
        effects.check_key_order(checker, asked)
    codes = Counter(v["code"].lower() for m in matters.values() for v in m.versions)
    checker.report.numbers.update(codes, callbacks=len(asked))


def check_matter(checker, matter, consents):
    check_presence(checker, matter)
    check_decisions(checker, matter, consents)
    check_told(checker, matter)
    check_case(checker, matter)


def read_matters(checker):
    """Verifications by id, and the answers to consents of each user."""
    matters, consents = defaultdict(Matter), defaultdict(list)
    for where in sorted(checker.firsts):
        if checker.row(where).outcome != books.DONE:
            continue
        event = checker.contents[where]
        if where[0] == CONSENTED:
            consents[event["userId"]].append(event)
            continue
        if where[0] == EXPIRED:
            continue
        matter = matters[event["identityVerificationId"]]
        if where[0] == REQUESTED:
            matter.requests.append((where, event))
        elif where[0] == EVALUATED:
            matter.facts.append(event)
        elif where[0] == DECIDED:
            matter.reviews.append((where, event))
    read_decisions(checker, matters)
    read_told(checker, matters)
    return matters, consents


def read_decisions(checker, matters):
    names = ["version", "process", "type", "user", "result", "code", "reason", "failed", "score", "frame", "in_use",
             "process_attempt", "day_attempt", "awaits", "day", "at"]  # fmt: skip
    query = """
        select identity_verification_id, version, process_id, process_type, user_id, result, code, reason, failed, score,
               frame, frame_in_use, process_attempt, day_attempt, awaits_facts, event_date,
               floor(extract(epoch from decided_at) * 1000)::bigint
          from decision order by 1, 2"""
    for name, *row in checker.connection.execute(query):
        matters[name].versions.append(dict(zip(names, row)))
    query = "select identity_verification_id, state, result, closed_code from review_case order by 1, version"
    for name, *row in checker.connection.execute(query):
        matters[name].cases.append(tuple(row))


def read_told(checker, matters):
    for where, stored in checker.stored.items():
        for result in stored:
            if result["kind"] == "EVENT" and result["topic"] == COMPLETED:
                event = checker.contract.decode("ApprovalCompleted", result["value"])
                matters[event["identityVerificationId"]].told[where].append(event)


# Facts.


def latest(facts):
    """What may hold of a verification's facts: two of one time may hold both."""
    rank = [(at_ms(f["decidedAt"]), f["result"] != "WAIT") for f in facts]
    return [f for f, own in zip(facts, rank) if own == max(rank)]


def at_ms(moment):
    return moment if isinstance(moment, int) else round(moment.timestamp() * 1000)


def check_facts(checker, matters, consents):
    """The tables have the latest of what was told."""
    found = {name: row for name, *row in checker.connection.execute(
        "select identity_verification_id, user_id, result from evaluation")}  # fmt: skip
    for name, matter in matters.items():
        holds = [[f["userId"], f["result"]] for f in latest(matter.facts)] or [None]
        if found.pop(name, None) not in holds:
            checker.report.bad("evaluation kept", name)
    query = "select user_id, consent_type, approved from consent"
    kept = {(user, kind): approved for user, kind, approved in checker.connection.execute(query)}
    for user, events in consents.items():
        for kind in {event["consentType"] for event in events}:
            own = [event for event in events if event["consentType"] == kind]
            last = max(at_ms(event["recordedAt"]) for event in own)
            holds = {event["approved"] for event in own if at_ms(event["recordedAt"]) == last}
            if kept.pop((user, kind), None) not in holds:
                checker.report.bad("consent kept", user, kind)
    for name in [*found, *kept]:
        checker.report.bad("fact of nobody", name)


# Decisions.


def check_presence(checker, matter):
    """It was the first request that was decided, as its partition has them."""
    first = matter.versions[0]
    possible = [event for where, event in matter.requests if first_of_partition(matter, where)]
    seen = {(e["userId"], e["processId"], e["processType"], e["status"] == "FAILURE", e["score"], e["frame"] is not None)
            for e in possible}  # fmt: skip
    for version in matter.versions:
        own = tuple(version[name] for name in ("user", "process", "type", "failed", "score", "frame"))
        if own not in seen:
            checker.report.bad("decided on another", matter.requests[0][0], str(own))
    if [v["version"] for v in matter.versions] != list(range(1, 1 + len(matter.versions))):
        checker.report.bad("versions", matter.requests[0][0])


def first_of_partition(matter, where):
    return not any(other[:2] == where[:2] and other < where for other, _ in matter.requests)


def check_decisions(checker, matter, consents):
    where, user = matter.requests[0][0], matter.versions[0]["user"]
    facts = [f["result"] for f in matter.facts if f["userId"] == user]
    answers = [c["approved"] for c in consents[user] if c["consentType"] == "GDPR"]
    rules = OF_TYPE.get(matter.versions[0]["type"], {})
    for version in matter.versions:
        if version["code"] in CLOSED_BY:
            continue
        allowed = {approve(version, rules, f, c) for f in [None, *facts] for c in [None, *answers]}
        if (version["result"], version["code"]) not in allowed:
            what = f"{version['result']} {version['code']} instead of {sorted(allowed)}"
            checker.report.bad("decision", where, what)
        if version["awaits"] != (version["code"] in AWAITING):
            checker.report.bad("awaits facts", where, version["code"])
    check_forgotten(checker, matter, consents, rules)


def check_forgotten(checker, matter, consents, rules):
    """What still awaits a fact awaits one that has not come."""
    last = matter.versions[-1]
    if not last["awaits"]:
        return
    facts = [f["result"] if f["userId"] == last["user"] else None for f in latest(matter.facts)] or [None]
    own = [c for c in consents[last["user"]] if c["consentType"] == "GDPR"]
    end = max((at_ms(c["recordedAt"]) for c in own), default=0)
    answers = {c["approved"] for c in own if at_ms(c["recordedAt"]) == end} or {None}
    allowed = {approve(last, rules, f, c) for f in facts for c in answers}
    if (last["result"], last["code"]) not in allowed:
        checker.report.bad("fact forgotten", matter.requests[0][0], f"{last['code']} with {sorted(allowed)}")


def approve(seen, rules, evaluation, consent):
    """What the rules say: result and code; `evaluation` and `consent` are None where not known."""
    needs, score = rules.get("consents", []), seen["score"]
    table = [
        ("NOK", "PROVIDER_FAILURE", seen["failed"]),
        ("NOK", "EVALUATION_NOT_OK", evaluation == "NOK"),
        ("NOK", "CONSENT_REFUSED", needs and consent is False),
        ("NOK", "TOO_MANY_ATTEMPTS", max(seen["process_attempt"], seen["day_attempt"]) > ATTEMPTS),
        ("NOK", "SCORE_TOO_LOW", score is not None and score < NOK_BELOW),
        ("WAIT", "FACE_IN_USE", seen["in_use"]),
        ("WAIT", "FRAME_MISSING", rules.get("frame") and not seen["frame"]),
        ("WAIT", "EVALUATION_PENDING", rules.get("evaluation", True) and evaluation != "OK"),
        ("WAIT", "CONSENT_PENDING", needs and consent is None),
        ("WAIT", "SCORE_UNCERTAIN", score is None or score < WAIT_BELOW),
        ("OK", "ACCEPTED", True),
    ]
    return next((result, code) for result, code, fires in table if fires)


def check_told(checker, matter):
    """Each request is answered once with the decision that holds, each later decision told once."""
    versions = {(v["code"], v["at"]): v for v in matter.versions}
    asked, later, last = dict(matter.requests), Counter(), {}
    for where in sorted(matter.told):
        for told in matter.told[where]:
            version = versions.get((told["code"], at_ms(told["decidedAt"])))
            if version is None or told["result"] != version["result"] or told["userId"] != version["user"]:
                checker.report.bad("told otherwise", where, told["code"])
                continue
            if not told["resultReason"]:
                checker.report.bad("no reason told", where)
            elif version["code"] != "REVIEWED" and told["resultReason"] != version["reason"]:
                checker.report.bad("another reason told", where)
            if where not in asked:
                later[version["version"]] += 1
            elif version["version"] < last.get(where[:2], 1):
                checker.report.bad("an older decision told", where, told["code"])
            else:
                last[where[:2]] = version["version"]
    for where in asked:
        if len(matter.told[where]) != 1:
            checker.report.bad("answers", where, f"{len(matter.told[where])} instead of 1")
    for version in matter.versions:
        wanted = int(version["version"] > 1)
        if later[version["version"]] != wanted:
            what = f"version {version['version']}: {later[version['version']]} times"
            checker.report.bad("decision told", matter.requests[0][0], what)


def check_case(checker, matter):
    """A case for what waits, noted as often as it waits for something else, and closed once."""
    where = matter.requests[0][0]
    waits = sum(v["result"] == "WAIT" for v in matter.versions)
    last = matter.versions[-1]
    wanted = [("OPEN", None, None)] * waits
    if waits and last["result"] != "WAIT":
        state = CLOSED_BY.get(last["code"], "SUPERSEDED")
        wanted.append((state, last["result"], last["code"]))
    if matter.cases != wanted:
        checker.report.bad("case", where, f"{matter.cases} instead of {wanted}")


# The end of a process.


def check_expired(checker, matters):
    """It refuses what waits in its process, and only that; nothing that waited goes on doing so."""
    ends = defaultdict(list)
    for where in checker.firsts:
        if where[0] == EXPIRED and checker.row(where).outcome == books.DONE:
            ends[checker.contents[where]["processId"]].append(where)
    for name, matter in matters.items():
        by_time = [v for v in matter.versions if v["code"] == BY_TIME]
        own = ends[matter.versions[0]["process"]] if matter.versions else []
        told = {where for where in own for event in matter.told[where]}
        if len(by_time) > 1 or len(by_time) != len(told) or any(v["result"] != "NOK" for v in by_time):
            checker.report.bad("ended by its process", name, f"{len(by_time)}, told {len(told)}")
        last = matter.versions[-1] if matter.versions else {"result": None}
        late = [where for where in own if last["result"] == "WAIT"
                and checker.row(where).time_ms > last["at"] + OVERLAP_MS]  # fmt: skip
        if late:
            checker.report.bad("case outlives its process", late[0], name)


# Reviews.


def check_reviews(checker, matters):
    """Each review is answered once; one of a case at most counts, and its words are what is told."""
    for name, matter in matters.items():
        counted = []
        for where, event in matter.reviews:
            told = [checker.contract.decode("ReviewCompleted", r["value"])
                    for r in checker.stored.get(where, []) if r["topic"] == REVIEWED]  # fmt: skip
            if len(told) != 1 or told[0]["identityVerificationId"] != name:
                checker.report.bad("reviews answered", where, f"{len(told)} times")
                continue
            if told[0]["outcome"] == "RESOLVED":
                counted.append((where, event))
            check_review(checker, matter, where, told[0])
        reviewed = [v for v in matter.versions if v["code"] == "REVIEWED"]
        if len(counted) != len(reviewed) or len(reviewed) > 1:
            checker.report.bad("reviews that counted", name, f"{len(counted)}, {len(reviewed)} in the table")
        for (where, event), version in zip(counted, reviewed):
            if version["result"] != event["decision"]:
                checker.report.bad("reviewed otherwise", where)
            reasons = {told["resultReason"] for told in matter.told[where]}
            if reasons != {event["reason"] or BY_REVIEWER[event["decision"]]}:
                checker.report.bad("words of the reviewer", where)


def check_review(checker, matter, where, told):
    """Who comes too late is told what holds."""
    if told["outcome"] != "ALREADY_DECIDED":
        return
    holds = {(v["result"], v["code"], v["at"]) for v in matter.versions if v["result"] != "WAIT"}
    at = told["decidedAt"] and at_ms(told["decidedAt"])
    if (told["result"], told["code"], at) not in holds:
        checker.report.bad("reviewer told otherwise", where, str(told["code"]))


# Attempts, faces, call-backs.


def check_attempts(checker, matters):
    """Verifications are counted once each, per process, and per user and day."""
    processes, days = defaultdict(list), defaultdict(list)
    for matter in matters.values():
        for first in matter.versions[:1]:
            processes[first["process"]].append(first["process_attempt"])
            days[first["user"], first["day"]].append(first["day_attempt"])
    for name, counts in [*processes.items(), *days.items()]:
        if sorted(counts) != list(range(1, 1 + len(counts))):
            checker.report.bad("attempts", name, str(sorted(counts)))


def check_faces(checker, matters):
    """A face is its first user's; with all others it is in use."""
    faces, doubtful = defaultdict(lambda: defaultdict(set)), set()  # face -> user -> was in use
    for matter in matters.values():
        possible = [picture_of(e) for where, e in matter.requests if first_of_partition(matter, where)]
        if len(possible) != 1:
            doubtful.update(possible)
        elif possible[0] and matter.versions:
            first = matter.versions[0]
            faces[possible[0]][first["user"]].add(first["in_use"])
    for face, users in faces.items():
        free = [user for user, seen in users.items() if False in seen]
        if len(free) > 1:
            checker.report.bad("one face, two users", sorted(free))
        if len(users) == 1 and not free and face not in doubtful:
            checker.report.bad("face refused for nobody", next(iter(users)))


def picture_of(event):
    return event["frame"] and (event["frame"]["data"], event["frame"]["digest"])


def check_callbacks(checker, matters, asked):
    """One call-back of each case that was closed, its end in the table, its content the decision."""
    wanted = Counter(name for name, m in matters.items() for state, *_ in m.cases if state != "OPEN")
    found = Counter(effect["reference"] for effect in asked)
    for name in (wanted | found).keys():
        if wanted[name] != found[name]:
            checker.report.bad("call-backs", name, f"{found[name]} instead of {wanted[name]}")
    query = "select effect_id::text, identity_verification_id, state from review_callback"
    rows = {row[0]: row[1:] for row in checker.connection.execute(query)}
    for effect in asked:
        state = {"SENT": "OK", "FAILED": effect["failure"]}.get(effect["state"], effect["state"])
        if rows.pop(effect["id"], None) != (effect["reference"], state):
            checker.report.bad("end of call-back", effect["id"], state)
    for name in rows:
        checker.report.bad("end of no call-back", name)
    if checker.providers:
        check_bodies(checker, matters, {effect["id"]: effect["reference"] for effect in asked})


def check_bodies(checker, matters, references):
    for effect, path, body in checker.providers.requests():
        name = references.get(effect)
        versions = matters[name].versions if name else []
        if not versions:
            checker.report.bad("call-back of no case", effect)
            continue
        last = versions[-1]
        wanted = {"processId": last["process"], "userId": last["user"], "identityVerificationId": name,
                  "approvalResult": last["result"]}  # fmt: skip
        if (path, body) != (PATH, wanted):
            checker.report.bad("content of call-back", name, f"{body} instead of {wanted}")
