"""Events framed as a schema registry frames them, beside single-object encoding."""

import struct

from running import header

import poison  # tests/faults
from books import DEAD_LETTER as PARKED, DONE

PREFIX = "onboarding-dlt-"


def registered(name):
    """The names and ids of the registry that a test imagines."""
    return 1000 + sum(name.encode())


def confluent(record, name):
    record.value = struct.pack(">bI", 0, registered(name)) + record.value[poison.FRAME :]
    return record


def test_confluent_framing_is_read_and_written(service):
    """With the registry's ids from settings; single-object encoding is read all the same."""
    names = [
        f"onboarding.{name}"
        for name in ("evaluation.EvaluationRequested", "customer.CustomerRegistered",
                     "evaluation.EvaluationCompleted", "review.ReviewCompleted")
    ]  # fmt: skip
    service.start(
        ONBOARDING_FRAMING="confluent",
        ONBOARDING_SCHEMA_IDS=",".join(f"{name}={registered(name)}" for name in names),
    )
    requested, customer, completed, _ = names
    records = [
        confluent(service.fresh(), requested),
        service.fresh(),
        confluent(service.fresh(), customer),  # an id that is known, of another subject
        confluent(service.fresh(), completed),
        confluent(service.fresh(), "nobody's"),
    ]
    rows = service.outcomes(service.send(records))
    assert [row.outcome for row in rows] == [DONE, DONE, PARKED, PARKED, PARKED]
    reasons = sorted(header(letter, PREFIX + "reason") for letter in service.dead_letters(3))
    assert reasons == ["SCHEMA_INCOMPATIBLE", "SCHEMA_INCOMPATIBLE", "SCHEMA_UNKNOWN"]
    for result in service.results(2):
        assert result.value[:5] == struct.pack(">bI", 0, registered(completed))
        decision = service.contract.decode_bare(service.contract.schema_of_topic(result.topic), result.value[5:])
        assert decision["processId"] == result.key.decode()
