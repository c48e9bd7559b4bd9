"""Cases that wait, who decides on them, and the server that is called back."""

import json
import os
import subprocess
import time
import uuid

from provider_stub import ProviderStub, answer

import running
from running import EVALUATED, OUTPUT, await_sure, header

COMMAND = os.path.join(os.environ.get("ONBOARDING_BIN", "build/asan/bin"), "onboarding")
COMMAND_SECONDS = 60
ANSWERED = "onboarding.review.completed.v1"
CALL = {  # path, and the member that tells the result
    "evaluation": ("/api/private/client/evaluate", "evaluationResult"),
    "approval": ("/api/private/client/approve", "approvalResult"),
}
TIMEOUT_MS = 2000  # of a call
RETAKEN_SECONDS = running.SECONDS + TIMEOUT_MS / 1000 + 5  # a lease has to run out before


def said(result, reason=None):
    return answer(200, json.dumps({"result": result, "resultReason": reason, "more": {}}).encode())


class Reviews(running.Running):
    """A job with cases, the command that reviewers use, and the server that is called back."""

    def __init__(self, stack, folder, job):
        self.server = ProviderStub(default=lambda request: said("OK"))
        self.server.start()
        super().__init__(stack, folder, job)
        self.completed = OUTPUT[job]
        self.listen(ANSWERED)

    def close(self):
        super().close()
        self.server.stop()

    def settings(self):
        password = os.path.join(self.folder, "callback.password")
        with open(os.open(password, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write("s3cret\n")
        return super().settings() | {
            "ONBOARDING_PROFILE": "development",
            "ONBOARDING_CALLBACK_URL": self.server.url + "/bank",
            "ONBOARDING_CALLBACK_USER": "onboarding",
            "ONBOARDING_CALLBACK_PASSWORD_FILE": password,
            "ONBOARDING_CALLBACK_TIMEOUT": f"{TIMEOUT_MS}ms",
            "ONBOARDING_CALLBACK_CONNECT_TIMEOUT": "1s",
        }

    def command(self, *arguments, given=None, keys=True, owner=False):
        settings = {
            "ONBOARDING_KAFKA_BROKERS": self.stack.brokers,
            "ONBOARDING_POSTGRES_URL": self.stack.service_url(self.service, self.database),
            "ONBOARDING_POSTGRES_PASSWORD_FILE": self.stack.password_file(self.service),
        }
        if owner:
            password = os.path.join(self.folder, "owner.password")
            with open(os.open(password, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
                file.write(self.stack.env["PGPASSWORD"] + "\n")
            user = self.stack.env["PGUSER"]
            settings["ONBOARDING_POSTGRES_URL"] = f"postgresql://{user}@{self.stack.postgres}/{self.database}"
            settings["ONBOARDING_POSTGRES_PASSWORD_FILE"] = password
        if keys:
            settings["ONBOARDING_DIGEST_KEY_FILE"] = self.key_file("digest")
            settings["ONBOARDING_DATA_KEYS_FILE"] = self.data_keys_file()
        others = {k: v for k, v in os.environ.items() if not k.startswith(("ONBOARDING_", "PG"))}
        return subprocess.run([COMMAND, *arguments], env=others | settings, input=given, text=True,
                              capture_output=True, timeout=COMMAND_SECONDS, check=False)

    def does(self, *arguments, given=None):
        done = self.command(*arguments, given=given)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def objects(self, *arguments):
        return [json.loads(line) for line in self.does(*arguments).splitlines()]

    def publish(self, topic, **data):
        event = str(uuid.uuid4())
        self.does("publish", topic, given=json.dumps({"id": event, "data": data}))
        return event

    def ask(self, case, score=5.0):
        """Asks for a decision; 5 is uncertain. The id of the event."""
        ids = {"processId": case.process, "userId": case.user, "identityVerificationId": case.id}
        if self.service == "evaluation":
            return self.publish(
                "evaluation.requested", **ids, processType="onboarding", provider="ZenID",
                status="SUCCESS", score=score, documents=[{"type": "ID_CARD", "country": "CZE", "data": {
                    "givenNames": "Žofie", "surname": "Vymyšlená", "dateOfBirth": "1990-02-28",
                    "documentNumber": "N" + case.id}}])
        self.evaluated(case)
        return self.publish("approval.requested", **ids, status="SUCCESS", score=score)

    def evaluated(self, case):
        """Tells approval that the documents are good, and awaits that it knows."""
        self.publish(
            EVALUATED, processId=case.process, userId=case.user, identityVerificationId=case.id,
            result="OK", code="ACCEPTED", resultReason="", policyVersion="1",
            decidedAt=int(time.time() * 1000))
        await_sure(lambda: self.rows("select from evaluation where identity_verification_id = %s", case.id),
                   running.SECONDS, self.tails)

    def decide(self, case, *options):
        return self.command("review", "decide", case.id, "--job", self.service, "--reason",
                            "Compared with the passport", "--by", "reviewer-7", *options)

    def told(self, topic, cause):
        """The results of an event on a topic, once there is one."""
        def found():
            return [m for m in self.heard(topic) if header(m, "ce_causationid") == cause]

        await_sure(found, running.SECONDS, self.tails)
        schema = self.contract.schema_of_topic(topic)
        return [self.contract.decode(schema, m.value) for m in found()]

    def results_of(self, case, count):
        """The results that upstream was told of a case so far, when there are so many."""
        schema = self.contract.schema_of_topic(self.completed)

        def found():
            all_of_them = [self.contract.decode(schema, m.value) for m in self.heard(self.completed)]
            return [r for r in all_of_them if r["identityVerificationId"] == case.id]

        await_sure(lambda: len(found()) >= count, running.SECONDS, self.tails)
        assert len(found()) == count
        return [(result["result"], result["code"]) for result in found()]

    def change(self, case, what):
        """Changes the case's rows, as nobody but a test may."""
        self.books.execute(f"update review_case set {what} where identity_verification_id = %s",
                           (case.id,))

    def living(self):
        return [worker for worker in self.workers if worker.alive()]

    def calls(self, case):
        """The calls back about a case, so far."""
        return [r for r in list(self.server.requests) if case.id.encode() in r.body]

    def await_called(self, case, seconds=running.SECONDS):
        """What is recorded of the call back, once it has ended."""
        await_sure(lambda: self.shown(case)["callbacks"], seconds, self.tails)
        (recorded,) = self.shown(case)["callbacks"]
        return tuple(recorded[name] for name in ("state", "status", "attempts", "reason"))

    def shown(self, case):
        (found,) = self.objects("review", "show", case.id)
        return found

    def listed(self, *options):
        return {found["identityVerificationId"]: found
                for found in self.objects("review", "list", *options)}


class Case:
    def __init__(self):
        number = uuid.uuid4().hex
        self.process, self.user, self.id = f"P-{number}", f"U-{number}", f"V-{number}"
