"""The statements of lookup, consent and otp."""

import datetime
import uuid

import pytest
from psycopg import errors

from service_sql import NOON, UTC, index, name, statements_of

lookup = statements_of("lookup")
consent = statements_of("consent")
otp = statements_of("otp")


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
