"""Each exchange with PostgreSQL fails in turn, and nothing is lost or doubled."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

import running
from running import READY, SECONDS, await_status, await_sure, header, ids_of, on_partition

from books import DONE


def round_of(service, worker, name, skip):
    """Two events and a repeat while the (skip + 1)-th exchange fails; True when it came to that."""
    worker.arm(name, "error", skip)
    records = on_partition(service, 1, 2)
    again = service.fresh()
    again.key, again.value, again.headers = records[0].key, records[0].value, records[0].headers
    again.partition = 2
    service.outcomes(service.send(records + [again]), 60)
    service.await_idle(60)
    await_status(worker, "/readyz", READY)
    return records, not worker.disarm(name)


def fail_each(service, name, first, step):
    """Every step-th exchange from the first fails, until a round ends before it. Gives the events."""
    records, fired, skip = [], True, first
    while fired and skip < 40:
        more, fired = round_of(service, service.worker, name, skip)
        records += more
        skip += step
    assert 3 < skip < 40
    return records


def test_each_exchange_fails_in_turn(topics, tmp_path):
    """Not sent at all, or its answer lost. Four services share the rounds, which are mostly waiting;
    each has a group of its own and so answers every event once."""
    made = []
    try:
        for index, (name, first) in enumerate(product(["exchange", "answer"], [0, 1])):
            service = running.Running(topics, tmp_path / f"{name}{first}", seed=index)
            made.append((service, name, first))
            service.worker = service.spawn()
        for service, _, _ in made:
            service.await_taken(service.worker)
        with ThreadPoolExecutor() as pool:
            rounds = [pool.submit(fail_each, *one, 2) for one in made]
            records = [record for done in rounds for record in done.result()]
        for service, _, _ in made:
            await_sure(lambda: service.rows("select count(*) from decision") == [(len(records),)], SECONDS)
            service.await_idle()
            assert service.worker.terminate()
            assert service.worker.troubles() == []
        results = made[0][0].results(len(made) * len(records))
        assert Counter(made[0][0].answered()) == {event_id: len(made) for event_id in ids_of(records)}
        assert len({header(result, "ce_id") for result in results}) == len(results)
    finally:
        for service, _, _ in made:
            service.close()


@pytest.mark.parametrize("name", ["exchange", "answer"])
def test_exchanges_fail_while_it_starts(service, name):
    """Every twentieth one, from the first on; a partition takes some five."""
    worker = service.spawn(armed=[(name, "error", 0)])
    fired = 0

    def tended():
        nonlocal fired
        if not worker.armed(name):
            fired += 1
            worker.arm(name, "error", 19)
        return len(running.held(worker)) == len(running.INPUTS[service.service]) * running.PARTITIONS

    assert running.await_true(tended, 60, 0.005), running.tail(worker)
    worker.disarm(name)
    assert fired > 1, fired
    records = on_partition(service, 1, 3)
    assert {row.outcome for row in service.outcomes(service.send(records))} == {DONE}
    service.results(3)
    assert worker.terminate()
    assert worker.troubles() == []
