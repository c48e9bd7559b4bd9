"""Approval under faults: requests, the facts that other workers tell, reviews, and call-backs.

See approval_check.py for what must hold.
"""

import hashlib
import json
import os

import canary
import effects
from contract import ROOT
from provider_stub import answer

SERVICE = "approval"
REQUESTED, COMPLETED = "onboarding.approval.requested.v1", "onboarding.approval.completed.v1"
EVALUATED, CONSENTED = "onboarding.evaluation.completed.v1", "onboarding.consent.completed.v1"
DECIDED, REVIEWED = "onboarding.review.decided.v1", "onboarding.review.completed.v1"
EXPIRED = "onboarding.process.expired.v1"

#: What differs from the policy that is shipped, by type of process.
OF_TYPE = {
    "plain": {"evaluation": False},
    "consents": {"consents": ["GDPR"]},
    "frame": {"frame": True},
}
PROCESS_TYPES = [None, "onboarding", *OF_TYPE]


# What upstream and the other workers tell.


def verification(generator, process):
    """One of the last ones of a process, or another."""
    if not process.verifications or generator.rng.random() < 0.4:
        process.verifications.append("idv-" + generator.new_id())
    return generator.rng.choice(process.verifications[-3:])


def request(generator):
    rng, process = generator.rng, generator.active()
    score = rng.choice([None, 0, 4, 7, 7, 7, 7])
    return {
        "processId": process.id,
        "processType": rng.choice(PROCESS_TYPES),
        "userId": process.person.user,
        "identityVerificationId": verification(generator, process),
        "provider": "iProov",
        "status": "FAILURE" if rng.random() < 0.05 else "SUCCESS",
        "score": score if score is None else round(rng.uniform(score, 10), 3),
        "frame": frame(generator, process),
    }, "ok"


def frame(generator, process):
    """Everybody has a face; some come with one of a few that others come with as well."""
    dice = generator.rng.random()
    if dice < 0.2:
        return None
    shared = generator.rng.random() < 0.1
    name = generator.rng.randrange(5) if shared else process.person.user
    picture = hashlib.sha256(f"face {name}".encode()).digest()
    if shared:
        return {"data": 40 * picture}
    return {"digest": picture, "size": 40000}


def evaluated(generator):
    process = generator.active()
    return {
        "processId": process.id,
        "userId": process.person.user if generator.rng.random() < 0.97 else "user-0",
        "identityVerificationId": verification(generator, process),
        "result": generator.rng.choices(["OK", "NOK", "WAIT"], [7, 1, 2])[0],
        "code": "ACCEPTED",
        "resultReason": "",
        "policyVersion": "1",
        "decidedAt": int(generator.now.timestamp() * 1000),
    }, "ok"


def review(generator):
    """Of a case that there may be; some are the other job's."""
    event, expect = generator.review()
    process = generator.active()
    if generator.rng.random() < 0.1:
        return event | {"job": "EVALUATION"}, expect
    words = "seen by " + canary.new_secret(generator.rng)
    return event | {
        "processId": process.id,
        "userId": process.person.user,
        "identityVerificationId": verification(generator, process),
        "decision": generator.rng.choice(["OK", "NOK"]),
        "reason": generator.rng.choice(["", words]),
        "decidedBy": "reviewer " + canary.new_secret(generator.rng),
    }, "ok"


def expired(generator):
    """The end of a process, which may have cases, or get some all the same."""
    process = generator.active()
    return {
        "processId": process.id,
        "userId": generator.rng.choice([None, process.person.user]),
        "expiredAt": int(generator.now.timestamp() * 1000),
    }, "ok"


EVENTS = {REQUESTED: request, EVALUATED: evaluated, DECIDED: review, EXPIRED: expired}


class Providers(effects.Providers):
    """The onboarding server, which is called back."""

    accept = staticmethod(lambda: answer(200, b'{"result": "OK", "resultReason": null}'))

    def __init__(self, seed, folder):
        super().__init__(seed, ["CALLBACK"])
        self.policy_file = os.path.join(folder, "policy.json")
        with open(os.path.join(ROOT, "services", SERVICE, "policy.json"), encoding="utf-8") as file:
            policy = json.load(file) | {"processTypes": OF_TYPE}
        with open(self.policy_file, "w", encoding="utf-8") as file:
            json.dump(policy, file)

    def settings(self):
        return super().settings() | {"ONBOARDING_POLICY_FILE": self.policy_file}

    def requests(self):
        """Effect, path and content of each request that came wholly."""
        for request in self.stubs["CALLBACK"].requests:
            if request.whole:
                yield request.headers["idempotency-key"], request.path, json.loads(request.body)
