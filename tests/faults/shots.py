"""One fault each: a failpoint fired in a worker that is at work, or the world around it hit."""

import math
import signal
import time

from worker import await_true

#: Failpoints by what brings a worker to them.
BATCH = [
    "after_poll",
    "after_begin",
    "after_fence_update",
    "mid_insert",
    "before_commit",
    "after_commit",
    "mid_produce",
    "after_produce",
]
MARK = ["idle_mark"]
TAKE_OVER = ["after_claim", "before_seek"]
RECOVERY = [
    "before_wait",
    "before_barrier",
    "after_read_back",
    "before_stamp",
    "after_stamp",
    "mid_recover",
]
REVOKE = ["in_revoke_before_drain", "before_mark", "in_revoke_after_drain"]
LOST = ["in_lost"]
DOUBT = ["producer_reset", "member_check"]
SHUTDOWN = ["shutdown"]
#: Where the service has effects: any of them passes by these soon.
EFFECTS = ["effect_leased", "effect_sent", "effect_outcome"]

#: Between us and PostgreSQL, where nothing but an error is to be had.
EXCHANGE = ["exchange", "answer"]

#: What may be done at a failpoint: `error` where whoever passes heeds one.
ACTIONS = ["kill", "stop", "delay"]
HEEDED = ["after_fence_update", "mid_insert", "before_commit", "effect_sent"]
ACTIONS_OF = dict.fromkeys(HEEDED, [*ACTIONS, "error"]) | dict.fromkeys(EXCHANGE, ["error"])
DELAY_MS = 3000  # beyond what PostgreSQL waits for within a transaction

#: What any batch passes soon, and what needs a change of owners first.
QUICK = BATCH + MARK + SHUTDOWN + EXCHANGE
SLOW = TAKE_OVER + RECOVERY + REVOKE + LOST + DOUBT
FAILPOINTS = QUICK + SLOW

AIM_SECONDS = 3  # until another worker is aimed at
GUEST_SECONDS = 5
ROUND_SECONDS = 16  # for what needs a take-over with results outstanding: session and fence


class Shots:
    """Fires faults at a world and remembers which went off."""

    def __init__(self, world, rng=None):
        self.world, self.rng = world, rng or world.rng
        self.fired = []  # (failpoint, action)
        self.unfired = []
        self.others = []  # faults of the world around

    # Failpoints.

    def fire(self, name, action):
        """Brings a worker to a failpoint and lets it do the action there."""
        done = self.bring(name, f"delay {DELAY_MS}" if action == "delay" else action)
        (self.fired if done else self.unfired).append((name, action))
        return done

    def bring(self, name, action):
        if name in BATCH + EFFECTS + EXCHANGE:
            done = self.aim(name, action)
        elif name in MARK:
            done = self.aim(name, action, provoke=self.pause_load)
        elif name in TAKE_OVER:
            done = self.aim_all(name, action, provoke=self.join)
        elif name in RECOVERY:
            done = self.aim_all(name, action, provoke=self.leave_results)
        elif name in REVOKE:
            done = self.aim_all(name, action, provoke=self.join)
        elif name in LOST:
            done = self.aim_lost(name, action)
        elif name in DOUBT:
            done = self.aim_all(name, action, provoke=self.disturb_produce)
        else:
            done = self.aim_shutdown(name, action)
        return done

    def aim(self, name, action, provoke=None):
        """One worker after the other, until one that owns something passes by."""
        workers = self.world.live()
        self.rng.shuffle(workers)
        for worker in workers:
            worker.arm(name, action, skip=self.rng.choice([0, 0, 1, 5]))
            if provoke:
                provoke()
            if await_true(lambda: not worker.armed(name), AIM_SECONDS):
                return True
            worker.disarm(name)
        return self.aim_all(name, action, provoke or (lambda: None), AIM_SECONDS)

    def aim_all(self, name, action, provoke, seconds=ROUND_SECONDS):
        """All workers, new ones too: the first that comes by is hit, the others are spared."""
        end = time.monotonic() + seconds
        provoke_at = [end - seconds, end - seconds / 2]  # the first may meet an unready group
        armed = set()
        try:
            while time.monotonic() < end:
                for worker in self.world.live():
                    if worker not in armed:
                        worker.arm(name, action)
                        armed.add(worker)
                if provoke_at and time.monotonic() >= provoke_at[0]:
                    provoke_at.pop(0)
                    provoke()
                if any(not worker.armed(name) for worker in armed):
                    return True
                time.sleep(0.01)
            return False
        finally:
            for worker in armed:
                worker.disarm(name)

    def aim_lost(self, name, action):
        """Partitions are lost by who is away for longer than the session."""
        workers = self.world.live()
        if len(workers) < 2:
            return False
        worker = self.rng.choice(workers)
        worker.arm(name, action)
        worker.arm("after_poll", "stop")
        if not await_true(lambda: not worker.armed("after_poll"), AIM_SECONDS):
            worker.disarm_all()
            return False
        fired = await_true(
            lambda: not worker.armed(name), self.world.thaw_seconds + ROUND_SECONDS
        )
        worker.disarm(name)
        return fired

    def aim_shutdown(self, name, action):
        workers = self.world.live()
        if not workers:
            return False
        worker = self.rng.choice(workers)
        worker.ended_by_us = True
        worker.arm(name, action)
        worker.signal(signal.SIGTERM)
        return await_true(lambda: not worker.armed(name), AIM_SECONDS)

    # What brings workers there.

    def pause_load(self):
        rate, self.world.load.rate = self.world.load.rate, 0
        time.sleep(0.6)
        self.world.load.rate = rate

    def join(self):
        """A member more for a while: partitions move to it, and back."""
        self.world.invite(GUEST_SECONDS)

    def leave_results(self):
        """Somebody dies with results committed and not published."""
        workers = self.world.live()
        if workers:
            worker = self.rng.choice(workers)
            worker.arm("after_commit", "kill")
            await_true(lambda: not worker.armed("after_commit"), AIM_SECONDS)

    def disturb_produce(self):
        """Nothing is acknowledged for longer than workers put up with."""
        self.world.kafka.order("swallow", seconds=6)

    # The world around.

    def around(self, what):
        """One of AROUND by name."""
        self.others.append(what)
        getattr(self, what)()

    def member_joins_and_leaves(self):
        self.world.invite(GUEST_SECONDS)

    def member_leaves(self):
        workers = self.world.live()
        if len(workers) > 1:
            self.world.retire(self.rng.choice(workers))

    def crash(self, kill, start):
        outage = [time.monotonic(), math.inf]
        self.world.outages.append(outage)
        self.world.stack.call(kill)
        time.sleep(1)
        self.world.stack.call(start)
        outage[1] = time.monotonic()

    def broker_crash(self):
        self.crash("kill-kafka", "start-kafka")

    def postgres_crash(self):
        self.crash("crash-postgres", "start-postgres")

    def commit_answer_lost(self):
        self.world.postgres.order("lose_answer", count=2)

    def commit_lost(self):
        self.world.postgres.order("lose_commit", count=2)

    def commit_held(self):
        self.world.postgres.order("hold_commit", seconds=5)

    def postgres_cut(self):
        self.world.postgres.order("cut")

    def kafka_cut(self):
        self.world.kafka.order("cut")

    def produce_delayed(self):
        self.world.kafka.order("hold", seconds=1.5, count=3)

    def produce_repeated(self):
        self.world.kafka.order("repeat", count=5)

    def produce_replayed(self):
        self.world.kafka.order("replay", seconds=3, count=3)

    def produce_held(self):
        """A zombie request: longer on its way than the fence and a take-over last."""
        self.world.kafka.order("hold", seconds=self.world.fence_ms / 1000 + 6, topic="completed")

    def produce_held_by_the_dead(self):
        """The same, and who sent it dies at once."""
        before = self.world.kafka.count("hold")
        self.produce_held()
        if await_true(lambda: self.world.kafka.count("hold") > before, AIM_SECONDS):
            report = [r for r in list(self.world.kafka.did) if r["did"] == "hold"][-1]
            for worker in self.world.live():
                if worker.has_port(report["client_port"]):
                    worker.kill()


AROUND = [
    "member_joins_and_leaves",
    "member_leaves",
    "broker_crash",
    "postgres_crash",
    "commit_answer_lost",
    "commit_lost",
    "commit_held",
    "postgres_cut",
    "kafka_cut",
    "produce_delayed",
    "produce_repeated",
    "produce_replayed",
    "produce_held",
    "produce_held_by_the_dead",
]
