"""The fault campaign: workers under load, every failpoint and fault fired, then the checker.

    run.py [--seconds N] [--seed S] [--long] [--service NAME] [--stack DIR]
    run.py --mutants [--only NAME…] [--stack DIR[:DIR…]]

Without --stack (or ONBOARDING_STACK, which names a stack's env file) a stack of its own is
started, and gone at the end, also at one by SIGTERM or SIGINT. Mutants are tried on several stacks
at once; --only takes names of mutants, and of scenarios that have none. The seed is printed; the
same seed aims the same faults at the same load. --long stops workers for 60 s instead of 8 s.
Rounds of at most ROUND_SECONDS follow each other, each with fresh topics and a fresh database. The
last line says how many checks passed and failed.
"""

import argparse
import itertools
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import Future

import approval
import consent
import effects
import mutants
import otp
from checker import Checker
from harness import CLAIMS_A_MINUTE, LOADS, World, worlds
from shots import ACTIONS, ACTIONS_OF, AIM_SECONDS, AROUND, EFFECTS, FAILPOINTS, QUICK, SLOW, Shots
from stack import Stack
from worker import await_true

ROUND_SECONDS = 240
WORKERS = 3
TURNS = ["evaluation", otp.SERVICE, approval.SERVICE, "lookup", effects.SERVICE, consent.SERVICE]
#: Where most are a request or two to a provider in Python.
STEPS_A_SECOND = {effects.SERVICE: 20, otp.SERVICE: 30, approval.SERVICE: 60}
STEPS_A_SECOND_ELSE = 150
SHOT_GAP_SECONDS = (0.2, 1.2)
LONG_THAW_SECONDS = 60
FENCED = "fenced updates"
FENCED_WHY = ("a partition was taken over by another", "results could not be sent")
ZOMBIE_SECONDS = 16  # a session of 6 s, a rebalance and the claims fit in
ZOMBIE_TRIES = 3
ENDS = (signal.SIGTERM, signal.SIGINT)


def plan(rng, names, around, turn):
    """Endless faults: failpoints, with their actions by turns, and the world around in between."""
    while True:
        choices = [(name, ACTIONS_OF.get(name, ACTIONS)) for name in names]
        shots = [(name, own[(i + turn) % len(own)]) for i, (name, own) in enumerate(choices)]
        shots += [(name, None) for name in around]
        rng.shuffle(shots)
        yield from shots
        turn += 1


class Gunner(threading.Thread):
    """Fires one fault after the other until its time is over."""

    def __init__(self, world, faults, seed, end):
        super().__init__(daemon=True)
        self.shots = Shots(world, random.Random(seed))
        self.faults, self.end = faults, end
        self.trouble = None  # an error of our own

    def run(self):
        try:
            while time.monotonic() < self.end:
                self.fire(*next(self.faults))
                time.sleep(self.shots.rng.uniform(*SHOT_GAP_SECONDS))
        except Exception as error:  # told by the round; a thread would only print it
            self.trouble = error

    def fire(self, name, action):
        began = time.monotonic()
        if action:
            done = self.shots.fire(name, action)
            what = f"{name} {action}: {'fired' if done else 'NOT FIRED'}"
        else:
            self.shots.around(name)
            what = name
        print(f"  {time.monotonic() - began:5.1f} s  {what}", flush=True)


class Round:
    """One world, one stretch of faults, one verdict."""

    def __init__(self, stack, folder, arguments, number):
        self.arguments, self.number = arguments, number
        service = arguments.service or TURNS[number % len(TURNS)]
        thaw = {"thaw_seconds": LONG_THAW_SECONDS} if arguments.long else {}
        self.world = World(stack, folder, service, arguments.seed + number, **thaw)
        self.gunners = []

    def run(self, seconds, faults):
        """Prints what happened; gives the failures as texts."""
        world = self.world
        print(f"round {self.number}: {world.service}, {seconds:.0f} s of faults", flush=True)
        try:
            world.start_workers(WORKERS)
            world.load.rate = STEPS_A_SECOND.get(world.service, STEPS_A_SECOND_ELSE)
            self.hit(seconds, faults)
            self.wake_zombie()
            failures = self.finish()
        finally:
            world.close()
        self.print_table()
        return failures

    def hit(self, seconds, faults):
        time.sleep(4)  # the group forms, the first batches run
        end = time.monotonic() + seconds
        seed = self.arguments.seed + self.number
        self.gunners = [Gunner(self.world, f, seed + i, end) for i, f in enumerate(faults)]
        for gunner in self.gunners:
            gunner.start()
        for gunner in self.gunners:
            gunner.join()
            if gunner.trouble:
                raise gunner.trouble

    def finish(self):
        world = self.world
        world.load.flush()
        began = time.monotonic()
        failures = []
        if not world.settle():
            failures.append("lag is not 0 two minutes after the last fault")
        print(f"  waited {time.monotonic() - began:.1f} s for lag 0, {world.load.sent} events")
        world.stop_workers()
        world.watch.close()
        worst, where = world.watch.claims_a_minute()
        print(f"  most claims of a partition in a minute: {worst}")
        if worst > CLAIMS_A_MINUTE:
            failures.append(f"{worst} claims of {where} in a minute")
        report = Checker(
            world.stack.brokers,
            world.stack.admin_url(world.database),
            world.service,
            world.group,
            world.stack.contract,
            world.fenced,
            world.data_keys(),
            world.providers,
            world.taken_over(),
        ).run()
        report.print()
        failures += [f"{kind}: {count}" for kind, count in report.violations.items()]
        if log_counts(world)[FENCED] == 0:
            failures.append("nobody was fenced: the round had no power")
        return failures + world.problems

    def wake_zombie(self):
        """The stops so far may all have been shorter than a session and the claims after it: here
        is one with a batch in hand that wakes up when its partitions are somebody else's."""
        rng = random.Random(self.arguments.seed + self.number)
        for _ in range(ZOMBIE_TRIES):
            if log_counts(self.world)[FENCED] > 0:
                return
            await_true(lambda: len(self.world.live()) >= WORKERS, ZOMBIE_SECONDS)
            worker = self.stop_at_work(rng)
            if worker:
                self.gunners[0].shots.fired.append(("after_poll", "stop"))
                await_true(lambda: worker.sleeps is None, 2 * ZOMBIE_SECONDS)
                await_true(lambda: log_counts(self.world)[FENCED] > 0, AIM_SECONDS)
                worker.sleeps = None

    def stop_at_work(self, rng):
        """Stops a worker that has a batch in hand: one may own nothing, and none does while the
        group forms. None when nobody came by."""
        workers = self.world.live()
        rng.shuffle(workers)
        end = time.monotonic() + ZOMBIE_SECONDS
        for worker in itertools.cycle(workers):
            if time.monotonic() > end:
                return None
            worker.sleeps = ZOMBIE_SECONDS
            worker.arm("after_poll", "stop")
            fired = await_true(lambda: not worker.armed("after_poll"), AIM_SECONDS)
            if fired or not worker.disarm("after_poll"):
                return worker
            worker.sleeps = None
        return None

    def all(self, what):
        return [one for gunner in self.gunners for one in getattr(gunner.shots, what)]

    def print_table(self):
        world, counts = self.world, {}
        for name, action in self.all("fired"):
            counts.setdefault(name, {}).setdefault(action, 0)
            counts[name][action] += 1
        print("  failpoint               kill stop delay error")
        for name in FAILPOINTS + (EFFECTS if world.providers else []):
            fired = counts.get(name, {})
            missed = sum(1 for n, _ in self.all("unfired") if n == name)
            late = f"  not fired: {missed}" if missed else ""
            done = [fired.get(action, 0) for action in ("kill", "stop", "delay", "error")]
            print("  {:22} {:5} {:4} {:5} {:5}".format(name, *done) + late)
        print(f"  around: {', '.join(self.all('others'))}")
        print(
            f"  restarts {world.restarts}, thaws {world.thaws},"
            f" aborts of the library {world.library_aborts}, {said(log_counts(world))},"
            f" proxies: {said(proxy_counts(world))}",
            flush=True,
        )


def said(counts):
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def proxy_counts(world):
    counts = {}
    for report in world.kafka.did + world.postgres.did:
        counts[report["did"]] = counts.get(report["did"], 0) + 1
    return counts


def log_counts(world):
    """The protocol's own events, as the workers' logs have them."""
    counts = {"take-overs": 0, "republished": 0, "suspended": 0, FENCED: 0}
    for worker in world.gone + world.workers:
        for line in worker.lines():
            message = line.get("message")
            if message == "taken over":
                counts["take-overs"] += 1
                counts["republished"] += line.get("republished", 0)
            elif message == "suspended":
                counts["suspended"] += 1
                counts[FENCED] += line.get("why", "").startswith(FENCED_WHY)
    return counts


def campaign(stacks, folder, arguments):
    """All rounds, on the first stack; gives (checks passed, failures)."""
    rng = random.Random(arguments.seed)
    slow = plan(random.Random(arguments.seed), SLOW, [], arguments.seed)
    quick = plan(rng, QUICK, AROUND, arguments.seed)
    beside = plan(rng, 2 * EFFECTS + QUICK, AROUND, arguments.seed)
    passed, failures = 0, []
    left = arguments.seconds
    for number in itertools.count():
        if left <= 0:
            break
        seconds = min(left, ROUND_SECONDS)
        left -= seconds
        one = Round(stacks[0], os.path.join(folder, f"round{number}"), arguments, number)
        found = one.run(seconds, [beside if one.world.providers else quick, slow])
        passed += not found
        failures += [f"round {number}: {text}" for text in found]
    return passed, failures


class Ended(BaseException):
    """Somebody ends us, by the signal of this number."""


def on_signal(number, _frame):
    for one in ENDS:  # the end is not ended again
        signal.signal(one, lambda *_: None)
    raise Ended(number)


def in_background(job):
    """What the job gives. It starts processes: a signal must not come between one and its note."""
    given = Future()

    def run():
        try:
            given.set_result(job())
        except BaseException as error:  # told to who waits
            given.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return given.result()


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--service", choices=sorted(LOADS))
    files = os.environ.get("ONBOARDING_STACK", "").split(":")
    parser.add_argument("--stack", default=":".join(os.path.dirname(file) for file in files))
    parser.add_argument("--mutants", action="store_true")
    parser.add_argument("--only", nargs="+", choices=mutants.NAMES, metavar="NAME")
    parser.add_argument("--keep", action="store_true", help="keep the workers' logs")
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1, 100000)
    return arguments


def main():
    arguments = read_arguments()
    print(f"seed {arguments.seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="onboarding-faults-")
    own = not arguments.stack
    places = arguments.stack or os.path.join(folder, "stack")
    job = mutants.table if arguments.mutants else campaign
    for number in ENDS:
        signal.signal(number, on_signal)
    stacks, ended = [], 0
    try:
        for place in places.split(":"):
            stacks.append(Stack(place, own))
        passed, failures = in_background(lambda: job(stacks, folder, arguments))
    except Ended as end:
        (ended,) = end.args
        worlds.close()
    finally:
        for stack in stacks:
            stack.close()
    if ended:
        shutil.rmtree(folder)
        print(f"ended by signal {ended}", flush=True)
        os._exit(128 + ended)  # the job's threads are still at it
    for text in failures:
        print("FAILED", text)
    if failures or arguments.keep:
        print(f"logs are in {folder}; repeat with --seed {arguments.seed}")
    else:
        shutil.rmtree(folder)
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
