"""Personal data at rest: marked values of every personal field are found nowhere in clear, and of
whoever is erased nothing opens any more."""

import base64
import io
import json
import re
import signal
import subprocess
import time
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone

import fastavro
import psycopg
import pytest
from psycopg import sql

from commands import BIN, ROOT, WORKER_TIMEOUT_S, Bench, await_true, clean_environment
from database import SERVICES
from running import Contract, watermarks
import seals
from stored import write_out
from topics_read import consumer_of, read_topics

PARTITIONS = 4
REPLIES = "onboarding.replies.personal"

#: Marks for fields that take no other text; all else personal is CANARY and a number.
ODD_MARKS = {
    "dateOfBirth": "1911-11-13", "birthDate": "1911-11-13", "dateOfIssue": "1911-11-14",
    "dateOfExpiry": "2099-11-15", "phoneNumber": "+420600735194", "email": "canary@canary.example",
    "otpCode": "735194826013", "rawData": '{"canary":"CANARYraw"}',
}  # fmt: skip
#: Keyed digests by contract: blind indexes, and no value of a person.
DIGESTS = {"digest"}
#: What lets an event be handled, where it must be more than any text.
GIVEN = {"consentType": "GDPR", "language": "en", "score": 5.0, "job": "EVALUATION", "decision": "OK",
         "country": "CZE", "type": "ID_CARD", "processType": "ONBOARDING"}
#: Topics of persons and processes of their own: these would end what the others begin.
OTHERS = ("customer", "expired")
#: A gateway that nobody answers at: what is to be sent stays in the table, sealed.
MORE_SETTINGS = {
    "otp": {
        "ONBOARDING_PROFILE": "development",
        "ONBOARDING_SMS_URL": "http://127.0.0.1:9/",
        "ONBOARDING_SMS_BODY_FILE": str(ROOT / "services/otp/sms_body.json"),
    }
}
TEXT = "<p>I, {{name}}, agree.</p>\n"


class Marker:
    """Fills events by their schemas, personal fields with marks that it remembers."""

    def __init__(self):
        self.contract = Contract()
        self.marks = set()
        self.count = 0

    def mark(self, field):
        self.count += 1
        mark = ODD_MARKS.get(field, f"CANARY{self.count:04}")
        self.marks.add(mark)
        return mark

    def event(self, topic, tag):
        schema = self.contract.raw[self.contract.schema_of_topic(topic)]
        return self.record(schema, tag, False)

    def record(self, schema, tag, personal):
        return {
            f["name"]: self.value(f["type"], f["name"], tag, personal or f.get("pii", False))
            for f in schema["fields"]
        }

    def value(self, schema, field, tag, personal):
        if isinstance(schema, list):
            return self.value(next(b for b in schema if b != "null"), field, tag, personal)
        if isinstance(schema, str):
            schema = self.contract.raw.get(schema, {"type": schema})
        kind = schema["type"]
        if isinstance(kind, (dict, list)) or kind in self.contract.raw:
            return self.value(kind, field, tag, personal)
        if kind == "record":
            return self.record(schema, tag, personal)
        if kind == "array":
            return [self.value(schema["items"], field, tag, personal)]
        if kind == "map":
            return {name: self.mark(name) for name in ("name", "clientNumber", "birthDate")}
        if kind == "bytes":
            return bytes(32) if field in DIGESTS else self.mark(field).encode()
        if kind == "string" and personal:
            return self.mark(field)
        if field in GIVEN:
            return GIVEN[field]
        plain = {"string": f"{field}-{tag}", "boolean": True, "double": 5.0, "int": 1,
                 "long": int(time.time() * 1000)}  # fmt: skip
        return schema["symbols"][0] if kind == "enum" else plain[kind]

    def bytes_of(self, topic, event):
        name = self.contract.schema_of_topic(topic)
        out = io.BytesIO()
        fastavro.schemaless_writer(out, self.contract.schema(name), event)
        return self.contract.frame(name) + out.getvalue()

    def found_in(self, text):
        """The marks in a text; bytes are shown there in hexadecimal."""
        return {m for m in self.marks if m in text or m.encode().hex() in text}


class Person(Bench):
    """All workers at log level debug, and upstream."""

    def __init__(self, stack, database, folder):
        super().__init__(stack, database, folder)
        self.marker = Marker()
        self.contract = self.marker.contract
        self.workers = {}
        # Number 1 wraps; 2 is known to all before anybody wraps with it.
        self.settings["ONBOARDING_DATA_KEYS_FILE"] = self.data_keys_file(2, 1)
        self.owner = self.login(stack.env["PGUSER"], self.file("owner", stack.env["PGPASSWORD"]))

    def file(self, name, text):
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def login(self, user, password_file):
        host, port = self.stack.env["PGHOST"], self.stack.env["PGPORT"]
        return {
            "ONBOARDING_POSTGRES_URL": f"postgresql://{user}@{host}:{port}/{self.database.name}",
            "ONBOARDING_POSTGRES_PASSWORD_FILE": password_file,
        }

    # Workers.

    def group_of(self, service):
        return f"{self.group}-{service}"

    def inputs(self, service):
        """The topics that a service consumes, by its table of routes."""
        text = (ROOT / "services" / service / "service.c").read_text(encoding="utf-8")
        table = re.search(r"struct route routes\[\] = \{(.*?)\n\};", text, re.S).group(1)
        names = set(re.findall(r"&topic_(\w+)", table))
        if "RETENTION_ROUTE" in table:
            names.add("retention_due")
        return [t for t in self.contract.topics if re.sub(r"\W", "_", t[11:-3]) in names]

    def required(self, service):
        """The settings that a service cannot do without, by what it says of itself."""
        told = subprocess.run([BIN / f"onboarding-{service}", "--help"], capture_output=True, text=True, check=True)
        made = {}
        for name in re.findall(r"^  (ONBOARDING_\w+) \(required\)$", told.stdout, re.M):
            if name not in self.settings and name.endswith("_FILE"):
                made[name] = self.key_file(name.lower())
        return made | MORE_SETTINGS.get(service, {})

    def start(self, service):
        log = self.folder / f"{service}.log"
        role = f"onboarding_{service}"
        policy = ROOT / "services" / service / "policy.json"
        env = clean_environment() | self.settings | self.required(service) | self.login(
            role, f"{self.stack.env['STACK_DIR']}/secrets/{role}"
        ) | {
            "ONBOARDING_CONSUMER_GROUP": self.group_of(service),
            "ONBOARDING_START": "end",
            "ONBOARDING_LOG_LEVEL": "debug",
        }  # fmt: skip
        if policy.exists():
            env["ONBOARDING_POLICY_FILE"] = str(policy)
        with open(log, "a", encoding="utf-8") as out:
            worker = subprocess.Popen([BIN / f"onboarding-{service}"], env=env, stdout=out, stderr=out)
        self.workers[service] = worker
        wanted = PARTITIONS * len(self.inputs(service))

        def has_all():
            assert worker.poll() is None, self.log_of(service)
            return self.log_of(service).count('"taken over"') >= wanted

        await_true(has_all, WORKER_TIMEOUT_S, lambda: self.log_of(service)[-2000:])

    def log_of(self, service):
        return (self.folder / f"{service}.log").read_text(encoding="utf-8")

    def close(self):
        for worker in self.workers.values():
            worker.send_signal(signal.SIGTERM)
        for worker in self.workers.values():
            worker.wait(WORKER_TIMEOUT_S)

    def metrics_of(self, service):
        port = json.loads(next(x for x in self.log_of(service).splitlines() if '"started"' in x))["health_port"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return answer.read().decode()

    # Upstream.

    def send(self, topic, event, event_id=None, value=None, key=None, more=()):
        headers = [
            ("ce_specversion", b"1.0"), ("ce_id", (event_id or str(uuid.uuid4())).encode()),
            ("ce_source", b"//bank.example/app"), ("ce_type", topic.encode()),
            ("ce_time", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()).encode()),
            ("content-type", b"application/avro"), *more,
        ]  # fmt: skip
        field = self.contract.topics[topic]["key"]
        value = self.marker.bytes_of(topic, event) if value is None else value
        key = event[field] if key is None else key
        self.producer.produce(topic, value, key, headers=headers)
        assert self.producer.flush(20) == 0

    def send_all_kinds(self, topic, tag):
        """A good one, its repeat by somebody who waits, and a dead letter of each kind."""
        event, other = self.marker.event(topic, tag), self.marker.event(topic, tag)
        waits = [("kafka_replyTopic", REPLIES.encode()), ("kafka_correlationId", b"1")]
        event_id, value = str(uuid.uuid4()), self.marker.bytes_of(topic, event)
        self.send(topic, event, event_id, more=waits)
        self.settle()
        self.send(topic, event, event_id, more=waits)
        self.send(topic, other, event_id)
        self.send(topic, event, value=value[:-1])
        self.send(topic, event, value=value + b"x")
        self.send(topic, event, key="CANARY-another-key")
        self.send(topic, event, more=[("ce_time", b"CANARY-no-time")])
        return event

    def ends(self, topics):
        consumer = consumer_of(self.brokers)
        try:
            return {(t, n): watermarks(consumer, t, n)[1] for t in topics for n in range(PARTITIONS)}
        finally:
            consumer.close()

    def settle(self):
        """Everything is consumed and published."""
        for service in self.workers:
            ends = {at: end for at, end in self.ends(self.inputs(service)).items()}

            def done(service=service, ends=ends):
                assert self.workers[service].poll() is None, self.log_of(service)[-4000:]
                rows = self.database.rows(
                    f"select t.name, p.partition, p.next_offset from {service}.partition p"
                    " join {0}.topic t using (topic_id) join {0}.consumer_group g using (group_id)"
                    " where g.name = %s and p.next_offset = p.published_offset".format(service),
                    self.group_of(service),
                )
                at = {(topic, number): offset for topic, number, offset in rows}
                return all(at.get(where, -1) >= end for where, end in ends.items())

            await_true(done, 2 * WORKER_TIMEOUT_S, lambda: self.log_of(service)[-2000:])

    # What is stored.

    def relations(self):
        """Every table and view of ours, as whole rows of text."""
        with self.database.connect(autocommit=True) as connection:
            names = connection.execute(
                "select nspname, relname from pg_class c join pg_namespace n on n.oid = relnamespace"
                " where relkind in ('r', 'v', 'm', 'p') and nspname !~ '^pg_' and nspname <> 'information_schema'"
            ).fetchall()
            for schema, name in names:
                query = sql.SQL("select string_agg(r::text, ' ') from {} as r").format(sql.Identifier(schema, name))
                yield f"{schema}.{name}", connection.execute(query).fetchone()[0] or ""

    def ring(self):
        return seals.read_ring(self.settings["ONBOARDING_DATA_KEYS_FILE"])

    def stored(self, service):
        """What is sealed of a service's stored results, and what of it opens with no key there is."""
        rows = self.database.rows(f"select subject, wrapped, key_id from {service}.subject_key")
        keys = seals.data_keys(self.ring(), rows)
        days = {bytes(s) for (s,) in self.database.rows(f"select subject from {service}.subject_key where day is not null")}
        made, shut = [], []
        for group, topic, generation, partition, results in self.database.rows(
            f"select b.group_id, t.name, b.generation, b.partition, b.results from {service}.batch b"
            f" join {service}.topic t using (topic_id) where b.results is not null"
        ):
            decoded = self.contract.decode_stored(bytes(results))
            write_out(decoded["results"])
            place = group, topic, generation, partition
            shut += seals.open_results(self.contract, keys, decoded, place)
            for part in decoded["sealed"]:
                made.append(decoded["results"][part["result"]] | {"of_day": part["subject"] in days})
        return made, shut

    def services_with(self, table, condition, *parameters):
        return [
            s for s in SERVICES
            if self.database.rows(f"select 1 from {s}.{table} where {condition} limit 1", *parameters)
        ]  # fmt: skip


@pytest.fixture(scope="module")
def person(stack, migrated, tmp_path_factory):
    person = Person(stack, migrated, tmp_path_factory.mktemp("personal"))
    person.does("topics", "create")
    person.does("consent", "import", person.file("text.html", TEXT), "--type", "GDPR", "--language", "en",
                "--version", "personal", "--effective-from", "2021-01-01", **person.owner)  # fmt: skip
    for service in SERVICES:
        person.start(service)
    yield person
    person.close()


@pytest.fixture(scope="module")
def marked(person):
    """After events of every topic with personal fields went through everything, twice marked."""
    topics = sorted({t for s in SERVICES for t in person.inputs(s)})
    since = person.now()
    for tag in ("one", "two"):
        for topic in topics:
            if topic != "onboarding.retention.due.v1":
                other = next((word for word in OTHERS if word in topic), "")
                person.send_all_kinds(topic, other + tag)
        person.send("onboarding.review.decided.v1", person.marker.event("onboarding.review.decided.v1", tag))
    person.settle()
    person.since = since
    return person


def test_marks_went_through(marked):
    """Else nothing that follows means anything."""
    read, _ = read_topics(marked.brokers, ["onboarding.consent-text.completed.v1", "onboarding.evaluation.requested.v1.dlt"])
    for messages in read.values():
        assert any(marked.marker.found_in((m.value or b"").hex()) for m in messages)
    assert len(marked.marker.marks) > 50
    for service in SERVICES:
        reasons = {r for (r,) in marked.database.rows(f"select reason from {service}.dead_letter")}
        assert {"MALFORMED", "ID_CONFLICT", "KEY_INVALID", "HEADERS_INVALID"} <= reasons, service
        opened, shut = marked.stored(service)
        assert shut == []
        assert any(marked.marker.found_in((r["value"] or b"").hex()) for r in opened), service


def test_a_reviewer_decided(marked):
    codes = marked.database.rows("select code from evaluation.decision")
    assert ("REVIEWED",) in codes, codes


def test_no_mark_is_in_the_logs(marked):
    for service in SERVICES:
        log = marked.log_of(service)
        assert '"debug"' in log
        assert marked.marker.found_in(log) == set(), service


def test_no_mark_is_in_the_metrics(marked):
    for service in SERVICES:
        text = marked.metrics_of(service)
        assert "onboarding_dead_letters_total" in text
        assert marked.marker.found_in(text) == set(), service


def test_no_mark_is_in_a_table_or_view(marked):
    found = {name: marked.marker.found_in(text) for name, text in marked.relations()}
    assert len(found) > 40
    assert {name: marks for name, marks in found.items() if marks} == {}


def test_no_core_is_left(marked):
    for worker in marked.workers.values():
        with open(f"/proc/{worker.pid}/limits", encoding="ascii") as file:
            limit = next(line for line in file if line.startswith("Max core file size"))
        assert limit.split()[4:6] == ["0", "0"]


# Keys.


def keys_of(person):
    lines = person.does("keys", "list", **person.owner).splitlines()
    return {tuple(line.split()[:3]) for line in lines}


def test_keys_are_rotated_in_pieces(marked):
    assert {key for _, _, key in keys_of(marked)} == {"1"}
    before = {s: [r["value"] for r in marked.stored(s)[0]] for s in SERVICES}
    newer = marked.owner | {"ONBOARDING_DATA_KEYS_FILE": marked.ring_file("newer.keys", 1, 2)}
    first = marked.run("keys", "rotate", "--service", "evaluation", **newer)
    assert first.returncode == 0, first.stderr
    assert ("evaluation", "key", "2") in keys_of(marked) and ("consent", "key", "1") in keys_of(marked)
    done = marked.does("keys", "rotate", **newer)
    assert "evaluation   wrapped 0, verified" in done
    assert {key for _, _, key in keys_of(marked)} == {"2"}
    assert {s: [r["value"] for r in marked.stored(s)[0]] for s in SERVICES} == before


def test_rotation_needs_the_old_key(marked):
    only = marked.owner | {"ONBOARDING_DATA_KEYS_FILE": marked.ring_file("only.keys", 3)}
    done = marked.run("keys", "rotate", **only)
    assert done.returncode == 1 and "there is no key 2 in the file" in done.stderr
    assert {key for _, _, key in keys_of(marked)} == {"2"}
    assert marked.run("keys", "rotate", **marked.owner | {"ONBOARDING_DATA_KEYS_FILE": None}).returncode == 78


# Erasing; after all else, since it is for good.


def place_of(result):
    return result["topic"], result["partition"], result["offset"], result["id"]


def of_user(results, shut, marker):
    """What opens and names a user. What no worker could read is nobody's: it goes with its day."""
    closed = {place_of(r) for r in shut}
    return [
        r for r in results
        if place_of(r) not in closed
        and not r["of_day"] and marker in (r["value"] or b"")
    ]  # fmt: skip


def test_who_is_erased_is_noise(marked):
    user = "userId-one"
    holders = [s for s in SERVICES if of_user(*marked.stored(s), user.encode())]
    assert "evaluation" in holders and "consent" in holders
    before = {s: {place_of(r) for r in marked.stored(s)[0]} for s in holders}
    told = marked.does("erase", user, **marked.owner)
    for service in holders:
        assert f"{service:<12} erased\n" in told
        results, shut = marked.stored(service)
        # What ends after an erasure, as a code that is still tried, is told of under a new key.
        assert shut
        assert [r for r in of_user(results, shut, user.encode()) if place_of(r) in before[service]] == []
        assert of_user(results, shut, b"userId-two")  # others' open as before
    assert "onboarding.evaluation.requested.v1 until 20" in told
    assert "onboarding.evaluation.requested.v1.dlt until 20" in told
    assert "onboarding.evaluation.completed.v1 until 20" in told  # has the reviewer's words
    until = dict(re.findall(r"^  onboarding\.(\S+) until (\S+)Z$", told, re.M))
    for topic, days in (("customer.registered.v1", 8), ("customer.registered.v1.dlt", 31)):
        left = datetime.fromisoformat(until[topic] + "+00:00") - datetime.now(timezone.utc)
        assert timedelta(days=days) < left < timedelta(days=days, hours=1)
    assert set(marked.services_with("erasure", "why = 'OPERATOR'")) >= set(holders)


def test_erasing_again_says_so(marked):
    assert "evaluation   erased already, at 20" in marked.does("erase", "userId-one", **marked.owner)
    # But for what ended since.
    await_true(
        lambda: "This was done already." in marked.does("erase", "userId-one", **marked.owner), WORKER_TIMEOUT_S
    )


def test_nobody_is_told_apart_from_erased(marked):
    done = marked.run("erase", "nobody-of-this-id", **marked.owner)
    assert done.returncode == 1 and "nothing is stored of such a user" in done.stderr
    assert marked.run("erase", "x", **marked.owner | {"ONBOARDING_DIGEST_KEY_FILE": None}).returncode == 78


def test_a_person_is_erased_under_all_ids(marked):
    """As lookup finds them: a customer who was a prospect before."""
    later, first = "userId-customerone", "userId-customertwo"
    marked.database.rows(
        "insert into lookup.alias (user_id, first_id) values (%s, %s), ('userId-third', %s) returning 1", later, first, first
    )
    told = marked.does("erase", later, **marked.owner)
    assert told.startswith(f"{later}\n")
    _, _, of_first = told.partition(f"{first}, the same person\n")
    assert "otp          erased\n" in of_first
    again = marked.does("erase", "userId-third", **marked.owner)
    assert again.count("otp          erased already") == 2 and f"{later}, the same person\n" in again


def test_a_service_may_not_list_others(marked):
    role = marked.login("onboarding_lookup", f"{marked.stack.env['STACK_DIR']}/secrets/onboarding_lookup")
    assert {service for service, _, _ in
            {tuple(x.split()[:3]) for x in marked.does("keys", "list", **role).splitlines()}} == {"lookup"}


def test_what_is_due_is_erased_by_every_service(marked):
    user = "userId-two"
    holders = [s for s in SERVICES if of_user(*marked.stored(s), user.encode())]
    assert holders
    before = {s: {place_of(r) for r in marked.stored(s)[0]} for s in holders}
    marked.send("onboarding.retention.due.v1", {"userId": user, "dueAt": 1, "why": "NOT_A_CUSTOMER"})
    marked.settle()
    for service in holders:
        results, shut = marked.stored(service)
        assert [r for r in of_user(results, shut, user.encode()) if place_of(r) in before[service]] == []
    assert set(marked.services_with("erasure", "why = 'NOT_A_CUSTOMER'")) >= set(holders)
