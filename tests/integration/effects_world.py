"""A worker that asks a provider, and what it is asked for."""

import os
import re
import subprocess
import uuid

from provider_stub import ProviderStub
from psycopg import sql
from running import CONSENT_TEXT, OUTPUT, SECONDS, Running, ask

import books
from events import Record
from worker import BIN, clean_environment

TOLD = OUTPUT["probe"]
TIMEOUT_MS = 2000  # of a request
RETAKEN_SECONDS = SECONDS + TIMEOUT_MS / 1000 + 5  # a lease has to run out before


class Probe(Running):
    """The probe on a database of its own, and its two providers."""

    def __init__(self, stack, folder, **settings):
        self.first, self.second = ProviderStub(), ProviderStub()
        for provider in (self.first, self.second):
            provider.start()
        super().__init__(stack, folder, "probe", **settings)

    def connect(self):
        """The probe's tables are no migration's; it logs in as another service."""
        with books.connect(self.stack.admin_url(self.database), "public") as admin:
            if not admin.execute("select to_regclass('probe.effect')").fetchone()[0]:
                admin.execute("create schema probe")
                for make in ("ledger", "vault", "effects"):
                    admin.execute(
                        sql.SQL("select runtime.{}('probe', 'onboarding_consent')").format(
                            sql.Identifier("create_" + make)
                        )
                    )
                admin.commit()
        super().connect()

    def close(self):
        super().close()
        for provider in (self.first, self.second):
            try:
                provider.stop()
            except OSError:
                pass  # the test did

    def settings(self):
        base = super().settings()
        for name in ("INDEX_KEY_FILE", "POLICY_FILE"):
            del base["ONBOARDING_" + name]
        made = base | {
            "ONBOARDING_POSTGRES_URL": self.stack.service_url("consent", self.database),
            "ONBOARDING_POSTGRES_PASSWORD_FILE": self.stack.password_file("consent"),
            "ONBOARDING_PROFILE": "development",
            "ONBOARDING_LOG_LEVEL": "debug",
        }
        for name, provider in (("FIRST", self.first), ("SECOND", self.second)):
            made[f"ONBOARDING_{name}_URL"] = provider.url
            made[f"ONBOARDING_{name}_TIMEOUT"] = f"{TIMEOUT_MS}ms"
            made[f"ONBOARDING_{name}_CONNECT_TIMEOUT"] = "1s"
        return made | self.extra

    def event(self, what="first", order=None, process=None, kind="plain", user=None):
        process = process or str(uuid.uuid4())
        event = {
            "processId": process, "processType": kind, "userId": user or f"user-{process[:8]}",
            "consentType": what, "language": order, "variables": {},
        }  # fmt: skip
        return Record(
            CONSENT_TEXT, process.encode(), self.generator.value(CONSENT_TEXT, event),
            self.generator.headers(CONSENT_TEXT), event=event,
        )  # fmt: skip

    def ask_for(self, *events):
        self.send(events)
        return [event.event["processId"] for event in events]

    def told(self, count, seconds=SECONDS):
        """What became of the effects: process → words; each result is there once."""
        results = [self.decoded(message) for message in self.results(count, seconds)]
        assert len({(r["processId"], r["consentType"]) for r in results}) == count, results
        return {r["processId"]: r["consentText"].split(" ") for r in results}

    def command(self, *words):
        """The command `onboarding`, of this service and group."""
        settings = self.settings()
        del settings["ONBOARDING_DIGEST_KEY_FILE"]
        return subprocess.run(
            [os.path.join(BIN, "onboarding"), *words, "--service", "probe", "--group", self.group],
            env=clean_environment() | settings, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=SECONDS, check=False,
        )  # fmt: skip

    def table(self):
        return {
            row[0]: row[1:]
            for row in self.rows(
                "select reference, state, failure, attempts, unknowns, content is null, last_status,"
                " provider_id from effect order by effect_id"
            )
        }

    def metric(self, worker, name):
        """The sum over its labels; 0 where it is not there."""
        _, text = ask(worker, "/metrics")
        return sum(
            float(line.rsplit(" ", 1)[1])
            for line in text.splitlines()
            if re.match(rf"{name}(\{{| )", line)
        )
