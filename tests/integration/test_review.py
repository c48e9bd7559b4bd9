"""WAIT, from the case that it opens to what everybody is told of its end, by each job that has cases."""

import base64
import json
import signal
import threading

import pytest
from provider_stub import answer, hang

import running
from review_world import ANSWERED, CALL, RETAKEN_SECONDS, Case, Reviews, said
from running import CASE_EXPIRED, PROCESS_EXPIRED, await_sure


@pytest.fixture(scope="module", params=CALL)
def reviews(topics, tmp_path_factory, request):
    made = Reviews(topics, tmp_path_factory.mktemp("review") / request.param, request.param)
    made.start()
    yield made
    made.close()


@pytest.fixture
def case(reviews):
    """A case that waits."""
    made = Case()
    (result,) = reviews.told(reviews.completed, reviews.ask(made))
    assert (result["result"], result["code"]) == ("WAIT", "SCORE_UNCERTAIN")
    return made


# One job is enough for what is the same for all of them.
of_evaluation = pytest.mark.parametrize("reviews", ["evaluation"], indirect=True)
of_approval = pytest.mark.parametrize("reviews", ["approval"], indirect=True)


# The command.


def test_an_open_case_is_listed_with_its_reason_and_age(reviews, case):
    listed = reviews.listed("--job", reviews.service)[case.id]
    assert "uncertain; a person will look at" in listed["reason"]
    assert listed | {"openedAt": 0, "expiresAt": 0, "reason": ""} == {
        "job": reviews.service, "identityVerificationId": case.id, "processId": case.process,
        "processType": "onboarding" if reviews.service == "evaluation" else None,
        "userId": case.user, "code": "SCORE_UNCERTAIN", "reason": "",
        "openedAt": 0, "ageMinutes": 0, "awaitsFactsUntil": None, "expiresAt": 0}
    assert case.id in reviews.listed()
    assert case.id not in reviews.listed("--older-than", "1")


@of_evaluation
def test_what_expires_first_is_listed_first(reviews, case):
    other = Case()
    reviews.told(reviews.completed, reviews.ask(other))
    reviews.change(other, "expires_at = now() + interval '1 hour',"
                          " opened_at = opened_at - interval '90 minutes'")
    listed = reviews.objects("review", "list")
    assert listed[0]["identityVerificationId"] == other.id
    assert listed[0]["ageMinutes"] == 90
    assert list(reviews.listed("--older-than", "1")) == [other.id]
    done = reviews.command("review", "list", "-n", "1")
    assert (done.returncode, done.stderr) == (0, "onboarding: there may be more; see -n\n")
    assert [json.loads(line) for line in done.stdout.splitlines()] == listed[:1]
    reviews.decide(other, "--ok")


@of_evaluation
def test_what_was_never_a_case_cannot_be_shown_or_decided(reviews):
    case = Case()
    for done in (reviews.command("review", "show", case.id), reviews.decide(case, "--ok")):
        assert done.returncode == 1 and done.stdout == ""
        assert "no case of that identityVerificationId" in done.stderr


@of_evaluation
@pytest.mark.parametrize("options", [("--by", "r"), ("--ok", "--nok", "--by", "r"), ("--ok", "--by", " \t")],
                         ids=["neither", "both", "nobody"])
def test_a_decision_without_sense_is_exit_code_2(reviews, case, options):
    done = reviews.command("review", "decide", case.id, "--job", "evaluation", "--reason", "x", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert case.id in reviews.listed()
    reviews.decide(case, "--ok")


@of_evaluation
def test_without_an_answer_the_command_gives_up(reviews, case):
    for worker in reviews.living():
        worker.signal(signal.SIGSTOP)
    try:
        done = reviews.decide(case, "--ok", "--wait", "1")
    finally:
        for worker in reviews.living():
            worker.signal(signal.SIGCONT)
    assert done.returncode == 1 and "no answer in 1 s" in done.stderr
    assert reviews.results_of(case, 2)[1] == ("OK", "REVIEWED")


# Who is told what.


@pytest.mark.parametrize("option, result", [("--ok", "OK"), ("--nok", "NOK")])
def test_a_reviewer_decides_and_everybody_is_told(reviews, case, option, result):
    done = reviews.decide(case, option)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["outcome"], answer["result"], answer["code"]) == ("RESOLVED", result, "REVIEWED")
    assert (answer["processId"], answer["userId"]) == (case.process, case.user)

    assert reviews.results_of(case, 2) == [("WAIT", "SCORE_UNCERTAIN"), (result, "REVIEWED")]
    (again,) = reviews.told(reviews.completed, reviews.ask(case))  # a later request
    assert (again["result"], again["resultReason"]) == (result, "Compared with the passport")

    assert case.id not in reviews.listed()
    assert reviews.await_called(case) == ("OK", 200, 1, None)
    (call,) = reviews.calls(case)
    path, member = CALL[reviews.service]
    assert (call.method, call.path) == ("POST", "/bank" + path)
    assert call.headers["authorization"] == "Basic " + base64.b64encode(b"onboarding:s3cret").decode()
    assert json.loads(call.body) == {"processId": case.process, "userId": case.user,
                                     "identityVerificationId": case.id, member: result}
    shown = reviews.shown(case)
    assert [(c["version"], c["state"], c["code"], c["result"]) for c in shown["changes"]] == [
        (1, "OPEN", "SCORE_UNCERTAIN", None), (2, "RESOLVED", "REVIEWED", result)]
    assert reviews.rows("select version, result, reviewed_by is null from decision"
                        " where identity_verification_id = %s order by 1", case.id) == [
        (1, "WAIT", True), (2, result, False)]


def test_whoever_comes_second_is_told_so(reviews, case):
    reviews.decide(case, "--ok")
    done = reviews.decide(case, "--nok")
    assert done.returncode == 1 and "did not count" in done.stderr
    answer = json.loads(done.stdout)
    assert (answer["outcome"], answer["result"]) == ("ALREADY_DECIDED", "OK")
    assert reviews.results_of(case, 2)[1] == ("OK", "REVIEWED")


@of_evaluation
def test_of_two_reviewers_at_once_one_decides(reviews, case):
    done = []
    both = [threading.Thread(target=lambda o=option: done.append(reviews.decide(case, o)))
            for option in ("--ok", "--nok")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    answers = {a["outcome"]: a["result"] for a in (json.loads(d.stdout) for d in done)}
    assert answers.keys() == {"RESOLVED", "ALREADY_DECIDED"}
    assert len(set(answers.values())) == 1
    assert sorted(d.returncode for d in done) == [0, 1]
    assert reviews.results_of(case, 2)[1] == (answers["RESOLVED"], "REVIEWED")


@pytest.mark.parametrize("wrong", ["process", "user", "id"])
def test_a_case_that_nobody_knows_is_told_so(reviews, case, wrong):
    other = Case()
    setattr(case, wrong, getattr(other, wrong))
    event = reviews.publish(
        "review.decided", processId=case.process, identityVerificationId=case.id, userId=case.user,
        job=reviews.service.upper(), decision="OK", reason="", decidedBy="reviewer-7")
    (answer,) = reviews.told(ANSWERED, event)
    assert (answer["outcome"], answer["result"], answer["code"], answer["decidedAt"]) == (
        "NO_SUCH_CASE", None, None, None)


@of_evaluation
def test_what_the_rules_decided_is_no_case(reviews):
    case = Case()
    reviews.told(reviews.completed, reviews.ask(case, score=9.0))
    event = reviews.publish(
        "review.decided", processId=case.process, identityVerificationId=case.id, userId=case.user,
        job=reviews.service.upper(), decision="NOK", reason="", decidedBy="reviewer-7")
    (answer,) = reviews.told(ANSWERED, event)
    assert (answer["outcome"], answer["result"], answer["code"]) == (
        "ALREADY_DECIDED", "OK", "ACCEPTED")
    assert reviews.results_of(case, 1) == [("OK", "ACCEPTED")]


# Time.


def expire(reviews, case, hours):
    """What the schedule publishes, when so many hours have passed since the case expired."""
    reviews.change(case, f"expires_at = now() - {hours} * interval '1 hour'")
    return reviews.publish(CASE_EXPIRED, processId=case.process, identityVerificationId=case.id,
                           job=reviews.service.upper(), expiredAt=0)


def test_what_nobody_decides_is_refused(reviews, case):
    (result,) = reviews.told(reviews.completed, expire(reviews, case, 1))
    assert (result["result"], result["code"], result["resultReason"]) == (
        "NOK", "CASE_EXPIRED", "Nobody could look at the case in time.")
    done = reviews.decide(case, "--ok")
    assert json.loads(done.stdout)["code"] == "CASE_EXPIRED" and done.returncode == 1
    assert reviews.results_of(case, 2)[1] == ("NOK", "CASE_EXPIRED")
    assert [c["state"] for c in reviews.shown(case)["changes"]] == ["OPEN", "EXPIRED"]


def test_a_case_does_not_expire_early_nor_once_it_is_decided(reviews, case):
    other = Case()
    reviews.told(reviews.completed, reviews.ask(other))
    reviews.decide(other, "--ok")
    expire(reviews, case, -1)
    expire(reviews, other, 1)
    reviews.await_idle()
    assert reviews.results_of(case, 1) == [("WAIT", "SCORE_UNCERTAIN")]
    assert reviews.results_of(other, 2)[1] == ("OK", "REVIEWED")


def test_whoever_was_told_wait_is_told_of_the_end_by_time(reviews, case):
    expire(reviews, case, 1)
    assert reviews.await_called(case) == ("OK", 200, 1, None)
    (call,) = reviews.calls(case)
    assert json.loads(call.body)[CALL[reviews.service][1]] == "NOK"


def test_cases_of_an_expired_process_are_refused(reviews, case):
    event = reviews.publish(PROCESS_EXPIRED, processId=case.process, expiredAt=0)
    (result,) = reviews.told(reviews.completed, event)
    assert (result["identityVerificationId"], result["result"], result["code"]) == (
        case.id, "NOK", "PROCESS_EXPIRED")
    assert case.id not in reviews.listed()


# The server that is called back.


@of_evaluation
@pytest.mark.parametrize("acts, recorded", [
    ([said("NOK", "no such process")], ("NOK", 200, 1, "no such process")),
    ([answer(500), answer(503), said("OK", "thanks")], ("OK", 200, 3, "thanks")),
    ([answer(401, b"{}"), answer(404, b"{}"), said("OK", "now")], ("OK", 200, 3, "now")),
    ([answer(302, b"", {"Location": "/"})], ("REFUSED", 302, 1, None)),
    ([answer(200, b"<html>")], ("UNREADABLE", 200, 1, None)),
    ([hang()], ("OK", 200, 2, None)),
    ([hang(), hang()], ("UNKNOWN", None, 2, None)),
], ids=["NOK", "errors that pass", "errors of our own that pass", "a redirect", "nonsense", "one answer lost", "two answers lost"])
def test_what_the_server_answers_is_recorded(reviews, case, acts, recorded):
    reviews.await_idle()
    reviews.server.script(*acts)
    assert reviews.decide(case, "--ok").returncode == 0
    assert reviews.await_called(case, RETAKEN_SECONDS) == recorded
    assert len(reviews.calls(case)) == recorded[2]
    assert len({call.headers["idempotency-key"] for call in reviews.calls(case)}) == 1
    assert reviews.results_of(case, 2)[1] == ("OK", "REVIEWED")


def test_what_the_server_says_is_sealed_for_the_user(reviews, case):
    reviews.await_idle()
    reviews.server.script(said("NOK", "Žofie is no customer"))
    assert reviews.decide(case, "--ok").returncode == 0
    assert reviews.await_called(case) == ("NOK", 200, 1, "Žofie is no customer")
    ((stored,),) = reviews.rows("select reason from review_callback"
                                " where identity_verification_id = %s", case.id)
    assert "is no customer".encode() not in bytes(stored)

    def told(**given):
        done = reviews.command("review", "show", case.id, **given)
        assert (done.returncode, done.stderr) == (0, "")
        (found,) = json.loads(done.stdout)["callbacks"]
        return found["reason"], found.get("sealed"), found.get("erased")

    assert told(keys=False) == (None, True, None)
    done = reviews.command("erase", case.user, owner=True)
    assert done.returncode == 0, done
    assert told() == (None, None, True)
    assert told(keys=False) == (None, True, None)


@of_evaluation
@pytest.mark.parametrize("failpoint, calls_max", [
    ("effect_leased", 1), ("effect_sent", 2), ("effect_outcome", 2)])
def test_a_death_around_the_call_costs_one_more_at_most(reviews, case, failpoint, calls_max):
    (worker,) = reviews.living()
    worker.arm(failpoint, "kill")
    reviews.decide(case, "--ok")
    await_sure(lambda: not worker.alive(), running.SECONDS, reviews.tails)
    reviews.start()
    state, *_ = reviews.await_called(case, RETAKEN_SECONDS)
    assert state == "OK"
    assert 1 <= len(reviews.calls(case)) <= calls_max
    assert reviews.results_of(case, 2)[1] == ("OK", "REVIEWED")


# What approval decides by itself.


@of_approval
def test_a_fact_that_comes_in_time_closes_the_case(reviews):
    case = Case()
    (result,) = reviews.told(reviews.completed, reviews.publish(
        "approval.requested", processId=case.process, userId=case.user,
        identityVerificationId=case.id, status="SUCCESS", score=9.0))
    assert (result["result"], result["code"]) == ("WAIT", "EVALUATION_PENDING")
    assert reviews.listed()[case.id]["awaitsFactsUntil"] is not None
    reviews.evaluated(case)
    assert reviews.results_of(case, 2)[1] == ("OK", "ACCEPTED")
    assert reviews.await_called(case) == ("OK", 200, 1, None)
    assert [c["state"] for c in reviews.shown(case)["changes"]] == ["OPEN", "SUPERSEDED"]
