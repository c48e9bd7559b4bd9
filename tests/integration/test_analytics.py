"""What analysts see, and that they see nothing else."""

import datetime

import pytest
from psycopg import errors

from database import SERVICES

UTC = datetime.timezone.utc
NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=UTC)

HOLDERS_OF_CASES = ["evaluation", "approval"]
EXPIRED = "onboarding.process.expired.v1"

VIEWS = {
    "approval",
    "consent",
    "consent_answer",
    "dead_letter",
    "effect",
    "decision",
    "funnel_by_day",
    "otp",
    "process",
    "process_timeline",
    "publishing_lag",
    "review",
}

# Stands in every column that no view may show.
HIDDEN = "Zxqv"

# Every relation outside PostgreSQL's own catalogue, with what a role may do to it or a column.
RELATION_RIGHTS = """
    select n.nspname, c.relname, r.name
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
     cross join unnest(array['select', 'insert', 'update', 'references']) as r (name)
     where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
       and c.relkind in ('r', 'v', 'm', 'p', 'f')
       and (has_table_privilege(%(role)s, c.oid, r.name)
            or has_any_column_privilege(%(role)s, c.oid, r.name))
     union all
    select n.nspname, c.relname, r.name
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
     cross join unnest(array['delete', 'truncate', 'trigger']) as r (name)
     where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
       and c.relkind in ('r', 'v', 'm', 'p', 'f')
       and has_table_privilege(%(role)s, c.oid, r.name)
"""

# All else that a role may use or make, again outside PostgreSQL's own catalogue.
OTHER_RIGHTS = """
    select 'schema ' || nspname || ' ' || r.name
      from pg_namespace cross join unnest(array['usage', 'create']) as r (name)
     where nspname not in ('pg_catalog', 'information_schema')
       and has_schema_privilege(%(role)s, oid, r.name)
     union all
    select 'database ' || r.name
      from unnest(array['create', 'connect', 'temporary']) as r (name)
     where has_database_privilege(%(role)s, current_database(), r.name)
     union all
    select 'sequence ' || c.oid::regclass
      from pg_class c
     where case when c.relkind = 'S'
                then has_sequence_privilege(%(role)s, c.oid, 'select, usage, update') end
     union all
    select 'function ' || p.oid::regprocedure
      from pg_proc p
     where p.pronamespace <> all ('{pg_catalog,information_schema}'::regnamespace[])
       and has_function_privilege(%(role)s, p.oid, 'execute')
     union all
    select 'tablespace ' || spcname from pg_tablespace
     where has_tablespace_privilege(%(role)s, oid, 'create')
     union all
    select 'foreign server ' || srvname from pg_foreign_server
     union all
    select 'large object ' || oid from pg_largeobject_metadata
     union all
    select 'untrusted language ' || lanname from pg_language
     where not lanpltrusted and lanname not in ('c', 'internal')
     union all
    select 'member of ' || roleid::regrole from pg_auth_members
     where member = %(role)s::regrole
     union all
    select 'owner of ' || c.oid::regclass from pg_class c where relowner = %(role)s::regrole
     union all
    select 'attribute' from pg_roles
     where rolname = %(role)s
       and (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls)
     order by 1
"""


def at(minutes):
    return NOON + datetime.timedelta(minutes=minutes)


# process, minutes after noon, code, user, demand for consent
ANSWERS = [
    ("p-found", 0, "FOUND", "u-1", "REQUIRED"),
    ("p-nobody", 1, "NOT_FOUND", None, "NOT_EVALUATED"),
    ("p-late", 2, "AMBIGUOUS", None, "NOT_EVALUATED"),
    ("p-late", 3, "PROSPECT", "u-2", "NOT_REQUIRED"),
    ("p-ok", 4, "FOUND", "u-3", "REQUIRED"),
    ("p-ok", 5, "FOUND", "u-3", "NOT_REQUIRED"),
    ("p-nok", 6, "FOUND", "u-4", "NOT_EVALUATED"),
    ("p-wait", 7, "FOUND", "u-5", "NOT_EVALUATED"),
    ("p-expired", 8, "FOUND", "u-8", "REQUIRED"),
    ("p-next-day", 24 * 60, "INSUFFICIENT", None, "NOT_EVALUATED"),
]

# user, version, state, process, minutes, version of the text
SUBMISSIONS = [
    ("u-3", 1, "APPROVED", "p-ok", 8, "1"),
    ("u-7", 1, "APPROVED", "p-late", 2, None),
    ("u-7", 2, "WITHDRAWN", "p-consent", 9, "1"),
]

# process, minutes, verification, version, user, result, code, rule, reviewer
DECISIONS = [
    ("p-ok", 10, "v-ok", 1, "u-3", "WAIT", "SCORE_UNCERTAIN", 15, None),
    ("p-ok", 10, "v-ok", 2, "u-3", "OK", "REVIEWED", None, HIDDEN),
    ("p-nok", 11, "v-nok-1", 1, "u-4", "OK", "ACCEPTED", None, None),
    ("p-nok", 12, "v-nok-2", 1, "u-4", "NOK", "UNDER_AGE", 6, None),
    ("p-wait", 13, "v-wait", 1, "u-5", "WAIT", "IMAGE_MISSING", 16, None),
    ("p-unknown", 14, "v-unknown", 1, "u-6", "OK", "ACCEPTED", None, None),
    ("p-again", 29, "v-again-1", 1, "u-9", "OK", "ACCEPTED", None, None),
    ("p-again", 31, "v-again-2", 1, "u-9", "OK", "ACCEPTED", None, None),
    ("p-face", 34, "v-face", 1, "u-10", "OK", "ACCEPTED", None, None),
]

# process, minutes, verification, version, user, result, code, rule, whether it awaits facts, reviewer
APPROVALS = [
    ("p-ok", 20, "v-ok", 1, "u-3", "WAIT", "EVALUATION_PENDING", 8, True, None),
    ("p-ok", 21, "v-ok", 2, "u-3", "WAIT", "SCORE_UNCERTAIN", 10, False, None),
    ("p-ok", 22, "v-ok", 3, "u-3", "OK", "REVIEWED", None, False, HIDDEN),
    ("p-again", 30, "v-again-1", 1, "u-9", "NOK", "SCORE_TOO_LOW", 5, False, None),
    ("p-face", 33, "v-face", 1, "u-10", "WAIT", "FACE_IN_USE", 6, False, None),
    ("p-alone", 36, "v-alone", 1, "u-11", "NOK", "PROVIDER_FAILURE", 1, False, None),
]


def fill_approval(connection):
    for process_id, minutes, verification, version, user_id, *decided in APPROVALS:
        result, code, rule, awaits, reviewer = decided
        connection.execute(
            """insert into approval.decision
                      (identity_verification_id, version, process_id, process_type, user_id, result,
                       code, reason, rule, policy_version, failed, score, frame, frame_in_use,
                       process_attempt, day_attempt, awaits_facts, event_date, requested_at,
                       reviewed_by, words, decided_at)
               values (%s, %s, %s, 'onboarding', %s, %s, %s, %s, %s, 'policy-4', false, 6.5,
                       true, false, 1, 2, %s, '2026-03-01', %s, %s, %s, %s)""",
            (verification, version, process_id, user_id, result, code,
             f"Text of {code}", rule, awaits, at(20), reviewer, reviewer, at(minutes)),
        )
    connection.execute(
        """insert into approval.face_use (blind_index, user_id, identity_verification_id, recorded_at)
           values (%s, 'u-3', 'v-ok', now())""",
        (HIDDEN.encode() * 8,),
    )
    connection.execute("insert into approval.evaluation values ('v-ok', 'u-3', 'OK', now())")
    connection.execute("insert into approval.consent values ('u-3', 'GDPR', true, now())")


# process, minutes, user, channel, result, attempts
CODES = [
    ("p-ok", 9, "u-3", "SMS", "SENT", 2),
    ("p-nobody", 9, None, None, "NO_DESTINATION", 0),
]


def fill_otp(connection):
    for process_id, minutes, user_id, channel, result, attempts in CODES:
        connection.execute(
            """insert into otp.answer (answer_id, process_id, user_id, otp_type, resend, channel,
                                       result, attempts, policy_version, requested_at, decided_at)
               values (gen_random_uuid(), %s, %s, 'ACTIVATION', false, %s, %s, %s, 'policy-5', %s,
                       %s)""",
            (process_id, user_id, channel, result, attempts, at(minutes - 1), at(minutes)),
        )
    for state, failure, finished, content in [
        ("PENDING", None, None, HIDDEN.encode()),
        ("FAILED", "REFUSED", at(9), None),
    ]:
        connection.execute(
            """insert into otp.effect
                      (effect_id, group_id, topic_id, partition, kind, state, failure, attempts,
                       last_status, created_at, due_at, expires_at, finished_at, order_key,
                       reference, subject, sealed_by, provider_id, cause, content)
               values (gen_random_uuid(), 1, 1, 0, 'sms', %s, %s, 1, 429, now() - interval '1 hour',
                       %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            (state, failure, at(8), at(13), finished, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN,
             HIDDEN.encode(), content),
        )


# process, minutes: of a process that was decided on the schedule may be told too late
EXPIRIES = [("p-expired", 190), ("p-nok", 191)]


# verification, version, state, minutes open, result
CASES = [
    ("v-ok", 1, "OPEN", 2, None),
    ("v-ok", 2, "RESOLVED", 2, "OK"),
    ("v-wait", 1, "OPEN", 90, None),
]


def fill_cases(connection, job):
    for verification, version, state, minutes, result in CASES:
        connection.execute(
            f"""insert into {job}.review_case
                       (identity_verification_id, version, state, process_id, process_type, user_id,
                        code, reason, opened_at, expires_at, result, closed_code, closed_at)
                values (%s, %s, %s, 'p-wait', 'onboarding', 'u-5', 'IMAGE_MISSING', 'Text', now() - %s,
                        now(), %s, %s, %s)""",
            (verification, version, state, datetime.timedelta(minutes=minutes), result,
             result and "REVIEWED", result and at(20)),
        )


def fill_domain(connection):
    for job in HOLDERS_OF_CASES:
        fill_cases(connection, job)
    for process_id, minutes in EXPIRIES:
        connection.execute(
            """insert into schedule.published (topic, name, event_id, due_at, published_at)
               values (%s, %s, gen_random_uuid(), %s, %s)""",
            (EXPIRED, process_id, at(minutes - 1), at(minutes)),
        )
    connection.execute(
        """insert into schedule.published (topic, name, event_id, due_at)
           values (%s, 'p-wait', gen_random_uuid(), %s)""",
        ("onboarding.review.expired.v1", at(192)),
    )
    for process_id, minutes, code, user_id, consent in ANSWERS:
        connection.execute(
            """insert into lookup.answer (answer_id, process_id, process_type, code, user_id,
                                          consent, policy_version, decided_at)
               values (gen_random_uuid(), %s, 'onboarding', %s, %s, %s, 'policy-1', %s)""",
            (process_id, code, user_id, consent, at(minutes)),
        )
    connection.execute(
        """insert into lookup.consent (user_id, consent_type, approved, process_id, recorded_at)
           values ('u-3', 'GDPR', true, 'p-ok', %s)""",
        (at(8),),
    )
    for user_id, version, state, process_id, minutes, text_version in SUBMISSIONS:
        connection.execute(
            """insert into consent.submission
                      (user_id, consent_type, version, process_id, process_type, state,
                       text_version, language, text_digest, required, channel, source, event_id,
                       policy_version, submitted_at, recorded_at)
               values (%s, 'GDPR', %s, %s, 'onboarding', %s, %s, 'cs', %s, true, %s, %s, %s,
                       'policy-3', %s, %s)""",
            (user_id, version, process_id, state, text_version,
             HIDDEN.encode() * 8 if text_version else None, HIDDEN, HIDDEN, HIDDEN,
             at(minutes - 1), at(minutes)),
        )
    connection.execute(
        """insert into consent.edition (consent_type, language, version, effective_from, html,
                                        digest, imported_by)
           values ('GDPR', 'cs', '1', '2026-01-01', %(text)s, sha256(convert_to(%(text)s, 'UTF8')),
                   %(text)s)""",
        {"text": HIDDEN},
    )
    for process_id, minutes, verification, version, user_id, *decided in DECISIONS:
        result, code, rule, reviewer = decided
        connection.execute(
            """insert into evaluation.decision
                      (identity_verification_id, version, process_id, process_type, user_id, result,
                       code, reason, rule, policy_version, score, event_date, evidence, identities,
                       reviewed_by, words, decided_at)
               values (%s, %s, %s, 'onboarding', %s, %s, %s, %s, %s, 'policy-2', 5.5, '2026-03-01',
                       %s, %s, %s, %s, %s)""",
            (
                verification,
                version,
                process_id,
                user_id,
                result,
                code,
                f"Text of {code}",
                rule,
                f'{{"country": "{HIDDEN}"}}',
                HIDDEN.encode() * 8,
                reviewer,
                reviewer,
                at(minutes),
            ),
        )
    connection.execute(
        """insert into evaluation.customer (user_id, version, surname, birth_date, personal_number,
                                            identities, recorded_at)
           values ('u-3', 1, %(digest)s, %(digest)s, %(digest)s, %(digest)s, now())""",
        {"digest": HIDDEN.encode() * 8},
    )
    connection.execute(
        "insert into lookup.identity (blind_index, user_id, prospect) values (%s, 'u-2', true)",
        (HIDDEN.encode() * 8,),
    )


def fill_runtime(connection, service):
    """Three partitions: one with unpublished results, one without any left, one stopped."""
    connection.execute(f"set local search_path = {service}")
    connection.execute("insert into consumer_group (name) values (%s)", (f"onboarding-{service}",))
    connection.execute("insert into topic (name) values (%s)", (f"onboarding.{service}.v1",))
    connection.execute("insert into source (name) values (%s)", (HIDDEN,))
    for partition, next_offset, published, stopped in [
        (0, 400, 150, None),
        (1, 100, 100, None),
        (2, 100, 20, "the topic was created anew"),
    ]:
        connection.execute(
            """insert into partition (group_id, topic_id, partition, generation, cluster_id,
                                      next_offset, published_offset, owner_epoch, last_stamp,
                                      stopped)
               values (1, 1, %s, 3, %s, %s, %s, 1, now(), %s)""",
            (partition, HIDDEN, next_offset, published, stopped),
        )
    for partition, first, last, generation, count, minutes in [
        (0, 0, 99, 3, 1, 0),  # published
        (0, 100, 199, 3, 0, 1),  # at the published offset, but without results
        (0, 200, 299, 3, 5, 2),  # the oldest to be published
        (0, 300, 399, 3, 5, 3),
        (0, 150, 399, 2, 5, -60),  # of the generation before
        (1, 0, 99, 3, 5, 4),  # published
        (2, 0, 99, 3, 5, 5),  # published in part
    ]:
        connection.execute(
            """insert into batch (group_id, topic_id, generation, partition, first_offset,
                                  last_offset, results_count, results, recorded_at)
               values (1, 1, %s, %s, %s, %s, %s, %s, %s)""",
            (generation, partition, first, last, count, HIDDEN.encode(), at(minutes)),
        )
    connection.execute(
        """insert into dead_letter (group_id, topic_id, generation, partition, "offset", reason,
                                    detail, event_id_text, recorded_at, replayed_at)
           values (1, 1, 3, 0, 17, 'UNDECODABLE', 'field score: ends early', %s, %s, null),
                  (1, 1, 3, 1, 18, 'ID_CONFLICT', null, %s, %s, %s)""",
        (HIDDEN, at(0), HIDDEN, at(1), at(2)),
    )
    connection.execute(
        """insert into ledger (group_id, source_id, event_id, topic_id, partition, "offset",
                               generation, outcome, digest_key, digest, event_id_text)
           values (1, 1, gen_random_uuid(), 1, 0, 17, 3, 4, 0, %s, %s)""",
        (HIDDEN.encode(), HIDDEN),
    )
    connection.execute(
        "insert into schema_version (fingerprint, name, json) values (1, %s, %s)", (HIDDEN, HIDDEN)
    )


@pytest.fixture(scope="module")
def filled(migrated):
    """The migrated database with rows in every table that a view reads."""
    with migrated.connect() as connection:
        fill_domain(connection)
        fill_approval(connection)
        fill_otp(connection)
        for service in SERVICES:
            fill_runtime(connection, service)
    return migrated


@pytest.fixture
def analyst(filled):
    """A session of the analyst, logged in as such."""
    with filled.connect("analyst", autocommit=True) as connection:
        yield connection


# --- Rights


def test_the_analyst_may_select_from_the_views_and_nothing_else(filled):
    with filled.connect() as connection:
        found = connection.execute(RELATION_RIGHTS, {"role": "analyst"}).fetchall()
    assert set(found) == {("analytics", view, "select") for view in VIEWS}


def test_the_analyst_may_connect_and_look_into_analytics_and_nothing_else(filled):
    with filled.connect() as connection:
        found = connection.execute(OTHER_RIGHTS, {"role": "analyst"}).fetchall()
    assert found == [("database connect",), ("schema analytics usage",)]


def test_views_have_the_owners_rights_and_analytics_holds_nothing_but_views(filled):
    found = filled.rows(
        """select relname, relkind::text, relowner::regrole::text
             from pg_class where relnamespace = 'analytics'::regnamespace
              and coalesce(not reloptions @> '{security_invoker=true}', true)"""
    )
    assert set(found) == {(view, "v", "onboarding_owner") for view in VIEWS}
    assert filled.rows("select 1 from pg_proc where pronamespace = 'analytics'::regnamespace") == []


def test_the_analyst_reads_no_table(filled, analyst):
    tables = filled.rows(
        """select c.oid::regclass::text
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'v', 'S')
              and n.nspname not in ('pg_catalog', 'information_schema', 'analytics')"""
    )
    assert len(tables) > 25
    for (table,) in tables:
        with pytest.raises(errors.InsufficientPrivilege):
            analyst.execute(f"select from {table}")


@pytest.mark.parametrize(
    "statement",
    [
        "create table mine ()",
        "create table analytics.mine ()",
        "create table public.mine ()",
        "create temp table mine ()",
        "create view analytics.mine as select 1",
        "create function analytics.mine() returns int language sql as 'select 1'",
        "create schema mine",
        "update consent.submission set state = 'APPROVED'",
        "delete from consent.submission",
        "insert into lookup.consent (user_id) values ('u')",
        "set role onboarding_owner",
        "set role onboarding_lookup",
        "set session authorization postgres",
        "select runtime.forget('lookup', interval '0', interval '0')",
        "select runtime.drop_ledger('lookup')",
        "select * from pg_authid",
        "select * from pg_statistic",
        "select pg_read_file('PG_VERSION')",
        "copy (select 1) to program 'cat'",
        "copy (select 1) to '/tmp/mine'",
        "select lo_export(1, '/tmp/mine')",
        "select pg_reload_conf()",
    ],
)
def test_the_analyst_is_refused(analyst, statement):
    analyst.execute("set default_transaction_read_only = off")  # a setting protects nothing
    with pytest.raises(errors.InsufficientPrivilege):
        analyst.execute(statement)


def test_the_analyst_learns_nothing_from_statistics_and_other_sessions(filled, analyst):
    with filled.connect(autocommit=True) as superuser:
        superuser.execute("analyze")
        superuser.execute(f"select '{HIDDEN}'")
        shown = analyst.execute("select distinct schemaname from pg_stats")
        assert ("lookup",) not in shown.fetchall()
        assert analyst.execute("select 1 from pg_stats where schemaname <> 'pg_catalog'"
                               " and schemaname <> 'information_schema'").fetchall() == []
        queries = analyst.execute(
            "select query from pg_stat_activity where pid = %s", (superuser.info.backend_pid,)
        )
        assert queries.fetchall() == [("<insufficient privilege>",)]


def test_no_view_shows_what_is_hidden(analyst):
    for view in VIEWS:
        rows = analyst.execute(f"select to_jsonb(v)::text from {view} v").fetchall()
        assert rows, f"{view} is empty, so this proves nothing"
        for (row,) in rows:
            assert HIDDEN not in row and HIDDEN.encode().hex() not in row, view


# --- Content


def test_decisions_show_the_rule_and_which_version_holds(analyst):
    rows = analyst.execute(
        """select identity_verification_id, version, holds, result, code, reason, rule, reviewed,
                  policy_version
             from decision where decided_at < %s order by decided_at, version""",
        (at(20),),
    ).fetchall()
    assert rows == [
        ("v-ok", 1, False, "WAIT", "SCORE_UNCERTAIN", "Text of SCORE_UNCERTAIN", 15, False,
         "policy-2"),
        ("v-ok", 2, True, "OK", "REVIEWED", "Text of REVIEWED", None, True, "policy-2"),
        ("v-nok-1", 1, True, "OK", "ACCEPTED", "Text of ACCEPTED", None, False, "policy-2"),
        ("v-nok-2", 1, True, "NOK", "UNDER_AGE", "Text of UNDER_AGE", 6, False, "policy-2"),
        ("v-wait", 1, True, "WAIT", "IMAGE_MISSING", "Text of IMAGE_MISSING", 16, False,
         "policy-2"),
        ("v-unknown", 1, True, "OK", "ACCEPTED", "Text of ACCEPTED", None, False, "policy-2"),
    ]


@pytest.mark.parametrize("job", HOLDERS_OF_CASES)
def test_cases_show_how_long_they_wait(analyst, job):
    rows = analyst.execute(
        """select identity_verification_id, state, code, reason, result, closed_code, closed_at,
                  extract(epoch from age)::integer / 60
             from review where job = %s order by 1""",
        (job,),
    ).fetchall()
    assert rows == [
        ("v-ok", "RESOLVED", "IMAGE_MISSING", "Text", "OK", "REVIEWED", at(20), None),
        ("v-wait", "OPEN", "IMAGE_MISSING", "Text", None, None, None, 90),
    ]


def test_approvals_show_the_rule_and_which_version_holds(analyst):
    rows = analyst.execute(
        """select identity_verification_id, version, holds, result, code, reason, rule,
                  awaits_facts, reviewed, score, process_attempt, day_attempt, policy_version,
                  requested_at, decided_at
             from approval where process_id = 'p-ok' order by version"""
    ).fetchall()
    assert rows == [
        ("v-ok", 1, False, "WAIT", "EVALUATION_PENDING", "Text of EVALUATION_PENDING", 8, True,
         False, 6.5, 1, 2, "policy-4", at(20), at(20)),
        ("v-ok", 2, False, "WAIT", "SCORE_UNCERTAIN", "Text of SCORE_UNCERTAIN", 10, False, False,
         6.5, 1, 2, "policy-4", at(20), at(21)),
        ("v-ok", 3, True, "OK", "REVIEWED", "Text of REVIEWED", None, False, True, 6.5, 1, 2,
         "policy-4", at(20), at(22)),
    ]


def test_deliveries_of_codes(analyst):
    rows = analyst.execute(
        """select process_id, user_id, otp_type, channel, result, attempts, requested_at, decided_at
             from otp order by process_id"""
    ).fetchall()
    assert rows == [
        ("p-nobody", None, "ACTIVATION", None, "NO_DESTINATION", 0, at(8), at(9)),
        ("p-ok", "u-3", "ACTIVATION", "SMS", "SENT", 2, at(8), at(9)),
    ]


def test_effects_show_how_long_they_wait(analyst):
    rows = analyst.execute(
        """select service, kind, state, failure, attempts, last_status, finished_at,
                  extract(epoch from age)::integer / 3600
             from effect where service = 'otp' order by state"""
    ).fetchall()
    assert rows == [
        ("otp", "sms", "FAILED", "REFUSED", 1, 429, at(9), None),
        ("otp", "sms", "PENDING", None, 1, 429, None, 1),
    ]


def test_timeline_tells_a_process_in_order(analyst):
    rows = analyst.execute(
        """select at, job, event, user_id, identity_verification_id, version, result, code
             from process_timeline where process_id = 'p-ok' order by at, version"""
    ).fetchall()
    assert rows == [
        (at(4), "lookup", "lookup.completed", "u-3", None, None, "REQUIRED", "FOUND"),
        (at(5), "lookup", "lookup.completed", "u-3", None, None, "NOT_REQUIRED", "FOUND"),
        (at(8), "consent", "consent.completed", "u-3", None, 1, "APPROVED", "GDPR"),
        (at(9), "otp", "otp.completed", "u-3", None, None, "ACTIVATION", "SENT"),
        (at(10), "evaluation", "evaluation.completed", "u-3", "v-ok", 1, "WAIT",
         "SCORE_UNCERTAIN"),
        (at(10), "evaluation", "review.decided", "u-3", "v-ok", 2, "OK", "REVIEWED"),
        (at(20), "approval", "approval.completed", "u-3", "v-ok", 1, "WAIT", "EVALUATION_PENDING"),
        (at(21), "approval", "approval.completed", "u-3", "v-ok", 2, "WAIT", "SCORE_UNCERTAIN"),
        (at(22), "approval", "review.decided", "u-3", "v-ok", 3, "OK", "REVIEWED"),
    ]


@pytest.mark.parametrize(
    "process_id, expected",
    [
        ("p-found", ("USER_FOUND", "u-1", "FOUND", "REQUIRED", None, None, 0, 0, 0)),
        ("p-nobody", ("USER_NOT_FOUND", None, "NOT_FOUND", "NOT_EVALUATED", None, None, 0, 1, 9)),
        ("p-late", ("USER_FOUND", "u-2", "PROSPECT", "NOT_REQUIRED", None, None, 0, 2, 3)),
        ("p-ok", ("ACCEPTED", "u-3", "FOUND", "NOT_REQUIRED", "OK", "REVIEWED", 1, 4, 22)),
        ("p-nok", ("REJECTED", "u-4", "FOUND", "NOT_EVALUATED", "NOK", "UNDER_AGE", 2, 6, 191)),
        ("p-expired", ("EXPIRED", "u-8", "FOUND", "REQUIRED", None, None, 0, 8, 190)),
        ("p-wait", ("IN_REVIEW", "u-5", "FOUND", "NOT_EVALUATED", "WAIT", "IMAGE_MISSING", 1, 7,
                    13)),
        ("p-unknown", ("DOCUMENTS_ACCEPTED", "u-6", None, None, "OK", "ACCEPTED", 1, 14, 14)),
        ("p-consent", ("STARTED", "u-7", None, None, None, None, 0, 9, 9)),
        ("p-again", ("DOCUMENTS_ACCEPTED", "u-9", None, None, "OK", "ACCEPTED", 2, 29, 31)),
        ("p-face", ("IN_REVIEW", "u-10", None, None, "OK", "ACCEPTED", 1, 33, 34)),
        ("p-alone", ("REJECTED", "u-11", None, None, None, None, 1, 36, 36)),
    ],
)
def test_state_of_a_process(analyst, process_id, expected):
    *values, started, last = expected
    rows = analyst.execute(
        """select state, user_id, lookup_code, consent_demand, evaluation_result, evaluation_code,
                  identity_verifications, started_at, last_at
             from process where process_id = %s""",
        (process_id,),
    ).fetchall()
    assert rows == [(*values, at(started), at(last))]


def test_a_process_shows_what_consent_and_approval_came_to(analyst):
    rows = analyst.execute(
        """select process_id, consents_approved, codes_sent, approval_result, approval_code from process
            where process_id in ('p-ok', 'p-consent', 'p-again') order by 1"""
    ).fetchall()
    assert rows == [
        ("p-again", 0, 0, "NOK", "SCORE_TOO_LOW"),
        ("p-consent", 0, 0, None, None),
        ("p-ok", 1, 1, "OK", "REVIEWED"),
    ]


def test_timeline_tells_when_the_time_of_a_process_was_over(analyst):
    rows = analyst.execute(
        """select at, job, event, process_type, user_id, result, code
             from process_timeline where process_id = 'p-expired' order by at"""
    ).fetchall()
    assert rows == [
        (at(8), "lookup", "lookup.completed", "onboarding", "u-8", "REQUIRED", "FOUND"),
        (at(190), "schedule", "process.expired", None, None, None, None),
    ]


def test_a_condition_on_the_process_reaches_the_indexes(filled):
    with filled.connect() as connection:
        connection.execute("set local enable_seqscan = off")
        plan = connection.execute(
            "explain select * from analytics.process where process_id = 'p-ok'"
        ).fetchall()
    text = "\n".join(line for (line,) in plan)
    assert "answer_pkey" in text and "decision_process" in text
    assert "submission_process" in text and "published_pkey" in text


def test_funnel_counts_by_the_day_of_the_first_event(analyst):
    analyst.execute("set timezone = 'Pacific/Auckland'")  # days are UTC's whatever the session's
    rows = analyst.execute(
        """select day::text, process_type, processes, looked_up, user_found, consented, code_sent, evaluated,
                  documents_accepted, presence_checked, in_review, rejected, accepted, expired
             from funnel_by_day order by day, process_type"""
    ).fetchall()
    assert rows == [
        ("2026-03-01", "onboarding", 12, 7, 6, 2, 1, 6, 4, 4, 2, 2, 1, 1),
        ("2026-03-02", "onboarding", 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_dead_letters(analyst, service):
    rows = analyst.execute(
        """select consumer_group, topic, generation, partition, "offset", reason, detail,
                  recorded_at, replayed_at
             from dead_letter where service = %s order by "offset" """,
        (service,),
    ).fetchall()
    where = (f"onboarding-{service}", f"onboarding.{service}.v1", 3)
    assert rows == [
        (*where, 0, 17, "UNDECODABLE", "field score: ends early", at(0), None),
        (*where, 1, 18, "ID_CONFLICT", None, at(1), at(2)),
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_publishing_lag(analyst, service):
    rows = analyst.execute(
        """select partition, next_offset, published_offset, unpublished_offsets,
                  oldest_unpublished_at, stopped,
                  clock_timestamp() - oldest_unpublished_at - oldest_unpublished_age
                      < interval '1 minute'
             from publishing_lag
            where service = %s and consumer_group = %s and topic = %s and generation = 3
            order by partition""",
        (service, f"onboarding-{service}", f"onboarding.{service}.v1"),
    ).fetchall()
    assert rows == [
        (0, 400, 150, 250, at(2), None, True),
        (1, 100, 100, 0, None, None, None),
        (2, 100, 20, 80, at(5), "the topic was created anew", True),
    ]


def test_of_consents_the_latest_answer_holds(analyst):
    rows = analyst.execute(
        """select user_id, consent_type, approved, state, answers, process_id, process_type,
                  text_version, language, text_imported, required, submitted_at, recorded_at
             from consent order by 1"""
    ).fetchall()
    assert rows == [
        ("u-3", "GDPR", True, "APPROVED", 1, "p-ok", "onboarding", "1", "cs", True, True, at(7),
         at(8)),
        ("u-7", "GDPR", False, "WITHDRAWN", 2, "p-consent", "onboarding", "1", "cs", True, True,
         at(8), at(9)),
    ]


def test_every_answer_to_a_consent_is_shown(analyst):
    rows = analyst.execute(
        """select user_id, version, holds, state, process_id, text_version, text_imported,
                  policy_version
             from consent_answer order by user_id, version"""
    ).fetchall()
    assert rows == [
        ("u-3", 1, True, "APPROVED", "p-ok", "1", True, "policy-3"),
        ("u-7", 1, False, "APPROVED", "p-late", None, False, "policy-3"),
        ("u-7", 2, True, "WITHDRAWN", "p-consent", "1", True, "policy-3"),
    ]
