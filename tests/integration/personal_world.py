"""All workers at once, and events of one person with marks in all personal values."""

import io
import json
import re
import signal
import subprocess
import time
import urllib.request
import uuid

import fastavro
from psycopg import sql

from commands import BIN, ROOT, WORKER_TIMEOUT_S, Bench, await_true, clean_environment
from database import SERVICES
from running import Contract, watermarks
import seals
from stored import write_out
from topics_read import consumer_of

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
        policy = ROOT / "services" / service / "policy.json"
        env = clean_environment() | self.settings | self.required(service) | self.as_service(service) | {
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
