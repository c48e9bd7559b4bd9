"""A prospect whom the bank registers under another id stays one person, for evaluation as well."""

import pytest

import running
from events import CUSTOMER, EVALUATION, LOOKUP, Record
from running import LINKED, SECONDS, await_sure


@pytest.fixture(scope="module")
def lookup(topics, tmp_path_factory):
    made = running.Running(topics, tmp_path_factory.mktemp("lookup") / "lookup", "lookup")
    made.listen(LINKED)
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def evaluation(topics, tmp_path_factory):
    made = running.Running(topics, tmp_path_factory.mktemp("evaluation") / "evaluation")
    made.start()
    yield made
    made.close()


def evaluate(service, process, user):
    """What evaluation decides when a user shows the documents of the process' person."""
    event, _ = service.generator.evaluation(process=process, plain=True)
    event |= {"userId": user, "score": 9.0, "status": "SUCCESS"}
    before = len(service.heard(running.OUTPUT["evaluation"]))
    record = Record(EVALUATION, event["processId"].encode(), service.generator.value(EVALUATION, event),
                    service.generator.headers(EVALUATION))
    service.outcomes(service.send([record]))
    return service.decoded(service.results(before + 1)[-1])["code"]


def test_a_prospect_and_the_customer_it_became_are_one_person(lookup, evaluation):
    process, other = lookup.generator.process(), lookup.generator.process()
    lookup.send([lookup.fresh(LOOKUP, process=process)])
    prospect = lookup.decoded(lookup.results(1)[0])
    assert prospect["code"] == "PROSPECT"

    spots = lookup.send([lookup.fresh(CUSTOMER, person=process.person)])
    lookup.outcomes(spots)
    (linked,) = [lookup.contract.decode("CustomerLinked", m.value) for m in lookup.await_heard(LINKED, 1)]
    customer = process.person.user
    assert (linked["userId"], linked["firstId"]) == (customer, prospect["userId"])

    def knows_both():
        return evaluation.rows("select first_id from customer_link where user_id = %s and exists"
                               " (select from customer where user_id = %s)", customer, customer)

    await_sure(knows_both, SECONDS, evaluation.tails)
    assert knows_both() == [(prospect["userId"],)]
    assert evaluate(evaluation, process, prospect["userId"]) == "ACCEPTED"
    assert evaluate(evaluation, process, customer) == "ACCEPTED"
    assert evaluate(evaluation, process, other.person.user) == "IDENTITY_IN_USE"
