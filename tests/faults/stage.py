"""What scenarios stand on: workers brought to a point, and states waited for."""

import time

from confluent_kafka import Consumer, TopicPartition

import books
import events
from worker import await_true


CLOCK_MS = 100  # a broker looks at its own clock, and that of the stamps is PostgreSQL's


class NoPower(Exception):
    """The situation did not come about, so nothing was tried."""


class Stage:
    """What scenarios have in common."""

    def __init__(self, world):
        self.world = world

    def admin(self):
        url = self.world.stack.admin_url(self.world.database)
        return books.connect(url, self.world.service)

    def places(self):
        with self.admin() as connection:
            return books.read_places(connection, self.world.group)

    def start(self, workers, **settings):
        """Workers, one after the other and not replaced; all partitions are claimed."""
        started = [self.world.spawn(**settings) for _ in range(workers)]
        self.need(
            lambda: self.inputs() <= self.places().keys(), 30, "no worker claims all partitions"
        )
        return started

    def stamp_ms(self, spot):
        """The stamp that the last transaction of a partition took."""
        return self.places()[spot].last_stamp_ms

    def results_of_latest(self):
        """How many results the latest transaction with any has left to publish."""
        query = """
            select sum(results_count) from batch
             where recorded_at = (select max(recorded_at) from batch where results_count > 0)"""
        with self.admin() as connection:
            return connection.execute(query).fetchone()[0]

    def await_age(self, stamp_ms, age_ms):
        """Until the broker must find a stamp older than that."""
        old_ms = stamp_ms + age_ms + CLOCK_MS
        self.need(lambda: time.time() * 1000 > old_ms, age_ms / 1000 + 10, "no time passes")

    def inputs(self):
        """The partitions that the load goes to."""
        return {(topic, n) for topic in self.world.load.generator.topics for n in range(4)}

    def owned_anew(self, before):
        """Whether each of the load's partitions was claimed since it had these places."""
        now = self.places()
        return all(now[spot].epoch > before[spot].epoch for spot in self.inputs())

    def need(self, condition, seconds, otherwise):
        """A step of the story that must come; without it the scenario has no power."""
        if not await_true(condition, seconds):
            raise NoPower(otherwise)

    def burst(self, steps):
        self.world.load.burst(steps)

    def send(self, count=1, **given):
        """Events that have results; delivered when it returns."""
        generator = self.world.generator
        self.send_these([generator.fresh(events.EVALUATION, **given) for _ in range(count)])

    def send_these(self, records):
        for record in records:
            self.world.load.send(record)
        self.world.load.deliver()

    def wake(self, worker):
        with self.world.lock:
            worker.wake()

    def settle(self, seconds=30):
        """Everything done and marked in between; a failure where it is not."""
        return [] if self.world.settle(seconds) else ["lag is not 0 in between"]

    def fired(self, worker, name, seconds=10):
        self.need(lambda: not worker.armed(name), seconds, f"{name} did not fire")

    def in_big_batch(self, worker, name, action, skip=0, steps=60):
        """A worker of one loop gets to a failpoint in a batch of records from everywhere."""
        kafka, load = self.world.kafka, self.world.load
        worker.arm("after_poll", "hold")
        self.send()
        self.fired(worker, "after_poll")
        worker.arm(name, action, skip)
        fetched, sent = kafka.tell("fetched"), load.sent_bytes
        self.burst(steps)
        sent = load.sent_bytes - sent
        self.need(lambda: kafka.tell("fetched") - fetched > sent, 10, "nothing is fetched ahead")
        worker.release("after_poll")
        self.fired(worker, name)

    def arm_all(self, name, action, skip=0):
        workers = self.world.live()
        for worker in workers:
            worker.arm(name, action, skip)
        return workers

    def one_fires(self, workers, name, seconds=10):
        """The first of several armed workers to fire; the others are spared."""
        self.need(
            lambda: any(not w.armed(name) for w in workers), seconds, f"{name} did not fire"
        )
        hit = [w for w in workers if not w.armed(name)]
        for worker in workers:
            worker.disarm(name)
        return hit[0]

    def said(self, message):
        """Whether some worker has logged it."""
        return any(self.heard(worker, message) for worker in list(self.world.workers))

    def heard(self, worker, message, **fields):
        return any(
            line.get("message") == message and fields.items() <= line.items()
            for line in worker.lines()
        )

    def group_follows(self):
        """Whether the group's offset of every input with events is next_offset."""
        consumer = Consumer(
            {"bootstrap.servers": self.world.stack.brokers, "group.id": self.world.group}
        )
        try:
            places = {spot: place.next for spot, place in self.places().items() if place.next}
            told = consumer.committed([TopicPartition(*spot) for spot in places], timeout=10)
            return all(places[one.topic, one.partition] == one.offset for one in told)
        finally:
            consumer.close()

    def all_marked(self):
        return all(place.next == place.published for place in self.places().values())

    def epochs(self):
        return sum(place.epoch for place in self.places().values())
