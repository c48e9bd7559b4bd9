"""Whole Kafka topics, from their first record to their last, uncommitted ones included."""

import time
from collections import namedtuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

Message = namedtuple("Message", "topic partition offset time_ms key value headers")

SILENCE_SECONDS = 30  # a broker that gives nothing for so long has lost what it promised


def header(message, name):
    """The first value of a header as text, or None."""
    for key, value in message.headers:
        if key == name and value is not None:
            return value.decode("utf-8", "replace")
    return None


def expectation(record):
    """What the record says is to become of it; without a word it is good."""
    return header(record, "test-expect") or "ok"


def kind_of(record):
    return header(record, "test-kind") or ""


def is_barrier(message):
    """A record by which a worker finds the end of a partition: nobody's event."""
    return message.key is None and message.value is None and header(message, "ob-barrier") is not None


def consumer_of(brokers):
    return Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "checker",
            "enable.auto.commit": False,
            "isolation.level": "read_uncommitted",
            "fetch.message.max.bytes": 4 << 20,
            "queued.max.messages.kbytes": 65536,
            "log_level": 0,
        }
    )


def ends_of(consumer, topics):
    """{(topic, partition): (first offset, end offset)}; topics that are not there are left out."""
    known = consumer.list_topics(timeout=20).topics
    ends = {}
    for topic in topics:
        if topic in known and known[topic].error is None:
            for partition in known[topic].partitions:
                ends[topic, partition] = watermarks(consumer, topic, partition)
    return ends


def watermarks(consumer, topic, partition):
    """Asked again for as long as the broker is still making the topic its own."""
    end = time.monotonic() + SILENCE_SECONDS
    while True:
        try:
            return consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=20)
        except KafkaException:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def read_topics(brokers, topics):
    """All records of the topics as they are now: ({topic: [Message…]}, {(topic, n): (low, end)})."""
    consumer = consumer_of(brokers)
    try:
        ends = ends_of(consumer, topics)
        out = {topic: [] for topic in topics}
        left = {at for at, (low, end) in ends.items() if end > low}
        consumer.assign([TopicPartition(*at, OFFSET_BEGINNING) for at in left])
        heard = time.monotonic()
        while left:
            for got in consumer.consume(5000, 1.0):
                heard = time.monotonic()
                if got.error():
                    raise KafkaException(got.error())
                at = got.topic(), got.partition()
                if at not in left:
                    continue
                if got.offset() < ends[at][1]:
                    out[got.topic()].append(message_of(got))
            left = {at for at in left if not is_read(consumer, at, ends[at][1])}
            if time.monotonic() - heard > SILENCE_SECONDS:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"cannot read {left}"))
        for messages in out.values():
            messages.sort(key=lambda m: (m.partition, m.offset))
        return out, ends
    finally:
        consumer.close()


def is_read(consumer, at, end):
    (position,) = consumer.position([TopicPartition(*at)])
    return position.offset >= end


def message_of(got):
    return Message(
        got.topic(),
        got.partition(),
        got.offset(),
        got.timestamp()[1],
        got.key(),
        got.value(),
        got.headers() or [],
    )
