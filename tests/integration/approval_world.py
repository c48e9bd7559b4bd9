"""Cases of approval, and its worker beside the topics that bring facts."""

import json
import uuid

import running
from events import Record
from running import APPROVAL, CONSENT, EVALUATED, LINKED, OUTPUT, REVIEW, SECONDS, await_sure
from wire import Style

COMPLETED, REVIEWED = OUTPUT["approval"], "onboarding.review.completed.v1"
REPLIES = "onboarding.replies.approval.v1"
FRAME = b"\xff\xd8\xff\xe0 invented picture "

BEGAN = b"2026-03-01T12:00:00Z"  # of all events: attempts of one day are counted

POLICY = {
    "version": "test",
    "default": {"attemptsPerProcess": 3, "attemptsPerDay": 3},
    "processTypes": {
        "framed": {"frame": True},
        "consenting": {"consents": ["GDPR", "SCORING"]},
        "hasty": {"factsAwaitedMinutes": 0},
    },
}


class Case:
    """Somebody's verification, and what is published of it; `sent` counts for the times of facts."""

    def __init__(self, process=None, user=None):
        number = uuid.uuid4().hex
        self.process, self.user, self.id = process or f"P-{number}", user or f"U-{number}", f"V-{number}"
        self.sent = 1_700_000_000_000

    def later(self):
        self.sent += 1
        return self.sent

    def asked(self, score=9.0, status="SUCCESS", process_type="retail", frame=None):
        inline = None if frame is None else {"data": frame, "mediaType": "image/jpeg", "size": len(frame)}
        return APPROVAL, {
            "processId": self.process, "processType": process_type, "userId": self.user,
            "identityVerificationId": self.id, "provider": "iProov", "status": status, "score": score, "frame": inline,
        }  # fmt: skip

    def evaluated(self, result="OK"):
        return EVALUATED, {
            "processId": self.process, "userId": self.user, "identityVerificationId": self.id, "result": result,
            "code": "X", "resultReason": "x", "policyVersion": "1", "decidedAt": self.later(),
        }  # fmt: skip

    def consented(self, consent_type="GDPR", approved=True):
        return CONSENT, {
            "processId": f"P-{uuid.uuid4()}", "userId": self.user, "consentType": consent_type, "approved": approved,
            "recordedAt": self.later(),
        }  # fmt: skip

    def linked(self, first):
        """Another id of the person of another case."""
        return LINKED, {"userId": self.user, "firstId": first.user, "linkedAt": self.later()}

    def reviewed(self, decision="OK", job="APPROVAL", by="reviewer-7"):
        return REVIEW, {
            "processId": self.process, "identityVerificationId": self.id, "userId": self.user, "job": job,
            "decision": decision, "reason": "Seen in person.", "decidedBy": by,
        }  # fmt: skip


class Approval(running.Running):
    def __init__(self, stack, folder):
        super().__init__(stack, folder, "approval")
        policy = f"{self.folder}/policy.json"
        with open(policy, "w", encoding="utf-8") as file:
            json.dump(POLICY, file)
        self.extra["ONBOARDING_POLICY_FILE"] = policy
        self.listen(REVIEWED)

    def record(self, topic, data, headers=(), **broken):
        style = Style(broken=broken)
        key = data[self.contract.topics[topic]["key"]]
        return Record(topic, key.encode(), self.generator.value(topic, data, style),
                      [(n, BEGAN if n == "ce_time" else v) for n, v in self.generator.headers(topic)] + list(headers))

    def put(self, *events):
        """Publishes events at once, and waits until all are handled; the ledger's outcomes."""
        return [row.outcome for row in self.outcomes(self.send([self.record(*event) for event in events]))]

    def told(self, case, topic=COMPLETED):
        """What was published of a case so far."""
        self.await_idle()
        schema = self.contract.schema_of_topic(topic)
        found = [self.contract.decode(schema, message.value) for message in self.heard(topic)]
        return [event for event in found if event["identityVerificationId"] == case.id]

    def decisions(self, case, count):
        await_sure(lambda: len(self.told(case)) >= count, SECONDS, self.tails)
        found = self.told(case)
        assert len(found) == count, found
        assert all(event["resultReason"] for event in found)
        return [(event["result"], event["code"]) for event in found]

    def decision(self, case):
        return self.decisions(case, 1)[0]

    def holds(self, case):
        """Result and code that hold in the table."""
        return self.rows("select result, code from decision where identity_verification_id = %s"
                         " order by version desc limit 1", case.id)[0]

    def case_of(self, case):
        return self.rows("select state, code, facts_until is not null, closed_code from review_case"
                         " where identity_verification_id = %s order by version", case.id)
