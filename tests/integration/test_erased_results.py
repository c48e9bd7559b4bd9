"""A worker dies with a result stored and not published, and its person is erased before another comes."""

import copy
import os
import subprocess

import running
from events import Encoder
from worker import BIN, clean_environment


def erase(service, user):
    """As an operator does; what the command printed."""
    stack = service.stack
    password = os.path.join(service.folder, "operator")
    with open(os.open(password, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(stack.env["PGPASSWORD"])
    settings = {
        "ONBOARDING_POSTGRES_URL": f"postgresql://{stack.env['PGUSER']}@{stack.postgres}/{service.database}",
        "ONBOARDING_POSTGRES_PASSWORD_FILE": password,
        "ONBOARDING_DIGEST_KEY_FILE": service.key_file("digest"),
    }
    return subprocess.run(
        [os.path.join(BIN, "onboarding"), "erase", user],
        env=clean_environment() | settings, stdout=subprocess.PIPE, text=True, timeout=30, check=True,
    ).stdout  # fmt: skip


def test_results_of_who_is_erased_are_left_out(service):
    topic = running.INPUTS["evaluation"][0]
    name = service.contract.schema_of_topic(topic)
    first = service.start()
    good = service.fresh()
    service.outcomes(service.send([good]))
    service.await_idle()
    first.arm("after_commit", "kill")
    conflict = copy.deepcopy(good)  # the same id with other content: a dead letter of that user
    raw = Encoder(service.contract.raw).encode(service.contract.raw[name], dict(good.event, score=1.0))
    conflict.value = service.contract.frame(name) + raw
    service.outcomes(service.send([conflict]))
    running.await_sure(lambda: not first.alive(), running.SECONDS)
    assert "evaluation   erased\n" in erase(service, good.event["userId"])

    second = service.start()
    assert sum(line["erased"] for line in running.said(second, "taken over")) == 1
    service.outcomes(service.send([service.fresh()]))
    service.await_idle()
    assert len(service.results(2)) == 2
    assert service.heard(topic + running.DEAD_LETTER) == []
    assert "\nonboarding_results_erased_total 1\n" in running.ask(second, "/metrics")[1]
