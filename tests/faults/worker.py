"""A worker process under test: started, aimed at, stopped, killed; and what its log says."""

import glob
import json
import os
import signal
import subprocess
import time

from contract import ROOT

BIN = os.environ.get("ONBOARDING_BIN", os.path.join(ROOT, "build", "asan", "bin"))
TERM_SECONDS = 20  # the promise of SIGTERM
THAW_SECONDS = 8  # how long a stopped worker stays stopped
SLEEP_SECONDS = 90  # then whoever is to wake it up has forgotten it
LEAVING_SECONDS = 18  # then a worker that was asked to leave ends as it is, by 1
#: What librdkafka says in a process that was stopped for a minute: it is to be started again.
LATE_THREADS = "background thread(s) to initialize"
#: librdkafka before 2.3 aborts where a member leaves before its first assignment (its issue 4312).
KNOWN_ABORT = "rd_kafka_sticky_assignor_state_destroy: Assertion"
SANITIZER_WORDS = (
    "ERROR: AddressSanitizer",
    "ERROR: LeakSanitizer",
    "WARNING: ThreadSanitizer",
    "runtime error:",
    "Assertion",
)


class Worker:
    """One process. Its folder holds its log and, in `failpoints`, what it is to trip over."""

    def __init__(self, folder, service, settings):
        self.folder, self.service = folder, service
        self.failpoints = os.path.join(folder, "failpoints")
        self.log_path = os.path.join(folder, "log")
        os.makedirs(self.failpoints)
        self.settings = dict(settings, ONBOARDING_FAILPOINT_DIR=self.failpoints)
        self.stopped_at = None  # when it was found stopped
        self.sleeps = None  # for how long it stays stopped, where not for as long as others
        self.ended_by_us = False
        self.overslept = False  # was stopped for longer than leaving may take, while it left
        self.guest = False  # is not replaced
        self.leave_at = None  # when a guest is sent away
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [os.path.join(BIN, "onboarding-" + service)],
                env=clean_environment() | self.settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
            )
        self.name = f"{os.path.basename(folder)}({self.process.pid})"

    # Life.

    def alive(self):
        return self.process.poll() is None

    def is_stopped(self):
        try:
            with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
                return file.read().rsplit(")", 1)[1].split()[0] == "T"
        except (FileNotFoundError, ProcessLookupError):
            return False

    def has_port(self, port):
        """Whether this process is the one that connects from a local TCP port."""
        with open("/proc/net/tcp", encoding="ascii") as file:
            rows = [line.split() for line in file][1:]
        inodes = {f"socket:[{row[9]}]" for row in rows if int(row[1].split(":")[1], 16) == port}
        folder = f"/proc/{self.process.pid}/fd"
        try:
            return any(os.readlink(os.path.join(folder, fd)) in inodes for fd in os.listdir(folder))
        except FileNotFoundError:
            return False

    def signal(self, number):
        if self.alive():
            self.process.send_signal(number)

    def kill(self):
        self.ended_by_us = True
        self.signal(signal.SIGKILL)
        self.process.wait(10)

    def slept(self):
        """For how many seconds it is stopped, as far as that was seen."""
        return time.monotonic() - self.stopped_at if self.stopped_at else 0

    def wake(self):
        self.overslept |= self.ended_by_us and self.slept() > LEAVING_SECONDS
        self.stopped_at = self.sleeps = None
        self.signal(signal.SIGCONT)

    def terminate(self):
        """SIGTERM; True when it ended in order and in time, not counting what it is stopped for."""
        self.wake()
        self.ended_by_us = True
        self.signal(signal.SIGTERM)
        began = last = time.monotonic()
        slept = 0
        while self.alive() and last - began - slept < TERM_SECONDS and slept < SLEEP_SECONDS:
            time.sleep(0.02)
            now = time.monotonic()
            slept += now - last if self.is_stopped() else 0
            last = now
        return not self.alive() and self.may_end_so()

    def gave_up(self):
        """Whether it was asked to leave and ended as it was, as after too long a time."""
        return self.ended_by_us and self.process.returncode == 1 and not self.troubles()

    def may_end_so(self):
        """Whether its end is one that we asked for, or what a long sleep leads to."""
        code = self.process.returncode
        if code == 1:
            return self.overslept or LATE_THREADS.encode() in self.log()
        if code == -signal.SIGTERM:  # it had not begun
            return self.ended_by_us and not self.log()
        return code == -signal.SIGKILL or (code == 0 and self.ended_by_us)

    # Failpoints.

    def arm(self, name, action, skip=0):
        """The next pass of a failpoint does `action` (kill, stop, delay MS, hold, error)."""
        path = os.path.join(self.failpoints, name)
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write(action + "\n" + (f"skip {skip}\n" if skip else ""))
        os.rename(path + ".new", path)

    def disarm(self, name):
        """True when it had not fired."""
        try:
            os.unlink(os.path.join(self.failpoints, name))
            return True
        except FileNotFoundError:
            return False

    def release(self, name):
        """Lets go on who is held there."""
        self.disarm(name + ".held")

    def disarm_all(self):
        for path in glob.glob(os.path.join(self.failpoints, "*")):
            self.disarm(os.path.basename(path))

    def armed(self, name):
        return os.path.exists(os.path.join(self.failpoints, name))

    # Log.

    def lines(self):
        """Its log as objects; what is no JSON comes as {"text": …}."""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    yield json.loads(line)
                except ValueError:
                    yield {"text": line.rstrip("\n")}

    def log(self):
        with open(self.log_path, "rb") as file:
            return file.read()

    def troubles(self):
        """What must never be in a log: findings of the sanitizers, failed assertions."""
        found = []
        for line in self.lines():
            text = line.get("text", "")
            if any(word in text for word in SANITIZER_WORDS) and KNOWN_ABORT not in text:
                found.append(text)
        return found

    def died_of_library(self):
        """Whether it ended by the library's known defect: a death like others, not ours."""
        return self.process.poll() == -signal.SIGABRT and any(
            KNOWN_ABORT in line.get("text", "") for line in self.lines()
        )


def clean_environment():
    """Ours without settings meant for somebody else, which a worker would refuse."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ONBOARDING_")}
    options = "suppressions=" + os.path.join(ROOT, "tests", "lsan.supp") + ":print_suppressions=0"
    kept.setdefault("LSAN_OPTIONS", options)
    return kept


def await_true(condition, seconds, step=0.05):
    """Waits until condition() is true; False when it does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True
