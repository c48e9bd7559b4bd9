"""Consents from the file to the answer: texts imported, asked for and answered, and lookup told."""

import datetime
import json
import signal
import uuid

import pytest

from commands import ROOT, WORKER_TIMEOUT_S, await_true
from consent_world import LARGE, POLICY, TODAY, Workers


@pytest.fixture(scope="module")
def workers(stack, migrated, tmp_path_factory):
    folder = tmp_path_factory.mktemp("consent")
    workers = Workers(stack, migrated, folder)
    workers.does("topics", "create")
    for html, *where in [
        ("<p>Starý text</p>\n", "GDPR", "cs", "1", "2020-01-01"),
        ("<h1>Souhlas</h1>\n<p>Já, <b>{{name}}</b>, souhlasím.</p>\n", "GDPR", "cs", "2", "2021-01-01"),
        ("<p>Za rok</p>\n", "GDPR", "cs", "3", TODAY + datetime.timedelta(days=365)),
        ("<p>I, {{name}}, agree.</p>\n", "GDPR", "en", "2021-A", "2021-01-01"),
        (LARGE, "LARGE", "en", "1", "2021-01-01"),
        ("<p>Later</p>", "LATER", "en", "1", TODAY + datetime.timedelta(days=365)),
    ]:
        done = workers.import_text(html, *where)
        assert done.returncode == 0 and done.stdout.startswith("imported "), done.stderr
    workers.start("consent", workers.policy)
    workers.start("lookup", str(ROOT / "services/lookup/policy.json"))
    yield workers
    for service in list(workers.running):
        workers.stop(service)


def fresh(prefix):
    return f"{prefix}-{uuid.uuid4()}"


def submission(process_id, user_id, approved=True, **more):
    return {
        "processId": process_id, "processType": "onboarding", "userId": user_id, "consentType": "GDPR",
        "approved": approved,
    } | more  # fmt: skip


def request(process_id, consent_type="GDPR", **more):
    return {
        "processId": process_id, "processType": "onboarding", "userId": "u", "consentType": consent_type,
    } | more  # fmt: skip


# --- Answers


def test_lookup_knows_what_was_answered(workers):
    user, process = fresh("u"), fresh("p")
    workers.publish("customer.registered", {"userId": user, "personalNumber": user})

    def demand():
        since, asked = workers.now(), fresh("p")
        workers.publish("lookup.requested", {"processId": asked, "processType": "onboarding",
                                             "identification": {"personalNumber": user}})
        (answer,) = workers.answers("lookup.completed", asked, since)
        return answer["consent"], answer["consentRequired"]

    await_true(lambda: demand() == ("REQUIRED", True), WORKER_TIMEOUT_S)  # once the customer is known
    for approved, wanted in [(True, "NOT_REQUIRED"), (False, "REQUIRED"), (True, "NOT_REQUIRED")]:
        since = workers.now()
        workers.publish("consent.submitted", submission(process, user, approved, language="cs", channel="BRANCH"))
        (told,) = workers.answers("consent.completed", process, since)
        assert (told["approved"], told["withdrawn"]) == (approved, not approved)
        assert (told["required"], told["complete"]) == (True, approved)
        await_true(lambda: demand()[0] == wanted, WORKER_TIMEOUT_S)

    rows = workers.rows_of(
        """select s.version, s.state, s.text_version, s.language, s.channel, s.text_digest = e.digest
             from consent.submission s
             join consent.edition e using (consent_type, language)
            where s.user_id = %s and e.version = '2' order by s.version""",
        user,
    )
    assert rows == [(n, state, "2", "cs", "BRANCH", True)
                    for n, state in enumerate(["APPROVED", "WITHDRAWN", "APPROVED"], 1)]
    shown = workers.rows_of(
        "select state, answers, process_id, text_version, text_imported from analytics.consent where user_id = %s", user
    )
    assert shown == [("APPROVED", 3, process, "2", True)]


def test_a_repeated_event_counts_once(workers):
    user, process, since = fresh("u"), fresh("p"), workers.now()
    told = submission(process, user, textVersion="1", language="cs")
    event = {"id": fresh("e"), "time": "2026-03-01T10:00:00Z", "data": told}
    workers.publish("consent.submitted", event, event)
    workers.publish("consent.submitted", event)
    other = event | {"data": event["data"] | {"approved": False}}
    workers.publish("consent.submitted", other)
    last = submission(process, user, False, language="en-GB")
    workers.publish("consent.submitted", last)
    first, second = workers.answers("consent.completed", process, since, 2)
    assert (first["approved"], first["textVersion"], first["language"]) == (True, "1", "cs")
    assert (second["withdrawn"], second["textVersion"], second["language"]) == (True, "2021-A", "en")
    assert first["recordedAt"] < second["recordedAt"]
    rows = workers.rows_of(
        """select version, state, submitted_at = '2026-03-01 10:00Z'
             from consent.submission where user_id = %s order by 1""",
        user,
    )
    assert rows == [(1, "APPROVED", True), (2, "WITHDRAWN", False)]
    parked = workers.objects("deadletters", "list", "--service", "consent", "--group", f"{workers.group}-consent",
                             **workers.as_service("consent"))
    assert [p["reason"] for p in parked if p["id"] == event["id"]] == ["ID_CONFLICT"]


def test_answers_of_one_user_from_many_processes_are_all_kept(workers):
    user, processes = fresh("u"), [fresh("p") for _ in range(30)]
    workers.publish("consent.submitted", *(submission(p, user, n % 2 == 0) for n, p in enumerate(processes)))
    count = "select count(*) from consent.submission where user_id = %s"
    await_true(lambda: workers.rows_of(count, user) == [(30,)], WORKER_TIMEOUT_S)
    rows = workers.rows_of(
        """select max(version), count(distinct recorded_at), count(distinct process_id),
                  bool_and(rises is not false)
             from (select *, recorded_at > lag(recorded_at) over (order by version) as rises
                     from consent.submission where user_id = %s) as s""",
        user,
    )
    assert rows == [(30, 30, 30, True)]
    agree = """select (select state = 'APPROVED' from consent.holding where user_id = %s)
                      = (select approved from lookup.consent where user_id = %s)"""

    def settled():
        return workers.left("consent") == workers.left("lookup") == 0

    await_true(settled, WORKER_TIMEOUT_S)
    await_true(lambda: workers.rows_of(agree, user, user) == [(True,)], WORKER_TIMEOUT_S)


def test_an_answer_to_an_unknown_type_is_parked_until_the_policy_lists_it(workers):
    process, identifier, since = fresh("p"), fresh("e"), workers.now()
    workers.publish("consent.submitted", {"id": identifier, "data": submission(process, "u", consentType="NEWS")})
    of_consent = ["--service", "consent", "--group", f"{workers.group}-consent"]

    def parked():
        listed = workers.objects("deadletters", "list", *of_consent, **workers.as_service("consent"))
        return [p for p in listed if p["id"] == identifier]

    (letter,) = await_true(parked, WORKER_TIMEOUT_S)
    assert (letter["reason"], letter["detail"]) == ("CONTRACT", "consentType is not in the policy")
    assert workers.rows_of("select 1 from consent.submission where process_id = %s", process) == []

    workers.file("policy.json", json.dumps(POLICY | {"version": "next", "types": [*POLICY["types"], "NEWS"]}))
    workers.running["consent"].send_signal(signal.SIGHUP)
    log = workers.folder / "consent.log"
    await_true(lambda: '"policy read"' in log.read_text(encoding="utf-8"), WORKER_TIMEOUT_S)
    place = f"{letter['topic']}/{letter['partition']}/{letter['offset']}"
    workers.does("deadletters", "replay", *of_consent, place, **workers.as_service("consent"))
    (told,) = workers.answers("consent.completed", process, since)
    assert (told["consentType"], told["approved"], told["policyVersion"]) == ("NEWS", True, "next")


# --- Texts


@pytest.mark.parametrize(
    "language, text, given, version, day",
    [
        ("cs", "<h1>Souhlas</h1>\n<p>Já, <b>A &amp; &lt;i&gt;B</b>, souhlasím.</p>\n", "cs", "2", "2021-01-01"),
        ("en", "<p>I, A &amp; &lt;i&gt;B, agree.</p>\n", "en", "2021-A", "2021-01-01"),
        ("cs-CZ", "<h1>Souhlas</h1>\n<p>Já, <b>A &amp; &lt;i&gt;B</b>, souhlasím.</p>\n", "cs", "2", "2021-01-01"),
        ("de", "<p>I, A &amp; &lt;i&gt;B, agree.</p>\n", "en", "2021-A", "2021-01-01"),
        (None, "<p>I, A &amp; &lt;i&gt;B, agree.</p>\n", "en", "2021-A", "2021-01-01"),
    ],
)
def test_a_text_is_given_in_the_language_or_the_default(workers, language, text, given, version, day):
    process = fresh("p")
    answer = workers.ask("consent-text", request(process, language=language, variables={"name": "A & <i>B"}))
    assert answer == {
        "processId": process, "userId": "u", "consentType": "GDPR", "code": "TEXT", "consentText": text,
        "language": given, "textVersion": version, "effectiveFrom": day,
    }  # fmt: skip


def test_a_text_is_that_of_the_events_day(workers):
    process, since = fresh("p"), workers.now()
    day = f"{TODAY + datetime.timedelta(days=366)}T00:00:00Z"
    workers.publish("consent-text.requested", {"time": day, "data": request(process, language="cs")})
    (answer,) = workers.answers("consent-text.completed", process, since)
    assert (answer["textVersion"], answer["consentText"]) == ("3", "<p>Za rok</p>\n")


@pytest.mark.parametrize(
    "consent_type, code",
    [("COOKIES", "UNKNOWN_TYPE"), ("MARKETING", "NO_TEXT"), ("LATER", "NO_TEXT"), ("GDPR", "VARIABLE_MISSING")],
)
def test_no_text_is_told_with_its_reason(workers, consent_type, code):
    answer = workers.ask("consent-text", request(fresh("p"), consent_type, language="cs"))
    assert (answer["code"], answer["consentText"], answer["textVersion"]) == (code, None, None)


def lock_of(kind, key):
    """The number under which a worker of consent locks a key: FNV-1a, as a signed number."""
    number = 0xCBF29CE484222325
    for byte in f"consent\0{kind}\0{key}".encode():
        number = (number ^ byte) * 0x100000001B3 % 2**64
    return number - 2**64 if number >= 2**63 else number


def test_no_batch_waits_for_another_over_texts(workers):
    process, user, since = fresh("p"), fresh("u"), workers.now()
    with workers.database.connect() as other:
        for kind in ["edition", "text"]:
            other.execute("select pg_advisory_xact_lock(%s)", (lock_of(kind, "GDPR/en"),))
        assert workers.ask("consent-text", request(process, variables={"name": "n"}))["code"] == "TEXT"
        workers.publish("consent.submitted", submission(process, user))
        workers.answers("consent.completed", process, since)


def test_batches_wait_for_each_other_over_a_user(workers):
    process, user, since = fresh("p"), fresh("u"), workers.now()
    waiting = "select 1 from pg_locks where locktype = 'advisory' and not granted"
    with workers.database.connect() as other:
        other.execute("select pg_advisory_xact_lock(%s)", (lock_of("holding", user),))
        workers.publish("consent.submitted", submission(process, user))
        await_true(lambda: workers.rows_of(waiting), WORKER_TIMEOUT_S)
    workers.answers("consent.completed", process, since)


def test_a_text_of_the_largest_size_is_given(workers):
    answer = workers.ask("consent-text", request(fresh("p"), "LARGE"))
    assert answer["consentText"] == LARGE


def test_many_large_texts_at_once_are_given(workers):
    """Their results are more than a statement takes: 512 KiB each, of one partition."""
    process, since, count = fresh("p"), workers.now(), 150
    workers.stop("consent")
    workers.publish("consent-text.requested", *(request(process, "LARGE", userId=f"u{n}") for n in range(count)))
    events = "select count(*) from consent.ledger"
    ((before,),) = workers.rows_of(events)
    workers.start("consent", workers.policy)
    await_true(lambda: workers.rows_of(events) == [(before + count,)] and workers.left("consent") == 0,
               WORKER_TIMEOUT_S)
    answers = [r["data"] for r in workers.tail("consent-text.completed", since=since) if r["key"] == process]
    assert [a["userId"] for a in answers] == [f"u{n}" for n in range(count)]
    assert {(a["code"], a["consentText"]) for a in answers} == {("TEXT", "***")}


# --- The command


def test_texts_are_listed(workers):
    texts = workers.objects("consent", "list", "--type", "GDPR", **workers.owner)
    assert [(t["language"], t["version"], t["effectiveFrom"], t["inForce"]) for t in texts] == [
        ("cs", "1", "2020-01-01", False),
        ("cs", "2", "2021-01-01", True),
        ("cs", "3", str(TODAY + datetime.timedelta(days=365)), False),
        ("en", "2021-A", "2021-01-01", True),
    ]
    assert texts[0]["bytes"] == len("<p>Starý text</p>\n".encode()) and len(texts[0]["digest"]) == 64
    assert texts[0]["importedBy"] == workers.stack.env["PGUSER"]
    everything = workers.objects("consent", "list", **workers.owner)
    assert {t["type"] for t in everything} == {"GDPR", "LARGE", "LATER"}


def test_a_text_is_refused_by_line_and_reason(workers, tmp_path):
    good, bad = tmp_path / "good.html", tmp_path / "bad.html"
    good.write_text("<p>a</p>\n", encoding="utf-8")
    bad.write_bytes(b"<p>a</p>\n<p onclick=\"x\">b</p>\n\n<a href=\"javascript:x\">c</a>\n<b>")
    done = workers.run("consent", "import", "--type", "GDPR", "--language", "fr", "--version", "1",
                       "--effective-from", "2021-01-01", str(good), str(bad), **workers.owner)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.splitlines() == [
        f"onboarding: {bad}: line 2: attribute onclick is not allowed in <p>",
        f"onboarding: {bad}: line 4: attribute href wants a link to https://, mailto:, tel: or #",
        f"onboarding: {bad}: line 5: <b> is not closed",
        "onboarding: nothing was imported",
    ]
    assert workers.rows_of("select 1 from consent.edition where language = 'fr'") == []


def test_files_are_joined_unchanged(workers, tmp_path):
    parts = [b"<p>\r\n1</p>\r\n", "<p>ž2</p>".encode()]
    paths = [tmp_path / "1.html", tmp_path / "2.html"]
    for path, part in zip(paths, parts):
        path.write_bytes(part)
    workers.does("consent", "import", "--type", "JOINED", "--language", "cs", "--version", "1",
                 "--effective-from", "2021-01-01", *map(str, paths), **workers.owner)
    ((html,),) = workers.rows_of("select html from consent.edition where consent_type = 'JOINED'")
    assert html.encode() == b"".join(parts)
    workers.rows_of("delete from consent.edition where consent_type = 'JOINED' returning 1")


def test_what_is_imported_never_changes(workers):
    same = workers.import_text("<p>Starý text</p>\n", "GDPR", "cs", "1", "2020-01-01")
    assert (same.returncode, same.stdout) == (0, "GDPR/cs 1 is there already\n")
    for html, version, day, why in [
        ("<p>x</p>", "1", "2020-01-01", "this version is there, with another text or day"),
        ("<p>Starý text</p>\n", "1", "2020-01-02", "this version is there, with another text or day"),
        ("<p>x</p>", "1a", "2020-01-01", "another version is in force from the same day on"),
    ]:
        done = workers.import_text(html, "GDPR", "cs", version, day)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"onboarding: {why}\n")


@pytest.mark.parametrize(
    "where, why",
    [
        (("G/D", "cs", "1", "2021-01-01"), "--type wants"),
        (("GDPR", "CS", "1", "2021-01-01"), "--language wants"),
        (("GDPR", "cs", "v 1", "2021-01-01"), "--version wants"),
        (("GDPR", "cs", "1", "2021-02-29"), "--effective-from wants"),
        (("GDPR", "cs", "1", "1609459200000"), "--effective-from wants"),
    ],
)
def test_names_without_sense_are_exit_code_2(workers, where, why):
    done = workers.import_text("<p>x</p>", *where)
    assert done.returncode == 2 and done.stderr.startswith(f"onboarding: {why}")


def test_a_text_too_large_or_absent_is_refused(workers, tmp_path):
    done = workers.import_text(LARGE + " ", "GDPR", "fr", "1", "2021-01-01")
    assert done.returncode == 1 and "more than 524288 bytes" in done.stderr
    for path in [tmp_path / "absent.html", tmp_path]:
        assert workers.import_file(path, "GDPR", "fr", "1", "2021-01-01").returncode == 1


def test_the_worker_itself_may_import_nothing(workers):
    path = workers.folder / "text.html"
    path.write_text("<p>x</p>", encoding="utf-8")
    done = workers.import_file(path, "GDPR", "fr", "1", "2021-01-01", **workers.as_service("consent"))
    assert (done.returncode, done.stderr) == (
        1, "onboarding: service consent may not be seen or changed by this user\n")
