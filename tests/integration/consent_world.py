"""Workers of consent and lookup side by side."""

import datetime
import json
import signal
import subprocess

from commands import BIN, WORKER_TIMEOUT_S, Bench, await_true, clean_environment

HTML_BYTES_MAX = 512 * 1024
LARGE = "<p>" + "a" * (HTML_BYTES_MAX - 7) + "</p>"
INPUTS = {"consent": 3, "lookup": 4}  # topics
PARTITIONS = 4
TODAY = datetime.datetime.now(datetime.timezone.utc).date()

POLICY = {
    "version": "test",
    "types": ["GDPR", "MARKETING", "LARGE", "LATER"],
    "default": {"language": "en", "required": ["GDPR"]},
}


class Workers(Bench):
    """A consent and a lookup worker on one database, and the command beside them."""

    def __init__(self, stack, database, folder):
        super().__init__(stack, database, folder)
        self.running = {}
        self.policy = self.file("policy.json", json.dumps(POLICY))
        self.owner = self.login(stack.env["PGUSER"], self.file("owner", stack.env["PGPASSWORD"]))

    def start(self, service, policy):
        log = self.folder / f"{service}.log"
        env = clean_environment() | self.settings | self.as_service(service) | {
            "ONBOARDING_CONSUMER_GROUP": f"{self.group}-{service}",
            "ONBOARDING_POLICY_FILE": policy,
            "ONBOARDING_START": "end",
        }
        if service == "lookup":
            env["ONBOARDING_INDEX_KEY_FILE"] = self.key_file("index")
        with open(log, "w", encoding="utf-8") as out:
            worker = subprocess.Popen([BIN / f"onboarding-{service}"], env=env, stdout=out, stderr=out)
        self.running[service] = worker

        def has_all():
            assert worker.poll() is None, log.read_text(encoding="utf-8")
            return log.read_text(encoding="utf-8").count('"taken over"') >= INPUTS[service] * PARTITIONS

        await_true(has_all, WORKER_TIMEOUT_S, lambda: log.read_text(encoding="utf-8"))

    def stop(self, service):
        worker = self.running.pop(service)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(WORKER_TIMEOUT_S) == 0, (self.folder / f"{service}.log").read_text(encoding="utf-8")

    # Texts.

    def import_file(self, path, consent_type, language, version, day, **settings):
        return self.run(
            "consent", "import", str(path), "--type", consent_type, "--language", language,
            "--version", version, "--effective-from", str(day), **self.owner | settings,
        )  # fmt: skip

    def import_text(self, html, *where):
        path = self.folder / "text.html"
        path.write_text(html, encoding="utf-8")
        return self.import_file(path, *where)

    # Events.

    def publish(self, topic, *events):
        """Publishes events, each the data or a whole envelope."""
        lines = (json.dumps(e if "data" in e else {"data": e}) + "\n" for e in events)
        self.does("publish", topic, given="".join(lines))

    def answers(self, topic, key, since, count=1):
        """The results of a process, once there are so many; and no more."""

        def found():
            records = self.tail(topic, "--show-personal", since=since)
            return [r["data"] for r in records if r["key"] == key]

        await_true(lambda: len(found()) >= count, WORKER_TIMEOUT_S, lambda: str(found()))
        assert len(found()) == count
        return found()

    def ask(self, topic, event):
        since = self.now()
        self.publish(f"{topic}.requested", event)
        (answer,) = self.answers(f"{topic}.completed", event["processId"], since)
        return answer

    def rows_of(self, query, *parameters):
        return self.database.rows(query, *parameters)

    def left(self, service):
        """How much a service has yet to publish of what it consumed."""
        ((left,),) = self.database.rows(f"select sum(next_offset - published_offset) from {service}.partition")
        return left
