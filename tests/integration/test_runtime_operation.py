"""A worker as its operator sees it: settings, signals, health, and a world that comes and goes."""

import base64
import json
import os
import re
import signal
import socket
import time

import running
from running import (
    AWAY, EVALUATION, OUTPUT, READY, SECONDS, await_status, await_sure, header, ids_of, said, status,
)  # fmt: skip

from books import DONE, DUPLICATE
from events import Record
from worker import TERM_SECONDS


# Policy.


def decide(service):
    """One more event; gives its decision's policy version."""
    record = service.fresh()
    service.outcomes(service.send([record]))
    ((version,),) = service.rows(
        "select policy_version from decision where process_id = %s", record.event["processId"]
    )
    return version


def test_policy_is_read_again(service):
    path = service.policy_file(version="one")
    worker = service.start(ONBOARDING_POLICY_FILE=path)
    assert decide(service) == "one"

    service.policy_file(version="two")
    worker.signal(signal.SIGHUP)
    await_sure(lambda: said(worker, "policy read"), SECONDS)
    assert decide(service) == "two"

    service.policy_file(version="three", default={"minimumAge": "old", "colour": 1}, shade=2)
    worker.signal(signal.SIGHUP)
    await_sure(lambda: len(said(worker, "policy refused, the old one is kept")) >= 3, SECONDS)
    problems = " ".join(line["problem"] for line in said(worker, "policy refused, the old one is kept"))
    for word in ("minimumAge", "colour", "shade"):
        assert word in problems
    assert decide(service) == "two"

    os.unlink(path)
    worker.signal(signal.SIGHUP)
    await_sure(lambda: "ONBOARDING_POLICY_FILE" in running.tail(worker), SECONDS)
    assert decide(service) == "two"
    assert worker.terminate()
    assert worker.troubles() == []


def wrapped_by(service):
    """One more person, of whom a dead letter is sealed: the number of the key around the data key."""
    event, _ = service.generator.evaluation()
    event["identityVerificationId"] = " "
    record = Record(EVALUATION, event["processId"].encode(), service.generator.value(EVALUATION, event),
                    service.generator.headers(EVALUATION))
    service.outcomes(service.send([record]))
    return service.rows("select key_id from subject_key where day is null order by created_at desc limit 1")[0][0]


def test_data_keys_file_is_read_again(service):
    worker = service.start()
    assert wrapped_by(service) == 1

    service.data_keys_file(1, 2)
    worker.signal(signal.SIGHUP)
    await_sure(lambda: said(worker, "data keys read"), SECONDS)
    assert wrapped_by(service) == 2

    path = service.data_keys_file(1, 2, 3)
    with open(path, "a", encoding="utf-8") as file:
        file.write("4 short\n")
    worker.signal(signal.SIGHUP)
    await_sure(lambda: said(worker, "data keys refused, the old ones are kept"), SECONDS)
    assert wrapped_by(service) == 2

    other = base64.b64encode(b"o" * 32).decode()
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"1 {other}\n3 {other}\n")
    worker.signal(signal.SIGHUP)
    await_sure(lambda: len(said(worker, "data keys refused, the old ones are kept")) == 2, SECONDS)
    problems = [line["problem"] for line in said(worker, "data keys refused, the old ones are kept")]
    assert "32 bytes in base64" in problems[0] and "another key than before" in problems[1]
    assert other not in running.tail(worker)
    assert wrapped_by(service) == 2
    assert worker.terminate()
    assert worker.troubles() == []


# The end.


def test_sigterm_under_load(service):
    """It ends in order and in time; the next one has nothing to recover and goes on."""
    worker = service.start(ONBOARDING_BATCH_RECORDS="10")
    records = [service.fresh() for _ in range(600)]
    spots = service.send(records)
    await_sure(lambda: len(service.heard(OUTPUT["evaluation"])) > 50, SECONDS)
    begin = time.monotonic()
    assert worker.terminate(), running.tail(worker)
    assert time.monotonic() - begin < TERM_SECONDS
    assert worker.troubles() == []
    assert service.idle()
    done = len(service.heard(OUTPUT["evaluation"]))
    assert done < len(records), "no load was left: the test has no power"

    successor = service.start()
    for line in said(successor, "taken over"):
        assert (line["republished"], line["deaths"]) == (0, 0)
    assert {row.outcome for row in service.outcomes(spots)} == {DONE}
    service.results(len(records))
    assert sorted(service.answered()) == sorted(ids_of(records))


def test_sigterm_while_it_waits(service):
    worker = service.spawn(ONBOARDING_POSTGRES_URL="postgresql://nobody@127.0.0.1:9/none")
    await_sure(lambda: said(worker, "waiting for PostgreSQL"), SECONDS, lambda: running.tail(worker))
    assert "Connection refused" in said(worker, "waiting for PostgreSQL")[0]["error"]
    assert status(worker, "/livez") == READY
    assert status(worker, "/readyz") == AWAY
    assert worker.terminate()
    assert worker.troubles() == []


UNFENCED = "a topic is not fenced as ONBOARDING_FENCE says: results may come twice"


def test_topics_that_are_fenced_otherwise_are_told(service):
    """What take-overs wait for is a setting; the brokers' side of it is the topics'."""
    assert said(service.start(), UNFENCED) == []
    other = service.spawn(ONBOARDING_FENCE=f"{running.FENCE_MS + 1}ms")
    wanted = {OUTPUT["evaluation"], "onboarding.review.completed.v1"}
    wanted |= {topic + running.DEAD_LETTER for topic in running.INPUTS["evaluation"]}
    await_sure(lambda: {line["topic"] for line in said(other, UNFENCED)} == wanted, SECONDS)


# A world that comes and goes.


def test_kafka_goes_and_comes(service):
    """For a worker that runs, and for one that starts meanwhile, to which PostgreSQL comes late too."""
    stack = service.stack
    runs = service.start()
    await_status(runs, "/readyz", READY)
    stack.call("kill-kafka")
    try:
        starts = service.spawn()
        await_status(runs, "/readyz", AWAY)
        await_sure(lambda: said(starts, "waiting for Kafka"), SECONDS, lambda: running.tail(starts))
        for worker in (runs, starts):
            assert (status(worker, "/livez"), status(worker, "/readyz")) == (READY, AWAY)
        stack.call("crash-postgres")
    finally:
        stack.call("start-kafka")
    try:
        await_sure(lambda: said(starts, "waiting for PostgreSQL"), 60, lambda: running.tail(starts))
        for worker in (runs, starts):
            assert (status(worker, "/livez"), status(worker, "/readyz")) == (READY, AWAY)
    finally:
        stack.call("start-postgres")
    service.connect()
    await_sure(lambda: running.held(starts), 60, lambda: running.tail(starts))
    for worker in (runs, starts):
        await_status(worker, "/readyz", READY)
    records = [service.fresh() for _ in range(20)]
    assert {row.outcome for row in service.outcomes(service.send(records), 60)} == {DONE}
    service.results(len(records), 60)
    for worker in (runs, starts):
        assert worker.terminate(), running.tail(worker)
        assert worker.troubles() == []


def test_postgresql_goes_and_comes(service):
    """What comes meanwhile waits; readiness goes off, liveness stays on; nothing is lost."""
    worker = service.start()
    await_status(worker, "/readyz", READY)
    records = [service.fresh() for _ in range(40)]
    spots = service.send(records[:20])
    service.stack.call("crash-postgres")
    try:
        spots += service.send(records[20:])
        await_sure(lambda: said(worker, "a take-over will be tried again"), SECONDS)
        assert (status(worker, "/livez"), status(worker, "/readyz")) == (READY, AWAY)
    finally:
        service.stack.call("start-postgres")
    service.connect()
    assert {row.outcome for row in service.outcomes(spots, 60)} == {DONE}
    service.results(len(records), 60)
    assert sorted(service.answered()) == sorted(ids_of(records))
    await_status(worker, "/readyz", READY)
    assert worker.terminate()
    assert worker.troubles() == []


def test_postgresql_goes_unnoticed(service):
    """No event tells an idle worker; its readiness shows it all the same, and comes back."""
    worker = service.start()
    await_status(worker, "/readyz", READY)
    service.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s",
        "onboarding-evaluation",
    )
    await_sure(
        lambda: service.rows(
            "select 1 from pg_stat_activity where application_name = %s", "onboarding-evaluation"
        ),
        SECONDS,
    )
    service.stack.call("crash-postgres")
    try:
        await_status(worker, "/readyz", AWAY)
    finally:
        service.stack.call("start-postgres")
    service.connect()
    await_status(worker, "/readyz", READY)


# What it tells.

SAMPLE = re.compile(r'^(onboarding_\w+)(\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})? (\S+)$')


def samples(worker):
    """Every sample of /metrics; fails on a line that is neither one nor a comment."""
    code, text = running.ask(worker, "/metrics")
    assert code == READY
    found = {}
    for line in text.splitlines():
        if line.startswith(("# HELP onboarding_", "# TYPE onboarding_")):
            continue
        match = SAMPLE.match(line)
        assert match, line
        assert match[1] + (match[2] or "") not in found, line
        found[match[1] + (match[2] or "")] = float(match[3])
    return found


def test_metrics_count_what_happened(service):
    worker = service.start()
    first = [service.fresh() for _ in range(7)]
    again = service.fresh()
    again.key, again.value, again.headers = first[0].key, first[0].value, first[0].headers
    bad = service.fresh()
    bad.value = b"\0"
    rows = service.outcomes(service.send(first))
    rows += service.outcomes(service.send([again, bad]))
    service.await_idle()
    of_topic = f'topic="{EVALUATION}"'
    expected = {
        f'onboarding_events_total{{{of_topic},outcome="DONE"}}': 7,
        f'onboarding_events_total{{{of_topic},outcome="DUPLICATE"}}': 1,
        f'onboarding_events_total{{{of_topic},outcome="DEAD_LETTER"}}': 1,
        f'onboarding_dead_letters_total{{{of_topic},reason="MALFORMED"}}': 1,
        # Each input partition, and its effects.
        'onboarding_takeovers_total{end="active"}': 2 * len(running.INPUTS["evaluation"]) * running.PARTITIONS,
        "onboarding_results_acknowledged_total": 8,
        "onboarding_results_unacknowledged": 0,
        "onboarding_results_republished_total": 0,
        "onboarding_suspensions_total": 0,
    }
    for number in range(running.PARTITIONS):  # told once a second
        expected[f'onboarding_lag_records{{{of_topic},partition="{number}"}}'] = 0

    def counted():
        now = samples(worker)
        return {name: now.get(name) for name in expected} == expected

    await_sure(counted, SECONDS, lambda: str(samples(worker)))
    now = samples(worker)
    assert now["onboarding_batch_records_count"] == now['onboarding_batches_total{end="committed"}']
    assert now["onboarding_batch_records_sum"] == 9


def test_log_lines_are_json(service):
    worker = service.start(ONBOARDING_LOG_LEVEL="debug")
    bad = service.fresh()
    bad.headers = [("ce_id", b'"\\\xff\n')]
    service.outcomes(service.send([service.fresh(), bad]))
    service.rows("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
    service.outcomes(service.send([service.fresh()]))
    assert worker.terminate()
    with open(worker.log_path, encoding="utf-8") as log:
        lines = [json.loads(line) for line in log]
    assert len(lines) > 12
    for line in lines:
        assert {"time", "level", "service", "message"} <= set(line)
        assert line["service"] == "evaluation"


# Company.


def order_of_keys(service, records):
    """For each key the ids of its events, as sent and as answered."""
    results = {header(m, "ce_causationid"): m for m in service.heard(OUTPUT["evaluation"])}
    sent, answered = {}, {}
    for record, event_id in zip(records, ids_of(records)):
        sent.setdefault(record.key, []).append(event_id)
    for message in sorted(results.values(), key=lambda m: m.offset):
        answered.setdefault(message.key, []).append(header(message, "ce_causationid"))
    return sent, answered


def test_loops_and_processes_share_the_work(service):
    """Partitions move to a newcomer and back, under load, and each key keeps its order."""
    one = service.start(ONBOARDING_LOOPS="2", ONBOARDING_BATCH_RECORDS="20")
    processes = [service.generator.process() for _ in range(16)]
    records = []

    def load():
        more = [service.fresh(process=processes[i % 16]) for i in range(160)]
        records.extend(more)
        return service.send(more)

    spots = load()
    other = service.spawn(ONBOARDING_LOOPS="2", ONBOARDING_BATCH_RECORDS="20")
    spots += load()
    await_sure(lambda: running.held(other), 60, lambda: running.tail(other))
    spots += load()
    assert other.terminate(), running.tail(other)
    spots += load()
    rows = service.outcomes(spots, 60)
    assert {row.outcome for row in rows} <= {DONE, DUPLICATE}
    service.results(len(records), 60)
    sent, answered = order_of_keys(service, records)
    assert sent == answered
    assert {line["loop"] for line in said(one, "rebalance")} == {0, 1}
    assert one.terminate()
    assert one.troubles() + other.troubles() == []


def test_who_stays_loses_nothing_to_who_comes(service):
    """Newcomers get their share; what the others keep goes on all the while."""
    members = [service.start()]
    processes = [service.generator.process() for _ in range(16)]
    spots = []

    def settled(newcomer):
        """Asked again and again, which keeps every member at work, with offsets to commit."""
        spots.extend(service.send([service.fresh(process=process) for process in processes]))
        return running.held(newcomer)

    for _ in range(3):
        members.append(service.spawn())
        await_sure(lambda: settled(members[-1]), 60, lambda: running.tail(members[-1]))
    service.outcomes(spots, 60)
    assert [line for member in members for line in said(member, "rebalance") if line["what"] == "lost"] == []
    assert [member.troubles() for member in members] == [[]] * len(members)


def shares(worker):
    """How many partitions each loop has."""
    found = {}
    for line in said(worker, "rebalance"):
        change = line["partitions"] if line["what"] == "assigned" else -line["partitions"]
        found[line["loop"]] = found.get(line["loop"], 0) + change
    return found


def test_loops_with_a_static_id_are_members_of_their_own(service):
    """Each loop of the process has its partitions; none fences another."""
    worker = service.spawn(ONBOARDING_LOOPS="2", ONBOARDING_GROUP_INSTANCE_ID="the-one")
    half = running.PARTITIONS * len(running.INPUTS["evaluation"]) // 2
    await_sure(lambda: shares(worker) == {0: half, 1: half}, SECONDS, lambda: running.tail(worker))
    service.await_taken(worker)
    assert {row.outcome for row in service.outcomes(service.send([service.fresh() for _ in range(8)]))} == {DONE}
    assert worker.terminate(), running.tail(worker)
    assert worker.troubles() == []


def test_brokers_that_refuse_are_told_at_once(service):
    with socket.socket() as nobody:  # bound, and not listening
        nobody.bind(("127.0.0.1", 0))
        broker = f"127.0.0.1:{nobody.getsockname()[1]}"
        began = time.monotonic()
        worker = service.spawn(ONBOARDING_KAFKA_BROKERS=broker)
        await_sure(lambda: said(worker, "librdkafka"), SECONDS, lambda: running.tail(worker))
        assert time.monotonic() - began < 4  # the first question goes unanswered for longer
    text = said(worker, "librdkafka")[0]["text"]
    assert broker in text and "Connection refused" in text
    assert worker.terminate()


def test_a_database_without_migrations_is_told_so(service):
    url = service.stack.service_url(service.service, "postgres")
    worker = service.spawn(ONBOARDING_POSTGRES_URL=url)
    await_sure(lambda: said(worker, "waiting for PostgreSQL"), SECONDS, lambda: running.tail(worker))
    error = said(worker, "waiting for PostgreSQL")[0]["error"]
    assert "SQLSTATE 42P01" in error and "schema evaluation" in error and "run the migrations" in error
    assert worker.terminate()
