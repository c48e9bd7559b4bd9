"""The schedule: what time brings is published once, whatever happens to the run."""

import datetime
import json
import signal
import socket
import subprocess
import uuid

import pytest

from commands import BIN, COMMAND_TIMEOUT_S, Bench, clean_environment

SPACE = uuid.UUID("6e0b1d52-8f31-4c0d-9a77-2c5e43b806f1")
EXPIRED, RETENTION = "onboarding.process.expired.v1", "onboarding.retention.due.v1"
HOUR = datetime.timedelta(hours=1)
MINUTE = datetime.timedelta(minutes=1)
EXPIRY, RETAINED = 3 * HOUR, 24 * HOUR


class Schedule(Bench):
    """The program, and tables that tests fill as workers would have."""

    def __init__(self, stack, database, folder):
        super().__init__(stack, database, folder)
        self.own = {
            "ONBOARDING_KAFKA_BROKERS": self.brokers,
            "ONBOARDING_POSTGRES_URL": self.settings["ONBOARDING_POSTGRES_URL"].replace("_lookup@", "_schedule@"),
            "ONBOARDING_POSTGRES_PASSWORD_FILE": f"{stack.env['STACK_DIR']}/secrets/onboarding_schedule",
        }

    def call(self, *arguments, **settings):
        env = clean_environment() | self.own | settings
        return subprocess.run(
            [BIN / "onboarding-schedule", *arguments], env={k: v for k, v in env.items() if v is not None},
            capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False,
        )

    def passes(self, **settings):
        """A run that goes well; how many it published, and how many it left."""
        done = self.call(**settings)
        assert done.returncode == 0, done.stderr + done.stdout
        (line,) = [line for line in self.lines(done) if line["message"] == "done"]
        return line["published"], line["left"]

    def lines(self, done):
        return [json.loads(line) for line in done.stdout.splitlines()]

    # What the services have.

    def looked_up(self, process, age, user="U", code="FOUND"):
        self.rows(
            """insert into answer (answer_id, process_id, process_type, code, user_id, consent, policy_version,
                                   decided_at)
               values (gen_random_uuid(), %s, 'onboarding', %s, %s, 'NOT_REQUIRED', '1', now() - %s)""",
            process, code, user if code == "FOUND" else None, age,
        )

    def decided(self, process, age, result, user="U"):
        self.rows(
            """insert into evaluation.decision (identity_verification_id, version, process_id, process_type, user_id,
                                                result, code, reason, policy_version, event_date, decided_at)
               values (%s, 1, %s, 'onboarding', %s, %s, 'X', 'x', '1', current_date, now() - %s)""",
            process, process, user, result, age,
        )

    def approved(self, process, age, user):
        self.rows(
            """insert into approval.decision (identity_verification_id, version, process_id, user_id, result, code, reason,
                                              policy_version, failed, frame, frame_in_use, process_attempt, day_attempt,
                                              awaits_facts, event_date, requested_at, decided_at)
               values (%s, 1, %s, %s, 'OK', 'X', 'x', '1', false, false, false, 1, 1, false, current_date,
                       now() - %s, now() - %s)""",
            process, process, user, age, age,
        )

    def due(self, *rows):
        """What the view of a service would list: topic, name, fields."""
        for topic, name, data in rows:
            self.rows("insert into due_rows values (%s, %s, now(), %s::jsonb)", topic, name, data)

    def noted(self):
        return set(self.rows("select topic, name, event_id::text from schedule.published"))


@pytest.fixture(scope="module")
def made(stack, migrated, tmp_path_factory):
    schedule = Schedule(stack, migrated, tmp_path_factory.mktemp("schedule"))
    schedule.does("topics", "create")
    schedule.rows("create table due_rows (topic text, name text, due_at timestamptz, data jsonb)")
    schedule.rows("alter table due_rows owner to onboarding_owner")
    ((services,),) = schedule.rows("select rtrim(pg_get_viewdef('schedule.due'), ';')")
    schedule.rows(f"create or replace view schedule.due as {services} union all select * from lookup.due_rows")
    return schedule


@pytest.fixture
def schedule(made):
    made.rows("truncate answer, identity, alias, due_rows, evaluation.decision, evaluation.customer,"
              " evaluation.review_case, approval.decision, otp.challenge, otp.contact, schedule.published")
    made.since = made.now()
    return made


def id_of(topic, name):
    return str(uuid.uuid5(SPACE, f"{topic}\n{name}"))


def process_expired(schedule):
    return schedule.tail("process.expired", since=schedule.since)


def names(events):
    return sorted(event["data"]["processId"] for event in events)


def test_a_process_that_nothing_ended_is_published_once(schedule):
    schedule.looked_up("P-1", EXPIRY + MINUTE, user="U-1")
    schedule.looked_up("P-2", EXPIRY + MINUTE, code="NOT_FOUND")
    schedule.looked_up("P-3", EXPIRY - MINUTE)
    assert schedule.passes() == (2, 0)
    assert schedule.passes() == (0, 0)
    events = {event["data"]["processId"]: event for event in process_expired(schedule)}
    assert set(events) == {"P-1", "P-2"}
    for process, user in [("P-1", "U-1"), ("P-2", None)]:
        event = events[process]
        assert event["key"] == process and event["id"] == id_of(EXPIRED, process)
        assert event["data"]["userId"] == user
        ((started,),) = schedule.rows("select decided_at from answer where process_id = %s", process)
        expired = datetime.datetime.fromisoformat(event["data"]["expiredAt"].replace("Z", "+00:00"))
        assert datetime.timedelta(0) <= started + EXPIRY - expired < datetime.timedelta(milliseconds=1)
    assert schedule.noted() == {(EXPIRED, process, id_of(EXPIRED, process)) for process in events}
    assert schedule.rows("select process_id, state from analytics.process order by 1") == [
        ("P-1", "EXPIRED"), ("P-2", "EXPIRED"), ("P-3", "USER_FOUND")]


def test_the_first_event_counts_and_the_setting_says_how_long(schedule):
    schedule.looked_up("P-1", 2 * HOUR)
    schedule.looked_up("P-1", MINUTE)
    schedule.looked_up("P-2", HOUR)
    assert schedule.passes(ONBOARDING_PROCESS_EXPIRY="90m") == (1, 0)
    assert names(process_expired(schedule)) == ["P-1"]


def test_what_is_decided_or_waits_for_a_person_does_not_expire(schedule):
    for process, result in [("P-1", "NOK"), ("P-2", "WAIT")]:
        schedule.looked_up(process, EXPIRY + MINUTE)
        schedule.decided(process, MINUTE, result)
    assert schedule.passes() == (0, 0)
    schedule.decided("P-3", EXPIRY + MINUTE, "OK")
    assert schedule.passes(ONBOARDING_FINISHED_BY="evaluation") == (0, 0)
    assert schedule.passes() == (1, 0)
    assert names(process_expired(schedule)) == ["P-3"]


def test_processes_of_which_nothing_is_known_lately_are_left_alone(schedule):
    schedule.looked_up("P-1", 49 * HOUR)
    assert schedule.passes() == (0, 0)
    assert schedule.passes(ONBOARDING_LOOK_BACK="50h") == (1, 0)


def test_a_run_that_dies_before_it_notes_publishes_the_same_again(schedule, tmp_path):
    schedule.looked_up("P-1", EXPIRY + MINUTE)
    (tmp_path / "schedule_published").write_text("kill\n", encoding="utf-8")
    done = schedule.call(ONBOARDING_FAILPOINT_DIR=str(tmp_path))
    assert done.returncode == -signal.SIGKILL
    assert schedule.noted() == set()
    assert schedule.passes() == (1, 0)
    assert schedule.passes() == (0, 0)
    first, second = process_expired(schedule)
    assert (first["id"], first["data"], first["partition"]) == (second["id"], second["data"], second["partition"])


def test_a_run_is_bounded_and_tells_what_it_left(schedule):
    for number in range(5):
        schedule.looked_up(f"P-{number}", EXPIRY + (5 - number) * MINUTE)
    schedule.due((EXPIRED, "P-a", '{"processId": "P-a", "expiredAt": 1}'))
    assert schedule.passes(ONBOARDING_LIMIT="1") == (1, 5)
    assert schedule.passes(ONBOARDING_LIMIT="3") == (3, 2)
    assert schedule.passes(ONBOARDING_LIMIT="3") == (2, 0)
    assert len(process_expired(schedule)) == 6


def test_what_services_have_due_goes_to_its_topic(schedule):
    schedule.due(
        (EXPIRED, "one", '{"processId": "foobar", "userId": null, "expiredAt": 5}'),
        (RETENTION, "two", '{"userId": "U-9", "dueAt": 7, "why": "ASKED"}'),
    )
    assert schedule.passes() == (2, 0)
    assert schedule.passes() == (0, 0)
    (event,) = process_expired(schedule)
    assert (event["id"], event["key"], event["partition"]) == (id_of(EXPIRED, "one"), "foobar", -790332482 % 2**31 % 4)
    (event,) = schedule.tail("retention.due", since=schedule.since)
    assert (event["id"], event["key"]) == (id_of(RETENTION, "two"), "U-9")


def test_a_case_that_nobody_decides_expires(schedule):
    for verification, version, hours in [("V-1", 1, -1), ("V-2", 1, 1), ("V-3", 1, -1)]:
        schedule.rows(
            """insert into evaluation.review_case (identity_verification_id, version, state, process_id, process_type,
                                                   user_id, code, reason, opened_at, expires_at)
               values (%s, %s, 'OPEN', 'P-' || %s, 'onboarding', 'U', 'X', 'Why.', now() - interval '3 days',
                       now() + %s * interval '1 hour')""",
            verification, version, verification, hours,
        )
    schedule.rows(
        """insert into evaluation.review_case
           select identity_verification_id, 2, 'RESOLVED', process_id, process_type, user_id, code, reason, opened_at,
                  facts_until, expires_at, 'OK', 'REVIEWED', now()
             from evaluation.review_case where identity_verification_id = 'V-3'""")
    assert schedule.passes() == (1, 0)
    (event,) = schedule.tail("review.expired", since=schedule.since)
    assert (event["key"], event["data"]["identityVerificationId"], event["data"]["job"]) == ("P-V-1", "V-1", "EVALUATION")


def test_a_code_that_nobody_used_expires(schedule):
    open_, replaced, young = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    for challenge, version, state, minutes in [
        (open_, 1, "OPEN", -1), (replaced, 1, "OPEN", -1), (replaced, 2, "REPLACED", -1), (young, 1, "OPEN", 1),
    ]:
        schedule.rows(
            """insert into otp.challenge (process_id, challenge_id, version, otp_type, state, code_hmac, resends,
                                          opened_at, asked_at, expires_at, recorded_at)
               values ('P-1', %s, %s, 'ACTIVATION', %s, %s, 0, now(), now(), now() + %s * interval '1 minute', now())""",
            challenge, version, state, b"h" * 32 if state == "OPEN" else None, minutes,
        )
    assert schedule.passes() == (1, 0)
    (event,) = schedule.tail("otp.expired", since=schedule.since)
    assert (event["key"], event["data"]["challengeId"]) == ("P-1", str(open_))


def test_what_makes_no_event_is_told_and_holds_nobody_up(schedule):
    schedule.due(
        (EXPIRED, "secret-1", '{"processId": "P-1"}'),
        ("onboarding.lookup.completed.v1", "secret-2", "{}"),
        (EXPIRED, "P-3", '{"processId": "P-3", "expiredAt": 5}'),
        (None, None, None),
    )
    done = schedule.call()
    assert done.returncode == 1
    lines = schedule.lines(done)
    assert sorted((line["topic"], line["id"]) for line in lines if "no event" in line["message"]) == sorted(
        [(EXPIRED, id_of(EXPIRED, "secret-1")),
         ("onboarding.lookup.completed.v1", id_of("onboarding.lookup.completed.v1", "secret-2")),
         ("", id_of("", ""))])
    assert (lines[-1]["published"], lines[-1]["bad"]) == (1, 3)
    assert "secret" not in done.stdout + done.stderr
    assert names(process_expired(schedule)) == ["P-3"]


def test_a_dry_run_shows_and_does_nothing(schedule):
    schedule.looked_up("P-1", EXPIRY + MINUTE)
    done = schedule.call("--dry-run")
    assert done.returncode == 0
    _, topic, event_id, name = done.stdout.split()
    assert (topic, event_id, name) == (EXPIRED, id_of(EXPIRED, "P-1"), "P-1")
    assert schedule.noted() == set() and process_expired(schedule) == []


def test_of_two_runs_at_once_one_does_nothing(schedule):
    schedule.looked_up("P-1", EXPIRY + MINUTE)
    with schedule.database.connect() as other:
        other.execute("select pg_advisory_xact_lock(hashtextextended('onboarding.schedule', 0))")
        done = schedule.call()
        assert done.returncode == 0 and "another run" in done.stdout
        assert schedule.noted() == set()
        other.rollback()
    assert schedule.passes() == (1, 0)


def test_without_brokers_nothing_is_noted(schedule):
    schedule.looked_up("P-1", EXPIRY + MINUTE)
    with socket.socket() as nobody:  # bound, and not listening
        nobody.bind(("127.0.0.1", 0))
        done = schedule.call(ONBOARDING_KAFKA_BROKERS=f"127.0.0.1:{nobody.getsockname()[1]}")
    assert done.returncode == 1 and "cut short" in done.stdout
    assert schedule.noted() == set()
    assert schedule.passes() == (1, 0)


def retention_due(schedule):
    return [event["data"]["userId"] for event in schedule.tail("retention.due", since=schedule.since)]


def test_who_did_not_become_a_customer_is_due_once_for_each_time(schedule):
    schedule.decided("P-1", RETAINED + MINUTE, "NOK", user="U-1")
    schedule.decided("P-2", RETAINED - MINUTE, "NOK", user="U-2")
    schedule.decided("P-3", RETAINED + MINUTE, "OK", user="U-3")
    schedule.decided("P-4", RETAINED + MINUTE, "WAIT", user="U-4")
    schedule.decided("P-5", RETAINED + MINUTE, "NOK", user="U-5")
    schedule.looked_up("P-6", MINUTE, user="U-5")  # is back
    schedule.decided("P-7", RETAINED + MINUTE, "NOK", user="U-7")
    schedule.rows("insert into evaluation.customer values ('U-7', 1, null, null, null, '', now())")
    schedule.approved("P-8", 9 * RETAINED, "U-8")  # long before what is looked at
    schedule.decided("P-9", RETAINED + MINUTE, "NOK", user="U-8")
    off = {"ONBOARDING_FINISHED_BY": "evaluation", "ONBOARDING_RETENTION": "0s"}
    wanted = off | {"ONBOARDING_RETENTION": "24h"}
    assert schedule.passes(**off) == (0, 0)
    assert schedule.passes(**wanted) == (1, 0)
    assert schedule.passes(**wanted) == (0, 0)
    assert retention_due(schedule) == ["U-1"]
    schedule.decided("P-10", RETAINED, "NOK", user="U-1")
    assert schedule.passes(**wanted) == (1, 0)
    assert retention_due(schedule) == ["U-1", "U-1"]


def test_who_is_a_customer_to_any_service_is_kept(schedule):
    known = ["by lookup", "by otp", "by evaluation", "first", "later", "second"]
    for user in [*known, "prospect"]:
        schedule.decided(f"P {user}", RETAINED + MINUTE, "NOK", user=user)
    schedule.rows("insert into identity values (%s, 'by lookup', false), (%s, 'prospect', true)", b"a" * 32, b"b" * 32)
    schedule.rows("insert into otp.contact values ('by otp', 1, null, null, null, null, now())")
    schedule.rows("insert into evaluation.customer values ('by evaluation', 1, null, null, null, '', now())")
    schedule.rows("insert into alias values ('later', 'first'), ('second', 'first')")
    schedule.passes(ONBOARDING_RETENTION="24h")
    assert retention_due(schedule) == ["prospect"]


def test_customers_are_probed_for_not_gone_through(schedule):
    """All of them for each who is refused would outlast the statement's ten seconds."""
    schedule.rows(
        """insert into approval.decision (identity_verification_id, version, process_id, user_id, result, code, reason,
                                          policy_version, failed, frame, frame_in_use, process_attempt, day_attempt,
                                          awaits_facts, event_date, requested_at, decided_at)
           select 'V-' || n, 1, 'P-' || n, 'C-' || n, 'OK', 'X', 'x', '1', false, false, false, 1, 1, false,
                  current_date - 9, now() - interval '9 days', now() - interval '9 days'
             from generate_series(1, 20000) as n"""
    )
    schedule.rows("insert into identity select sha256(('C-' || n)::bytea), 'C-' || n, false"
                  " from generate_series(1, 20000) as n")
    schedule.rows(
        """insert into evaluation.decision (identity_verification_id, version, process_id, process_type, user_id,
                                            result, code, reason, policy_version, event_date, decided_at)
           select 'W-' || n, 1, 'Q-' || n, 'onboarding', 'R-' || n, 'NOK', 'X', 'x', '1', current_date,
                  now() - interval '2 hours'
             from generate_series(1, 3000) as n"""
    )
    schedule.rows("analyze approval.decision, evaluation.decision, identity")
    done = schedule.call("--dry-run")
    assert done.returncode == 0, done.stdout[-2000:]
    assert done.stdout.count(RETENTION) == 3000


def test_by_default_data_are_kept_for_an_hour(schedule):
    schedule.decided("P-1", HOUR + MINUTE, "NOK", user="U-1")
    schedule.decided("P-2", HOUR - MINUTE, "NOK", user="U-2")
    assert schedule.passes(ONBOARDING_RETENTION="0s") == (0, 0)
    assert schedule.passes() == (1, 0)
    assert retention_due(schedule) == ["U-1"]


def test_nobodys_process_brings_nobodys_retention(schedule):
    schedule.looked_up("P-1", RETAINED + 4 * HOUR, code="NOT_FOUND")
    schedule.rows("insert into schedule.published values (%s, 'P-1', gen_random_uuid(), now(), now() - %s)",
                  EXPIRED, RETAINED + MINUTE)
    ((state,),) = schedule.rows("select state from analytics.process")
    assert state == "EXPIRED"
    assert schedule.passes(ONBOARDING_RETENTION="24h") == (0, 0)
    assert retention_due(schedule) == []


def test_all_mistakes_in_settings_are_told_at_once(schedule):
    done = schedule.call(
        ONBOARDING_LIMIT="0", ONBOARDING_PROCESS_EXPIRY="3", ONBOARDING_LOOK_BACK="1m", ONBOARDING_NONSENSE="x",
        ONBOARDING_POSTGRES_URL=None,
    )
    assert done.returncode == 78 and done.stdout == ""
    for name in ["LIMIT", "PROCESS_EXPIRY", "LOOK_BACK", "NONSENSE", "POSTGRES_URL"]:
        assert f"ONBOARDING_{name}" in done.stderr
    assert schedule.call("--nonsense").returncode == 2
    assert "ONBOARDING_RETENTION=1h" in schedule.call("--help").stdout


def test_the_schedule_reads_its_views_and_no_table(migrated):
    found = migrated.rows(
        """select c.oid::regclass::text, p.privilege
             from pg_class c cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate'])
                  as p (privilege)
            where c.relkind in ('r', 'v') and c.relname <> 'due_rows'
              and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
              and has_table_privilege('onboarding_schedule', c.oid, p.privilege) order by 1, 2"""
    )
    assert found == [
        ("analytics.process", "select"), ("analytics.process_timeline", "select"), ("schedule.customer", "select"),
        ("schedule.due", "select"), ("schedule.published", "insert"), ("schedule.published", "select")]
