"""What must not stop a partition for ever: logs that lose records, what is too large, doubts that last."""

import contextlib
import os
import signal
import time

import pytest

import running
from running import EVALUATION, READY, SECONDS, await_status, await_sure, header, said

from worker import TERM_SECONDS
from books import DEAD_LETTER as PARKED, DONE, GAP
from confluent_kafka import Producer, TopicPartition

DOUBT_SECONDS = 16
FETCHED_SECONDS = 0.5  # a fetch that was sent before is answered by then, empty
SUSPENSIONS_MAX = 16  # of one loop, waiting twice as long each time, in DOUBT_SECONDS


@pytest.fixture
def service(topics, tmp_path):
    made = running.Running(topics, tmp_path / "evaluation")
    yield made
    made.close()


def on_partition(service, number, count):
    records = [service.fresh(process=service.generator.process()) for _ in range(count)]
    for record in records:
        record.partition = number
    return records


def test_the_start_of_the_log_passes_a_running_worker(service):
    """librdkafka gives a partition up whose offset is out of range."""
    worker = service.start()
    service.outcomes(service.send(on_partition(service, 0, 1)))
    worker.signal(signal.SIGSTOP)
    time.sleep(FETCHED_SECONDS)
    spots = service.send(on_partition(service, 0, 5))
    start = TopicPartition(EVALUATION, 0, spots[3].offset)
    for future in service.stack.admin.delete_records([start]).values():
        future.result(SECONDS)
    worker.signal(signal.SIGCONT)
    assert [row.outcome for row in service.outcomes(spots[3:])] == [DONE, DONE]
    assert service.outcome(spots[0]).outcome == GAP
    service.await_idle()
    assert worker.terminate()
    assert worker.troubles() == []


@pytest.mark.parametrize("size", [3 << 20, 70 << 20])
def test_a_letter_too_large_for_its_topic_is_parked_empty(service, size):
    """Compressed it fits into the input's topic."""
    worker = service.start()
    upstream = Producer(
        {
            "bootstrap.servers": service.stack.brokers,
            "message.max.bytes": 100 << 20,
            "compression.type": "gzip",
            "compression.level": 9,
        }
    )
    landed = []
    upstream.produce(
        EVALUATION, bytes(size), b"k", 2, on_delivery=lambda error, message: landed.append((error, message))
    )
    assert upstream.flush(SECONDS) == 0
    error, message = landed[0]
    assert error is None
    spot = running.Spot(EVALUATION, 2, message.offset())
    after = service.send(on_partition(service, 2, 1))
    assert [row.outcome for row in service.outcomes([spot] + after)] == [PARKED, DONE]
    (letter,) = service.dead_letters(1)
    assert (letter.key, letter.value) == (None, None)
    assert header(letter, "onboarding-dlt-offset") == str(spot.offset)
    assert header(letter, "onboarding-dlt-detail").endswith("too large to be kept")
    service.await_idle()
    assert worker.terminate()
    assert worker.troubles() == []


def test_results_too_large_for_one_row_are_stored_in_several(service):
    """The letters of the largest batch there may be exceed what a row takes."""
    largest = {"ONBOARDING_BATCH_SIZE": "64MiB", "ONBOARDING_FETCH_SIZE": "64MiB"}
    assert service.start(**largest).terminate()
    records = on_partition(service, 3, 40)
    for record in records:
        record.value = bytes(1900000)
    spots = service.send(records)
    worker = service.spawn(**largest)
    assert {row.outcome for row in service.outcomes(spots, 60)} == {PARKED}
    letters = service.dead_letters(40, seconds=60)
    assert {letter.value for letter in letters} == {records[0].value}
    service.await_idle()
    assert worker.terminate()
    assert worker.troubles() == []


def test_a_lasting_doubt_is_not_looked_into_all_the_time(service):
    worker = service.start()
    role = "onboarding_evaluation"
    service.books.execute(f"revoke insert on decision from {role}")
    spots = service.send(on_partition(service, 1, 1))
    await_sure(lambda: said(worker, "suspended"), SECONDS)
    time.sleep(DOUBT_SECONDS)
    assert 2 < len(said(worker, "suspended")) < SUSPENSIONS_MAX
    service.books.execute(f"grant insert on decision to {role}")
    assert [row.outcome for row in service.outcomes(spots)] == [DONE]
    await_status(worker, "/readyz", READY)
    assert worker.terminate()


@contextlib.contextmanager
def everything_hangs(service):
    """Kafka, and what PostgreSQL does for the worker."""
    with open(os.path.join(service.stack.folder, "kafka.pid"), encoding="ascii") as file:
        pids = [int(file.read())]
    pids += [
        pid
        for (pid,) in service.rows(
            "select pid from pg_stat_activity where usename = 'onboarding_evaluation' and datname = current_database()"
        )
    ]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_leaves_in_time_where_everything_hangs(service):
    worker = service.start()
    spots = service.send(on_partition(service, 0, 5))
    service.outcomes(spots)
    with everything_hangs(service):
        worker.signal(signal.SIGTERM)
        assert worker.process.wait(TERM_SECONDS) == 1
    worker = service.spawn()
    service.outcomes(service.send(on_partition(service, 0, 1)), 60)
    service.await_idle()
    service.results(6)
    assert worker.terminate()


def test_a_long_way_back_is_recovered_in_pieces(service):
    """Batches of one event each, more than are recovered at once; some results never went out."""
    worker = service.start(ONBOARDING_BATCH_RECORDS="1")
    records = on_partition(service, 1, 70)
    spots = service.send(records)
    service.outcomes(spots)
    service.await_idle()
    worker.arm("mid_produce", "kill")
    lost = service.send(on_partition(service, 1, 1))
    await_sure(lambda: not worker.alive(), SECONDS)
    service.books.execute(
        """update partition set published_offset = %s
            where partition = 1 and topic_id = (select topic_id from topic where name = %s)""",
        (spots[0].offset, EVALUATION),
    )
    worker = service.spawn()
    service.outcomes(lost, 60)
    service.await_idle(60)
    service.results(71)
    (taken,) = [line for line in said(worker, "taken over") if (line["topic"], line["partition"]) == (EVALUATION, 1)]
    assert taken["republished"] in (0, 1)  # the killed one's own may have come through
    assert worker.terminate()
    assert worker.troubles() == []
