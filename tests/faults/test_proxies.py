"""The proxies' own test on the real stack: what they are told to do happens on the wire.

    test_proxies.py STACK_DIR
"""

import sys
import time
import unittest

import psycopg
from confluent_kafka import Consumer, Producer, TopicPartition

from proxies import kafka_proxy, postgres_proxy
from stack import Stack
from topics_read import read_topics
from worker import await_true

TOPIC = "onboarding.evaluation.completed.v1"


class TestKafkaProxy(unittest.TestCase):
    def setUp(self):
        self.stack = Stack(FOLDER, own=False)
        self.addCleanup(self.stack.delete_topics)
        self.stack.new_topics(3600000)
        self.proxy = kafka_proxy(self.stack.brokers)
        self.addCleanup(self.proxy.close)
        self.told = []

    def producer(self, **more):
        settings = {
            "bootstrap.servers": self.proxy.address,
            "enable.idempotence": True,
            "socket.timeout.ms": 3000,
            "linger.ms": 0,
            "client.id": "under-test",
        }
        return Producer(settings | more)

    def values(self):
        topics, _ = read_topics(self.stack.brokers, [TOPIC])
        return [m.value for m in topics[TOPIC]]

    def send(self, producer, *values):
        for value in values:
            producer.produce(TOPIC, value, b"k", 0, on_delivery=lambda e, m: self.told.append(e))
            producer.poll(0)

    def test_passes_on(self):
        producer = self.producer()
        self.send(producer, b"1", b"2")
        self.assertEqual(producer.flush(10), 0)
        self.assertEqual(self.told, [None, None])
        self.assertEqual(self.values(), [b"1", b"2"])

    def test_repeats_what_a_careless_client_sends(self):
        """Without idempotence the broker takes both: so the second really went out."""
        self.proxy.order("repeat", topic="completed")
        producer = self.producer(**{"enable.idempotence": False})
        self.send(producer, b"1")
        self.assertEqual(producer.flush(10), 0)
        self.send(producer, b"2")
        self.assertEqual(producer.flush(10), 0)
        self.assertTrue(await_true(lambda: self.values() == [b"1", b"1", b"2"], 5))

    def test_replays_later(self):
        self.proxy.order("replay", seconds=0.5)
        producer = self.producer(**{"enable.idempotence": False})
        self.send(producer, b"1")
        self.assertEqual(producer.flush(10), 0)
        self.assertEqual(self.values(), [b"1"])
        self.assertTrue(await_true(lambda: self.proxy.count("replayed"), 5))
        self.assertEqual(self.values(), [b"1", b"1"])

    def test_holds_beyond_the_client(self):
        self.proxy.order("hold", seconds=2, client="under-test")
        producer = self.producer(**{"enable.idempotence": False})
        self.send(producer, b"zombie")
        self.assertTrue(await_true(lambda: producer.poll(0.05) or self.proxy.count("hold"), 5))
        producer.purge()
        del producer  # the client is gone
        self.assertEqual(self.values(), [])
        self.assertTrue(await_true(lambda: self.proxy.count("released"), 5))
        self.assertTrue(await_true(lambda: self.values() == [b"zombie"], 5))

    def test_lowers_the_end(self):
        producer = self.producer()
        self.send(producer, *[b"x"] * 10)
        self.assertEqual(producer.flush(10), 0)
        consumer = Consumer({"bootstrap.servers": self.proxy.address, "group.id": "t"})
        self.addCleanup(consumer.close)
        place = TopicPartition(TOPIC, 0)
        self.assertEqual(consumer.get_watermark_offsets(place, timeout=5)[1], 10)
        self.proxy.order("lag", seconds=30, records=4)
        self.assertTrue(
            await_true(lambda: consumer.get_watermark_offsets(place, timeout=5)[1] == 6, 5)
        )

    def test_swallows_until_told_to_pass(self):
        producer = self.producer()
        self.send(producer, b"1")
        self.assertEqual(producer.flush(10), 0)
        sent = self.proxy.tell("produced")
        self.proxy.order("swallow", seconds=60)
        self.send(producer, b"2")
        self.assertTrue(
            await_true(lambda: producer.poll(0.05) or self.proxy.count("swallow"), 5)
        )
        self.assertEqual(self.proxy.tell("produced"), sent)
        self.proxy.order("pass")
        self.proxy.order("cut")
        self.assertEqual(producer.flush(10), 0)
        self.assertEqual(self.values(), [b"1", b"2"])

    def test_cuts(self):
        producer = self.producer()
        self.send(producer, b"1")
        self.assertEqual(producer.flush(10), 0)
        self.proxy.order("cut")
        self.assertTrue(await_true(lambda: self.proxy.count("cut"), 5))
        self.send(producer, b"2")
        self.assertEqual(producer.flush(10), 0)
        self.assertEqual(self.values(), [b"1", b"2"])


class TestPostgresProxy(unittest.TestCase):
    def setUp(self):
        self.stack = Stack(FOLDER, own=False)
        self.database = self.stack.new_database()
        self.addCleanup(self.stack.drop_database, self.database)
        self.proxy = postgres_proxy(self.stack.postgres)
        self.addCleanup(self.proxy.close)
        self.direct = psycopg.connect(self.stack.admin_url(self.database), autocommit=True)
        self.addCleanup(self.direct.close)
        self.direct.execute("create table ledger (n int)")

    def connection(self):
        url = self.stack.admin_url(self.database).replace(self.stack.postgres, self.proxy.address)
        connection = psycopg.connect(url + "?sslmode=disable&gssencmode=disable")
        self.addCleanup(connection.close)
        return connection

    def count(self):
        return self.direct.execute("select count(*) from ledger").fetchone()[0]

    def insert(self, connection, **how):
        for number in range(10):
            connection.execute("insert into ledger values (%s)", (number,), **how)

    def test_passes_on(self):
        connection = self.connection()
        self.insert(connection)
        connection.commit()
        self.assertEqual(self.count(), 10)

    def test_loses_the_answer(self):
        for prepare in (False, True):
            connection = self.connection()
            connection.execute("select 1")
            connection.commit()  # not of the ledger: it passes
            self.proxy.order("lose_answer")
            before = self.count()
            self.insert(connection, prepare=prepare)
            with self.assertRaises(psycopg.OperationalError):
                connection.commit()
            self.assertEqual(self.count(), before + 10)

    def test_loses_the_commit(self):
        self.proxy.order("lose_commit")
        connection = self.connection()
        self.insert(connection)
        with self.assertRaises(psycopg.OperationalError):
            connection.commit()
        time.sleep(0.3)
        self.assertEqual(self.count(), 0)

    def test_holds_the_commit(self):
        self.proxy.order("hold_commit", seconds=1)
        connection = self.connection()
        self.insert(connection)
        with self.assertRaises(psycopg.OperationalError):
            connection.commit()
        self.assertTrue(await_true(lambda: self.count() == 10, 5))


if __name__ == "__main__":
    FOLDER = sys.argv.pop(1)
    unittest.main(verbosity=2)
