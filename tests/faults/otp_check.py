"""What must hold of one-time codes, whatever happened to the workers.

Each request gets one answer: at once where the rules refuse it, else when the provider has answered.
The rules are followed per process, in the order of its partition and at the times that the worker
says it decided at; what depends on the order across partitions may be decided either way.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

import books
import canary
import effects
from murmur2 import partition_of
from otp import COMPLETED, CUSTOMER, LINKED, REQUESTED, read_policy, rules_of
from topics_read import header

DAY_MS = 24 * 3600 * 1000

#: How an effect ends, and what is answered then.
ENDS = {
    ("SENT", None): "SENT",
    ("UNKNOWN", None): "UNKNOWN",
    ("FAILED", "REFUSED"): "PROVIDER_REFUSED",
    ("FAILED", "EXHAUSTED"): "PROVIDER_EXHAUSTED",
    ("FAILED", "EXPIRED"): "EXPIRED",
}
MESSAGE = "a message"  # in place of an answer: the rules let it pass


@dataclass
class Request:
    """A request that was handled, with what became of it."""

    where: tuple
    event: dict
    asked_ms: int  # when it says that it happened
    came_ms: int
    answers: list  # (result event, id of the effect that ended or None)
    effects: list
    message: dict = None

    def decided(self):
        """When the worker looked at it, in milliseconds, and what it did; None: not known."""
        if self.message:
            return self.message["asked_ms"], MESSAGE
        refusals = [event for event, effect in self.answers if effect is None]
        return (at_ms(refusals[0]["decidedAt"]), refusals[0]["code"]) if refusals else None


def check(checker):
    asked = effects.read_effects(checker)
    effects.check_ended(checker, asked)
    effects.check_recorded(checker, asked)
    requests = read_requests(checker, asked)
    for request in requests:
        check_answers(checker, request)
    check_rows(checker, requests)
    check_rules(checker, requests)
    canary.check_tables(checker)
    canary.check_published(checker)
    canary.check_reasons(checker)
    if checker.providers:
        effects.check_heeded(checker, asked)
        effects.check_key_order(checker, asked)
        check_messages(checker, requests)
    checker.report.numbers.update(Counter(e["state"].lower() for e in asked))


def at_ms(moment):
    return moment if isinstance(moment, int) else round(moment.timestamp() * 1000)


def read_requests(checker, asked):
    """Every request handled, in the order of its partition."""
    requests, of_id = [], {}
    for where in sorted(checker.firsts):
        if where[0] != REQUESTED or checker.row(where).outcome != books.DONE:
            continue
        record = checker.records[where]
        time = datetime.fromisoformat(header(record, "ce_time").replace("Z", "+00:00"))
        made = Request(where, checker.contents[where], int(time.timestamp() * 1000), record.time_ms, [], [])
        requests.append(made)
        of_id[header(record, "ce_source"), header(record, "ce_id")] = made
    of_effect = {}
    for effect in asked:
        cause = checker.contract.decode_bare("StoredCause", bytes(effect["cause"]))
        request = of_id.get((cause["source"], cause["id"]))
        if request is None:
            checker.report.bad("effect that nobody asked for", effect["id"])
            continue
        request.effects.append(effect)
        of_effect[effect["id"]] = request
    read_messages(checker, requests)
    read_answers(checker, {r.where: r for r in requests}, of_effect)
    return requests


def read_messages(checker, requests):
    names = ["id", "challenge", "process", "asked_ms", "index"]
    query = """
        select message_id::text, challenge_id::text, process_id,
               floor(extract(epoch from asked_at) * 1000)::bigint, destination_index
          from message"""
    messages = {row[0]: dict(zip(names, row)) for row in checker.connection.execute(query)}
    for request in requests:
        for effect in request.effects:
            request.message = messages.pop(effect["reference"], None)
            if request.message is None:
                checker.report.bad("message without a row", request.where)
    for name in messages:
        checker.report.bad("message that nobody asked for", name)


def read_answers(checker, of_place, of_effect):
    ended = {
        (row.topic, row.partition, row.offset): str(row.event_id)
        for row in checker.end_rows if row.outcome == books.DONE
    }  # fmt: skip
    for where, stored in checker.stored.items():
        effect = ended.get(where)
        request = of_effect.get(effect) if effect else of_place.get(where)
        for result in stored:
            if result["kind"] != "EVENT" or result["topic"] != COMPLETED:
                continue
            event = checker.contract.decode("OtpCompleted", result["value"])
            if request is None:
                checker.report.bad("answer to nobody", where)
            else:
                request.answers.append((event, effect))


def check_answers(checker, request):
    """One answer: a refusal, or what became of the one message."""
    where, asked = request.where, request.event
    if len(request.answers) != 1:
        checker.report.bad("answers", where, f"{len(request.answers)} instead of 1")
    if len(request.effects) > 1:
        checker.report.bad("effects", where, f"{len(request.effects)}")
    for told, effect in request.answers:
        for name in ("processId", "userId", "otpType"):
            if told[name] != asked[name]:
                checker.report.bad("answer of another", where, name)
        if told["otpSent"] != (told["code"] in ("SENT", "UNKNOWN")):
            checker.report.bad("otpSent", where, f"{told['otpSent']} with {told['code']}")
        if effect is None and request.effects:
            checker.report.bad("refused and sent", where, told["code"])
        if effect is not None:
            check_end(checker, request, told)


def check_end(checker, request, told):
    effect = request.effects[0]
    wanted = ENDS.get((effect["state"], effect["failure"]))
    if told["code"] != wanted:
        checker.report.bad("told otherwise", request.where, f"{told['code']} instead of {wanted}")


def check_rows(checker, requests):
    """A row of each answer, as told."""
    told = Counter(
        (event["processId"], event["otpType"], request.event["resend"], event["channel"], event["code"])
        for request in requests for event, _ in request.answers
    )  # fmt: skip
    query = "select process_id, otp_type, resend, channel, result, count(*) from answer group by 1, 2, 3, 4, 5"
    found = {row[:5]: row[5] for row in checker.connection.execute(query)}
    for what in told.keys() | found.keys():
        if told[what] != found.get(what, 0):
            checker.report.bad("answer rows", what[0], f"{what[1:]}: {found.get(what, 0)} of {told[what]}")


# The rules.


@dataclass
class Challenge:
    kind: str
    code: str
    opened_ms: int
    last_ms: int
    end_ms: int
    resends: int = 0
    replaced: bool = False


def check_rules(checker, requests):
    """What each process was answered, and the challenges that it has, from its requests in order."""
    policy, numbers = read_policy(), read_numbers(checker)
    full = check_crowds(checker, requests)
    processes = defaultdict(list)
    for request in requests:
        processes[request.event["processId"]].append(request)
    check_times(checker, requests)
    check_forgotten(checker, requests)
    challenges = read_challenges(checker)
    decided = 0
    for process, own in processes.items():
        found = challenges.pop(process, Counter())
        if any(r.where[1] != home_of(checker, process) or r.decided() is None for r in own):
            continue  # a copy on another partition was first: nobody knows the order
        decided += len(own)
        follow(checker, own, policy, numbers, full, found)
    for process in challenges:
        checker.report.bad("challenges of nobody", process)
    checker.report.numbers["rules_followed"] = decided


def home_of(checker, process):
    return partition_of(process.encode(), checker.count_of(REQUESTED))


def read_numbers(checker):
    """The phone numbers with which persons were ever registered, by each of their ids."""
    numbers, persons = defaultdict(set), {}
    for where, event in checker.contents.items():
        row = checker.row(where)
        if row is None or row.outcome != books.DONE:
            continue
        if where[0] == CUSTOMER and event["phoneNumber"]:
            numbers[event["userId"]].add(event["phoneNumber"])
        if where[0] == LINKED:
            ids = [persons.get(event[name], {event[name]}) for name in ("userId", "firstId")]
            persons |= dict.fromkeys(ids[0] | ids[1], ids[0] | ids[1])
    for person in persons.values():
        numbers |= dict.fromkeys(person, set().union(*(numbers[user] for user in person)))
    return numbers


def read_challenges(checker):
    """Of each process: how often its challenges stand as they do."""
    query = """
        select distinct on (process_id, challenge_id) process_id, otp_type, state, resends, version
          from challenge order by process_id, challenge_id, version desc"""
    found = defaultdict(Counter)
    for process, *rest in checker.connection.execute(query):
        found[process][tuple(rest)] += 1
    return found


def check_crowds(checker, requests):
    """No number gets more than the policy says; gives those, by number, that got as many."""
    sent, number_of = Counter(), {}
    for request in requests:
        if not request.message:
            continue
        index, number = bytes(request.message["index"]), request.event["phoneNumber"]
        sent[index] += 1
        if number and number_of.setdefault(index, number) != number:
            checker.report.bad("two numbers taken for one", request.where)
    most = read_policy()["default"]["messagesPerDay"]
    for index, count in sent.items():
        if count > most:
            checker.report.bad("too many to a number", number_of.get(index, "?"), str(count))
    return {number_of.get(index) for index, count in sent.items() if count >= most}


def check_times(checker, requests):
    """Within a partition the worker's time does not go back, nor before the request came."""
    last = {}
    for request in requests:
        now, _ = request.decided() or (None, None)
        if now is None:
            continue
        if now < request.came_ms:
            checker.report.bad("decided before it came", request.where, f"{request.came_ms - now} ms")
        if now < last.get(request.where[1], 0):
            checker.report.bad("time went back", request.where)
        last[request.where[1]] = now


def check_forgotten(checker, requests):
    """Where a user is, once known in a partition, is not unknown in it later."""
    known = set()
    for request in requests:
        if request.event["phoneNumber"]:
            continue
        user = request.where[1], request.event["userId"]
        _, did = request.decided() or (None, None)
        if did == MESSAGE:
            known.add(user)
        if did == "NO_DESTINATION" and user in known:
            checker.report.bad("destination forgotten", request.where)


def follow(checker, requests, policy, numbers, full, found):
    """One process from its first request to its last."""
    challenges = []
    for request in requests:
        now, did = request.decided()
        rules = rules_of(policy, request.event["processType"])
        opened = next((c for c in challenges if is_open(c, request.event, now)), None)
        allowed = allow(request, now, rules, opened, challenges, numbers, full)
        if did not in allowed:
            checker.report.bad("rule", request.where, f"{did} instead of {sorted(allowed)}")
        if did == MESSAGE:
            take(challenges, request, now, rules, opened)
    wanted = Counter(
        (c.kind, "REPLACED" if c.replaced else "OPEN", c.resends, 1 + c.resends + c.replaced) for c in challenges
    )
    if wanted != found:
        what = f"{sorted(found.elements())} instead of {sorted(wanted.elements())}"
        checker.report.bad("challenges", requests[0].where, what)


def is_open(challenge, event, now):
    return challenge.kind == event["otpType"] and not challenge.replaced and challenge.end_ms > now


def is_further(event, opened):
    return event["resend"] and opened is not None and opened.code == event["otpCode"]


def allow(request, now, rules, opened, challenges, numbers, full):
    """What may be done with a request: one thing, but for what other partitions decide."""
    event, allowed = request.event, set()
    if event["phoneNumber"] is None:
        allowed.add("NO_DESTINATION")
        if not numbers[event["userId"]]:
            return allowed
    if event["resend"] and opened and now - opened.last_ms < rules["resendAfterSeconds"] * 1000:
        return allowed | {"TOO_SOON"}
    of_day = sum(c.opened_ms > now - DAY_MS for c in challenges)
    if is_further(event, opened):
        too_many = opened.resends >= rules["resends"]
    else:
        too_many = of_day >= rules["challengesPerDay"]
    if too_many:
        return allowed | {"TOO_MANY"}
    possible = {event["phoneNumber"]} if event["phoneNumber"] else numbers[event["userId"]] | {None}
    if possible & full:
        allowed.add("TOO_MANY")  # whether this one came before the last of them, nobody knows
    late = now - min(request.asked_ms, now) >= rules["validSeconds"] * 1000
    return allowed | {"EXPIRED" if late else MESSAGE}


def take(challenges, request, now, rules, opened):
    """What a message does to the challenges of its process."""
    event = request.event
    if is_further(event, opened):
        opened.resends += 1
        opened.last_ms = now
        return
    if opened:
        opened.replaced = True
    end = min(request.asked_ms, now) + rules["validSeconds"] * 1000
    challenges.append(Challenge(event["otpType"], event["otpCode"], now, now, end))


# Codes.


def check_messages(checker, requests):
    """Providers get the code asked for, in the language wanted, for a number of the user's."""
    of_effect = {effect["id"]: r for r in requests for effect in r.effects}
    numbers, policy = read_numbers(checker), read_policy()
    for name, message in checker.providers.requests():
        request = of_effect.get(name)
        if request is None:
            checker.report.bad("message of no effect", name)
            continue
        event = request.event
        if message["to"] not in ({event["phoneNumber"]} - {None} or numbers[event["userId"]]):
            checker.report.bad("message to another", request.where)
        texts = rules_of(policy, event["processType"])["texts"][event["otpType"]]
        wanted = texts.get(event["language"][:2], texts["en"])["sms"]
        if message["text"] != wanted.replace("{{code}}", event["otpCode"]):
            checker.report.bad("text of message", request.where)
        if message["reference"] != request.effects[0]["reference"]:
            checker.report.bad("reference of message", request.where)
