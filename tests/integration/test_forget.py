"""`onboarding forget`: what is old goes, what is fresh or still needed stays."""

import datetime
import os

import pytest

from commands import Bench

DAY = datetime.timedelta(days=1)
OLD, FRESH = 40 * DAY, DAY / 24
CHUNK = 10000  # rows of a table that go in one transaction
TABLES = ["ledger", "batch", "dead_letter", "effect", "subject_key"]
PROCESS_EXPIRED, REVIEW_EXPIRED = "onboarding.process.expired.v1", "onboarding.review.expired.v1"


class Forgetting(Bench):
    """Tables of evaluation, filled by hand with ages; the command as the owner."""

    def __init__(self, stack, database, folder):
        super().__init__(stack, database, folder)
        password = folder / "owner"
        password.touch(mode=0o600)
        password.write_text(stack.env["PGPASSWORD"], encoding="utf-8")
        self.lookup_url = self.settings["ONBOARDING_POSTGRES_URL"]
        self.lookup_password = self.settings["ONBOARDING_POSTGRES_PASSWORD_FILE"]
        self.settings["ONBOARDING_POSTGRES_URL"] = self.lookup_url.replace(
            "onboarding_lookup@", f"{stack.env['PGUSER']}@"
        )
        self.settings["ONBOARDING_POSTGRES_PASSWORD_FILE"] = str(password)

    def rows(self, query, *parameters):
        with self.database.connect(autocommit=True) as connection:
            connection.execute("set search_path = evaluation")
            cursor = connection.execute(query, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def ids(self, age, count=1, first=0):
        self.rows(
            """insert into ledger (recorded_at, group_id, source_id, event_id, topic_id, partition, "offset",
                                   generation, outcome, digest_key, digest)
               select now() - %s, 1, 0, gen_random_uuid(), 1, 0, %s + n, 0, 1, 0, 'digest'
                 from generate_series(1, %s) as n""",
            age, first, count,
        )

    def dead_letter(self, age, offset):
        self.rows(
            """insert into dead_letter (group_id, topic_id, generation, partition, "offset", reason, recorded_at)
               values (1, 1, 0, 0, %s, 'UNDECODABLE', now() - %s)""",
            offset, age,
        )

    def results(self, age, offset):
        self.rows(
            """insert into batch (group_id, topic_id, generation, partition, first_offset, last_offset, recorded_at,
                                  results, results_count)
               values (1, 1, 0, 0, %s, %s, %s, 'x', 1)""",
            offset, offset, self.began - age,
        )

    def published(self, offset):
        """The results of all offsets before it are known to be published."""
        self.rows("delete from partition")
        self.rows("insert into consumer_group (name) values ('forget') on conflict do nothing")
        self.rows("insert into topic (name) values ('forget') on conflict do nothing")
        self.rows(
            """insert into partition (group_id, topic_id, partition, cluster_id, next_offset, published_offset,
                                      owner_epoch, last_stamp)
               values (1, 1, 0, 'cluster', 1000000, %s, 1, now())""",
            offset,
        )

    def key(self, age=None):
        """A key of the day that is so long ago; a person's without an age."""
        self.rows(
            """insert into subject_key (day, key_id, subject, wrapped)
               values (%s, 1, decode(%s, 'hex'), decode(%s, 'hex'))""",
            age and (self.began - age).date(), os.urandom(32).hex(), "00" * 61,
        )

    def days(self):
        """How old the days are that have a key; None: a key of a person."""
        return {day and (self.began.date() - day).days for (day,) in self.rows("select day from subject_key")}

    def effect(self, age):
        """One that ended so long ago; pending, made long ago, without an age."""
        state, content = ("PENDING", "sealed") if age is None else ("SENT", None)
        self.rows(
            """insert into effect (created_at, due_at, expires_at, finished_at, topic_id, partition, group_id, effect_id,
                                   kind, state, sealed_by, cause, content)
               values (now() - interval '50 days', now(), now(), now() - %s::interval, 1, 0, 1, gen_random_uuid(),
                       'call-back', %s, 'x', 'x', %s)""",
            age, state, content,
        )

    def note(self, topic, name, age):
        self.rows(
            "insert into schedule.published (topic, name, event_id, due_at, published_at)"
            " values (%s, %s, gen_random_uuid(), now() - %s, now() - %s)",
            topic, name, age, age,
        )

    def case(self, verification):
        """A case that has expired and nobody has closed."""
        self.rows(
            """insert into review_case (identity_verification_id, version, state, process_id, process_type, user_id,
                                        code, reason, opened_at, expires_at)
               values (%s, 1, 'OPEN', 'P', 'onboarding', 'U', 'X', 'x', now() - interval '60 days',
                       now() - interval '50 days')""",
            verification,
        )

    def offsets(self, table, column='"offset"'):
        return {offset for (offset,) in self.rows(f"select {column} from {table}")}

    def names(self):
        return {name for (name,) in self.rows("select name from schedule.published")}


@pytest.fixture(scope="module")
def made(stack, migrated, tmp_path_factory):
    return Forgetting(stack, migrated, tmp_path_factory.mktemp("forget"))


@pytest.fixture
def bench(made):
    made.rows(f"truncate {', '.join(TABLES)}, review_case, schedule.published")
    made.published(500000)
    made.began = datetime.datetime.now(datetime.timezone.utc)  # so that ages stay when midnight comes
    return made


def test_what_is_old_goes_and_what_is_fresh_stays(bench):
    for age, offset in [(OLD, 1), (32 * DAY, 2), (30 * DAY, 3), (FRESH, 4)]:
        bench.ids(age, first=offset - 1)
        bench.dead_letter(age, offset)
    for age, offset in [(OLD, 1), (8 * DAY, 2), (6 * DAY, 3), (FRESH, 4)]:
        bench.results(age, offset)
    for age in [OLD, 32 * DAY, 30 * DAY, None]:
        bench.effect(age)
    told = bench.does("forget")
    assert "evaluation   results, ids and dead letters: 6 forgotten\n" in told
    assert "evaluation   effects: 2 forgotten\n" in told
    assert "lookup       results, ids and dead letters: 0 forgotten\n" in told
    assert bench.offsets("ledger") == bench.offsets("dead_letter") == {3, 4}
    assert bench.offsets("batch", "first_offset") == {3, 4}
    assert bench.rows("select count(*), count(*) filter (where state = 'PENDING') from effect") == [(2, 1)]


def test_a_second_run_finds_nothing(bench):
    bench.ids(OLD, 3)
    bench.effect(OLD)
    bench.key(OLD)
    bench.note(REVIEW_EXPIRED, "old", OLD)
    first = bench.does("forget")
    assert first.count(": 0 forgotten\n") == len(first.splitlines()) - 4
    second = bench.does("forget").splitlines()
    assert len(second) == len(first.splitlines()) and all(line.endswith(": 0 forgotten") for line in second)


def test_results_that_are_not_published_stay(bench):
    bench.published(11)
    for offset in [10, 11]:
        bench.results(OLD, offset)
    bench.does("forget")
    assert bench.offsets("batch", "first_offset") == {11}


def test_the_key_of_a_day_goes_with_the_results_of_that_day(bench):
    bench.published(11)
    for age in [OLD, 35 * DAY, 30 * DAY, 2 * DAY]:
        bench.key(age)
    bench.key()
    bench.results(OLD, 9)
    bench.results(35 * DAY, 11)  # not published: its day and those after it may hold more of the kind
    assert "evaluation   keys of days: 1 forgotten\n" in bench.does("forget")
    assert bench.days() == {35, 30, 2, None}
    bench.published(12)
    assert "evaluation   keys of days: 2 forgotten\n" in bench.does("forget")
    assert bench.days() == {2, None}


def test_ages_are_the_operators_to_set(bench):
    for age in [50 * DAY, 40 * DAY, 20 * DAY]:
        bench.ids(age, first=age.days)
        bench.results(age, age.days)
        bench.effect(age)
        bench.note(REVIEW_EXPIRED, str(age.days), age)
    bench.does("forget", "--results-older", "30d", "--ids-older", "45d", "--effects-older=240h")
    assert bench.offsets("ledger") == {41, 21}
    assert bench.offsets("batch", "first_offset") == {20}
    assert bench.rows("select count(*) from effect") == [(0,)]
    assert bench.names() == {"40", "20"}


def test_it_goes_on_until_nothing_is_left(bench):
    bench.ids(OLD, 2 * CHUNK + 1)
    bench.ids(FRESH, 2)
    assert f"evaluation   results, ids and dead letters: {2 * CHUNK + 1} forgotten\n" in bench.does("forget")
    assert bench.rows("select count(*) from ledger") == [(2,)]


def test_progress_is_shown_on_a_terminal(bench):
    bench.ids(OLD, CHUNK + 1)
    master, slave = os.openpty()
    try:
        assert bench.run("forget", "--service", "evaluation", stderr=slave).returncode == 0
        shown = os.read(master, 1 << 16).decode()
    finally:
        os.close(master)
        os.close(slave)
    for gone in [CHUNK, CHUNK + 1]:
        assert f"\revaluation: results, ids and dead letters, {gone} gone" in shown


def test_notes_go_unless_something_needs_them(bench):
    bench.case("V-1")
    for name, age in [("EVALUATION/V-1/1", OLD), ("EVALUATION/V-2/1", OLD), ("EVALUATION/V-3/1", 30 * DAY)]:
        bench.note(REVIEW_EXPIRED, name, age)
    bench.note(PROCESS_EXPIRED, "P-1", OLD)
    assert "schedule     notes: 1 forgotten\n" in bench.does("forget")
    assert bench.names() == {"EVALUATION/V-1/1", "EVALUATION/V-3/1", "P-1"}
    assert bench.rows("select state from analytics.process where process_id = 'P-1'") == [("EXPIRED",)]


def test_one_service_alone(bench):
    bench.ids(OLD)
    bench.note(REVIEW_EXPIRED, "old", OLD)
    told = bench.does("forget", "--service", "lookup").splitlines()
    assert len(told) == 3 and all(line.startswith("lookup ") for line in told)
    assert bench.offsets("ledger") == {1} and bench.names() == {"old"}
    bench.does("forget", "--service", "evaluation")
    assert bench.offsets("ledger") == set() and bench.names() == {"old"}
    absent = bench.run("forget", "--service", "nothing")
    assert absent.returncode == 1 and "there is no such service" in absent.stderr


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["--ids-older", "31d"], "--ids-older must be 32d at least"),
        (["--results-older", "33d"], "--results-older exceeds --ids-older"),
        (["--results-older", "1h"], "--results-older is no age"),
        (["--effects-older", "0d"], "--effects-older is no age"),
        (["--ids-older", "40"], "--ids-older is no age"),
    ],
)
def test_ages_that_would_do_harm_are_refused(bench, arguments, told):
    bench.ids(50 * DAY)
    done = bench.run("forget", *arguments)
    assert done.returncode == 2 and done.stdout == "" and told in done.stderr
    assert bench.offsets("ledger") == {1}


def test_a_worker_may_not_forget(bench):
    done = bench.run(
        "forget", "--service", "lookup", ONBOARDING_POSTGRES_URL=bench.lookup_url,
        ONBOARDING_POSTGRES_PASSWORD_FILE=bench.lookup_password,
    )  # fmt: skip
    assert done.returncode == 1 and "service lookup may not be seen or changed by this user" in done.stderr
