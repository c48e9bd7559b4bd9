"""The statements of the services, run as their roles on what the migrations made."""

import datetime
import json
import uuid

import psycopg
import pytest
from psycopg import errors

from database import ROOT

UTC = datetime.timezone.utc
NOON = datetime.datetime(2026, 3, 15, 12, tzinfo=UTC)


class Worker:
    """A service's login, with its .sql files as methods: rows as tuples, columns go as arrays."""

    def __init__(self, database, service, library=None):
        self.folder = ROOT / "services" / (library or service) / "sql"
        self.connection = database.connect(f"onboarding_{service}", autocommit=True)

    def load(self, name, *keys):
        return self._execute(name, [list(keys)]).fetchall()

    def put(self, name, *rows):
        self._execute(name, [list(column) for column in zip(*rows)])

    def _execute(self, name, parameters):
        text = (self.folder / f"{name}.sql").read_text(encoding="utf-8")
        return psycopg.RawCursor(self.connection).execute(text, parameters)


@pytest.fixture
def lookup(migrated):
    worker = Worker(migrated, "lookup")
    yield worker
    worker.connection.close()


@pytest.fixture
def links(migrated):
    """Gives the statements of services/links as a service's role."""
    made = []

    def of(service):
        made.append(Worker(migrated, service, "links"))
        return made[-1]

    yield of
    for worker in made:
        worker.connection.close()


@pytest.fixture
def evaluation(migrated):
    worker = Worker(migrated, "evaluation")
    yield worker
    worker.connection.close()


@pytest.fixture
def review(migrated):
    worker = Worker(migrated, "evaluation", "review")
    yield worker
    worker.connection.close()


@pytest.fixture
def consent(migrated):
    worker = Worker(migrated, "consent")
    yield worker
    worker.connection.close()


@pytest.fixture
def approval(migrated):
    worker = Worker(migrated, "approval")
    yield worker
    worker.connection.close()


@pytest.fixture
def otp(migrated):
    worker = Worker(migrated, "otp")
    yield worker
    worker.connection.close()


def index():
    """A blind index that no other test has."""
    return uuid.uuid4().bytes * 2


def name():
    return str(uuid.uuid4())


# lookup


def test_an_index_leads_to_its_users(lookup):
    one, other = index(), index()
    lookup.put("put_identity", (one, "b", False, True), (other, "c", False, True),
               (one, "a", False, True))
    assert lookup.load("load_identity", one, other, index()) == sorted(
        [(one, "a", False), (one, "b", False), (other, "c", False)])


def test_entries_of_a_user_are_found(lookup):
    user, one, other = name(), index(), index()
    lookup.put("put_identity", (one, user, False, True), (other, user, True, True))
    assert lookup.load("load_entry", user) == sorted([(user, one), (user, other)])


def test_of_several_changes_the_last_holds(lookup):
    one, other = index(), index()
    lookup.put("put_identity", (one, "a", False, True), (one, "a", False, False),
               (other, "a", False, True), (other, "a", False, False), (other, "a", False, True))
    assert lookup.load("load_identity", one, other) == [(other, "a", False)]
    lookup.put("put_identity", (other, "a", False, False), (one, "a", False, True))
    assert lookup.load("load_identity", one, other) == [(one, "a", False)]


def test_what_is_there_already_stays(lookup):
    one = index()
    lookup.put("put_identity", (one, "a", False, True))
    lookup.put("put_identity", (one, "a", False, True))
    assert lookup.load("load_identity", one) == [(one, "a", False)]


def test_a_prospect_becomes_a_customer_under_its_own_id(lookup):
    one = index()
    lookup.put("put_identity", (one, "p", True, True))
    lookup.put("put_identity", (one, "p", False, True))
    assert lookup.load("load_identity", one) == [(one, "p", False)]


def test_a_second_prospect_of_an_index_is_refused(lookup):
    one = index()
    lookup.put("put_identity", (one, "p1", True, True))
    with pytest.raises(errors.UniqueViolation):
        lookup.put("put_identity", (one, "p2", True, True))
    lookup.put("put_identity", (one, "c", False, True))
    assert lookup.load("load_identity", one) == [(one, "c", False), (one, "p1", True)]


def test_every_person_asked_for_is_answered(lookup):
    alias, first, unknown = name(), name(), name()
    lookup.put("insert_alias", (alias, first))
    assert sorted(lookup.load("load_person", alias, first, unknown)) == sorted(
        [(alias, first, False), (first, None, True), (unknown, None, False)])


def test_a_second_alias_of_an_id_is_refused(lookup):
    alias = name()
    lookup.put("insert_alias", (alias, "first"))
    with pytest.raises(errors.UniqueViolation):
        lookup.put("insert_alias", (alias, "other"))


def test_the_latest_answer_to_a_consent_holds(lookup):
    user = name()
    later = NOON + datetime.timedelta(seconds=1)
    lookup.put("put_consent", (user, "GDPR", True, "p", later), (user, "GDPR", False, "p", NOON),
               (user, "SCORING", False, "p", NOON), (user, "SCORING", True, "p", NOON))
    expected = [(user, "GDPR", True, later), (user, "SCORING", True, NOON)]
    assert lookup.load("load_consent", user) == expected
    lookup.put("put_consent", (user, "GDPR", False, "p", NOON))
    assert lookup.load("load_consent", user) == expected
    lookup.put("put_consent", (user, "GDPR", False, "q", later))
    assert lookup.load("load_consent", user)[0] == (user, "GDPR", False, later)


def test_answers_are_added_and_not_read(lookup, migrated):
    process = name()
    rows = [(uuid.uuid4(), process, "retail", "FOUND", "u", "REQUIRED", "1", NOON),
            (uuid.uuid4(), process, "retail", "NOT_FOUND", None, "NOT_EVALUATED", "1", NOON)]
    lookup.put("insert_answer", *rows)
    assert migrated.rows("select code, user_id from lookup.answer where process_id = %s"
                         " order by code", process) == [("FOUND", "u"), ("NOT_FOUND", None)]
    with pytest.raises(errors.InsufficientPrivilege):
        lookup.connection.execute("select * from answer")


# evaluation


def decision(verification, version, result="WAIT", **other):
    row = {
        "verification": verification, "version": version, "process": "p", "type": "retail",
        "user": "u", "result": result, "code": "SCORE_UNCERTAIN", "reason": "Uncertain.",
        "rule": 15, "policy": "1", "score": 5.5, "date": NOON.date(),
        "evidence": json.dumps([{"type": "PASSPORT"}]), "identities": b"i" * 64,
        "reviewer": None, "words": None, "at": NOON,
    }
    return tuple((row | other).values())


def reviewed(verification, version, result):
    return decision(verification, version, result, code="REVIEWED", rule=None, score=None,
                    evidence=None, identities=None, reviewer=b"sealed", words=b"noise")


def test_the_highest_version_of_a_decision_holds(evaluation):
    one, other = name(), name()
    evaluation.put("insert_decision", decision(one, 1), decision(other, 1, "OK"))
    evaluation.put("insert_decision", reviewed(one, 2, "NOK"))
    loaded = {row[0]: row[1:] for row in evaluation.load("load_decision", one, other, name())}
    assert loaded == {
        one: (2, "p", "retail", "u", "NOK", "REVIEWED", "Uncertain.", "1", NOON.date(), None, NOON,
              b"noise"),
        other: (1, "p", "retail", "u", "OK", "SCORE_UNCERTAIN", "Uncertain.", "1", NOON.date(),
                b"i" * 64, NOON, None),
    }


def test_both_versions_may_come_in_one_batch(evaluation):
    one = name()
    evaluation.put("insert_decision", decision(one, 1), reviewed(one, 2, "OK"))
    assert evaluation.load("load_decision", one)[0][1] == 2


def test_a_version_of_a_decision_is_written_once(evaluation):
    one = name()
    evaluation.put("insert_decision", decision(one, 1))
    with pytest.raises(errors.UniqueViolation):
        evaluation.put("insert_decision", decision(one, 1, "OK"))


def test_the_highest_version_of_a_customer_holds(evaluation):
    user = name()
    evaluation.put("insert_customer", (user, 2, index(), None, b"n" * 32, b"", NOON),
                   (user, 1, None, None, None, b"i" * 32, NOON))
    (row,) = evaluation.load("load_customer", user)
    assert row[1] == 2 and row[3:] == (None, b"n" * 32, b"")
    with pytest.raises(errors.UniqueViolation):
        evaluation.put("insert_customer", (user, 2, None, None, None, b"", NOON))


def test_an_identity_is_tied_set_free_and_tied_again(evaluation):
    one = index()
    evaluation.put("insert_identity_use", (one, 1, "a", False, "v1", NOON),
                   (one, 2, None, False, "v1", NOON), (one, 3, "b", True, None, NOON))
    assert evaluation.load("load_identity_use", one, index()) == [(one, 3, "b", True, None)]


def test_an_identity_is_tied_by_one_of_two_batches(evaluation):
    one = index()
    evaluation.put("insert_identity_use", (one, 1, "a", True, "v1", NOON))
    with pytest.raises(errors.UniqueViolation):
        evaluation.put("insert_identity_use", (one, 1, "b", True, "v2", NOON))


@pytest.mark.parametrize("table", ["decision", "customer", "identity_use"])
def test_the_evaluation_worker_changes_no_history(evaluation, table):
    for statement in (f"delete from {table}", f"update {table} set version = 9"):
        with pytest.raises(errors.InsufficientPrivilege):
            evaluation.connection.execute(statement)


# review


def case(verification, version, state="OPEN", **other):
    closed = state != "OPEN"
    row = {
        "verification": verification, "version": version, "state": state, "process": "p",
        "type": "retail", "user": "u", "code": "SCORE_UNCERTAIN", "reason": "Uncertain.",
        "opened": NOON,
        "facts": None, "expires": NOON + datetime.timedelta(hours=72),
        "result": "OK" if closed else None, "by": "REVIEWED" if closed else None,
        "closed": NOON if closed else None,
    }
    return tuple((row | other).values())


def test_the_highest_version_of_a_case_holds(review):
    one, other = name(), name()
    review.put("insert_case", case(one, 2, "RESOLVED"), case(one, 1), case(other, 1, facts=NOON))
    loaded = sorted(review.load("load_case", one, other, name()))
    assert loaded == sorted([case(one, 2, "RESOLVED"), case(other, 1, facts=NOON)])


def test_a_case_is_closed_by_one_of_two_batches(review):
    one = name()
    review.put("insert_case", case(one, 1))
    review.put("insert_case", case(one, 2, "RESOLVED"))
    with pytest.raises(errors.UniqueViolation):
        review.put("insert_case", case(one, 2, "EXPIRED", result="NOK"))


@pytest.mark.parametrize("wrong", [
    {"state": "LOST"}, {"result": "OK"}, {"closed": NOON}, {"state": "RESOLVED", "result": None},
    {"state": "RESOLVED", "result": "WAIT", "by": "REVIEWED", "closed": NOON}])
def test_a_case_is_open_or_has_a_result(review, wrong):
    with pytest.raises(errors.CheckViolation):
        review.put("insert_case", case(name(), 1, **wrong))


def test_the_open_cases_of_a_process_are_found(review):
    one, two, closed, process, other = (name() for _ in range(5))
    review.put("insert_case", case(one, 1, process=process), case(two, 1, process=process),
               case(closed, 1, process=process), case(closed, 2, "EXPIRED", process=process),
               case(name(), 1, process=name()))
    assert review.load("load_process_case", process, other) == sorted(
        [(process, one), (process, two)])


def test_what_has_expired_and_is_open_still_is_due(review, migrated):
    process, old, reopened, late, closed = (name() for _ in range(5))
    future = datetime.datetime.now(UTC) + datetime.timedelta(minutes=1)
    past = NOON.replace(year=2025)
    for verification, states, expires in [
        (old, ["OPEN"], past), (late, ["OPEN"], future), (closed, ["OPEN", "RESOLVED"], past),
        (reopened, ["OPEN", "EXPIRED", "OPEN"], past)]:
        review.put("insert_case", *(
            case(verification, number, state, expires=expires, process=process)
            for number, state in enumerate(states, 1)))
    found = migrated.rows(f"""select topic, name, due_at, data from schedule.due
                               where data->>'processId' = '{process}'""")
    assert sorted(found) == sorted(
        ("onboarding.review.expired.v1", f"EVALUATION/{verification}/{version}", past,
         {"processId": process, "identityVerificationId": verification, "job": "EVALUATION",
          "expiredAt": int(past.timestamp() * 1000)})
        for verification, version in [(old, 1), (reopened, 3)])


def test_what_came_of_a_call_back_is_kept_once(review):
    effect = uuid.uuid4()
    review.put("insert_callback", (effect, name(), "NOK", 200, 2, b"sealed", NOON),
               (uuid.uuid4(), name(), "EXHAUSTED", None, 9, None, NOON))
    with pytest.raises(errors.UniqueViolation):
        review.put("insert_callback", (effect, name(), "OK", 200, 1, None, NOON))
    with pytest.raises(errors.CheckViolation):
        review.put("insert_callback", (uuid.uuid4(), name(), "LOST", 200, 1, None, NOON))


def test_cases_are_never_changed(review):
    for statement in ("delete from review_case", "update review_case set version = 9",
                      "delete from review_callback", "update review_callback set state = 'OK'"):
        with pytest.raises(errors.InsufficientPrivilege):
            review.connection.execute(statement)


# consent


def edition(database, consent_type, language, version, effective_from, html="<p>x</p>"):
    with database.connect(autocommit=True) as connection:
        connection.execute(
            """insert into consent.edition (consent_type, language, version, effective_from, html,
                                            digest)
               values (%s, %s, %s, %s, %s, sha256(convert_to(%s, 'UTF8')))""",
            (consent_type, language, version, effective_from, html, html),
        )


def submission(user, consent_type, version, state="APPROVED", at=NOON):
    return (user, consent_type, version, "p", "retail", state, "1", "cs", b"d" * 32, True, "MOBILE",
            "urn:test", "e", "1", at, at)


def test_texts_are_found_by_type_and_language(consent, migrated):
    one = name()
    for language, version, day in [("cs", "2", "2026-02-01"), ("cs", "1", "2026-01-01"),
                                   ("en", "1", "2026-01-01")]:
        edition(migrated, one, language, version, day)
    loaded = consent.load("load_edition", f"{one}/cs", f"{one}/de", f"{name()}/cs")
    assert [row[:3] for row in loaded] == [(f"{one}/cs", "cs", "1"), (f"{one}/cs", "cs", "2")]
    assert [len(row[4]) for row in loaded] == [32, 32]


def test_of_texts_long_out_of_force_the_html_is_left_out(consent, migrated):
    one = name()
    today = datetime.datetime.now(UTC).date()
    for version, days in [("1", 300), ("2", 200), ("3", 45), ("4", 30), ("5", -10)]:
        edition(migrated, one, "cs", version, today - datetime.timedelta(days=days), f"<p>{version}</p>")
    loaded = consent.load("load_text", f"{one}/cs")
    assert [(row[2], row[5]) for row in loaded] == [("3", "<p>3</p>"), ("4", "<p>4</p>"),
                                                    ("5", "<p>5</p>")]


def test_two_texts_of_a_language_do_not_begin_on_one_day(migrated):
    one = name()
    edition(migrated, one, "cs", "1", "2026-01-01")
    edition(migrated, one, "en", "1", "2026-01-01")
    with pytest.raises(errors.UniqueViolation):
        edition(migrated, one, "cs", "2", "2026-01-01")


def test_the_latest_answer_of_a_user_and_type_holds(consent):
    user, other = name(), name()
    later = NOON + datetime.timedelta(seconds=1)
    consent.put("insert_submission", submission(user, "GDPR", 1), submission(user, "SCORING", 1),
                submission(other, "GDPR", 1), submission(user, "GDPR", 2, "WITHDRAWN", later))
    assert consent.load("load_holding", user, name()) == [
        (user, "GDPR", 2, "WITHDRAWN", later), (user, "SCORING", 1, "APPROVED", NOON)]


def test_an_answer_is_taken_by_one_of_two_batches(consent):
    user = name()
    consent.put("insert_submission", submission(user, "GDPR", 1))
    with pytest.raises(errors.UniqueViolation):
        consent.put("insert_submission", submission(user, "GDPR", 1))


@pytest.mark.parametrize("table", ["submission", "edition"])
def test_the_consent_worker_changes_no_history(consent, table):
    for statement in (f"delete from {table}", f"update {table} set version = null"):
        with pytest.raises(errors.InsufficientPrivilege):
            consent.connection.execute(statement)


# approval


def approved(verification, version, result="WAIT", **other):
    row = {
        "verification": verification, "version": version, "process": "p", "type": None, "user": "u",
        "result": result, "code": "CODE", "reason": "Why.", "rule": 8, "policy": "1",
        "failed": False, "score": 6.5, "frame": True, "in_use": False, "process_attempt": 1,
        "day_attempt": 2, "awaits": False, "date": NOON.date(), "requested": NOON,
        "reviewer": None, "words": None, "at": NOON,
    }  # fmt: skip
    return tuple((row | other).values())


def test_the_highest_version_of_an_approval_holds(approval):
    one, other = name(), name()
    approval.put("insert_decision", approved(one, 1, awaits=True), approved(other, 1, "OK", score=None))
    later = NOON + datetime.timedelta(seconds=1)
    approval.put("insert_decision", approved(one, 2, "NOK", at=later))
    loaded = {row[0]: row[1:] for row in approval.load("load_decision", one, other, name())}
    same = ("CODE", "Why.", "1", False)
    assert loaded == {
        one: (2, "p", None, "u", "NOK", *same, 6.5, True, False, 1, 2, False, NOON.date(), NOON, later, None),
        other: (1, "p", None, "u", "OK", *same, None, True, False, 1, 2, False, NOON.date(), NOON, NOON, None),
    }
    with pytest.raises(errors.UniqueViolation):
        approval.put("insert_decision", approved(one, 2, "OK"))


def test_only_what_awaits_facts_now_is_waiting(approval):
    user, waits, waited, never = name(), name(), name(), name()
    approval.put("insert_decision", approved(waits, 1, user=user, awaits=True),
                 approved(waited, 1, user=user, awaits=True), approved(waited, 2, user=user),
                 approved(never, 1, user=user), approved(name(), 1, user=name(), awaits=True))
    assert approval.load("load_awaiting", user, name()) == [(user, waits)]
    approval.put("insert_decision", approved(waits, 2, user=user, awaits=True))
    assert approval.load("load_awaiting", user) == [(user, waits)]


def test_attempts_are_verifications_not_versions(approval):
    user, process = name(), name()
    tomorrow = NOON.date() + datetime.timedelta(days=1)
    one = name()
    approval.put("insert_decision", approved(one, 1, user=user, process=process),
                 approved(one, 2, user=user, process=process),
                 approved(name(), 1, user=user, process=process),
                 approved(name(), 1, user=user, process=process, date=tomorrow))
    assert approval.load("load_process_attempts", process, name()) == [(process, 3)]
    assert approval.load("load_day_attempts", user, name()) == [(user, NOON.date(), 2), (user, tomorrow, 1)]


def test_the_latest_evaluation_holds(approval):
    one, other = name(), name()
    later = NOON + datetime.timedelta(milliseconds=1)
    approval.put("put_evaluation", (one, "u", "WAIT", NOON), (one, "u", "OK", NOON), (other, "u", "WAIT", later))
    assert approval.load("load_evaluation", one) == [(one, "u", "OK", NOON)]
    approval.put("put_evaluation", (one, "u", "WAIT", NOON), (other, "u", "NOK", NOON))
    assert approval.load("load_evaluation", one) == [(one, "u", "OK", NOON)]
    assert approval.load("load_evaluation", other) == [(other, "u", "WAIT", later)]
    approval.put("put_evaluation", (other, "u", "NOK", later), (one, "u2", "WAIT", later))
    assert approval.load("load_evaluation", other) == [(other, "u", "NOK", later)]
    assert approval.load("load_evaluation", one) == [(one, "u2", "WAIT", later)]


def test_the_latest_consent_holds(approval):
    user = name()
    later = NOON + datetime.timedelta(milliseconds=1)
    approval.put("put_consent", (user, "GDPR", True, later), (user, "GDPR", False, NOON), (user, "X", True, NOON))
    expected = [(user, "GDPR", True, later), (user, "X", True, NOON)]
    assert approval.load("load_consent", user, name()) == expected
    approval.put("put_consent", (user, "GDPR", False, NOON), (user, "X", False, later))
    assert approval.load("load_consent", user) == [expected[0], (user, "X", False, later)]


def test_of_a_faces_users_sixteen_are_enough(approval):
    one, other = index(), index()
    approval.put("put_face_use", (one, "b", "v1", NOON), (one, "b", "v2", NOON), (other, "z", "v3", NOON))
    assert approval.load("load_face_use", one, index()) == [(one, "b")]
    approval.put("put_face_use", (one, "c", "v4", NOON), (one, "a", "v5", NOON), (one, "b", "v6", NOON))
    assert approval.load("load_face_use", one, other) == sorted(
        [(one, "a"), (one, "b"), (one, "c"), (other, "z")])
    approval.put("put_face_use", *((other, f"u{n:02}", "v", NOON) for n in range(17)))
    assert approval.load("load_face_use", other) == [(other, f"u{n:02}") for n in range(16)]


@pytest.mark.parametrize("service", ["evaluation", "approval", "otp"])
def test_all_ids_of_a_person_are_found_from_each(links, service):
    first, second, third = sorted(name() for _ in range(3))
    links(service).put("insert_link", (second, first, NOON), (third, first, NOON), (name(), name(), NOON))
    links(service).put("insert_link", (second, name(), NOON))  # told already
    assert links(service).load("load_link", first) == [(first, second), (first, third)]
    assert links(service).load("load_link", third, name()) == [(third, first), (third, second)]


@pytest.mark.parametrize("table", ["decision", "face_use"])
def test_the_approval_worker_changes_no_history(approval, table):
    for statement in (f"delete from {table}", f"update {table} set user_id = 'x'"):
        with pytest.raises(errors.InsufficientPrivilege):
            approval.connection.execute(statement)


# otp


def contact(user, version, phone=b"p", email=None):
    return (user, version, phone, email, phone and index(), email and index(), NOON)


def challenge(process, identifier, version, state="OPEN", expires=NOON, resends=0):
    return (process, identifier, version, "ACTIVATION", state, index() if state == "OPEN" else None,
            resends, NOON, NOON, expires, NOON)


def message(identifier, destination, asked=None):
    return (identifier, identifier, "p", None, "u", "ACTIVATION", False, "SMS", "en", destination,
            "1", NOON, asked or datetime.datetime.now(UTC))


def test_the_highest_version_of_a_contact_holds(otp):
    user, other = name(), name()
    first, second = contact(user, 1, b"p", b"e"), contact(user, 2, None, b"e2")
    otp.put("insert_contact", first, contact(other, 1), second)
    assert otp.load("load_contact", user) == [second[:-1]]
    with pytest.raises(errors.UniqueViolation):
        otp.put("insert_contact", contact(user, 2))


def test_the_highest_version_of_each_challenge_of_a_process_holds(otp):
    process, one, other = name(), uuid.UUID(int=1), uuid.UUID(int=2)
    rows = [challenge(process, one, 1), challenge(process, one, 2, "REPLACED"),
            challenge(process, other, 1, resends=3)]
    otp.put("insert_challenge", *rows, challenge(name(), one, 1))
    assert otp.load("load_challenge", process) == [row[:-1] for row in rows[1:]]
    with pytest.raises(errors.UniqueViolation):
        otp.put("insert_challenge", challenge(process, other, 1))


@pytest.mark.parametrize("state, digest", [("OPEN", None), ("EXPIRED", b"d" * 32), ("SHUT", None)])
def test_a_challenge_has_a_digest_while_it_is_open(otp, state, digest):
    row = list(challenge(name(), uuid.uuid4(), 1, state))
    row[5] = digest
    with pytest.raises(errors.CheckViolation):
        otp.put("insert_challenge", row)


def test_the_messages_of_a_day_are_counted(otp):
    destination, other = index(), index()
    day = datetime.datetime.now(UTC) - datetime.timedelta(days=1)
    minute = datetime.timedelta(minutes=1)
    otp.put("insert_message", *(message(uuid.uuid4(), destination) for _ in range(3)),
            message(uuid.uuid4(), destination, day + minute), message(uuid.uuid4(), destination, day - minute),
            message(uuid.uuid4(), other))
    assert otp.load("load_traffic", destination, index()) == [(destination, 4)]


def test_a_message_is_found_by_its_id(otp):
    identifier = uuid.uuid4()
    otp.put("insert_message", message(identifier, index()))
    assert otp.load("load_message", str(identifier), name()) == [
        (str(identifier), "p", None, "u", "ACTIVATION", False, "SMS", "1", NOON)]


def test_open_challenges_are_due_when_they_have_expired(otp, migrated):
    process = name()
    now = datetime.datetime.now(UTC).replace(microsecond=123000)
    past, future = now - datetime.timedelta(seconds=2), now + datetime.timedelta(hours=1)
    open_, longer, closed, later, old = (uuid.uuid4() for _ in range(5))
    otp.put("insert_challenge", challenge(process, open_, 1, expires=past),
            challenge(process, longer, 1, expires=past), challenge(process, longer, 2, expires=past, resends=1),
            challenge(process, closed, 1, expires=past), challenge(process, closed, 2, "EXPIRED", expires=past),
            challenge(process, later, 1, expires=future),
            challenge(process, old, 1, expires=now - datetime.timedelta(days=8)))
    text = past.strftime("%Y-%m-%dT%H:%M:%S.123Z")
    found = migrated.rows("""select topic, name, due_at, data from schedule.due
                              where data ->> 'processId' = %s order by name""", process)
    assert found == [("onboarding.otp.expired.v1", str(one), past,
                      {"processId": process, "challengeId": str(one), "expiredAt": text})
                     for one in sorted([open_, longer], key=str)]


def test_answers_to_requests_are_added_and_not_read(otp, migrated):
    identifier = uuid.uuid4()
    otp.put("insert_answer", (identifier, "p", None, None, "ACTIVATION", True, None, "NO_DESTINATION", 0, "1", NOON,
                              NOON))
    with pytest.raises(errors.InsufficientPrivilege):
        otp.connection.execute("select 1 from answer")
    assert migrated.rows("select result from otp.answer where answer_id = %s", identifier) == [("NO_DESTINATION",)]


@pytest.mark.parametrize("table", ["contact", "customer_link", "challenge", "message", "answer"])
def test_the_otp_worker_changes_no_history(otp, table):
    column = {"contact": "user_id", "customer_link": "user_id"}.get(table, "process_id")
    for statement in (f"delete from {table}", f"update {table} set {column} = null"):
        with pytest.raises(errors.InsufficientPrivilege):
            otp.connection.execute(statement)
