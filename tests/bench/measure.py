"""Events/s, CPU an event, memory and latency of bench-worker, for batch sizes and numbers of loops.

    EVENTS=40000 ROUNDS=3 RATE=500 LATENCY_SECONDS=8      what is measured, and how often

All runs read the same events of invented people; each has a consumer group, a result topic and a
ledger of its own. Rounds are interleaved, so that a machine's moods hit every line alike; the table
shows medians. On a machine with other work, compare lines with each other, and CPU before time.
"""

import io
import json
import os
import random
import statistics
import subprocess
import threading
import time
import uuid

import fastavro
import psycopg
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(ROOT, "tests", "bench")
WORKER = os.path.join(ROOT, "build", "release", "bin", "bench-worker")
STACK = os.environ["BENCH_STACK"]
EVENTS = int(os.environ.get("EVENTS", 40_000))
ROUNDS = int(os.environ.get("ROUNDS", 3))
RATE = float(os.environ.get("RATE", 500))
LATENCY_SECONDS = float(os.environ.get("LATENCY_SECONDS", 8))
LINES = [(loops, batch) for loops in (1, 2) for batch in (100, 500, 1000)]
PARTITIONS, FENCE_MS, RUN_SECONDS_MAX = 4, 10_000, 120
TICKS = os.sysconf("SC_CLK_TCK")
TABLE = """CREATE TABLE client_evaluation (event_id uuid PRIMARY KEY, process_id uuid NOT NULL,
    user_id uuid NOT NULL, result text NOT NULL, reason text, score integer NOT NULL,
    decided_at timestamptz NOT NULL, documents jsonb NOT NULL)"""


def read_env():
    with open(os.path.join(STACK, "env"), encoding="utf-8") as file:
        return dict(line.strip().split("=", 1) for line in file if "=" in line)


ENV = read_env()
ADMIN = AdminClient({"bootstrap.servers": ENV["KAFKA"], "log_level": 0})


# Events.


def make_events(count):
    """(key, value, id) of so many events; always the same ones."""
    with open(os.path.join(HERE, "client_evaluate.avsc"), encoding="utf-8") as file:
        schema = fastavro.parse_schema(json.load(file))
    rng = random.Random(1)
    processes = [(new_id(rng), new_id(rng)) for _ in range(max(1, count // 4))]
    for _ in range(count):
        process, user = rng.choice(processes)
        event = make_event(rng, process, user)
        body = io.BytesIO()
        fastavro.schemaless_writer(body, schema, event)
        yield process.encode(), b"\0\0\0\0\1" + body.getvalue(), event["eventId"].encode()


def new_id(rng):
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def make_event(rng, process, user):
    return {
        "eventId": new_id(rng),
        "occurredAt": 1_760_000_000_000,
        "processId": process,
        "processType": "ONBOARDING",
        "userId": user,
        "identityVerificationId": new_id(rng),
        "provider": "zenid",
        "status": "FAILURE" if rng.random() < 0.05 else "SUCCESS",
        "score": rng.randrange(3, 11),
        "documents": [make_document(rng) for _ in range(rng.choice((1, 2, 2)))],
        "attributes": {"channel": "mobile", "deviceId": "%016x" % rng.getrandbits(64)},
    }


def make_document(rng):
    return {
        "type": rng.choice(("ID_CARD", "PASSPORT")),
        "status": "ACCEPTED",
        "data": {
            "givenNames": rng.choice(("Alma", "Boris", "Čeněk", "Zoë")),
            "surname": rng.choice(("Vymyšlená", "Smyšlený", "Nobody")),
            "dateOfBirth": "19%02d-05-17" % rng.randrange(40, 99),
            "placeOfBirth": "Nowhere",
            "sex": rng.choice("FM"),
            "nationality": "CZE",
            "personalNumber": "%010d" % rng.randrange(10**10),
            "documentNumber": "%09d" % rng.randrange(10**9),
            "dateOfIssue": "2020-01-01",
            "dateOfExpiry": "2035-01-01",
            "authority": None,
        },
    }


# Kafka and PostgreSQL.


def make_topic(prefix, config=None):
    name = f"{prefix}.{uuid.uuid4().hex[:8]}"
    for topic in (name, name + ".dlt"):
        new = NewTopic(topic, PARTITIONS, 1, config=config or {})
        ADMIN.create_topics([new])[topic].result(20)
    await_leaders(name)
    return name


def await_leaders(topic):
    end = time.monotonic() + 20
    while True:
        try:
            end_offsets(topic)
            return
        except KafkaException:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def make_result_topic():
    fence = {"message.timestamp.before.max.ms": str(FENCE_MS)}
    return make_topic("bench.results", fence | {"message.timestamp.type": "CreateTime"})


def end_offsets(topic):
    asked = {TopicPartition(topic, p): OffsetSpec.latest() for p in range(PARTITIONS)}
    return {tp.partition: f.result(10).offset for tp, f in ADMIN.list_offsets(asked).items()}


def producer(linger_ms):
    return Producer(
        {"bootstrap.servers": ENV["KAFKA"], "partitioner": "murmur2", "linger.ms": linger_ms}
    )


def send(into, topic, event):
    key, value, event_id = event
    headers = [("ce_id", event_id), ("ce_source", b"bench")]
    while True:
        try:
            into.produce(topic, value, key, headers=headers)
            break
        except BufferError:
            into.poll(0.05)
    into.poll(0)


def database(name):
    return psycopg.connect(
        host=ENV["PGHOST"], port=ENV["PGPORT"], user=ENV["PGUSER"],
        password=ENV["PGPASSWORD"], dbname=name, autocommit=True,
    )  # fmt: skip


def empty_tables():
    """Every run begins with nothing, so that none pays for those before."""
    with database("postgres") as connection:
        connection.execute("DROP DATABASE IF EXISTS bench WITH (FORCE)")
        connection.execute("CREATE DATABASE bench")
    with database("bench") as connection:
        connection.execute(TABLE)
        connection.execute("CHECKPOINT")


# Processes.


def tree(pid):
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children", encoding="ascii") as file:
                    todo += [int(child) for child in file.read().split()]
        except OSError:
            pass
    return found


def cpu_seconds(pids):
    """With that of children already reaped."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += sum(int(field) for field in fields[11:15])
        except OSError:
            pass
    return total / TICKS


def peak_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0


def first_line(*path):
    with open(os.path.join(STACK, *path), encoding="ascii") as file:
        return int(file.readline())


BROKER = first_line("kafka.pid")


def postgres_pids():
    with database("postgres") as connection:
        own = connection.info.backend_pid
        with open(f"/proc/{own}/stat", encoding="ascii") as file:
            return tree(int(file.read().rsplit(")", 1)[1].split()[1]))


class Worker:
    """A bench-worker with a group of its own."""

    def __init__(self, topic_in, topic_out, loops, batch):
        password = os.path.join(STACK, "secrets", "bench")
        with open(os.open(password, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as f:
            f.write(ENV["PGPASSWORD"])
        url = f"postgresql://{ENV['PGUSER']}@{ENV['PGHOST']}:{ENV['PGPORT']}/bench?sslmode=disable"
        settings = {
            "KAFKA": ENV["KAFKA"], "PGURL": url, "PGPASSWORD": ENV["PGPASSWORD"],
            "PASSWORD_FILE": password, "IN_TOPIC": topic_in, "OUT_TOPIC": topic_out,
            "GROUP_ID": "bench-" + uuid.uuid4().hex[:8], "FENCE_MS": str(FENCE_MS),
            "WORKERS": str(loops), "MAX_BATCH": str(batch), "LOG_LEVEL": "warning",
        }  # fmt: skip
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ONBOARDING_")}
        self.log = open(os.path.join(STACK, "worker.log"), "ab")
        self.process = subprocess.Popen(
            [WORKER], env=kept | settings, stdout=self.log, stderr=subprocess.STDOUT
        )

    def check(self):
        if self.process.poll() is not None:
            with open(os.path.join(STACK, "worker.log"), encoding="utf-8") as file:
                raise RuntimeError("the worker ended: " + file.read()[-500:])

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(25)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


# Measurements.


def await_results(worker, topic, count, each=lambda done: None):
    """Returns when the last result arrived."""
    end = time.monotonic() + RUN_SECONDS_MAX
    while time.monotonic() < end:
        worker.check()
        done = sum(end_offsets(topic).values())
        each(done)
        if done >= count:
            return time.monotonic()
        time.sleep(0.02)
    raise RuntimeError(f"no {count} results within {RUN_SECONDS_MAX} s")


def throughput(topic_in, loops, batch):
    """From the first results on, which leaves the group's forming out."""
    empty_tables()
    topic_out = make_result_topic()
    worker = Worker(topic_in, topic_out, loops, batch)
    begin = {}

    def note(done):
        if done and not begin:
            begin.update(
                at=time.monotonic(), done=done, worker=cpu_seconds([worker.process.pid]),
                postgres=cpu_seconds(postgres_pids()), broker=cpu_seconds([BROKER]),
            )  # fmt: skip

    try:
        end = await_results(worker, topic_out, EVENTS, note)
        count = EVENTS - begin["done"]
        if count < EVENTS / 4:
            raise RuntimeError("too few events: all came with the first results; raise EVENTS")
        us = 1e6 / count
        return {
            "events/s": count / (end - begin["at"]),
            "worker us": (cpu_seconds([worker.process.pid]) - begin["worker"]) * us,
            "postgres us": (cpu_seconds(postgres_pids()) - begin["postgres"]) * us,
            "broker us": (cpu_seconds([BROKER]) - begin["broker"]) * us,
            "rss MiB": peak_mib(worker.process.pid),
        }
    finally:
        worker.stop()
        ADMIN.delete_topics([topic_out, topic_out + ".dlt"])


def latency(events, loops, batch):
    """From before an event is produced to the arrival of its result, at a fixed rate."""
    empty_tables()
    topic_in, topic_out = make_topic("bench.requests"), make_result_topic()
    warm = 2000
    count = int(RATE * LATENCY_SECONDS)
    worker = Worker(topic_in, topic_out, loops, batch)
    into = producer(0)
    sent, got, over = {}, {}, threading.Event()

    def receive():
        reader = Consumer({"bootstrap.servers": ENV["KAFKA"], "group.id": "bench-reader"})
        reader.assign([TopicPartition(topic_out, p, o) for p, o in end_offsets(topic_out).items()])
        ready.set()
        while not over.is_set():
            message = reader.poll(0.1)
            if message is not None and message.error() is None and message.value():
                cause = dict(message.headers())["ce_causationid"]
                got.setdefault(cause, time.monotonic())
        reader.close()

    try:
        for event in events[:warm]:
            send(into, topic_in, event)
        into.flush(30)
        await_results(worker, topic_out, warm)
        ready = threading.Event()
        receiver = threading.Thread(target=receive)
        receiver.start()
        ready.wait(20)
        begin = time.monotonic() + 0.5
        for i, event in enumerate(events[warm : warm + count]):
            time.sleep(max(0, begin + i / RATE - time.monotonic()))
            sent[event[2]] = time.monotonic()
            send(into, topic_in, event)
        into.flush(30)
        end = time.monotonic() + 20
        while len(got) < len(sent) and time.monotonic() < end:
            time.sleep(0.02)
        over.set()
        receiver.join()
    finally:
        over.set()
        worker.stop()
        ADMIN.delete_topics([topic_in, topic_out, topic_in + ".dlt", topic_out + ".dlt"])
    if len(got) < len(sent):
        raise RuntimeError(f"{len(sent) - len(got)} results did not arrive")
    spans = sorted((got[key] - at) * 1000 for key, at in sent.items())
    return {"p50 ms": spans[len(spans) // 2], "p99 ms": spans[int(len(spans) * 0.99)]}


def print_table(runs):
    names = list(dict.fromkeys(name for values in runs.values() for one in values for name in one))
    print(f"\n{'loops':>5} {'batch':>6} " + " ".join(f"{name:>12}" for name in names))
    for (loops, batch), values in runs.items():
        cells = []
        for name in names:
            found = [one[name] for one in values if name in one]
            cells.append(f"{statistics.median(found):12.1f}" if found else " " * 12)
        print(f"{loops:>5} {batch:>6} " + " ".join(cells))
    print(f"\nmedians of {ROUNDS} rounds of {EVENTS} events; latency at {RATE:.0f} events/s;")
    print("CPU in microseconds an event, memory as the worker's peak")


def main():
    events = list(make_events(EVENTS))
    topic_in = make_topic("bench.requests")
    into = producer(50)
    for event in events:
        send(into, topic_in, event)
    into.flush(60)
    runs = {line: [] for line in LINES}
    for number in range(ROUNDS):
        for line in LINES:
            values = throughput(topic_in, *line)
            if line[1] == 500:
                values |= latency(events, *line)
            runs[line].append(values)
            said = ", ".join(f"{name} {value:.1f}" for name, value in values.items())
            print(f"round {number + 1}: {line[0]} loops, batches of {line[1]}: {said}", flush=True)
    print_table(runs)


if __name__ == "__main__":
    main()
