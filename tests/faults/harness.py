"""A world for one run: fresh topics and database, proxies, workers, a watch."""

import base64
import os
import random
import shutil
import signal
import threading
import time
from collections import Counter

from confluent_kafka import Consumer

import books
import approval
import canary
import consent
import effects
import otp
from contract import ROOT
from events import CONSENT, CONSENT_TEXT, CUSTOMER, EVALUATION, LOOKUP, REVIEW, Generator
from load import Load
from proxies import kafka_proxy, postgres_proxy
from topics_read import ends_of
from worker import LEAVING_SECONDS, TERM_SECONDS, THAW_SECONDS, Worker, await_true

FENCE_MS = 4000
SETTLE_SECONDS = 120  # lag 0 after the last fault
CLAIMS_A_MINUTE = 12  # of one partition
PATIENCE_SECONDS = 10  # then a stopped worker is replaced for the time being
LEAVE_SECONDS = 5  # a worker that woke up after it was replaced stays so long

LOADS = {
    "evaluation": {EVALUATION: 8, CUSTOMER: 1, REVIEW: 1},
    "lookup": {LOOKUP: 8, CUSTOMER: 1, CONSENT: 1},
    otp.SERVICE: {otp.REQUESTED: 32, CUSTOMER: 4, otp.LINKED: 1},
    approval.SERVICE: {
        approval.REQUESTED: 12, approval.EVALUATED: 8, CONSENT: 4, REVIEW: 4, approval.EXPIRED: 1
    },
    consent.SERVICE: {consent.SUBMITTED: 6, consent.TEXT_REQUESTED: 2},
    effects.SERVICE: {CONSENT_TEXT: 1},
}

#: Made from a seed and the run's folder.
PROVIDERS = {
    effects.SERVICE: lambda seed, folder: effects.Providers(seed),
    otp.SERVICE: otp.Providers,
    approval.SERVICE: approval.Providers,
}


class Worlds:
    """All that are open, for who has to leave nobody running."""

    def __init__(self):
        self.open, self.over = set(), False

    def need(self):
        if self.over:
            raise RuntimeError("the run was ended")

    def close(self):
        """For good: nothing starts any more."""
        self.over = True
        for world in list(self.open):
            try:
                world.close()
            except Exception as error:  # the other worlds have processes too
                print(f"{world.folder}: {error}")


worlds = Worlds()


class World:
    """Everything of one run; close() ends all processes and deletes the database."""

    def __init__(self, stack, folder, service="evaluation", seed=1, mutant=None, **options):
        worlds.need()
        self.stack, self.folder, self.service = stack, folder, service
        self.rng = random.Random(seed)
        self.mutant = mutant
        self.settings = options.get("settings", {})
        self.fenced = options.get("fenced", True)
        self.fence_ms = options.get("fence_ms", FENCE_MS)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        self.group = f"onboarding-{service}-{os.path.basename(folder)}-{time.time_ns() % 10**9}"
        stack.new_topics(self.fence_ms, fenced=self.fenced)
        self.database = stack.new_database()
        self.login = service
        if service == effects.SERVICE:
            effects.make_tables(stack, self.database)
            self.login = effects.LOGIN
        if service == consent.SERVICE:
            consent.import_texts(stack, self.database)
        self.providers = PROVIDERS[service](seed, folder) if service in PROVIDERS else None
        self.kafka = kafka_proxy(stack.brokers)
        self.postgres = postgres_proxy(stack.postgres)
        self.proxies = []  # of single workers
        self.workers, self.gone = [], []
        self.wanted = 0  # workers to keep running
        self.number = 0
        self.thaw_seconds = options.get("thaw_seconds", THAW_SECONDS)
        self.problems = []  # what went wrong beside the checker's findings
        self.thaws = self.restarts = self.library_aborts = 0
        self.outages = []  # [begin, end] of crashes on purpose
        self.lock = threading.RLock()
        self.generator = Generator(seed, LOADS[service], stack.contract)
        self.load = Load(self.generator, stack.brokers)
        self.watch = Watch(self)
        worlds.open.add(self)

    # Workers.

    def worker_settings(self):
        made = {
            "ONBOARDING_KAFKA_BROKERS": self.kafka.address,
            "ONBOARDING_POSTGRES_URL": self.stack.service_url(
                self.login, self.database, self.postgres.address
            ),
            "ONBOARDING_POSTGRES_PASSWORD_FILE": self.stack.password_file(self.login),
            "ONBOARDING_CONSUMER_GROUP": self.group,
            "ONBOARDING_FENCE": f"{self.fence_ms}ms",
            "ONBOARDING_HEALTH_PORT": "0",
            "ONBOARDING_DIGEST_KEY_FILE": self.key("digest"),
            "ONBOARDING_INDEX_KEY_FILE": self.key("index"),
            "ONBOARDING_DATA_KEYS_FILE": self.data_keys(),
            "ONBOARDING_LOOPS": "2",
            "ONBOARDING_BATCH_RECORDS": "50",
            "ONBOARDING_SESSION_TIMEOUT": "6s",
            "ONBOARDING_POLICY_FILE": os.path.join(ROOT, "services", self.service, "policy.json"),
        }
        if self.service == effects.SERVICE:
            del made["ONBOARDING_INDEX_KEY_FILE"], made["ONBOARDING_POLICY_FILE"]
        if self.service == consent.SERVICE:
            del made["ONBOARDING_INDEX_KEY_FILE"]
            made["ONBOARDING_POLICY_FILE"] = consent.policy_file(self.folder)
        if self.service == otp.SERVICE:
            made["ONBOARDING_OTP_PEPPER_FILE"] = self.key("pepper")
        if self.providers:
            made |= self.providers.settings()
        return made

    def key(self, name):
        """A key file; the same bytes in every run."""
        path = os.path.join(self.folder, name + ".key")
        if not os.path.exists(path):
            with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
                file.write(base64.b64encode(name.encode().ljust(32, b"k")) + b"\n")
        return path

    def data_keys(self):
        """A ring of one key around the data keys."""
        path = os.path.join(self.folder, "data.keys")
        if not os.path.exists(path):
            with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
                file.write(b"1 " + base64.b64encode(b"data".ljust(32, b"k")) + b"\n")
        return path

    def spawn(self, **settings):
        with self.lock:
            worlds.need()
            self.number += 1
            more = {}
            if self.mutant:  # its changed statements are never freed
                more = {"ONBOARDING_MUTANT": self.mutant, "ASAN_OPTIONS": "detect_leaks=0"}
            worker = Worker(
                os.path.join(self.folder, f"w{self.number}"),
                self.service,
                self.worker_settings() | more | self.settings | settings,
            )
            self.workers.append(worker)
            return worker

    def own_proxy(self):
        """A Kafka proxy for one worker alone: a setting for spawn(), and the proxy."""
        self.proxies.append(kafka_proxy(self.stack.brokers))
        return {"ONBOARDING_KAFKA_BROKERS": self.proxies[-1].address}, self.proxies[-1]

    def start_workers(self, count):
        self.wanted = count
        for _ in range(count):
            self.spawn()

    def live(self):
        with self.lock:
            return [w for w in self.workers if w.alive() and not w.is_stopped()]

    def retire(self, worker):
        """SIGTERM, as an operator does; complains when it takes too long or ends badly."""
        worker.ended_by_us = True
        fine = worker.terminate() or worker.died_of_library()
        if not fine and not (self.hung() and worker.gave_up()):
            self.problems.append(f"{worker.name}: SIGTERM ended with {worker.process.poll()}")
            worker.kill()
        self.bury(worker)

    def bury(self, worker):
        with self.lock:
            if worker in self.workers:
                self.workers.remove(worker)
                self.gone.append(worker)

    def tend(self):
        """Thaws who was stopped for long enough, replaces who died."""
        with self.lock:
            for worker in list(self.workers):
                if not worker.alive():
                    self.note_end(worker)
                    self.bury(worker)
                elif worker.is_stopped():
                    worker.stopped_at = worker.stopped_at or time.monotonic()
                    sleeps = worker.sleeps or self.thaw_seconds
                    if time.monotonic() - worker.stopped_at > sleeps:
                        self.thaw(worker)
                elif worker.leave_at and time.monotonic() > worker.leave_at:
                    self.send_away(worker)
            while sum(not w.guest and w.slept() < PATIENCE_SECONDS for w in self.workers) < self.wanted:
                self.restarts += 1
                self.spawn()

    def thaw(self, worker):
        """Wakes a worker up; one that was replaced meanwhile leaves soon."""
        if worker.slept() >= PATIENCE_SECONDS and not worker.guest:
            worker.guest = True
            worker.leave_at = time.monotonic() + LEAVE_SECONDS
        worker.wake()
        self.thaws += 1

    def hung(self):
        """Whether Kafka or PostgreSQL was lately away for so long that leaving workers give up."""
        now = time.monotonic()
        lately = [(b, min(e, now)) for b, e in self.outages if e > now - 2 * LEAVING_SECONDS]
        return any(end - begin > LEAVING_SECONDS / 2 for begin, end in lately)

    def note_end(self, worker):
        """A worker ends by a kill, or in order when it was asked to; all else is a problem."""
        if worker.died_of_library():
            self.library_aborts += 1
        elif not worker.may_end_so() and not (self.hung() and worker.gave_up()):
            self.problems.append(f"{worker.name}: ended with {worker.process.returncode}")

    def send_away(self, worker):
        """A guest's time is over: SIGTERM, and at last a kill that is a problem."""
        if not worker.ended_by_us:
            worker.ended_by_us = True
            worker.signal(signal.SIGTERM)
        elif time.monotonic() > worker.leave_at + TERM_SECONDS + self.thaw_seconds:
            self.problems.append(f"{worker.name}: does not end on SIGTERM")
            worker.kill()

    def invite(self, seconds):
        """A member more for so long."""
        with self.lock:
            worker = self.spawn()
            worker.guest = True
            worker.leave_at = time.monotonic() + seconds
        return worker

    # The end.

    def settle(self, seconds=SETTLE_SECONDS):
        """Waits for lag 0 and nothing unmarked; True when it comes in time."""
        consumer = Consumer({"bootstrap.servers": self.stack.brokers, "group.id": "settle", "log_level": 0})
        connection = books.connect(self.stack.admin_url(self.database), self.service)
        try:
            ends = {
                at: end for at, (_, end) in ends_of(consumer, LOADS[self.service]).items()
            }

            def settled():
                places = books.read_places(connection, self.group)
                return all(
                    at in places and places[at].next == places[at].published == end
                    for at, end in ends.items()
                ) and (self.providers is None or effects.all_ended(connection))

            return await_true(settled, seconds, 0.2)
        finally:
            consumer.close()
            connection.close()

    def stop_workers(self):
        self.watch.close()
        with self.lock:
            self.wanted = 0
            workers = list(self.workers)
        for worker in workers:
            worker.ended_by_us = True
            worker.disarm_all()
        for worker in workers:
            worker.wake()
            worker.signal(signal.SIGTERM)
        for worker in workers:
            self.retire(worker)
        for worker in self.gone:
            self.problems += [f"{worker.name}: {text}" for text in worker.troubles()]
            if canary.SECRET.search(worker.log()):
                self.problems.append(f"{worker.name}: a secret is in its log")

    def taken_over(self):
        """How often owners changed while a partition stood at an offset, by the workers' logs."""
        lines = (line for worker in self.gone + self.workers for line in worker.lines())
        return Counter(
            (line["topic"], line["partition"], line["next_offset"])
            for line in lines if line.get("message") == "taken over"
        )  # fmt: skip

    def close(self):
        self.watch.close()
        self.load.close()
        with self.lock:
            self.wanted = 0
            for worker in self.workers:
                worker.kill()
        for proxy in [self.kafka, self.postgres, *self.proxies]:
            proxy.close()
        if self.providers:
            self.providers.close()
        self.stack.drop_database(self.database)
        worlds.open.discard(self)  # who ends us closes it, and so does who had it


class Watch:
    """Tends the workers and samples the claims, in the background."""

    def __init__(self, world):
        self.world = world
        self.samples = {}  # (topic, partition) -> [(time, epoch)…]
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        sampled = 0.0
        while not self.stopping:
            self.world.tend()
            if time.monotonic() - sampled > 1:
                sampled = time.monotonic()
                self.sample()
            time.sleep(0.05)

    def sample(self):
        try:
            url = self.world.stack.admin_url(self.world.database)
            with books.connect(url, self.world.service) as connection:
                places = books.read_places(connection, self.world.group)
        except books.psycopg.Error:
            return  # the database is down on purpose
        now = time.monotonic()
        for spot, place in places.items():
            self.samples.setdefault(spot, []).append((now, place.epoch))

    def claims_a_minute(self):
        """The most claims of one partition in any minute, and which."""
        worst, where = 0, None
        for spot, samples in self.samples.items():
            for index, (start, epoch) in enumerate(samples):
                within = [e for t, e in samples[index:] if t - start <= 60]
                if within[-1] - epoch > worst:
                    worst, where = within[-1] - epoch, spot
        return worst, where

    def close(self):
        self.stopping = True
        self.thread.join(10)
