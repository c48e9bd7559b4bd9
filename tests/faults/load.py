"""Upstream's load: what a generator makes, sent at a rate or at once."""

import threading
import time

from confluent_kafka import Producer


class Load:
    """Upstream: produces at a rate, in the background; may be held for a while."""

    def __init__(self, generator, brokers):
        self.generator, self.brokers = generator, brokers
        self.producer = Producer(
            {
                "bootstrap.servers": brokers,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 5,
                "log_level": 0,
            }
        )
        self.rate = 0.0  # steps a second
        self.sent = self.sent_bytes = 0
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        owed, last = 0.0, time.monotonic()
        while not self.stopping:
            now = time.monotonic()
            owed = min(owed + (now - last) * self.rate, self.rate)
            last = now
            while owed >= 1:
                owed -= 1
                self.step()
            self.producer.poll(0.02)

    def step(self):
        for record in self.generator.next():
            self.send(record)

    def send(self, record, producer=None):
        producer = producer or self.producer
        timestamp = int(time.time() * 1000)
        while True:
            try:
                producer.produce(
                    record.topic,
                    record.value,
                    record.key,
                    -1 if record.partition is None else record.partition,
                    headers=record.all_headers(),
                    timestamp=timestamp,
                )
                break
            except BufferError:
                producer.poll(0.1)
        self.sent += 1
        self.sent_bytes += len(record.value or b"")

    def burst(self, steps):
        """So many steps at once, delivered when it returns; for when the rate is 0."""
        for _ in range(steps):
            self.step()
        self.deliver()

    def transactions(self, count, steps):
        """So many Kafka transactions of so many steps each."""
        producer = Producer(
            {
                "bootstrap.servers": self.brokers,
                "partitioner": "murmur2_random",
                "transactional.id": "upstream",
                "log_level": 0,
            }
        )
        producer.init_transactions(30)
        for _ in range(count):
            producer.begin_transaction()
            for _ in range(steps):
                for record in self.generator.next():
                    self.send(record, producer)
            producer.commit_transaction(30)

    def deliver(self):
        left = self.producer.flush(60)
        if left:
            raise RuntimeError(f"upstream could not deliver {left} events")

    def flush(self):
        """Ends the load; everything sent is in the topics."""
        self.close()
        self.deliver()

    def close(self):
        self.stopping = True
        self.thread.join(10)
