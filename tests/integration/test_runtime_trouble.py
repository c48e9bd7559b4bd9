"""What a worker survives: its own deaths, values that PostgreSQL refuses, operators, lost logs."""

import os
import signal

import pytest

import running
from running import (
    AWAY, EVALUATION, READY, SECONDS, await_status, await_sure, header, ids_of, on_partition, said,
)  # fmt: skip

from books import CONFLICT, DEAD_LETTER as PARKED, DONE, GAP
from confluent_kafka import TopicPartition

PREFIX = "onboarding-dlt-"
DEATHS = 5  # to suspicion three; then the record is noted, and found again after two more
LONG_RUN_SECONDS = 300  # DURATION= of tests/run from which on slow tests run too
GATE = 740291  # the advisory lock that a test closes in front of a record


# A record that kills.


def close_gate(service, record):
    """Whoever writes this record's decision waits at an advisory lock that the test holds."""
    service.rows("select pg_advisory_lock(%s)", GATE)
    with service.books.transaction():
        service.books.execute(
            f"""create function gate() returns trigger language plpgsql as $$
                begin perform pg_advisory_xact_lock({GATE}); return new; end $$"""
        )
        service.books.execute(
            f"""create trigger gate before insert on decision for each row
                when (new.process_id = '{record.event["processId"]}') execute function gate()"""
        )


def in_hand(service):
    return service.rows("select 1 from pg_locks where locktype = 'advisory' and not granted and objid = %s", GATE)


def die_with_it(service, worker):
    """A kill, after which PostgreSQL would notice only at its lock_timeout that nobody is there."""
    worker.kill()
    service.rows(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and not granted"
    )
    await_sure(lambda: not in_hand(service), SECONDS)


def test_a_record_that_kills_is_parked(service):
    """After five deaths with it in hand; its neighbours come through, whatever stands before it."""
    records = on_partition(service, 0, 6)
    killer = records[3]
    close_gate(service, killer)
    assert service.start(ONBOARDING_GROUP_INSTANCE_ID="the-one").terminate()
    spots = service.send(records)
    deaths = 0
    while not service.outcome(spots[5]) and deaths < 2 * DEATHS:
        worker = service.spawn(ONBOARDING_GROUP_INSTANCE_ID="the-one")
        await_sure(lambda: in_hand(service) or service.outcome(spots[5]), SECONDS, lambda: running.tail(worker))
        if in_hand(service):
            deaths += 1
            die_with_it(service, worker)
    assert deaths <= DEATHS + 1, deaths
    rows = service.outcomes(spots)
    assert [row.outcome for row in rows] == [DONE, DONE, DONE, PARKED, DONE, DONE]
    (letter,) = service.dead_letters(1)
    assert header(letter, PREFIX + "reason") == "CRASH_SUSPECT"
    assert (letter.key, letter.value) == (killer.key, killer.value)
    assert sorted(service.answered()) == sorted(ids_of(r for r in records if r is not killer))

    service.await_idle()
    assert service.rows("select * from suspect") == []
    assert service.rows("select deaths from partition where next_offset > %s", spots[5].offset) == [(0,)]
    assert worker.terminate()
    assert worker.troubles() == []


def test_an_outage_is_no_death(service):
    """PostgreSQL goes with the record in hand, again and again: its note cannot be deleted then."""
    (record,) = on_partition(service, 0, 1)
    close_gate(service, record)
    assert service.start(ONBOARDING_GROUP_INSTANCE_ID="the-one").terminate()
    (spot,) = service.send([record])
    for _ in range(3):
        worker = service.spawn(ONBOARDING_GROUP_INSTANCE_ID="the-one")
        await_sure(lambda: in_hand(service), SECONDS, lambda: running.tail(worker))
        die_with_it(service, worker)
    worker = service.spawn(ONBOARDING_GROUP_INSTANCE_ID="the-one", ONBOARDING_SESSION_TIMEOUT="15s")
    for outage in range(3):
        await_sure(lambda: in_hand(service), SECONDS, lambda: running.tail(worker))
        service.stack.call("crash-postgres")
        await_sure(lambda: len(said(worker, "suspended")) > outage, SECONDS)
        worker.signal(signal.SIGSTOP)  # else it might be through before the gate is closed again
        service.stack.call("start-postgres")
        service.connect()
        service.rows("select pg_advisory_lock(%s)", GATE)
        worker.signal(signal.SIGCONT)
    await_sure(lambda: in_hand(service), SECONDS, lambda: running.tail(worker))
    service.rows("select pg_advisory_unlock(%s)", GATE)
    (row,) = service.outcomes([spot])
    assert row.outcome == DONE
    service.await_idle()
    assert service.rows("select * from suspect") == []
    assert worker.terminate()
    assert worker.troubles() == []


def test_orderly_ends_are_no_deaths(service):
    for _ in range(4):
        worker = service.start(ONBOARDING_GROUP_INSTANCE_ID="the-one")
        service.outcomes(service.send(on_partition(service, 0, 1)))
        assert worker.terminate()
    worker = service.start(ONBOARDING_GROUP_INSTANCE_ID="the-one")
    assert {line["deaths"] for line in said(worker, "taken over")} == {0}


# Values that PostgreSQL refuses.


@pytest.mark.parametrize(
    "rule",
    [
        "alter table decision add constraint refused check (process_id <> '{id}')",
        "create unique index refused on decision ((process_id = '{id}')) where process_id = '{id}'",
    ],
    ids=["check", "lasting uniqueness"],
)
def test_a_refused_value_is_found_by_halving(service, rule):
    records = on_partition(service, 1, 33)
    bad = records[20]
    if "unique" in rule:  # the second of a process is refused
        bad.event["processId"], bad.key = records[4].event["processId"], records[4].key
        bad.value = service.generator.value(EVALUATION, bad.event)
    service.books.execute(rule.format(id=bad.event["processId"]))
    worker = service.spawn()
    service.await_taken(worker)
    spots = service.send(records)
    rows = service.outcomes(spots)
    assert [row.outcome for row in rows] == [PARKED if r is bad else DONE for r in records]
    (letter,) = service.dead_letters(1)
    assert header(letter, PREFIX + "reason") == "DATA_REFUSED"
    assert header(letter, PREFIX + "detail") == ("SQLSTATE 23505" if "unique" in rule else "SQLSTATE 23514")
    service.results(len(records) - 1)
    assert sorted(service.answered()) == sorted(ids_of(r for r in records if r is not bad))
    assert worker.terminate()
    assert worker.troubles() == []


def test_an_id_met_before_reaches_no_handler(service):
    """What a handler would write is refused for good; a repeat gets by, as nothing is written of it."""
    first, other = on_partition(service, 1, 2)
    other.headers = service.generator.same_id(first)
    worker = service.start()
    service.outcomes(service.send([first]))
    service.books.execute(
        """create function refuse() returns trigger language plpgsql
               as $$ begin raise exception 'refused'; end $$;
           create trigger refuse before insert on decision for each row execute function refuse()"""
    )
    assert [row.outcome for row in service.outcomes(service.send([other]))] == [CONFLICT]
    assert said(worker, "suspended") == []
    assert worker.terminate()


# Operators, and logs that are not what they were.


def test_next_offset_moved_back_repeats_nothing(service):
    """Under a worker that runs, and before one starts."""
    worker = service.start()
    first = on_partition(service, 2, 5)
    spots = service.send(first)
    service.outcomes(spots)
    service.await_idle()
    move = """update partition set next_offset = %s, published_offset = %s
               where partition = 2 and topic_id = (select topic_id from topic where name = %s)"""
    service.books.execute(move, (spots[1].offset, spots[1].offset, EVALUATION))
    more = on_partition(service, 2, 3)
    more_spots = service.send(more)
    assert {row.outcome for row in service.outcomes(more_spots)} == {DONE}
    service.await_idle()
    assert worker.terminate()

    service.books.execute(move, (spots[1].offset, spots[1].offset, EVALUATION))
    worker = service.start()
    last = on_partition(service, 2, 1)
    assert {row.outcome for row in service.outcomes(service.send(last))} == {DONE}
    service.await_idle()
    service.results(len(first + more + last))
    assert service.answered() != [] and sorted(service.answered()) == sorted(ids_of(first + more + last))
    assert service.rows("select count(*) from decision") == [(len(first + more + last),)]


def test_a_claim_by_who_was_away_is_noticed_without_further_events(service):
    """Somebody who does not know yet that a partition is another's claims it, and goes."""
    worker = service.start(ONBOARDING_LOOPS="1")
    worker.arm("after_produce", "stop")
    spots = service.send(on_partition(service, 2, 1))
    await_sure(worker.is_stopped, SECONDS, service.tails)
    service.books.execute(
        "update partition set owner_epoch = owner_epoch + 1"
        " where partition = 2 and topic_id = (select topic_id from topic where name = %s)", (EVALUATION,)
    )  # fmt: skip
    worker.signal(signal.SIGCONT)
    service.outcomes(spots)
    service.await_idle()
    service.results(1)


def test_a_take_over_that_another_outdid_begins_anew(service):
    """Else what it read back would stay unmarked until the next event."""
    worker = service.start()
    (spot,) = service.send(on_partition(service, 0, 1))
    service.outcomes([spot])
    service.await_idle()
    assert worker.terminate()
    place = "partition = 0 and topic_id = (select topic_id from topic where name = %s)"
    service.books.execute("update partition set published_offset = %s where " + place, (spot.offset, EVALUATION))
    worker = service.spawn(armed=[("before_barrier", "hold")])
    await_sure(lambda: worker.armed("before_barrier.held"), SECONDS, lambda: running.tail(worker))
    service.books.execute("update partition set owner_epoch = owner_epoch + 1 where " + place, (EVALUATION,))
    worker.release("before_barrier")
    service.await_idle()
    service.results(1)
    assert worker.terminate()


def test_another_cluster_stops_the_partition(service):
    worker = service.start()
    assert worker.terminate()
    changed = service.books.execute(
        "update partition set cluster_id = 'another' where partition = 3 and topic_id in"
        " (select topic_id from topic where name not like 'effects/%')"
    )
    worker = service.spawn()
    waiting = "a partition waits for an operator"
    await_sure(lambda: len(said(worker, waiting)) == changed.rowcount, SECONDS)
    await_status(worker, "/readyz", AWAY)
    assert running.status(worker, "/livez") == READY
    kept = on_partition(service, 3, 1)
    spots = service.send(kept + on_partition(service, 2, 1))
    assert [row.outcome for row in service.outcomes(spots[1:])] == [DONE]
    assert service.outcome(spots[0]) is None
    assert service.rows("select distinct stopped from partition where stopped is not null") == [("another Kafka cluster",)]
    assert worker.terminate()


def test_a_claim_that_another_outdid_stops_nothing(service):
    """What its claim said does not hold any more: only the owner may put a partition aside."""
    assert service.start().terminate()
    inputs = "topic_id in (select topic_id from topic where name not like 'effects/%%')"
    epochs = "select topic_id, partition, owner_epoch from partition where " + inputs
    before = set(service.rows(epochs))
    service.books.execute("update partition set cluster_id = 'another' where " + inputs)
    worker = service.spawn(armed=[("after_claim", "hold")], ONBOARDING_LOOPS="1")
    await_sure(lambda: worker.armed("after_claim.held"), SECONDS, lambda: running.tail(worker))
    ((topic, number, _),) = set(service.rows(epochs)) - before
    service.books.execute(
        "update partition set cluster_id = (select cluster_id from partition where cluster_id <> 'another' limit 1)"
        " where cluster_id = 'another'"
    )
    service.books.execute(
        "update partition set owner_epoch = owner_epoch + 1 where topic_id = %s and partition = %s", (topic, number)
    )
    worker.release("after_claim")
    service.await_taken(worker)
    assert service.rows("select stopped from partition where stopped is not null") == []
    assert said(worker, "a partition waits for an operator") == []
    assert worker.terminate()


def test_a_lost_part_of_the_log_leaves_a_gap(service):
    worker = service.start()
    assert worker.terminate()
    records = on_partition(service, 0, 5)
    spots = service.send(records)
    start = TopicPartition(EVALUATION, 0, spots[3].offset)
    for future in service.stack.admin.delete_records([start]).values():
        future.result(SECONDS)
    worker = service.start()
    assert [row.outcome for row in service.outcomes(spots[3:])] == [DONE, DONE]
    assert service.outcome(spots[0]).outcome == GAP
    assert [service.outcome(spot) for spot in spots[1:3]] == [None, None]
    service.await_idle()
    service.results(2)
    assert f'onboarding_records_lost_total{{topic="{EVALUATION}"}} 3' in running.ask(worker, "/metrics")[1]
    assert [line["records"] for line in said(worker, "records were gone before they were consumed")] == [3]
    assert worker.terminate()


@pytest.mark.skipif(
    float(os.environ.get("DURATION") or 0) < LONG_RUN_SECONDS, reason="a worker looks again after 30 s"
)
def test_a_topic_made_anew_stops_its_partitions(service):
    """Offsets begin again there: they would be taken for old ones."""
    worker = service.start()
    service.outcomes(service.send(on_partition(service, 0, 3)))
    service.await_idle()
    assert worker.terminate()
    admin = service.stack.admin
    for future in admin.delete_topics([EVALUATION], operation_timeout=30).values():
        future.result(SECONDS)
    service.stack.create([running.NewTopic(EVALUATION, running.PARTITIONS, 1)])
    worker = service.spawn()
    await_sure(lambda: said(worker, "a partition waits for an operator"), 60, lambda: running.tail(worker))
    await_status(worker, "/readyz", AWAY)
    service.send(on_partition(service, 0, 1))
    query = "select stopped from partition join topic using (topic_id) where partition = 0 and name = %s"
    assert service.rows(query, EVALUATION) == [("the log ends before the next offset",)]
    assert running.held(worker) >= {(topic, 0) for topic in running.INPUTS["evaluation"][1:]}
    assert worker.terminate()
    assert service.rows("select count(*) from ledger where partition = 0") == [(3,)]
