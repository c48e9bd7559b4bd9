"""The command `onboarding` under test, with a lookup worker and a database beside it."""

import base64
import datetime
import json
import os
import pathlib
import signal
import subprocess
import time
import uuid

import psycopg
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("ONBOARDING_BIN", ROOT / "build/asan/bin"))
COMMAND_TIMEOUT_S = 60  # the slowest waits out a fence of some seconds
WORKER_TIMEOUT_S = 40
LOOKUP_PARTITIONS = 16  # four input topics
REQUESTED, COMPLETED = "onboarding.lookup.requested.v1", "onboarding.lookup.completed.v1"
DEAD = REQUESTED + ".dlt"


def clean_environment():
    return {k: v for k, v in os.environ.items() if not k.startswith(("ONBOARDING_", "PG"))}


def await_true(condition, seconds, explain=lambda: ""):
    """Until the condition holds; what it gave."""
    end = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        assert time.monotonic() < end, explain()
        time.sleep(0.05)


class Bench:
    """Where commands run: a cluster, a database, and settings for both."""

    def __init__(self, stack, database, folder):
        self.stack, self.database, self.folder = stack, database, folder
        self.brokers = stack.env["KAFKA"]
        self.group = f"lookup-test-{os.urandom(4).hex()}"
        self.admin = AdminClient({"bootstrap.servers": self.brokers})
        self.producer = Producer({"bootstrap.servers": self.brokers, "linger.ms": 0})
        self.settings = {
            "ONBOARDING_KAFKA_BROKERS": self.brokers,
            "ONBOARDING_FENCE": self.fence(),
            "ONBOARDING_DIGEST_KEY_FILE": self.key_file("digest"),
            "ONBOARDING_DATA_KEYS_FILE": self.data_keys_file(1),
        } | self.as_service("lookup")
        self.worker = None

    def fence(self):
        """What the topics have, if others made them: tests share a cluster."""
        topic = "onboarding.lookup.completed.v1"
        if topic not in self.admin.list_topics(timeout=20).topics:
            return "5s"
        return self.properties(topic)["message.timestamp.before.max.ms"] + "ms"

    def fence_ms(self):
        fence = self.settings["ONBOARDING_FENCE"]
        return int(fence[:-2]) if fence.endswith("ms") else 1000 * int(fence[:-1])

    def key_file(self, name):
        path = self.folder / f"{name}.key"
        path.touch(mode=0o600)
        path.write_bytes(base64.b64encode(name.encode().ljust(32, b"k")) + b"\n")
        return str(path)

    def data_keys_file(self, *numbers):
        return self.ring_file("data.keys", *numbers)

    def ring_file(self, name, *numbers):
        """A ring of keys around data keys, the newest last."""
        path = self.folder / name
        path.touch(mode=0o600)
        lines = (f"{n} {base64.b64encode(f'data {n}'.encode().ljust(32, b'k')).decode()}" for n in numbers)
        path.write_text("\n".join(lines) + "\n", encoding="ascii")
        return str(path)

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

    def as_service(self, service):
        return self.login(f"onboarding_{service}", f"{self.stack.env['STACK_DIR']}/secrets/onboarding_{service}")

    # The command.

    def run(self, *arguments, given=None, stdin=None, stderr=subprocess.PIPE, **settings):
        """Runs the command; `given`: lines through a pipe, `stdin` and `stderr`: open files."""
        env = clean_environment() | self.settings | settings
        return subprocess.run(
            [BIN / "onboarding", *arguments],
            env={k: v for k, v in env.items() if v is not None},
            input=given,
            stdin=stdin if given is None else None,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )

    def does(self, *arguments, **more):
        """The same, where it must go well; what it printed."""
        done = self.run(*arguments, **more)
        assert done.returncode == 0, done.stderr + done.stdout
        assert done.stderr == ""
        return done.stdout

    def objects(self, *arguments, **more):
        return [json.loads(line) for line in self.does(*arguments, **more).splitlines()]

    def tail(self, topic, *options, since):
        """What came to a topic since a time of RFC 3339."""
        return self.objects("tail", topic, "--from", since, *options)

    def now(self):
        """A time for --from; what is published afterwards is not older."""
        return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    # The cluster.

    def properties(self, topic):
        asked = self.admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic)])
        return {name: entry.value for name, entry in list(asked.values())[0].result(20).items()}

    def produce(self, topic, partition, key, value, headers):
        """Writes a record as it is given; its offset."""
        offsets = []
        self.producer.produce(
            topic, value, key, partition, headers=headers, on_delivery=lambda e, m: offsets.append((e, m.offset()))
        )
        assert self.producer.flush(20) == 0
        error, offset = offsets[0]
        assert error is None, error
        return offset

    def record(self, topic, partition, offset):
        """The record at a place."""
        reader = Consumer({"bootstrap.servers": self.brokers, "group.id": "test", "enable.auto.commit": False})
        try:
            reader.assign([TopicPartition(topic, partition, offset)])
            message = await_true(lambda: reader.poll(1.0), 20)
            assert message.error() is None and message.offset() == offset
            return message
        finally:
            reader.close()

    def delete_before(self, topic, partition, offset):
        self.admin.delete_records([TopicPartition(topic, partition, offset)])[
            TopicPartition(topic, partition)
        ].result(20)

    # The worker and its tables.

    def start_worker(self):
        log = open(self.folder / "worker.log", "w", encoding="utf-8")
        env = clean_environment() | self.settings | {
            "ONBOARDING_CONSUMER_GROUP": self.group,
            "ONBOARDING_INDEX_KEY_FILE": self.key_file("index"),
            "ONBOARDING_POLICY_FILE": str(ROOT / "services/lookup/policy.json"),
            "ONBOARDING_START": "end",
        }
        with log:
            self.worker = subprocess.Popen([BIN / "onboarding-lookup"], env=env, stdout=log, stderr=log)
        await_true(self.has_all, WORKER_TIMEOUT_S, self.log)

    def log(self):
        return (self.folder / "worker.log").read_text(encoding="utf-8")

    def has_all(self):
        assert self.worker.poll() is None, self.log()
        return self.log().count('"taken over"') >= LOOKUP_PARTITIONS

    def stop_worker(self):
        if self.worker is not None:
            self.worker.send_signal(signal.SIGTERM)
            self.worker.wait(WORKER_TIMEOUT_S)
            self.worker = None

    def rows(self, query, *parameters):
        """What a query gives; in the schema lookup."""
        with self.database.connect(autocommit=True) as connection:
            connection.execute("set search_path = lookup")
            cursor = connection.execute(query, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def handled(self, count=None):
        """Everything consumed is published; or so many ledger rows are there and published."""
        try:
            (rows, open_rows) = self.rows(
                """select (select count(*) from ledger),
                          (select count(*) from partition where published_offset < next_offset)"""
            )[0]
        except psycopg.Error:
            return False
        return open_rows == 0 and (count is None or rows >= count)

    def await_handled(self, count):
        await_true(lambda: self.handled(count), WORKER_TIMEOUT_S, self.log)


# Requests of lookup, as lines of the command.


def event(process_id, **identification):
    return {
        "processId": process_id,
        "processType": "onboarding",
        "identification": identification or {"clientNumber": "20417395"},
    }


def line(data, **attributes):
    return json.dumps(attributes | {"data": data}) + "\n"


def publish(bench, *lines, **more):
    return bench.does("publish", "lookup.requested", given="".join(lines), **more)


def fresh(prefix="p"):
    return f"{prefix}-{uuid.uuid4()}"


def by_key(records, *keys):
    return [record for record in records if record["key"] in keys]
