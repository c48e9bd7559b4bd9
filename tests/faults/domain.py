"""What the services' own tables and results must say, from a model of the events that we send.

The model knows as much of the rules as the generator's events can tell apart; the rules have
their own tests. Here it counts that each decision was made once, and the same for everybody.
"""

from collections import Counter, defaultdict
from datetime import datetime

import approval
import approval_check
import consent
import consent_check
import effects
import otp
import otp_check
from books import DONE
from topics_read import header

EVALUATION = "onboarding.evaluation.requested.v1"
LOOKUP = "onboarding.lookup.requested.v1"
CUSTOMER = "onboarding.customer.registered.v1"
ADULT_DAYS = 18 * 365.25


def done(checker, topic):
    """Coordinates and contents of the events of a topic that were handled, in order."""
    for where in sorted(checker.contents):
        row = checker.row(where)
        if where[0] == topic and row is not None and row.outcome == DONE:
            yield where, checker.contents[where]


def results_of(checker, where):
    """The decoded results of an event, as stored."""
    for result in checker.stored.get(where, []):
        if result["kind"] == "EVENT":
            schema = checker.contract.schema_of_topic(result["topic"])
            yield checker.contract.decode(schema, result["value"])


def days_between(earlier, later):
    return (datetime.fromisoformat(later[:10]) - datetime.fromisoformat(earlier[:10])).days


def decide(event, today):
    """The codes that the rules may give to an event as the generator makes them."""
    documents = event["documents"]
    if event["status"] == "FAILURE":
        return {"PROVIDER_FAILURE"}
    if not documents:
        return {"NO_DOCUMENTS"}
    data = documents[0]["data"]
    if data["dateOfExpiry"] < today[:10]:
        return {"DOCUMENT_EXPIRED"}
    if days_between(data["dateOfBirth"], today) < ADULT_DAYS - 1:
        return {"UNDER_AGE"}
    if event["score"] < 4:
        return {"SCORE_TOO_LOW"}
    if data["surname"] is None:
        return {"DATA_MISSING"}
    if event["score"] < 7:
        return {"SCORE_UNCERTAIN", "IDENTITY_IN_USE"}
    return {"ACCEPTED", "IDENTITY_IN_USE"}


def check_evaluation(checker):
    """One decision an identity verification, by its first event, told to everybody."""
    asked = defaultdict(list)
    for where, event in done(checker, EVALUATION):
        asked[event["identityVerificationId"]].append((where, event))
    query = "select identity_verification_id, version, result, code, user_id from decision"
    decided = defaultdict(list)
    for verification, *row in checker.connection.execute(query):
        decided[verification].append(row)
    for verification, events in asked.items():
        check_decision(checker, events, decided.pop(verification, []))
    for verification in decided:
        checker.report.bad("decision that nobody asked for", verification)
    check_owners(checker)
    check_customers(checker)


def check_decision(checker, events, rows):
    where = events[0][0]
    if [version for version, *_ in rows] != [1]:
        checker.report.bad("decisions", where, f"versions {[r[0] for r in rows]} instead of [1]")
        return
    _, result, code, _ = rows[0]
    for place, event in events:
        for told in results_of(checker, place):
            if (told["result"], told["code"]) != (result, code):
                checker.report.bad("told otherwise", place, f"{told['code']}, decided {code}")
            for name in ("processId", "identityVerificationId"):
                if told[name] != event[name]:
                    checker.report.bad("result of another", place, name)
    firsts = {}
    for place, event in events:
        firsts.setdefault(place[:2], (place, event))
    allowed = set()
    for place, event in firsts.values():
        allowed |= decide(event, header(checker.records[place], "ce_time"))
    if code not in allowed:
        checker.report.bad("decision", where, f"{code} instead of {sorted(allowed)}")


def check_owners(checker):
    """A personal number is one user's; IDENTITY_IN_USE only where another has it."""
    users, refused = defaultdict(set), defaultdict(list)
    query = "select identity_verification_id, code, user_id from decision where version = 1"
    codes = {r[0]: r[1:] for r in checker.connection.execute(query)}
    for where, event in done(checker, EVALUATION):
        code, user = codes.get(event["identityVerificationId"], (None, None))
        if user != event["userId"] or not event["documents"]:
            continue
        number = event["documents"][0]["data"]["personalNumber"]
        if code in ("ACCEPTED", "SCORE_UNCERTAIN", "DATA_MISSING"):
            users[number].add(user)
        if code == "IDENTITY_IN_USE":
            refused[number].append((where, user))
    for number, owners in users.items():
        if len(owners) > 1:
            checker.report.bad("one identity, two users", sorted(owners))
    for number, events in refused.items():
        for where, user in events:
            if not users[number] - {user}:
                checker.report.bad("refused for nobody", where)


def check_customers(checker):
    wanted = Counter(event["userId"] for _, event in done(checker, CUSTOMER))
    query = "select user_id, count(*), min(version), max(version) from customer group by 1"
    found = {row[0]: row[1:] for row in checker.connection.execute(query)}
    for user in wanted.keys() | found.keys():
        count = wanted[user]
        if found.get(user) != (count, 1, count):
            checker.report.bad("customer rows", user, f"{found.get(user)} for {count} events")


def check_lookup(checker):
    """One answer a lookup; the same person, the same id, whoever asks and when."""
    wanted = Counter(event["processId"] for _, event in done(checker, LOOKUP))
    query = "select process_id, count(*) from answer group by 1"
    found = dict(checker.connection.execute(query).fetchall())
    for process in wanted.keys() | found.keys():
        if wanted[process] != found.get(process, 0):
            checker.report.bad("answers", process, f"{found.get(process)} for {wanted[process]}")
    ids = defaultdict(dict)
    for where, event in done(checker, LOOKUP):
        person = tuple(sorted(event["identification"].items()))
        for told in results_of(checker, where):
            if told["code"] == "AMBIGUOUS":
                checker.report.bad("one person, two users", where)
            if told["userId"] is not None:
                ids[person].setdefault(told["userId"], where)
            if told["consentRequired"] != (told["consent"] == "REQUIRED"):
                checker.report.bad("consentRequired", where)
            if told["processId"] != event["processId"]:
                checker.report.bad("result of another", where)
    for users in ids.values():
        if len(users) > 1:
            checker.report.bad("one person, two ids", max(users.values()), str(sorted(users)))


CHECKS = {
    "evaluation": check_evaluation,
    "lookup": check_lookup,
    otp.SERVICE: otp_check.check,
    approval.SERVICE: approval_check.check,
    consent.SERVICE: consent_check.check,
    effects.SERVICE: effects.check,
}
