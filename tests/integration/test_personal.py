"""Personal data at rest: marked values of every personal field are found nowhere in clear, and of
whoever is erased nothing opens any more."""

import re
from datetime import datetime, timedelta, timezone

import pytest

from commands import WORKER_TIMEOUT_S, await_true
from database import SERVICES
from personal_world import OTHERS, TEXT, Person
from topics_read import read_topics


@pytest.fixture(scope="module")
def person(stack, migrated, tmp_path_factory):
    person = Person(stack, migrated, tmp_path_factory.mktemp("personal"))
    person.does("topics", "create")
    person.does("consent", "import", person.file("text.html", TEXT), "--type", "GDPR", "--language", "en",
                "--version", "personal", "--effective-from", "2021-01-01", **person.owner)  # fmt: skip
    for service in SERVICES:
        person.start(service)
    yield person
    person.close()


@pytest.fixture(scope="module")
def marked(person):
    """After events of every topic with personal fields went through everything, twice marked."""
    topics = sorted({t for s in SERVICES for t in person.inputs(s)})
    since = person.now()
    for tag in ("one", "two"):
        for topic in topics:
            if topic != "onboarding.retention.due.v1":
                other = next((word for word in OTHERS if word in topic), "")
                person.send_all_kinds(topic, other + tag)
        person.send("onboarding.review.decided.v1", person.marker.event("onboarding.review.decided.v1", tag))
    person.settle()
    person.since = since
    return person


def test_marks_went_through(marked):
    """Else nothing that follows means anything."""
    read, _ = read_topics(marked.brokers, ["onboarding.consent-text.completed.v1", "onboarding.evaluation.requested.v1.dlt"])
    for messages in read.values():
        assert any(marked.marker.found_in((m.value or b"").hex()) for m in messages)
    assert len(marked.marker.marks) > 50
    for service in SERVICES:
        reasons = {r for (r,) in marked.database.rows(f"select reason from {service}.dead_letter")}
        assert {"MALFORMED", "ID_CONFLICT", "KEY_INVALID", "HEADERS_INVALID"} <= reasons, service
        opened, shut = marked.stored(service)
        assert shut == []
        assert any(marked.marker.found_in((r["value"] or b"").hex()) for r in opened), service


def test_a_reviewer_decided(marked):
    codes = marked.database.rows("select code from evaluation.decision")
    assert ("REVIEWED",) in codes, codes


def test_no_mark_is_in_the_logs(marked):
    for service in SERVICES:
        log = marked.log_of(service)
        assert '"debug"' in log
        assert marked.marker.found_in(log) == set(), service


def test_no_mark_is_in_the_metrics(marked):
    for service in SERVICES:
        text = marked.metrics_of(service)
        assert "onboarding_dead_letters_total" in text
        assert marked.marker.found_in(text) == set(), service


def test_no_mark_is_in_a_table_or_view(marked):
    found = {name: marked.marker.found_in(text) for name, text in marked.relations()}
    assert len(found) > 40
    assert {name: marks for name, marks in found.items() if marks} == {}


def test_no_core_is_left(marked):
    for worker in marked.workers.values():
        with open(f"/proc/{worker.pid}/limits", encoding="ascii") as file:
            limit = next(line for line in file if line.startswith("Max core file size"))
        assert limit.split()[4:6] == ["0", "0"]


# Keys.


def keys_of(person):
    lines = person.does("keys", "list", **person.owner).splitlines()
    return {tuple(line.split()[:3]) for line in lines}


def test_keys_are_rotated_in_pieces(marked):
    assert {key for _, _, key in keys_of(marked)} == {"1"}
    before = {s: [r["value"] for r in marked.stored(s)[0]] for s in SERVICES}
    newer = marked.owner | {"ONBOARDING_DATA_KEYS_FILE": marked.ring_file("newer.keys", 1, 2)}
    first = marked.run("keys", "rotate", "--service", "evaluation", **newer)
    assert first.returncode == 0, first.stderr
    assert ("evaluation", "key", "2") in keys_of(marked) and ("consent", "key", "1") in keys_of(marked)
    done = marked.does("keys", "rotate", **newer)
    assert "evaluation   wrapped 0, verified" in done
    assert {key for _, _, key in keys_of(marked)} == {"2"}
    assert {s: [r["value"] for r in marked.stored(s)[0]] for s in SERVICES} == before


def test_rotation_needs_the_old_key(marked):
    only = marked.owner | {"ONBOARDING_DATA_KEYS_FILE": marked.ring_file("only.keys", 3)}
    done = marked.run("keys", "rotate", **only)
    assert done.returncode == 1 and "there is no key 2 in the file" in done.stderr
    assert {key for _, _, key in keys_of(marked)} == {"2"}
    assert marked.run("keys", "rotate", **marked.owner | {"ONBOARDING_DATA_KEYS_FILE": None}).returncode == 78


# Erasing; after all else, since it is for good.


def place_of(result):
    return result["topic"], result["partition"], result["offset"], result["id"]


def of_user(results, shut, marker):
    """What opens and names a user. What no worker could read is nobody's: it goes with its day."""
    closed = {place_of(r) for r in shut}
    return [
        r for r in results
        if place_of(r) not in closed
        and not r["of_day"] and marker in (r["value"] or b"")
    ]  # fmt: skip


def test_who_is_erased_is_noise(marked):
    user = "userId-one"
    holders = [s for s in SERVICES if of_user(*marked.stored(s), user.encode())]
    assert "evaluation" in holders and "consent" in holders
    before = {s: {place_of(r) for r in marked.stored(s)[0]} for s in holders}
    told = marked.does("erase", user, **marked.owner)
    for service in holders:
        assert f"{service:<12} erased\n" in told
        results, shut = marked.stored(service)
        # What ends after an erasure, as a code that is still tried, is told of under a new key.
        assert shut
        assert [r for r in of_user(results, shut, user.encode()) if place_of(r) in before[service]] == []
        assert of_user(results, shut, b"userId-two")  # others' open as before
    assert "onboarding.evaluation.requested.v1 until 20" in told
    assert "onboarding.evaluation.requested.v1.dlt until 20" in told
    assert "onboarding.evaluation.completed.v1 until 20" in told  # has the reviewer's words
    until = dict(re.findall(r"^  onboarding\.(\S+) until (\S+)Z$", told, re.M))
    for topic, days in (("customer.registered.v1", 8), ("customer.registered.v1.dlt", 31)):
        left = datetime.fromisoformat(until[topic] + "+00:00") - datetime.now(timezone.utc)
        assert timedelta(days=days) < left < timedelta(days=days, hours=1)
    assert set(marked.services_with("erasure", "why = 'OPERATOR'")) >= set(holders)


def test_erasing_again_says_so(marked):
    assert "evaluation   erased already, at 20" in marked.does("erase", "userId-one", **marked.owner)
    # But for what ended since.
    await_true(
        lambda: "This was done already." in marked.does("erase", "userId-one", **marked.owner), WORKER_TIMEOUT_S
    )


def test_nobody_is_told_apart_from_erased(marked):
    done = marked.run("erase", "nobody-of-this-id", **marked.owner)
    assert done.returncode == 1 and "nothing is stored of such a user" in done.stderr
    assert marked.run("erase", "x", **marked.owner | {"ONBOARDING_DIGEST_KEY_FILE": None}).returncode == 78


def test_a_person_is_erased_under_all_ids(marked):
    """As lookup finds them: a customer who was a prospect before."""
    later, first = "userId-customerone", "userId-customertwo"
    marked.database.rows(
        "insert into lookup.alias (user_id, first_id) values (%s, %s), ('userId-third', %s) returning 1", later, first, first
    )
    told = marked.does("erase", later, **marked.owner)
    assert told.startswith(f"{later}\n")
    _, _, of_first = told.partition(f"{first}, the same person\n")
    assert "otp          erased\n" in of_first
    again = marked.does("erase", "userId-third", **marked.owner)
    assert again.count("otp          erased already") == 2 and f"{later}, the same person\n" in again


def test_a_service_may_not_list_others(marked):
    role = marked.as_service("lookup")
    assert {service for service, _, _ in
            {tuple(x.split()[:3]) for x in marked.does("keys", "list", **role).splitlines()}} == {"lookup"}


def test_what_is_due_is_erased_by_every_service(marked):
    user = "userId-two"
    holders = [s for s in SERVICES if of_user(*marked.stored(s), user.encode())]
    assert holders
    before = {s: {place_of(r) for r in marked.stored(s)[0]} for s in holders}
    marked.send("onboarding.retention.due.v1", {"userId": user, "dueAt": 1, "why": "NOT_A_CUSTOMER"})
    marked.settle()
    for service in holders:
        results, shut = marked.stored(service)
        assert [r for r in of_user(results, shut, user.encode()) if place_of(r) in before[service]] == []
    assert set(marked.services_with("erasure", "why = 'NOT_A_CUSTOMER'")) >= set(holders)
