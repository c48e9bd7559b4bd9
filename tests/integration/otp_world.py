"""An otp worker, its providers and its customers."""

import json
import random
import signal
import subprocess
import threading
import urllib.request
import uuid
from email import message_from_string, policy

from commands import BIN, ROOT, WORKER_TIMEOUT_S, Bench, await_true, clean_environment

INPUTS = {f"onboarding.{name}.v1" for name in ["otp.requested", "otp.expired", "customer.registered", "customer.linked"]}
PARTITIONS = 4
TIMEOUT_S = 1  # of the SMS provider
REPLIES = "onboarding.replies.otp"
CODE = "58203917"
TEXTS = json.loads((ROOT / "services/otp/policy.json").read_text(encoding="utf-8"))["default"]["texts"]


class Otp(Bench):
    """An otp worker, its providers and its customers."""

    def __init__(self, stack, database, folder, sms, mail):
        super().__init__(stack, database, folder)
        self.sms, self.mail = sms, mail
        self.group += "-otp"
        self.mails = []
        self.settings |= self.as_service("otp")
        threading.Thread(target=self.read_mails, daemon=True).start()

    def read_mails(self):
        try:
            while True:
                self.mails.append(self.mail.message())
        except ValueError:
            pass  # the server is gone

    def policy_file(self):
        shipped = json.loads((ROOT / "services/otp/policy.json").read_text(encoding="utf-8"))
        shipped["processTypes"] = {
            "fast": {"resendAfterSeconds": 0},
            "tight": {"challengesPerDay": 1},
            "mail": {"channels": ["EMAIL"]},
        }
        path = self.folder / "policy.json"
        path.write_text(json.dumps(shipped), encoding="utf-8")
        return str(path)

    def start(self, **settings):
        log = open(self.folder / "worker.log", "w", encoding="utf-8")
        env = clean_environment() | self.settings | {
            "ONBOARDING_CONSUMER_GROUP": self.group,
            "ONBOARDING_INDEX_KEY_FILE": self.key_file("index"),
            "ONBOARDING_OTP_PEPPER_FILE": self.key_file("pepper"),
            "ONBOARDING_POLICY_FILE": self.policy_file(),
            "ONBOARDING_START": "end",
            "ONBOARDING_LOG_LEVEL": "debug",
            "ONBOARDING_PROFILE": "development",
            "ONBOARDING_SMS_URL": self.sms.url,
            "ONBOARDING_SMS_BODY_FILE": str(ROOT / "services/otp/sms_body.json"),
            "ONBOARDING_SMS_TIMEOUT": f"{TIMEOUT_S}s",
            "ONBOARDING_SMS_CONNECT_TIMEOUT": f"{TIMEOUT_S}s",
            "ONBOARDING_SMTP_URL": f"smtp://127.0.0.1:{self.mail.port}",
            "ONBOARDING_SMTP_STARTTLS": "false",
            "ONBOARDING_SMTP_FROM": "bank@bank.example",
            "ONBOARDING_SMTP_FROM_NAME": "Banka Žlutá",
        } | settings  # fmt: skip
        with log:
            self.worker = subprocess.Popen([BIN / "onboarding-otp"], env=env, stdout=log, stderr=log)
        await_true(self.has_all, WORKER_TIMEOUT_S, self.log)

    def has_all(self):
        assert self.worker.poll() is None, self.log()
        taken = [json.loads(line) for line in self.log().splitlines() if '"taken over"' in line]
        return {(t["topic"], t["partition"]) for t in taken} >= {(t, n) for t in INPUTS for n in range(PARTITIONS)}

    def stop(self):
        worker, self.worker = self.worker, None
        if worker is not None:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(WORKER_TIMEOUT_S) == 0, self.log()

    def metrics(self):
        started = next(json.loads(line) for line in self.log().splitlines() if '"health_port"' in line)
        with urllib.request.urlopen(f"http://127.0.0.1:{started['health_port']}/metrics", timeout=5) as got:
            return got.read().decode()

    def metric(self, name):
        return sum(float(line.split()[-1]) for line in self.metrics().splitlines() if line.startswith(name))

    # Events.

    def publish(self, topic, *events, options=()):
        lines = (json.dumps(e if "data" in e else {"data": e}) + "\n" for e in events)
        self.does("publish", topic, *options, given="".join(lines))

    def answers(self, process, since, count=1):
        """The answers of a process, once there are so many; and no more."""

        def found():
            return [r["data"] for r in self.tail("otp.completed", since=since) if r["key"] == process]

        await_true(lambda: len(found()) >= count, WORKER_TIMEOUT_S, lambda: f"{found()} {self.log()}")
        assert len(found()) == count
        return found()

    def ask(self, event, **envelope):
        since = self.now()
        self.publish("otp.requested", {"data": event} | envelope)
        (told,) = self.answers(event["processId"], since)
        return told

    def known(self, user, **contact):
        """Registers a customer; when the worker knows."""
        count = "select count(*) from otp.contact where user_id = %s"
        ((before,),) = self.database.rows(count, user)
        self.publish("customer.registered", {"userId": user} | contact)
        await_true(lambda: self.database.rows(count, user)[0][0] > before, WORKER_TIMEOUT_S, self.log)

    # What providers got.

    def messages_to(self, phone):
        bodies = [json.loads(request.body) for request in self.sms.requests if request.whole]
        return [body for body in bodies if body["to"] == phone]

    def mails_to(self, address):
        found = [mail for mail in self.mails if mail["to"] == [address]]
        return [message_from_string(mail["content"], policy=policy.default) for mail in found]

    def settled(self):
        ((left,),) = self.database.rows("select sum(next_offset - published_offset) from otp.partition")
        ((pending,),) = self.database.rows("select count(*) from otp.effect where state = 'PENDING'")
        return left == 0 and pending == 0


def phone():
    """Nobody's: the Czech numbers from 000 are given to none."""
    return f"+420000{random.randrange(10**6):06}"


def request(**more):
    return {
        "processId": str(uuid.uuid4()), "processType": "retail", "otpCode": CODE, "otpType": "ACTIVATION",
    } | more  # fmt: skip


def text_of(language, part, kind="ACTIVATION", code=CODE):
    return TEXTS[kind][language][part].replace("{{code}}", code)
