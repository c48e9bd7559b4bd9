"""A model of the evaluation's worker, of which nothing is ever killed: what is left behind, made the
simple way."""

import hashlib
import io
import json
import time
import uuid
from datetime import datetime, timezone

import fastavro
from confluent_kafka import Producer

import books
import domain
import events
from books import CONFLICT, DEAD_LETTER, DONE, DUPLICATE, IGNORED, uuid_or_none
from murmur2 import partition_of
from service_topics import SERVICES
from topics_read import expectation, header, is_barrier, read_topics

SERVICE, GROUP = "evaluation", "onboarding-evaluation"
COMPLETED = "onboarding.evaluation.completed.v1"

def uuid7():
    now = int(time.time() * 1000)
    tail = uuid.uuid4().int & ((1 << 62) - 1)
    return uuid.UUID(int=now << 80 | 0x7 << 76 | 0x123 << 64 | 0b10 << 62 | tail)


class Model:
    """What a worker leaves behind, made the simple way."""

    def __init__(self, stack, database):
        self.stack, self.contract = stack, stack.contract
        self.db = books.connect(stack.admin_url(database), SERVICE)
        self.producer = Producer({"bootstrap.servers": stack.brokers, "linger.ms": 5})
        self.seen, self.decisions, self.owners, self.customers = {}, {}, {}, {}
        self.stamp = 0

    def run(self):
        topics, ends = read_topics(self.stack.brokers, list(SERVICES[SERVICE]))
        now = datetime.now(timezone.utc)
        self.stamp = int(time.time() * 1000)
        self.db.execute("insert into consumer_group (name) values (%s)", (GROUP,))
        self.db.execute("insert into source (name) select unnest(%s::text[])", (events.SOURCES + ["urn:example:other"],))
        for number, (topic, messages) in enumerate(topics.items(), 1):
            self.db.execute("insert into topic (name) values (%s)", (topic,))
            stored = {}
            for message in messages:
                if not is_barrier(message):
                    stored.setdefault(message.partition, []).extend(self.take(number, message, now))
            for (name, partition), (_, end) in ends.items():
                if name == topic:
                    self.close(number, partition, end, stored.get(partition, []), now)
        assert self.producer.flush(20) == 0
        self.db.close()

    def take(self, number, message, now):
        """The ledger row of a record; gives its results."""
        identity, plain, text = header(message, "ce_id"), None, None
        content = digest = None
        if expectation(message) in ("ok", "ignored"):
            schema = self.contract.schema_of_topic(message.topic)
            content = self.contract.decode(schema, message.value)
            digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).digest()
        outcome, source = self.outcome(message, identity, digest), ""
        if outcome in (DONE, IGNORED):
            source, plain = header(message, "ce_source"), uuid_or_none(identity)
            text = None if plain else identity
        self.db.execute(
            "insert into ledger select %s, %s, source_id, %s, %s, 1, 0, %s, 0, %s, %s, %s"
            " from source where name = %s",
            (now, message.offset, number, message.partition, outcome, plain or uuid.uuid4(),
             digest or b"-", text, source),
        )
        if outcome in (CONFLICT, DEAD_LETTER):
            return [self.letter(number, message, outcome)]
        if outcome == DONE and message.topic == events.CUSTOMER:
            version = self.customers[content["userId"]] = self.customers.get(content["userId"], 0) + 1
            self.db.execute("insert into customer values (%s, %s, null, null, null, '', %s)",
                            (content["userId"], version, now))
        if outcome == DONE and message.topic == events.EVALUATION:
            return [self.decide(message, content, now)]
        return []

    def outcome(self, message, identity, digest):
        if digest is None:
            return DEAD_LETTER
        key = header(message, "ce_source"), identity
        if key not in self.seen:
            self.seen[key] = digest
            return IGNORED if expectation(message) == "ignored" else DONE
        return DUPLICATE if self.seen[key] == digest else CONFLICT

    def decide(self, message, content, now):
        verification, user = content["identityVerificationId"], content["userId"]
        if verification not in self.decisions:
            codes = domain.decide(content, header(message, "ce_time"))
            code = min(codes - {"IDENTITY_IN_USE"})
            if "ACCEPTED" in codes:
                number = content["documents"][0]["data"]["personalNumber"]
                if self.owners.setdefault(number, user) != user:
                    code = "IDENTITY_IN_USE"
            self.decisions[verification] = code
            self.db.execute(
                "insert into decision (identity_verification_id, version, process_id, process_type,"
                " user_id, result, code, reason, policy_version, event_date, decided_at)"
                " values (%s, 1, %s, 'onboarding', %s, 'OK', %s, '', '1', %s, %s)",
                (verification, content["processId"], user, code, now.date(), now),
            )
        result = {
            "processId": content["processId"], "userId": user, "identityVerificationId": verification,
            "result": "OK", "code": self.decisions[verification], "resultReason": "",
            "policyVersion": "1", "decidedAt": self.stamp,
        }
        raw = io.BytesIO()
        fastavro.schemaless_writer(raw, self.contract.schema("EvaluationCompleted"), result)
        value = self.contract.frame("EvaluationCompleted") + raw.getvalue()
        identity = str(uuid7())
        came = header(message, "traceparent")
        trace = came if came and came.startswith("00-") else "00-" + "1" * 32 + "-" + "2" * 16 + "-01"
        headers = [
            ("ce_specversion", b"1.0"), ("ce_id", identity.encode()),
            ("ce_source", b"onboarding/evaluation"), ("ce_type", COMPLETED.encode()),
            ("ce_causationid", header(message, "ce_id").encode()),
            ("content-type", b"application/avro"), ("traceparent", trace.encode()),
        ]
        return self.publish(message, "EVENT", identity, COMPLETED, value, headers)

    def letter(self, number, message, outcome):
        reason = "ID_CONFLICT" if outcome == CONFLICT else expectation(message).split("|")[0]
        self.db.execute("insert into dead_letter values (%s, now(), null, %s, %s, 1, 0, %s, '', '')",
                        (message.offset, number, message.partition, reason))
        headers = message.headers + [
            ("onboarding-dlt-reason", reason.encode()),
            ("onboarding-dlt-topic", message.topic.encode()),
            ("onboarding-dlt-partition", str(message.partition).encode()),
            ("onboarding-dlt-offset", str(message.offset).encode()),
            ("onboarding-dlt-group", GROUP.encode()),
        ]
        return self.publish(message, "DEAD_LETTER", header(message, "ce_id") or "",
                            message.topic + ".dlt", message.value, headers)

    def publish(self, message, kind, identity, topic, value, headers):
        partition = partition_of(message.key or b"", 4)
        self.producer.produce(topic, value, message.key, partition, timestamp=self.stamp, headers=headers)
        self.producer.poll(0)
        return {
            "offset": message.offset, "kind": kind, "id": identity, "topic": topic,
            "partition": partition, "key": message.key, "value": value,
            "headers": [{"name": n.encode(), "value": v} for n, v in headers],
        }

    def close(self, number, partition, end, results, now):
        """The partition's row, and all its results as one batch."""
        self.db.execute(
            "insert into partition values (%s, %s, 1, to_timestamp(%s), %s, %s, 0, 1, 0, true, 'c')",
            (end, end, self.stamp / 1000, number, partition),
        )
        if results:
            raw = io.BytesIO()
            fastavro.schemaless_writer(raw, self.contract.schema("StoredResults"), {"results": results})
            self.db.execute("insert into batch values (0, %s, %s, %s, %s, %s, 1, 0, %s)",
                            (end - 1, now, number, partition, len(results), raw.getvalue()))
