"""Stories, as those of scenarios.py, of what comes late, or never, or otherwise than it was sent."""

import time

import events
from murmur2 import partition_of
from stage import NoPower
from worker import await_true


def held_by_the_dead(stage):
    """A Produce request arrives after its sender died and its heir took over."""
    stage.world.settings = {"ONBOARDING_LOOPS": "1", "ONBOARDING_GROUP_INSTANCE_ID": "only"}
    stage.start(1)  # whose heir need not wait for the end of its session
    stage.burst(40)
    failures = stage.settle()
    worker = stage.world.live()[0]
    hold = stage.world.fence_ms / 1000 - 1.5
    stage.world.kafka.order("hold", seconds=hold, topic="completed")
    stage.burst(10)
    held = stage.world.kafka.count
    stage.need(lambda: held("hold"), 10, "no Produce request was held")
    worker.kill()
    stage.world.wanted = 1
    stage.need(lambda: held("released"), 20, "the request was not released")
    return failures


def late_first_request(stage):
    """A new producer's first request comes too late and is refused; the next is in time."""
    generator, kafka = stage.world.generator, stage.world.kafka
    (worker,) = stage.start(1, ONBOARDING_LOOPS="1")
    process = generator.process()
    spot = events.EVALUATION, partition_of(process.id.encode(), generator.partitions)
    kafka.order("swallow", seconds=60, topic="completed")
    worker.arm("after_commit", "hold")
    stage.send(process=process)
    stage.fired(worker, "after_commit")
    stage.await_age(stage.stamp_ms(spot), LEASE_MS / 2)  # so that it doubts so much later
    worker.release("after_commit")
    stage.need(lambda: kafka.count("swallow"), 10, "no Produce request was swallowed")
    first_ms = stage.stamp_ms(spot)
    stage.await_age(first_ms, stage.world.fence_ms / 2)
    stage.send(process=process)
    stage.need(lambda: stage.stamp_ms(spot) > first_ms, 10, "the next is not committed")
    stage.await_age(first_ms, stage.world.fence_ms)
    if stage.heard(worker, "suspended"):
        raise NoPower("the worker has doubted by itself")
    kafka.order("pass")
    kafka.order("cut")  # what is left is sent again at once


LEASE_MS = 2000  # an older stamp is renewed before something is sent with it


def unanswered_before_another(stage):
    """A result gets no answer for long, and the next one of its key is committed meanwhile."""
    world = stage.world
    (worker,) = stage.start(1, ONBOARDING_LOOPS="1")
    process = world.generator.process()
    stage.send(5, process=process)
    failures = stage.settle()
    world.kafka.order("swallow", seconds=60, topic="completed")
    stage.send(process=process)
    stage.need(lambda: world.kafka.count("swallow"), 10, "no Produce request was swallowed")
    worker.arm("after_commit", "hold")
    stage.send(process=process)
    stage.fired(worker, "after_commit")
    time.sleep(2.5)  # longer than a client with a time limit would wait
    worker.arm("after_produce", "hold")
    sent = world.kafka.tell("produced")
    world.kafka.order("pass")
    world.kafka.order("cut")
    worker.release("after_commit")
    stage.need(lambda: world.kafka.tell("produced") > sent, 10, "nothing is sent any more")
    stage.fired(worker, "after_produce")
    worker.release("after_produce")
    return failures


def lost_with_results_on_their_way(stage):
    """Partitions are lost with results on their way; the producer must forget them."""
    setting, proxy = stage.world.own_proxy()
    (first,) = stage.start(1, ONBOARDING_LOOPS="1", **setting)
    stage.burst(60)
    failures = stage.settle()
    proxy.order("swallow", seconds=120, api=JOIN_GROUP)
    proxy.order("swallow", seconds=120)
    first.sleeps = 7  # longer than its session, after which it publishes and hears of its loss
    first.arm("after_commit", "stop")
    stage.send()
    stage.fired(first, "after_commit")
    stage.need(lambda: stage.heard(first, "rebalance", what="lost"), 20, "nothing was lost")
    heir = stage.world.spawn(ONBOARDING_LOOPS="1")
    stage.need(
        lambda: stage.heard(heir, "taken over", republished=1), 30, "the heir found no results"
    )
    sent = proxy.tell("produced")
    proxy.order("pass")
    proxy.order("cut")  # what is left is sent again at once
    await_true(lambda: proxy.tell("produced") > sent, 5)
    return failures


JOIN_GROUP = 11


def swallowed_then_doubted(stage):
    """Results get nowhere for so long that the worker gives its producer up."""
    stage.start(1)
    stage.burst(60)
    failures = stage.settle()
    stage.arm_all("member_check", "delay 400")  # so that there is time for a wrong mark
    stage.world.kafka.order("swallow", seconds=7, topic="completed")
    stage.burst(40)
    stage.need(lambda: stage.said("suspended"), 15, "nobody was suspended")
    return failures


def lost_commits(stage):
    """COMMITs that never arrive, and others whose answers do not."""
    stage.start(1)
    stage.world.load.rate = 150
    for order in ("lose_commit", "lose_answer", "lose_commit"):
        done = stage.world.postgres.count(order)
        stage.world.postgres.order(order)
        stage.need(lambda: stage.world.postgres.count(order) > done, 15, f"no {order}")
        time.sleep(2)


def lost_place(stage):
    """The client fetches from a later offset than it was told to; beyond the batch it is in."""
    generator, kafka = stage.world.generator, stage.world.kafka
    stage.start(1, ONBOARDING_LOOPS="1")
    stage.burst(60)
    failures = stage.settle()
    process = generator.process()
    partition = partition_of(process.id.encode(), generator.partitions)
    kafka.order("skew", records=10, topic=events.EVALUATION, partition=partition)
    stage.need(lambda: kafka.count("skew"), 10, "the client asks for nothing")
    for _ in range(20):  # apart: an answer begins with the batch that holds the offset asked for
        stage.send(process=process)
    kafka.order("pass")
    return failures
