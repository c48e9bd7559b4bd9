"""Effects, with a real worker and a provider that answers as it is told: every effect ends, its result
comes exactly once, and the provider gets it once, but for what a lost answer costs.

The service is onboarding-probe (tests/effects): it asks for what its event says, and tells of each end.
"""

import json
import signal
import threading
import uuid
from collections import Counter

import pytest
from effects_world import RETAKEN_SECONDS, TOLD, Probe
from provider_stub import answer, close, hang
from running import CONSENT_TEXT, PARTITIONS, READY, SECONDS, ask, await_status, await_sure, header, said



@pytest.fixture
def probe(topics, tmp_path):
    made = Probe(topics, tmp_path / "probe")
    yield made
    made.close()


def sends(provider):
    """How often each effect was asked for; its key is its id."""
    return Counter(request.headers["idempotency-key"] for request in provider.requests)


def bodies(provider):
    return [request.body.decode() for request in provider.requests]


# What a provider may answer.


def test_accepted_is_sent_and_told_once(probe):
    worker = probe.start()
    process, = probe.ask_for(probe.event("first"))
    assert probe.told(1) == {process: ["SENT", "NONE", "1", "200", "stub-1", '{"id":', '"stub-1"}']}
    assert probe.table() == {process: ("SENT", None, 1, 0, True, 200, "stub-1")}
    request, = probe.first.requests
    assert (request.path, request.body.decode()) == ("/ask", process)
    # It is the asking event that is answered.
    message = probe.heard(TOLD)[0]
    assert header(message, "ce_causationid") == probe_cause(probe)
    ends = 'onboarding_effects_total{kind="first",end="SENT"}'
    assert f"{ends} 1\n" in ask(worker, "/metrics")[1]
    assert probe.metric(worker, "onboarding_effects_in_flight") == 0


def probe_cause(probe):
    """The id of the one event that was consumed from Kafka."""
    rows = probe.rows(
        "select l.event_id::text, l.event_id_text from ledger l join topic t using (topic_id)"
        " where t.name = %s", CONSENT_TEXT,
    )  # fmt: skip
    assert len(rows) == 1
    return rows[0][1] or rows[0][0]


@pytest.mark.parametrize("act,attempts", [
    (answer(500), 2), (answer(503), 2), (answer(408), 2),
    (answer(429, b"", {"Retry-After": "2"}), 2),
])  # fmt: skip
def test_trouble_that_passes_is_tried_again(probe, act, attempts):
    probe.start()
    probe.first.script(act)
    process, = probe.ask_for(probe.event())
    assert probe.told(1)[process][:4] == ["SENT", "NONE", str(attempts), "200"]
    requests = probe.first.requests
    assert len(requests) == attempts and len(sends(probe.first)) == 1
    if act.headers:
        assert requests[1].at - requests[0].at >= 2


def test_refusal_is_final(probe):
    probe.start()
    probe.first.script(answer(400, b'{"error": "no"}'))
    process, = probe.ask_for(probe.event())
    assert probe.told(1)[process] == ["FAILED", "REFUSED", "1", "400", "-", '{"error":', '"no"}']
    assert probe.table()[process] == ("FAILED", "REFUSED", 1, 0, True, 400, None)


def test_a_refused_repeat_of_what_may_have_been_done_is_unknown(probe):
    probe.start()
    probe.first.script(close(), answer(400))
    process, = probe.ask_for(probe.event())
    assert probe.told(1)[process][:4] == ["UNKNOWN", "NONE", "2", "400"]
    assert probe.table()[process] == ("UNKNOWN", None, 2, 1, True, 400, None)


def test_connection_refused_is_tried_until_it_expires(probe):
    probe.first.stop()
    probe.start(ONBOARDING_VALIDITY="3s")
    process, = probe.ask_for(probe.event())
    state, failure, attempts, status = probe.told(1)[process][:4]
    assert (state, failure, status) == ("FAILED", "EXHAUSTED", "0")
    assert int(attempts) > 1
    probe.first.start()


def test_lost_answer_is_repeated_once_with_the_same_key(probe):
    worker = probe.start()
    probe.first.script(hang())
    process, = probe.ask_for(probe.event())
    assert probe.told(1)[process][:4] == ["SENT", "NONE", "2", "200"]
    assert list(sends(probe.first).values()) == [2]
    assert probe.metric(worker, "onboarding_effects_repeated_after_unknown_total") == 1
    assert probe.table()[process][3] == 1


def test_answer_lost_twice_is_unknown(probe):
    worker = probe.start()
    probe.first.script(hang(), close())
    process, = probe.ask_for(probe.event())
    assert probe.told(1)[process][:4] == ["UNKNOWN", "NONE", "2", "0"]
    assert list(sends(probe.first).values()) == [2]
    assert probe.metric(worker, "onboarding_effects_repeated_after_unknown_total") == 1


# Beside each other.


def test_effects_of_one_key_keep_their_order(probe):
    probe.start()
    process = str(uuid.uuid4())  # one partition
    probe.first.script(answer(500), answer(500), answer())
    events = [probe.event("first", order="key", process=process, user=f"user-{n}") for n in range(4)]
    probe.ask_for(*events)
    await_sure(lambda: len(probe.heard(TOLD)) == 4, SECONDS, probe.tails)
    keys = [request.headers["idempotency-key"] for request in probe.first.requests]
    assert keys == [keys[0]] * 3 + sorted(set(keys) - {keys[0]})
    assert [probe.decoded(m)["userId"] for m in probe.heard(TOLD)] == [
        f"user-{n}" for n in range(4)
    ]


def test_dead_provider_holds_up_nothing_else(probe):
    """Neither the partition, nor another kind, nor readiness."""
    worker = probe.start(ONBOARDING_VALIDITY="1h")
    probe.first.default = lambda request: hang()
    slow = [probe.event("first") for _ in range(40)]  # more than may be asked at a time
    probe.ask_for(*slow)
    probe.first.await_requests(16)
    fast = probe.ask_for(*(probe.event("second") for _ in range(20)))
    assert set(probe.told(20)) == set(fast)
    await_status(worker, "/readyz", READY)
    assert probe.metric(worker, "onboarding_effects_in_flight") > 0
    probe.first.default = lambda request: answer()
    ends = probe.told(60, 2 * SECONDS)
    assert {words[0] for words in ends.values()} <= {"SENT", "UNKNOWN"}


def test_end_may_ask_for_another_effect(probe):
    probe.start()
    probe.first.script(answer(400))
    process, = probe.ask_for(probe.event("first", kind="chain"))
    assert probe.told(1)[process][:2] == ["SENT", "NONE"]
    assert (len(probe.first.requests), len(probe.second.requests)) == (1, 1)
    assert probe.second.requests[0].path == "/instead"


def test_what_comes_too_late_is_not_begun(probe):
    worker = probe.start(ONBOARDING_VALIDITY="1500ms")
    probe.first.default = lambda request: answer(until=threading.Event())  # hangs
    process = str(uuid.uuid4())
    probe.ask_for(*(probe.event("first", order="k", process=process, user=f"user-{n}") for n in range(2)))
    await_sure(lambda: len(probe.heard(TOLD)) == 2, SECONDS, probe.tails)
    ends = [probe.decoded(m)["consentText"].split(" ") for m in probe.heard(TOLD)]
    assert [words[:3] for words in ends] == [["UNKNOWN", "NONE", "1"], ["FAILED", "EXPIRED", "0"]]
    assert len(probe.first.requests) == 1
    assert probe.metric(worker, "onboarding_effects_repeated_after_unknown_total") == 0


def test_erased_subject_is_not_asked_for(probe):
    probe.first.stop()
    probe.start()
    process, = probe.ask_for(probe.event())
    tried = "select from effect where attempts > 0 and not trying for update"
    with probe.books.transaction():  # what we have locked is not leased, so no try is under way
        await_sure(lambda: probe.rows(tried), SECONDS)
        probe.books.execute("delete from subject_key")
    probe.first.start()
    assert probe.told(1)[process][:2] == ["FAILED", "ERASED"]
    assert probe.first.requests == []


def test_who_is_erased_after_a_lost_answer_may_have_been_asked_for(probe):
    probe.start()
    probe.first.script(hang())
    process, = probe.ask_for(probe.event())
    probe.first.await_requests(1)
    with probe.books.transaction():
        probe.books.execute("delete from subject_key")
    assert probe.told(1)[process][:3] == ["UNKNOWN", "NONE", "1"]
    assert len(probe.first.requests) == 1


# Deaths.


@pytest.mark.parametrize("failpoint,copies", [("effect_leased", 0), ("effect_sent", 1), ("effect_outcome", 1)])
def test_death_costs_one_copy_at_most(probe, failpoint, copies):
    worker = probe.start()
    worker.arm(failpoint, "kill")
    process, = probe.ask_for(probe.event())
    await_sure(lambda: not worker.alive(), SECONDS)
    heir = probe.start()
    assert probe.told(1, RETAKEN_SECONDS)[process][0] == "SENT"
    assert list(sends(probe.first).values()) == [1 + copies]
    assert probe.table()[process][3] == 1
    assert probe.metric(heir, "onboarding_effects_repeated_after_unknown_total") == 1


def await_death(worker):
    await_sure(lambda: not worker.alive(), SECONDS)


def test_death_before_an_end_without_a_try_is_recorded_costs_nothing(probe):
    """Of two effects of a key the second is never begun: its lease is no try, and loses no answer."""
    worker = probe.start(ONBOARDING_VALIDITY="1500ms")
    probe.first.default = lambda request: answer(until=threading.Event())  # hangs
    process = str(uuid.uuid4())
    worker.arm("effect_outcome", "kill", skip=1)  # the first one's end goes by
    probe.ask_for(*(probe.event("first", order="k", process=process, user=f"user-{n}") for n in range(2)))
    await_death(worker)
    probe.start()
    await_sure(lambda: len(probe.heard(TOLD)) == 2, RETAKEN_SECONDS, probe.tails)
    rows = probe.rows("select state, failure, attempts, unknowns from effect order by effect_id")
    assert rows == [("UNKNOWN", None, 1, 1), ("FAILED", "EXPIRED", 0, 0)]
    assert len(probe.first.requests) == 1


def test_death_before_the_end_of_lost_answers_is_recorded_loses_no_more(probe):
    worker = probe.start()
    probe.first.script(hang())
    worker.arm("effect_leased", "kill", skip=1)  # in the repeat
    process, = probe.ask_for(probe.event())
    await_death(worker)
    heir = probe.spawn(armed=[("effect_outcome", "kill")])
    await_sure(lambda: not heir.alive(), RETAKEN_SECONDS)
    assert probe.rows("select state, attempts, unknowns from effect") == [("PENDING", 2, 2)]
    probe.start()
    assert probe.told(1, RETAKEN_SECONDS)[process][:3] == ["UNKNOWN", "NONE", "2"]
    assert probe.table()[process][2:4] == (2, 2)


def test_end_that_waits_longer_than_its_lease_is_not_leased_again(probe):
    """The loop hangs with it in hand; the death that follows costs the one repeat, no more."""
    worker = probe.start()
    probe.second.default = lambda request: answer(503)  # its tries show that leases go on
    worker.arm("effect_outcome", "delay 60000")
    process, = probe.ask_for(probe.event("first second"))
    await_sure(lambda: not worker.armed("effect_outcome"), SECONDS, probe.tails)
    with probe.books.transaction():
        probe.books.execute("update effect set leased_until = now() where kind = 'first'")
    seen = len(probe.second.requests)
    await_sure(lambda: len(probe.second.requests) > seen + 1, SECONDS, probe.tails)
    assert probe.rows("select attempts, unknowns from effect where kind = 'first'") == [(1, 0)]
    worker.kill()
    probe.second.default = lambda request: answer()
    probe.start()
    await_sure(lambda: len(probe.heard(TOLD)) == 2, RETAKEN_SECONDS, probe.tails)
    ends = probe.rows("select state, attempts, unknowns from effect where kind = 'first'")
    assert ends == [("SENT", 2, 1)]
    assert list(sends(probe.first).values()) == [2]


def test_end_counts_what_an_owner_in_between_tried(probe):
    """Its try is not told to us: its answer is lost, and it may have cost a copy."""
    worker = probe.start()
    worker.arm("effect_outcome", "delay 5000")
    process, = probe.ask_for(probe.event())
    await_sure(lambda: not worker.armed("effect_outcome"), SECONDS, probe.tails)
    with probe.books.transaction():
        probe.books.execute(
            "update effect set leased_epoch = leased_epoch + 1, attempts = attempts + 1, unknowns = 1,"
            " leased_until = now() + interval '1 minute'"
        )
    probe.told(1)
    assert probe.table()[process][:4] == ("SENT", None, 2, 2)


def test_error_at_the_commit_hands_the_outcome_over_again(probe):
    """What ended waits in memory until the partition is sure again; nothing is asked twice."""
    worker = probe.start()
    gate = threading.Event()
    probe.first.script(answer(until=gate))
    process, = probe.ask_for(probe.event())
    probe.first.await_requests(1)
    worker.arm("before_commit", "error")
    gate.set()
    assert probe.told(1)[process][:4] == ["SENT", "NONE", "1", "200"]
    assert len(said(worker, "suspended")) == 1
    assert len(probe.first.requests) == 1


def test_partition_that_moves_in_mid_send(probe):
    """A second worker takes its share while everything hangs: each effect ends, its result comes once."""
    probe.start()
    gate = threading.Event()
    probe.first.default = lambda request: answer(until=gate)
    events = [probe.event() for _ in range(12)]
    probe.ask_for(*events)
    probe.first.await_requests(12)
    probe.spawn()
    await_sure(
        lambda: sum(len({(l["topic"], l["partition"]) for l in said(w, "taken over")}) for w in probe.workers)
        > PARTITIONS, SECONDS, probe.tails,
    )  # fmt: skip
    gate.set()
    ends = probe.told(12, RETAKEN_SECONDS)
    assert {words[0] for words in ends.values()} == {"SENT"}
    repeats = sum(
        probe.metric(worker, "onboarding_effects_repeated_after_unknown_total") for worker in probe.workers
    )
    assert all(count <= 2 for count in sends(probe.first).values())
    assert 12 <= sum(sends(probe.first).values()) <= 12 + repeats


def test_a_claim_by_who_was_away_is_noticed_while_effects_wait(probe):
    """Somebody who does not know yet that effects are another's claims them, and goes."""
    worker = probe.start(ONBOARDING_LOOPS="1")
    await_sure(lambda: len(said(worker, "effects taken over")) == PARTITIONS, SECONDS, probe.tails)
    probe.books.execute(
        "update partition set owner_epoch = owner_epoch + 1"
        " where topic_id = (select topic_id from topic where name = %s)", ("effects/" + CONSENT_TEXT,)
    )  # fmt: skip
    probe.ask_for(*(probe.event() for _ in range(8)))
    assert {words[0] for words in probe.told(8, RETAKEN_SECONDS).values()} == {"SENT"}
    assert set(sends(probe.first).values()) == {1}
    assert said(worker, "suspended")


def test_sigterm_waits_for_what_is_under_way_and_begins_nothing(probe):
    worker = probe.start()
    gate = threading.Event()
    probe.first.script(answer(until=gate))
    first = probe.event("first", order="key")
    then = probe.event("first", order="key", process=first.event["processId"], user="user-then")
    probe.ask_for(first, then)
    probe.first.await_requests(1)
    worker.signal(signal.SIGTERM)
    await_sure(lambda: said(worker, "effects are settled"), SECONDS, probe.tails)
    gate.set()
    assert worker.terminate()
    assert [probe.decoded(m)["userId"] for m in probe.results(1)] == [first.event["userId"]]
    assert len(probe.first.requests) == 1
    probe.start()
    assert [probe.decoded(m)["userId"] for m in probe.results(2)][1] == "user-then"
    assert sends(probe.first).most_common(1)[0][1] == 1


def test_end_that_is_refused_is_parked_without_a_record(probe):
    """The effect has ended all the same; commands tell of it, and there is nothing to replay."""
    probe.start()
    probe.first.script(answer(418))
    bad, good = probe.ask_for(probe.event(order="k"), probe.event("second"))
    probe.told(1)
    await_sure(lambda: probe.rows("select from dead_letter"), SECONDS, probe.tails)
    assert probe.table()[bad] == ("FAILED", "REFUSED", 1, 0, True, 418, None)
    (topic, reason), = probe.rows(
        "select t.name, d.reason from dead_letter d join topic t using (topic_id)"
    )
    assert (topic, reason) == ("effects/" + CONSENT_TEXT, "CONTRACT")
    assert probe.dead_letters(0) == []
    probe.await_idle()

    listed = probe.command("deadletters", "list")
    assert json.loads(listed.stdout)["topic"] == topic, listed
    replayed = probe.command("deadletters", "replay", "--reason", reason)
    assert replayed.returncode == 0 and "has no record to replay" in replayed.stdout, replayed
    audited = probe.command("audit")
    assert (audited.returncode, audited.stderr) == (0, ""), audited


def test_nothing_of_the_content_is_in_clear(probe):
    """While it waits, the row holds noise; afterwards nothing."""
    probe.first.stop()
    worker = probe.start()
    process, = probe.ask_for(probe.event())
    await_sure(lambda: probe.rows("select from effect where attempts > 0"), SECONDS)
    (content,), = probe.rows("select content from effect")
    assert process.encode() not in content and b"/ask" not in content
    probe.first.start()
    probe.told(1)
    assert probe.rows("select content from effect") == [(None,)]
    with open(worker.log_path, encoding="utf-8") as log:
        assert "/ask" not in log.read()
