"""That analysts see the views and nothing else."""

import pytest
from psycopg import errors

from analytics_examples import HIDDEN

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
