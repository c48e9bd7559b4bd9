"""A service of effects under faults: onboarding-probe, providers of all moods, and what must hold.

Whatever happens: every effect ends, its end is recorded and told exactly once, and the provider heeds
it once, but for the tries whose answers were lost, which the table counts.
"""

import random
import threading
from collections import Counter, defaultdict

import books
from psycopg import sql
from provider_stub import ProviderStub, answer, close, hang
from topics_read import header

SERVICE = "probe"
LOGIN = "consent"  # the probe is no service of the migrations, and logs in as one that is
PREFIX = "effects/"
SOURCE = "effects"
TIMEOUT_MS = 2000
SLOW_SECONDS = 1.2
LOST_MAX = 2  # the first answer, and that of the repeat

#: How often a provider does what. Who is silent or cuts the line may have heeded all the same.
MOODS = {
    "accept": 70, "slow": 10, "error": 8, "busy": 4, "silent": 4, "cut": 3, "refuse": 1,
}  # fmt: skip
HEEDED = {"accept", "slow", "silent", "cut"}


def make_tables(stack, database):
    with books.connect(stack.admin_url(database), "public") as admin:
        admin.execute(sql.SQL("create schema {}").format(sql.Identifier(SERVICE)))
        for make in ("create_ledger", "create_vault", "create_effects"):
            admin.execute(
                sql.SQL("select runtime.{}({}, {})").format(
                    sql.Identifier(make), SERVICE, "onboarding_" + LOGIN
                )
            )


class Providers:
    """The providers of a service, those of the probe without more; `asked` has what they did with
    each request."""

    accept = staticmethod(answer)

    def __init__(self, seed, names=("FIRST", "SECOND")):
        self.rng, self.lock = random.Random(seed), threading.Lock()
        self.asked = []  # (effect id, mood), as they came
        self.stubs = {name: ProviderStub(default=self.decide) for name in names}
        for stub in self.stubs.values():
            stub.start()

    def settings(self):
        made = {"ONBOARDING_PROFILE": "development"}
        for name, stub in self.stubs.items():
            made[f"ONBOARDING_{name}_URL"] = stub.url
            made[f"ONBOARDING_{name}_TIMEOUT"] = f"{TIMEOUT_MS}ms"
            made[f"ONBOARDING_{name}_CONNECT_TIMEOUT"] = "1s"
        return made

    def decide(self, request):
        with self.lock:
            (mood,) = self.rng.choices(list(MOODS), MOODS.values())
            delay = self.rng.uniform(0, SLOW_SECONDS)
            self.asked.append((request.headers["idempotency-key"], mood))
        if mood == "slow":
            threading.Event().wait(delay)
        return {
            "error": lambda: answer(503), "busy": lambda: answer(429, b"", {"Retry-After": "1"}),
            "silent": hang, "cut": close, "refuse": lambda: answer(400),
        }.get(mood, self.accept)()  # fmt: skip

    def close(self):
        for stub in self.stubs.values():
            stub.stop()


def all_ended(connection):
    """No effect waits, and their ends are marked as told."""
    pending = connection.execute("select count(*) from effect where state = 'PENDING'").fetchone()[0]
    unmarked = connection.execute(
        "select count(*) from partition where next_offset <> published_offset"
    ).fetchone()[0]
    return pending == 0 and unmarked == 0


# What must hold.


def check(checker):
    effects = read_effects(checker)
    check_ended(checker, effects)
    check_asked_for(checker, effects)
    check_recorded(checker, effects)
    check_told(checker, effects)
    if checker.providers:
        check_heeded(checker, effects)
        check_key_order(checker, effects)
    checker.report.numbers.update(Counter(e["state"].lower() for e in effects))


def read_effects(checker):
    names = ["id", "partition", "kind", "order_key", "reference", "state", "failure", "attempts",
             "unknowns", "cause", "content"]  # fmt: skip
    query = """
        select effect_id::text, partition, kind, order_key, reference, state, failure, attempts,
               unknowns, cause, content
          from effect order by effect_id"""
    effects = [dict(zip(names, row)) for row in checker.connection.execute(query)]
    for effect in effects:
        effect["event"] = checker.contract.decode_bare("StoredCause", bytes(effect["cause"]))["id"]
    return effects


def check_ended(checker, effects):
    for effect in effects:
        if effect["state"] == "PENDING":
            checker.report.bad("effect without an end", effect["id"], effect["kind"])
        if effect["content"] is not None:
            checker.report.bad("content kept", effect["id"])


def goes_on(effect):
    """A failed one of the first kind is followed by one of the second, where the event says so."""
    return (
        effect["kind"] == "first" and effect["state"] == "FAILED"
        and effect["reference"].startswith("chain:")
    )  # fmt: skip


def check_asked_for(checker, effects):
    """What the events handled asked for, no more and no less."""
    wanted = Counter()
    for first in checker.firsts:
        event = checker.contents[first]
        name = header(checker.records[first], "ce_id")
        wanted.update((name, kind) for kind in ("first", "second") if kind in event["consentType"])
    wanted.update((effect["event"], "second") for effect in effects if goes_on(effect))
    found = Counter((effect["event"], effect["kind"]) for effect in effects)
    for what in (wanted | found).keys():
        if wanted[what] != found[what]:
            checker.report.bad("effects", what, f"{found[what]} instead of {wanted[what]}")


def check_recorded(checker, effects):
    """One row of the ledger each; further ones are duplicates of it."""
    done = Counter()
    for row in checker.end_rows:
        if row.outcome == books.DONE:
            done[str(row.event_id)] += 1
        elif row.outcome != books.DUPLICATE:
            checker.report.bad("end of an effect", (row.topic, row.partition, row.offset),
                               f"outcome {row.outcome}")  # fmt: skip
    for effect in effects:
        count = done.pop(effect["id"], 0)
        if count != 1 and effect["state"] != "PENDING":
            checker.report.bad("end recorded", effect["id"], f"{count} times")
    for unknown in done:
        checker.report.bad("end of no effect", unknown)


def check_told(checker, effects):
    """One result each, of what became of it; that it is published once is checked with the others."""
    wanted = Counter(
        (e["event"], e["kind"], e["state"]) for e in effects
        if e["state"] != "PENDING" and not goes_on(e)
    )  # fmt: skip
    told = Counter()
    for where, stored in checker.stored.items():
        for result in stored if where[0].startswith(PREFIX) else []:
            schema = checker.contract.schema_of_topic(result["topic"])
            event = checker.contract.decode(schema, result["value"])
            headers = {h["name"]: h["value"] for h in result["headers"]}
            cause = headers["ce_causationid"].decode()
            told[cause, event["consentType"], event["consentText"].split(" ")[0]] += 1
    for what in (wanted | told).keys():
        if wanted[what] != told[what]:
            checker.report.bad("told", what, f"{told[what]} times instead of {wanted[what]}")


def check_heeded(checker, effects):
    """Each try asks once at most; each copy that a provider heeds is a try whose answer was lost."""
    heeded, requests = Counter(), Counter()
    for name, mood in checker.providers.asked:
        requests[name] += 1
        heeded[name] += mood in HEEDED
    copies = 0
    for effect in effects:
        name, lost = effect["id"], effect["unknowns"]
        sent = effect["state"] == "SENT"
        if lost > LOST_MAX:
            checker.report.bad("answers lost", name, str(lost))
        if sent and not heeded[name]:
            checker.report.bad("sent, and nobody heeded it", name)
        if heeded[name] > lost + sent:
            checker.report.bad("heeded too often", name, f"{heeded[name]}, {lost} answers lost")
        if requests[name] > effect["attempts"]:
            checker.report.bad("requests", name, f"{requests[name]}, {effect['attempts']} tries")
        copies += max(0, heeded[name] - 1)
    checker.report.numbers.update(requests=sum(requests.values()), effect_copies=copies)


def check_key_order(checker, effects):
    """Effects of one key are begun one after another, in the order asked for."""
    begun = {}
    for place, (name, _) in enumerate(checker.providers.asked):
        begun.setdefault(name, place)
    lanes = defaultdict(list)
    for effect in effects:
        if effect["order_key"] is not None and effect["id"] in begun:
            lanes[effect["partition"], effect["order_key"]].append(effect["id"])
    for lane in lanes.values():
        for one, other in zip(lane, lane[1:]):
            if begun[one] > begun[other]:
                checker.report.bad("effects out of order", other, f"begun before {one}")
