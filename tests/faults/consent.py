"""Consent under faults: the texts that are in force, answers to them, and who asks for one.

See consent_check.py for what must hold.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import date

import books
import canary

SERVICE = "consent"
SUBMITTED, COMPLETED = "onboarding.consent.submitted.v1", "onboarding.consent.completed.v1"
TEXT_REQUESTED = "onboarding.consent-text.requested.v1"
TEXT_COMPLETED = "onboarding.consent-text.completed.v1"
REQUESTED = SUBMITTED

POLICY_VERSION = "faults"
TYPES = ["GDPR", "MARKETING", "TERMS"]
LANGUAGE = "en"  # where there is no text in the one wished for
REQUIRED = ["GDPR"]
#: What differs from that, by type of process.
OF_TYPE = {
    "both": {"required": ["GDPR", "MARKETING"], "language": "cs"},
    "free": {"required": []},
}
PROCESS_TYPES = ["onboarding", "onboarding", *OF_TYPE]


@dataclass(frozen=True)
class Edition:
    type: str
    language: str
    version: str
    begins: date
    html: str

    @property
    def digest(self):
        return hashlib.sha256(self.html.encode()).digest()


#: The days are far from any on which the tests run. TERMS has none that is in force.
EDITIONS = [
    Edition("GDPR", "en", "1", date(2020, 1, 1), "<p>As it was</p>\n"),
    Edition("GDPR", "en", "2", date(2021, 1, 1), "<p>I, <b>{{name}}</b> of {{town}}, agree.</p>\n"),
    Edition("GDPR", "en", "3", date(2090, 1, 1), "<p>As it will be</p>\n"),
    Edition("GDPR", "cs", "2", date(2021, 6, 1), "<p>Já, {{name}}, souhlasím. {{ne}, {x}</p>\n"),
    Edition("MARKETING", "en", "a", date(2020, 1, 1), "<p>Send me {news}.</p>\n"),
    Edition("TERMS", "en", "1", date(2090, 1, 1), "<p>Later</p>\n"),
]


def import_texts(stack, database):
    with books.connect(stack.admin_url(database), SERVICE) as admin:
        for e in EDITIONS:
            admin.execute(
                "insert into edition (consent_type, language, version, effective_from, html, digest)"
                " values (%s, %s, %s, %s, %s, %s)",
                (e.type, e.language, e.version, e.begins, e.html, e.digest),
            )


def policy_file(folder):
    path = os.path.join(folder, "policy.json")
    rules = {"language": LANGUAGE, "required": REQUIRED}
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"version": POLICY_VERSION, "types": TYPES, "default": rules, "processTypes": OF_TYPE}, file)
    return path


# What upstream sends.


def language(rng):
    return rng.choice([None, None, "en", "cs", "CS", "en-GB", "cs_CZ", "de", "", "x", "česky"])


def submitted(generator):
    """An answer of whoever's process it is, or of somebody who answers elsewhere at the same time."""
    rng, process = generator.rng, generator.active()
    crowd = rng.random() < 0.4
    person = generator.processes[rng.randrange(8)].person if crowd else process.person
    return {
        "processId": process.id,
        "processType": rng.choice(PROCESS_TYPES),
        "userId": person.user,
        "consentType": rng.choices(TYPES, [5, 4, 1])[0],
        "approved": rng.random() < 0.7,
        "textVersion": rng.choice([None, None, " ", "1", "2", "a", "of another"]),
        "language": language(rng),
        "channel": rng.choice([None, "", "MOBILE", "BRANCH"]),
    }, "ok"


def text_requested(generator):
    """With all that the text wants, or less; names are such that markup could be made of them."""
    rng, process = generator.rng, generator.active()
    variables = {"name": f"<{process.person.given}> & 'co' {canary.new_secret(rng)}", "town": "\u202eBr\"no"}
    if rng.random() < 0.3:
        del variables[rng.choice(list(variables))]
    return {
        "processId": process.id,
        "processType": rng.choice(PROCESS_TYPES),
        "userId": process.person.user,
        "consentType": rng.choices([*TYPES, "UNKNOWN"], [6, 2, 1, 1])[0],
        "language": language(rng),
        "variables": variables if rng.random() < 0.95 else {},
    }, "ok"


EVENTS = {SUBMITTED: submitted, TEXT_REQUESTED: text_requested}
