"""Short, directed stories, each made so that one broken rule of the protocol must show.

A scenario gets a world without workers and load, brings about its situation, and may return
failures of its own. What follows is the same for all: the lag must come to 0, the workers must
end in order, and the checker must find nothing. Without a mutant each must pass.

Here somebody dies, stops or moves; network_scenarios.py has what the network does.
"""

import time

import events
from worker import await_true


def plain_load(stage):
    """No fault at all: repeats, conflicts, bad records."""
    stage.start(2)
    stage.world.load.rate = 300
    time.sleep(4)


def killed_after_commit(stage):
    """Results are committed and not published when the worker dies."""
    stage.start(2)
    stage.world.wanted = 2
    stage.world.load.rate = 200
    time.sleep(1.5)
    for _ in range(2):
        stage.one_fires(stage.arm_all("after_commit", "kill"), "after_commit")
        time.sleep(2)


def killed_with_nothing_after(stage):
    """The last event's worker dies before publishing; only recovery gives out a stamp."""
    stage.start(2)
    stage.burst(40)
    failures = stage.settle()
    stage.need(stage.group_follows, 10, "no offsets are committed to the group")
    workers = stage.arm_all("after_commit", "kill")
    stage.send()
    stage.one_fires(workers, "after_commit")
    return failures


def killed_while_taking_over(stage):
    """The next owner dies too, while it waits with the results unpublished."""
    stage.start(1)
    stage.burst(60)
    failures = stage.settle()
    first = stage.arm_all("after_commit", "kill")
    stage.send(10)
    stage.one_fires(first, "after_commit")
    heirs = [stage.world.spawn()]
    heirs[0].arm("before_barrier", "kill")
    stage.fired(heirs[0], "before_barrier", 30)
    stage.world.wanted = 1
    return failures


def killed_after_publishing(stage):
    """Published, acknowledged, not marked; meanwhile the end of the log is told too low."""
    (worker,) = stage.start(1, ONBOARDING_LOOPS="1")
    stage.burst(40)
    failures = stage.settle()
    worker.arm("after_produce", "hold")
    stage.send(10)
    stage.fired(worker, "after_produce")
    worker.arm("idle_mark", "kill")  # what is out was not marked: that is for later
    worker.release("after_produce")
    stage.fired(worker, "idle_mark")
    stage.world.kafka.order("lag", seconds=40, records=1000, topic="completed")
    stage.world.wanted = 1
    return failures


def moved_back(stage):
    """An operator moves next_offset back, with the results of those events deleted meanwhile."""
    (worker,) = stage.start(1)
    stage.burst(200)
    failures = stage.settle()
    stage.world.retire(worker)
    stage.world.stack.forget_group(stage.world.group)
    with stage.admin() as connection:
        connection.execute("create table batch_kept as select * from batch")
        connection.execute("delete from batch")
        connection.execute(
            "update partition set next_offset = greatest(0, next_offset - 20),"
            " published_offset = greatest(0, next_offset - 20)"
        )
    stage.world.wanted = 1
    stage.burst(40)
    failures += stage.settle()
    with stage.admin() as connection:  # for the checker
        connection.execute("insert into batch select * from batch_kept on conflict do nothing")
    return failures


def moved_under_way(stage):
    """An operator moves next_offset under a worker, which must notice and claim anew."""
    stage.start(1)
    stage.burst(200)
    failures = stage.settle()
    before = stage.epochs()
    with stage.admin() as connection:
        connection.execute(
            "update partition set next_offset = next_offset - 1,"
            " published_offset = next_offset - 1 where next_offset > 0"
        )
    stage.burst(60)
    if not await_true(lambda: stage.epochs() > before, 10):
        failures.append("next_offset was moved and nobody noticed")
    return failures


def fenced_by_nobody(stage):
    """A rightful owner is fenced and must claim its partitions again."""
    stage.start(1)
    stage.burst(100)
    failures = stage.settle()
    with stage.admin() as connection:
        connection.execute("update partition set owner_epoch = owner_epoch + 1")
    stage.burst(100)
    return failures


def stopped_in_transaction(stage):
    """A worker is stopped inside its transaction for longer than anybody would wait."""
    stage.world.thaw_seconds = 45
    stage.start(1)
    stage.burst(100)
    failures = stage.settle()
    worker = stage.world.live()[0]
    worker.arm("after_fence_update", "stop")
    stage.burst(20)
    stage.fired(worker, "after_fence_update")
    stage.world.spawn()
    return failures + stage.settle(30)


def held_while_publishing(stage):
    """A worker gets no further while it publishes, and the stamps of the rest grow too old."""
    (worker,) = stage.start(1, ONBOARDING_LOOPS="1")
    stage.burst(100)
    failures = stage.settle()
    for _ in range(BATCH_TRIES):
        stage.in_big_batch(worker, "mid_produce", "hold", skip=1, steps=14)
        if stage.results_of_latest() > 1:
            break
        worker.release("mid_produce")
    stage.await_age(max(stage.stamp_ms(spot) for spot in stage.inputs()), stage.world.fence_ms)
    worker.release("mid_produce")
    return failures


BATCH_TRIES = 5  # what is sent at once may come in pieces, and one may have a single result


def woken_after_its_heir(stage):
    """A worker sleeps between COMMIT and publishing, and wakes when its heir has published."""
    (worker,) = stage.start(1, ONBOARDING_LOOPS="1")
    stage.burst(200)  # acknowledged, so that every output partition is known to work
    failures = stage.settle()
    before = stage.places()
    worker.sleeps = 60
    stage.in_big_batch(worker, "after_commit", "stop", skip=1)
    worker.arm("after_produce", "delay 500")  # time to send what it should not
    stage.world.spawn(ONBOARDING_LOOPS="1")
    stage.need(lambda: stage.owned_anew(before) and stage.all_marked(), 40, "no heir publishes")
    stage.wake(worker)
    return failures


def zombie_wakes(stage):
    """The group gives up who has a batch in hand; his heir must not notice him when he goes on.

    He has not heard of it: what a coordinator says last can arrive when it is no longer true.
    """
    setting, proxy = stage.world.own_proxy()
    (zombie,) = stage.start(1, ONBOARDING_LOOPS="1", **setting)
    stage.burst(60)
    failures = stage.settle()
    before = stage.places()
    zombie.arm("after_poll", "hold")
    stage.world.load.rate = 100
    stage.fired(zombie, "after_poll")
    proxy.order("vouch", seconds=60)
    heir = stage.world.spawn(ONBOARDING_LOOPS="1")
    stage.need(lambda: stage.owned_anew(before), 30, "nobody takes over")
    heard = len(list(zombie.lines()))
    zombie.release("after_poll")
    stage.need(lambda: stage.heard(zombie, "rebalance", what="lost"), 20, "nothing was lost")
    proxy.order("pass")
    stage.world.load.rate = 0
    claims = 0
    for line in list(zombie.lines())[heard:]:
        if line.get("what") == "lost":
            break
        claims += line.get("message") == "taken over"
    return failures + ([f"{claims} partitions were claimed from their owner"] if claims else [])


def database_away(stage):
    """PostgreSQL is away for long; a worker must not fetch what it can only drop."""
    world = stage.world
    stage.start(1)
    stage.burst(100)
    failures = stage.settle()
    world.stack.call("crash-postgres")
    try:
        stage.burst(50)
        stage.need(lambda: stage.said("suspended"), 30, "nobody was suspended")
        time.sleep(1)
        before = world.kafka.tell("fetched")
        stage.burst(3000)
        time.sleep(3)
        fetched = world.kafka.tell("fetched") - before
    finally:
        world.stack.call("start-postgres")
    if fetched > FETCHED_BYTES_MAX:
        failures.append(f"{fetched} bytes were fetched in vain")
    return failures


FETCHED_BYTES_MAX = 300_000  # of more than a million; empty answers count too


def revoked_while_polling(stage):
    """Partitions leave while the first records of a batch are in hand."""
    setting, proxy = stage.world.own_proxy()
    (first,) = stage.start(1, ONBOARDING_LOOPS="1", **setting)
    stage.burst(60)
    failures = stage.settle()
    for _ in range(2):
        first.arm("mid_poll", "hold", skip=2)
        stage.burst(80)
        stage.fired(first, "mid_poll")
        joined = proxy.tell("joined")
        guest = stage.world.invite(60)
        stage.need(lambda: proxy.tell("joined") > joined, 20, "nobody rebalances")
        first.release("mid_poll")
        stage.need(lambda: stage.heard(guest, "taken over"), 20, "the newcomer gets nothing")
        failures += stage.settle()
        guest.leave_at = time.monotonic()
        stage.need(lambda: not guest.alive(), 20, "the newcomer stays")
    return failures


def upstream_in_transactions(stage):
    """Rebalances, and an upstream whose transactions leave gaps between the offsets."""
    stage.start(1, ONBOARDING_LOOPS="1")
    for _ in range(3):
        stage.world.invite(2)
        stage.world.load.transactions(100, 3)
    stage.burst(200)  # the last offset of a partition is to be an event's


def conflicts_of_one_id(stage):
    """Many dead letters with the same ce_id, and a death between them."""
    generator, kafka = stage.world.generator, stage.world.kafka
    (worker,) = stage.start(1, ONBOARDING_LOOPS="1")
    first = generator.fresh(events.EVALUATION)
    generator.recent = [first]
    stage.send_these([first])
    failures = stage.settle()
    worker.arm("after_poll", "hold")
    stage.send_these([generator.conflict()])
    stage.fired(worker, "after_poll")
    stage.send_these([generator.conflict() for _ in range(10)])
    sent = kafka.tell("produced")
    worker.arm("after_poll", "hold")
    worker.release("after_poll")
    stage.fired(worker, "after_poll")
    stage.need(lambda: kafka.tell("produced") > sent, 10, "the first is not sent")
    worker.arm("after_commit", "kill")
    worker.release("after_poll")
    stage.fired(worker, "after_commit")
    stage.world.wanted = 1
    return failures


def rivals_at_once(stage):
    """Two workers hold what belongs together in transactions that overlap."""
    world = stage.world
    stage.start(2)
    stage.burst(20)
    failures = stage.settle()
    later = []
    for _ in range(RIVALS):
        rivals, again = world.generator.lookup_and_registration()
        later.append(again)
        workers = stage.arm_all("before_commit", "hold")
        stage.send_these(rivals)
        # The second gets there only where nothing keeps it from the first one's keys.
        await_true(lambda: not any(w.armed("before_commit") for w in workers), RIVAL_SECONDS)
        for worker in workers:
            worker.disarm_all()
    failures += stage.settle()
    stage.send_these(later)
    return failures


RIVALS, RIVAL_SECONDS = 8, 0.8  # a loop in four has both, and sees one after the other


def effects_through_deaths(stage):
    """Workers die before a request, after its answer, and before its end is recorded."""
    stage.start(2)
    stage.world.wanted = 2
    stage.world.load.rate = 15
    for name in ("effect_sent", "effect_leased", "effect_outcome", "effect_sent"):
        time.sleep(1.5)
        # Who is left may have had nothing so far: two sessions end before it has all.
        stage.one_fires(stage.arm_all(name, "kill"), name, 40)
    for order in ("lose_answer", "lose_commit"):
        done = stage.world.postgres.count(order)
        stage.world.postgres.order(order)
        stage.need(lambda: stage.world.postgres.count(order) > done, 40, f"no {order}")
    time.sleep(1.5)
