"""The two proxies as processes, and what they say they did."""

import json
import os
import subprocess
import sys
import threading

from worker import await_true

ORDER_SECONDS = 10
HERE = os.path.dirname(os.path.abspath(__file__))


class Proxy:
    """A running proxy; `did` lists its reports so far."""

    def __init__(self, script, upstream):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, script), upstream],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.address = f"127.0.0.1:{self.port}"
        self.did = []
        self.ordered = 0  # orders that the proxy has taken
        self.lock = threading.Lock()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            report = json.loads(line)
            if report["did"] == "ordered":
                self.ordered += 1
            else:
                self.did.append(report)

    def count(self, what):
        return sum(1 for report in list(self.did) if report["did"] == what)

    def tell(self, number):
        """A number that the proxy counts."""
        told = self.count("tell")
        self.order("tell")
        if not await_true(lambda: self.count("tell") > told, 5):
            raise RuntimeError("the proxy does not answer")
        return [report for report in list(self.did) if report["did"] == "tell"][-1][number]

    def order(self, do, **what):
        """Returns when the proxy has taken the order."""
        with self.lock:
            before = self.ordered
            self.process.stdin.write(json.dumps(dict(what, do=do)) + "\n")
            self.process.stdin.flush()
            if not await_true(lambda: self.ordered > before, ORDER_SECONDS):
                raise RuntimeError("the proxy does not take orders")

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.reader.join(5)
        self.process.stdout.close()


def kafka_proxy(upstream):
    return Proxy("kafka_proxy.py", upstream)


def postgres_proxy(upstream):
    return Proxy("postgres_proxy.py", upstream)
