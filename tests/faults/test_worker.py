"""What is taken for trouble, which ends are in order, and who is replaced when.

    test_worker.py [STACK_DIR]

The processes are shells in place of workers.
"""

import math
import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from unittest import mock

import harness
import worker
from worker import LATE_THREADS, Worker, await_true


def worker_of(test, script):
    """A worker whose process runs a script of the shell; it is gone when the test ends."""
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    made = Worker.__new__(Worker)
    made.folder = made.failpoints = folder.name
    made.log_path = os.path.join(folder.name, "log")
    made.stopped_at = made.sleeps = made.leave_at = None
    made.ended_by_us = made.overslept = made.guest = False
    with open(made.log_path, "wb") as log:
        made.process = subprocess.Popen(["/bin/sh", "-c", script], stdout=log, stdin=subprocess.PIPE)
    made.name = "shell"
    test.addCleanup(made.process.stdin.close)
    test.addCleanup(made.kill)
    return made


class TestWorker(unittest.TestCase):
    def ended(self, script, **fields):
        one = worker_of(self, script)
        vars(one).update(fields)
        one.process.wait(10)
        return one.may_end_so()

    def test_troubles(self):
        for words, known in [("WARNING: ThreadSanitizer: data race (pid=1)", False),
                             ("==1==ERROR: AddressSanitizer: heap-use-after-free", False),
                             ("x.c:1:2: runtime error: shift exponent", False),
                             ("x.c:1: f: Assertion `a' failed.", False),
                             (worker.KNOWN_ABORT, True), ("all is well", True)]:  # fmt: skip
            with self.subTest(words):
                one = worker_of(self, "echo " + shlex.quote(words))
                one.process.wait(10)
                self.assertEqual(one.troubles() == [], known)

    def test_ends(self):
        self.assertTrue(self.ended("kill -9 $$"))
        self.assertTrue(self.ended("exit 0", ended_by_us=True))
        self.assertFalse(self.ended("exit 0"))
        self.assertFalse(self.ended("exit 1", ended_by_us=True))
        self.assertTrue(self.ended("exit 1", ended_by_us=True, overslept=True))
        self.assertFalse(self.ended("exit 66", ended_by_us=True, overslept=True))
        self.assertTrue(self.ended("kill -15 $$", ended_by_us=True))
        self.assertFalse(self.ended("echo started; kill -15 $$", ended_by_us=True))
        self.assertTrue(self.ended(f'echo "timed out waiting for 1 {LATE_THREADS}"; exit 1'))

    def test_who_is_asked_to_end_may(self):
        asked = worker_of(self, "trap 'exit 0' TERM; echo ready; read line")
        self.assertTrue(await_true(asked.log, 10))
        self.assertTrue(asked.terminate())

    def test_sleep_counts_against_leaving(self):
        for asked, slept, late in [(True, 30, True), (True, 3, False), (False, 30, False)]:
            with self.subTest(asked=asked, slept=slept):
                one = worker_of(self, "read line")
                one.ended_by_us, one.stopped_at = asked, time.monotonic() - slept
                one.wake()
                self.assertEqual((one.overslept, one.stopped_at), (late, None))


    def test_time_stands_still_for_who_is_stopped(self):
        one = worker_of(self, "trap 'kill -STOP $$; exit 0' TERM; echo ready; while :; do read line; done")
        self.assertTrue(await_true(lambda: b"ready" in one.log(), 10))
        waker = threading.Thread(target=lambda: await_true(one.is_stopped, 10) and (time.sleep(1.5), one.wake()))
        waker.start()
        with mock.patch.object(worker, "TERM_SECONDS", 1):
            self.assertTrue(one.terminate())
        waker.join()


class TestStandIns(unittest.TestCase):
    def setUp(self):
        self.world = harness.World.__new__(harness.World)
        self.world.lock = threading.RLock()
        self.world.workers, self.world.gone, self.world.problems = [], [], []
        self.world.restarts = self.world.thaws = self.world.library_aborts = 0
        self.world.wanted, self.world.thaw_seconds, self.world.outages = 1, 60, []
        self.world.spawn = lambda: self.world.workers.append(worker_of(self, "read line"))
        self.world.tend()

    def stopped_for(self, seconds):
        """The first worker, stopped so long ago, and looked at."""
        (first,) = self.world.workers
        first.signal(signal.SIGSTOP)
        self.assertTrue(await_true(first.is_stopped, 10))
        first.stopped_at = time.monotonic() - seconds
        self.world.tend()
        return first

    def test_who_leaves_in_an_outage_may_give_up(self):
        now = time.monotonic()
        for outages, asked, fine in [([(now - 30, now - 1)], True, True), ([(now - 30, now - 1)], False, False),
                                     ([(now - 30, math.inf)], True, True), ([(now - 3, math.inf)], True, False),
                                     ([(now - 3, now - 1)], True, False), ([(now - 90, now - 60)], True, False),
                                     ([], True, False)]:  # fmt: skip
            with self.subTest(outages=len(outages), asked=asked):
                one = worker_of(self, "exit 1")
                one.process.wait(10)
                one.ended_by_us, self.world.outages, self.world.problems = asked, outages, []
                self.world.note_end(one)
                self.assertEqual(self.world.problems == [], fine)

    def test_short_stop_is_waited_for(self):
        self.stopped_for(harness.PATIENCE_SECONDS - 5)
        self.assertEqual(len(self.world.workers), 1)

    def test_long_stop_has_a_stand_in(self):
        self.stopped_for(harness.PATIENCE_SECONDS + 1)
        self.world.tend()
        self.assertEqual(len(self.world.workers), 2)

    def test_who_was_replaced_leaves(self):
        first = self.stopped_for(harness.PATIENCE_SECONDS + 1)
        first.stopped_at = time.monotonic() - self.world.thaw_seconds - 1
        with mock.patch.object(harness, "LEAVE_SECONDS", 0):
            self.world.tend()
        self.assertEqual((self.world.thaws, first.guest), (1, True))
        self.assertTrue(await_true(lambda: self.world.tend() or not first.alive(), 20))
        self.world.tend()
        self.assertEqual(len(self.world.workers), 1)


if __name__ == "__main__":
    unittest.main(argv=["test_worker.py"], verbosity=2)
