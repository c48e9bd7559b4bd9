"""One-time codes under faults: what upstream asks for, and the provider.

See otp_check.py for what must hold.
"""

import json
import os

import canary
import effects
from contract import ROOT

SERVICE = "otp"
REQUESTED, COMPLETED = "onboarding.otp.requested.v1", "onboarding.otp.completed.v1"
CUSTOMER, LINKED = "onboarding.customer.registered.v1", "onboarding.customer.linked.v1"
USES = ["ACTIVATION", "USER_VERIFICATION"]
LONGEST_SECONDS = 300  # that a code is valid
CROWDED = [f"+42061000000{n}" for n in range(3)]  # get more than a number may

#: What differs from the policy that is shipped: faults do not last for hours.
CHANGED = {"resendAfterSeconds": 2}
OF_TYPE = {"fast": {"resendAfterSeconds": 0}, "short": {"validSeconds": 30}, "tight": {"challengesPerDay": 1}}
PROCESS_TYPES = [None, "onboarding", "onboarding", "fast", "fast", "short", "tight"]


def read_policy():
    with open(os.path.join(ROOT, "services", SERVICE, "policy.json"), encoding="utf-8") as file:
        shipped = json.load(file)
    return shipped | {"default": shipped["default"] | CHANGED, "processTypes": OF_TYPE}


def rules_of(policy, process_type):
    return policy["default"] | policy["processTypes"].get(process_type, {})


# What upstream asks for.


def request(generator):
    """A code to a number of its own, to a crowded one, or to wherever the customer is."""
    rng, process = generator.rng, generator.active()
    kind = rng.choice(USES)
    last = process.codes.get(kind)
    code = last if last and rng.random() < 0.6 else canary.new_secret(rng)
    process.codes[kind] = code
    return {
        "processId": process.id,
        "processType": rng.choice(PROCESS_TYPES),
        "userId": process.person.user if rng.random() < 0.9 else None,
        "otpCode": code,
        "otpType": kind,
        "language": rng.choice(["", "en", "cs", "de-AT"]),
        "resend": rng.random() < (0.9 if code == last else 0.2),
        "phoneNumber": rng.choices([process.person.phone, rng.choice(CROWDED), None], [6, 1, 3])[0],
    }, "ok"


def contact(generator):
    """A customer who may be asked for codes, now and then with another number."""
    person = generator.active().person
    if generator.rng.random() < 0.3:
        person.phone = f"+42077{generator.rng.randrange(10**7):07}"
    event, expect = generator.customer(person)
    return event | {"email": None}, expect


def linked(generator):
    """Two of those who are active are one person; an id that stays is never itself a later one."""
    later, first = (p.person.user for p in generator.rng.sample(generator.processes, 2))
    for _ in generator.processes:
        if later not in generator.linked.values() and first not in generator.linked and later != first:
            break
        later, first = (p.person.user for p in generator.rng.sample(generator.processes, 2))
    generator.linked[later] = first
    return {"userId": later, "firstId": first, "linkedAt": int(generator.now.timestamp() * 1000)}, "ok"


EVENTS = {REQUESTED: request, CUSTOMER: contact, LINKED: linked}


class Providers(effects.Providers):
    """Who sends by SMS."""

    def __init__(self, seed, folder):
        super().__init__(seed, ["SMS"])
        self.policy_file = os.path.join(folder, "policy.json")
        with open(self.policy_file, "w", encoding="utf-8") as file:
            json.dump(read_policy(), file)

    def settings(self):
        body = os.path.join(ROOT, "services", SERVICE, "sms_body.json")
        return super().settings() | {
            "ONBOARDING_POLICY_FILE": self.policy_file, "ONBOARDING_SMS_BODY_FILE": body,
        }  # fmt: skip

    def requests(self):
        """Effect and message of each request that came wholly."""
        for request in self.stubs["SMS"].requests:
            if request.whole:
                yield request.headers["idempotency-key"], json.loads(request.body)
