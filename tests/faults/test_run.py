"""The campaign's own test: whose a stack is, what an error leaves of the table, and how it ends.

    test_run.py STACK_DIR

The stack is not touched: who has to be ended starts one of its own.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import mutants
from stack import claim_stack
from worker import await_true

HERE = os.path.dirname(os.path.abspath(__file__))
START_SECONDS, END_SECONDS = 150, 60

#: Another test run: it claims the folder, and keeps it until it is told to end.
ANOTHER = "import sys; from stack import claim_stack; claim_stack(sys.argv[1]); print('has it', flush=True); input()"


class TestClaim(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        os.mkdir(os.path.join(self.folder, ".stack"))

    def another(self):
        run = subprocess.Popen(
            [sys.executable, "-c", ANOTHER, self.folder],
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(run.wait)
        self.addCleanup(run.stdin.close)
        for pipe in (run.stdout, run.stderr):
            self.addCleanup(pipe.close)
        return run

    def test_one_run_at_a_time(self):
        other = self.another()
        self.assertEqual(other.stdout.readline(), "has it\n")
        with self.assertRaisesRegex(RuntimeError, f"{self.folder} is in use by process {other.pid}"):
            claim_stack(self.folder)
        other.communicate("\n")
        claim_stack(self.folder)

    def test_again_and_by_a_child(self):
        claim_stack(self.folder)
        claim_stack(self.folder + "/.")
        self.assertEqual(self.another().stdout.readline(), "has it\n")


class TestTable(unittest.TestCase):
    def test_an_error_costs_its_row_only(self):
        """It is no proof that a mutant was caught, and the rows after it are tried."""

        def play(stack, folder, scenario, options, seed, mutant=None):
            if mutant == "mark_at_commit":
                raise EOFError("of the test")
            return ["MISSING (1)"] if mutant else []

        arguments = argparse.Namespace(only=["mark_at_commit", "no_read_back"], seed=1)
        with mock.patch.object(mutants, "play", play):
            passed, failures = mutants.table([None], "", arguments)
        self.assertEqual(passed, 2)
        self.assertEqual(failures, ["mutant mark_at_commit: EOFError('of the test')"])

    def test_stories_by_name(self):
        with mock.patch.object(mutants, "play", lambda *_, **__: ["LAG (1)"]):
            arguments = argparse.Namespace(only=["upstream_in_transactions"], seed=1)
            passed, failures = mutants.table([None], "", arguments)
        self.assertEqual(failures, ["upstream_in_transactions without a mutant: ['LAG (1)']"])
        self.assertEqual(passed, 0)


class TestEnd(unittest.TestCase):
    """Whoever ends the campaign is left with nothing of it."""

    def setUp(self):
        self.folder = os.path.realpath(self.enterContext(tempfile.TemporaryDirectory()))

    def start(self, *arguments):
        kept = {k: v for k, v in os.environ.items() if k != "ONBOARDING_STACK"}
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "wb") as log:
            run = subprocess.Popen(
                [sys.executable, os.path.join(HERE, "run.py"), *arguments],
                env=kept | {"TMPDIR": self.folder},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        return run

    def said(self):
        with open(self.log, encoding="utf-8") as log:
            return log.read()

    def left(self):
        """Processes that run in or on our folder."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    line = file.read().replace(b"\0", b" ").decode()
                where = os.readlink(f"/proc/{pid}/cwd")
            except OSError:
                continue
            if self.folder in line or where.startswith(self.folder):
                found.append(line)
        return found

    def end(self, run, number):
        run.send_signal(number)
        self.assertEqual(run.wait(END_SECONDS), 128 + number, self.said())
        self.assertTrue(await_true(lambda: not self.left(), 5), self.left())
        self.assertEqual(os.listdir(self.folder), ["log"])

    def postgres_home(self):
        """Where the database is, which may be elsewhere."""
        for folder, _, names in os.walk(self.folder):
            if "pg.home" in names:
                with open(os.path.join(folder, "pg.home"), encoding="utf-8") as file:
                    return file.read().strip()
        return None

    def test_while_workers_run(self):
        run = self.start("--mutants", "--only", "mark_at_commit", "--seed", "1")
        came = await_true(lambda: any("/bin/onboarding-" in line for line in self.left()), START_SECONDS)
        self.assertTrue(came, self.said())
        home = self.postgres_home()
        self.end(run, signal.SIGTERM)
        self.assertFalse(os.path.exists(home))

    def test_while_the_stack_starts(self):
        run = self.start("--seconds", "1")
        self.assertTrue(await_true(self.postgres_home, START_SECONDS), self.said())
        home = self.postgres_home()
        self.end(run, signal.SIGINT)
        self.assertFalse(os.path.exists(home))


if __name__ == "__main__":
    del sys.argv[1]
    unittest.main(verbosity=2)
