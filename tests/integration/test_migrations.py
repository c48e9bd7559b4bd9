"""The migrations: deploying, reverting, who may do what, and the runtime's tables."""

import secrets

import pytest
from psycopg import errors, sql

from database import MIGRATIONS, SERVICES

OURS = ["runtime", "schedule", "analytics", *SERVICES]

# Rights of a service's role on the runtime's tables in its schema, and on the service's own.
RUNTIME_RIGHTS = {
    "consumer_group": {"SELECT", "INSERT"},
    "source": {"SELECT", "INSERT"},
    "topic": {"SELECT", "INSERT"},
    "partition": {"SELECT", "INSERT", "UPDATE"},
    "ledger": {"SELECT", "INSERT"},
    "batch": {"SELECT", "INSERT"},
    "dead_letter": {"SELECT", "INSERT", "UPDATE"},
    "suspect": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    "schema_version": {"SELECT", "INSERT"},
    "subject_key": {"SELECT", "INSERT", "DELETE"},
    "erasure": {"SELECT", "INSERT"},
}
SERVICE_RIGHTS = {
    "lookup": RUNTIME_RIGHTS
    | {
        "identity": {"SELECT", "INSERT", "UPDATE", "DELETE"},
        "alias": {"SELECT", "INSERT"},
        "consent": {"SELECT", "INSERT", "UPDATE"},
        "answer": {"INSERT"},
    },
    "evaluation": RUNTIME_RIGHTS
    | {
        "decision": {"SELECT", "INSERT"},
        "customer": {"SELECT", "INSERT"},
        "identity_use": {"SELECT", "INSERT"},
        "customer_link": {"SELECT", "INSERT"},
        "review_case": {"SELECT", "INSERT"},
        "review_callback": {"SELECT", "INSERT"},
        "effect": {"SELECT", "INSERT", "UPDATE"},
    },
    "consent": RUNTIME_RIGHTS
    | {
        "edition": {"SELECT"},
        "submission": {"INSERT"},
    },
    "approval": RUNTIME_RIGHTS
    | {
        "decision": {"SELECT", "INSERT"},
        "evaluation": {"SELECT", "INSERT", "UPDATE"},
        "consent": {"SELECT", "INSERT", "UPDATE"},
        "face_use": {"SELECT", "INSERT"},
        "customer_link": {"SELECT", "INSERT"},
        "review_case": {"SELECT", "INSERT"},
        "review_callback": {"SELECT", "INSERT"},
        "effect": {"SELECT", "INSERT", "UPDATE"},
    },
    "otp": RUNTIME_RIGHTS
    | {
        "effect": {"SELECT", "INSERT", "UPDATE"},
        "contact": {"SELECT", "INSERT"},
        "customer_link": {"SELECT", "INSERT"},
        "challenge": {"SELECT", "INSERT"},
        "message": {"SELECT", "INSERT"},
        "answer": {"INSERT"},
    },
}

# Everything in a database that one of our migrations could leave behind.
LEFT_BEHIND = """
    select 'schema ' || nspname from pg_namespace
     where nspname !~ '^pg_' and nspname not in ('public', 'information_schema', 'sqitch')
    union all
    select 'relation ' || oid::regclass from pg_class where relnamespace = 'public'::regnamespace
    union all
    select 'function ' || oid::regprocedure from pg_proc
     where pronamespace = 'public'::regnamespace
    union all
    select 'default rights of ' || defaclrole::regrole from pg_default_acl
     where defaclacl is distinct from acldefault(defaclobjtype, defaclrole)
    union all
    select format('%s for %s', privilege_type, grantee::regrole)
      from pg_database, aclexplode(datacl)
     where datname = current_database() and grantee <> 0 and grantee <> datdba
    order by 1
"""

PUBLIC_RIGHTS = """
    select privilege_type from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
     where datname = current_database() and grantee = 0
    union all
    select privilege_type from pg_namespace, aclexplode(nspacl)
     where nspname = 'public' and grantee = 0
     order by 1
"""

TABLE_RIGHTS = """
    select c.relname, privilege_type
      from pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
     where c.relnamespace = %s::regnamespace and c.relkind = 'r' and a.grantee = %s::regrole
"""

WITHOUT_COMMENT = """
    select format('column %%s.%%I', c.oid::regclass, a.attname)
      from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = any (%(ours)s::regnamespace[]) and c.relkind in ('r', 'v', 'm')
       and a.attnum > 0 and not a.attisdropped and col_description(c.oid, a.attnum) is null
    union all
    select 'relation ' || c.oid::regclass
      from pg_class c
     where c.relnamespace = any (%(ours)s::regnamespace[]) and c.relkind in ('r', 'v', 'm')
       and obj_description(c.oid, 'pg_class') is null
    union all
    select 'function ' || p.oid::regprocedure
      from pg_proc p
     where p.pronamespace = any (%(ours)s::regnamespace[])
       and obj_description(p.oid, 'pg_proc') is null
    union all
    select 'schema ' || n.nspname
      from pg_namespace n
     where n.oid = any (%(ours)s::regnamespace[]) and obj_description(n.oid, 'pg_namespace') is null
    union all
    select 'role ' || r.rolname
      from pg_roles r
     where (r.rolname ~ '^onboarding_(owner|lookup|evaluation|consent|approval|otp|schedule)$'
            or r.rolname = 'analyst')
       and shobj_description(r.oid, 'pg_authid') is null
"""


def changes():
    """The names in the plan, in order."""
    lines = (MIGRATIONS / "sqitch.plan").read_text(encoding="utf-8").splitlines()
    return [line.split()[0] for line in lines if line and not line.startswith("%")]


# --- Deploying


def test_plan_has_three_scripts_for_each_change_and_no_others():
    for folder in ["deploy", "revert", "verify"]:
        assert {path.stem for path in (MIGRATIONS / folder).iterdir()} == set(changes()), folder


def test_deploy_revert_and_deploy_again(empty_database):
    rights_before = empty_database.rows(PUBLIC_RIGHTS)
    for _ in range(2):
        empty_database.sqitch("deploy", "--verify")
        empty_database.sqitch("verify")
        schemas = empty_database.rows("select nspname from pg_namespace")
        assert {(name,) for name in OURS} <= set(schemas)
        assert empty_database.rows(PUBLIC_RIGHTS) == []
        empty_database.sqitch("revert", "-y")
        assert empty_database.rows(LEFT_BEHIND) == []
        assert empty_database.rows(PUBLIC_RIGHTS) == rights_before


def test_each_change_can_be_reverted_alone_and_deployed_again(empty_database):
    names = changes()
    for name, before in zip(names, ["@ROOT", *names]):
        empty_database.sqitch("deploy", "--verify", "--to", name)
        empty_database.sqitch("revert", "-y", "--to", before)
        empty_database.sqitch("deploy", "--verify", "--to", name)


def test_the_owner_of_a_database_can_deploy_without_being_superuser(empty_database):
    deployer, password = f"deployer_{secrets.token_hex(4)}", secrets.token_hex(16)
    with empty_database.connect(autocommit=True) as connection:
        name = sql.Identifier(deployer)
        connection.execute(
            sql.SQL("create role {} login createrole password {}").format(name, password)
        )
        connection.execute(
            sql.SQL("alter database {} owner to {}").format(
                sql.Identifier(empty_database.name), name
            )
        )
        try:
            empty_database.sqitch("deploy", "--verify", user=deployer, password=password)
            empty_database.sqitch("revert", "-y", user=deployer, password=password)
            assert empty_database.rows(LEFT_BEHIND) == []
        finally:
            connection.execute(sql.SQL("reassign owned by {} to current_user").format(name))
            connection.execute(sql.SQL("drop owned by {}").format(name))
            connection.execute(sql.SQL("drop role {}").format(name))


def test_runtime_needs_neither_sqitch_nor_other_migrations(empty_database):
    script = (MIGRATIONS / "deploy" / "runtime.sql").read_text(encoding="utf-8")
    with empty_database.connect(autocommit=True) as connection:
        connection.execute(script)
        connection.execute("create schema alone")
        connection.execute("select runtime.create_ledger('alone')")
        tables = connection.execute("select count(*) from pg_tables where schemaname = 'alone'")
        assert tables.fetchone() == (9,)


def test_everything_has_a_comment(migrated):
    with migrated.connect() as connection:
        found = connection.execute(WITHOUT_COMMENT, {"ours": OURS}).fetchall()
    assert found == []


# --- Rights


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_do_what_it_needs_and_no_more(migrated, service):
    found = {}
    for table, right in migrated.rows(TABLE_RIGHTS, service, f"onboarding_{service}"):
        found.setdefault(table, set()).add(right)
    assert found == SERVICE_RIGHTS[service]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_owns_nothing_and_creates_nothing(migrated, service):
    role = f"onboarding_{service}"
    assert migrated.rows("select 1 from pg_class where relowner = %s::regrole", role) == []
    assert migrated.rows("select 1 from pg_auth_members where member = %s::regrole", role) == []
    with migrated.connect(role, autocommit=True) as connection:
        for statement in [
            "create table mine ()",
            "create table public.mine ()",
            "create temp table mine ()",
            "create schema mine",
            "truncate ledger",
            "drop table ledger",
            "set role onboarding_owner",
            "select runtime.create_ledger('lookup')",
            "select runtime.enter_schema('lookup')",
        ]:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_but_the_service_and_the_owner_has_rights_in_its_schema(migrated, service):
    found = migrated.rows(
        """select distinct grantee::regrole::text
             from (select a.grantee
                     from pg_class c, aclexplode(c.relacl) a
                    where c.relnamespace = %s::regnamespace
                    union all
                   select a.grantee from pg_namespace n, aclexplode(n.nspacl) a
                    where n.nspname = %s) as g
            order by 1""",
        service,
        service,
    )
    assert found == [(f"onboarding_{service}",), ("onboarding_owner",)]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_cannot_read_elsewhere(migrated, service):
    tables = migrated.rows(
        """select c.oid::regclass::text from pg_class c
            where c.relkind in ('r', 'v')
              and c.relnamespace = any (%s::regnamespace[])""",
        [name for name in [*OURS, "sqitch"] if name != service],
    )
    assert len(tables) > 15
    with migrated.connect(f"onboarding_{service}", autocommit=True) as connection:
        for (table,) in tables:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(f"select from {table}")


@pytest.mark.parametrize("service", SERVICES)
def test_sessions_of_a_service_are_bounded(migrated, service):
    with migrated.connect(f"onboarding_{service}") as connection:
        for name, value in {
            "search_path": service,
            "idle_in_transaction_session_timeout": "3s",
            "lock_timeout": "5s",
            "statement_timeout": "10s",
            "synchronous_commit": "on",
        }.items():
            assert connection.execute(f"show {name}").fetchone() == (value,), name


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_can_number_its_groups_sources_and_topics(migrated, service):
    with migrated.connect(f"onboarding_{service}") as connection:
        for table in ["consumer_group", "source", "topic"]:
            row = connection.execute(f"insert into {table} (name) values ('x') returning 1")
            assert row.fetchone() == (1,)
        connection.rollback()


# --- What makes the runtime's tables


def test_create_ledger_serves_any_schema_and_role(superuser):
    role = sql.Identifier(f"odd role {secrets.token_hex(4)}")  # gone with the roll-back
    superuser.execute(sql.SQL("create role {}").format(role))
    superuser.execute('create schema "Odd-Name" authorization onboarding_owner')
    superuser.execute("select runtime.create_ledger('Odd-Name', %s)", (role._obj[0],))
    superuser.execute("select runtime.create_vault('Odd-Name', %s)", (role._obj[0],))
    found = {}
    rows = superuser.execute(TABLE_RIGHTS, ('"Odd-Name"', role.as_string(superuser)))
    for table, right in rows:
        found.setdefault(table, set()).add(right)
    assert found == RUNTIME_RIGHTS
    owners = superuser.execute(
        """select distinct relowner::regrole::text from pg_class
            where relnamespace = '"Odd-Name"'::regnamespace"""
    )
    assert owners.fetchall() == [("onboarding_owner",)]
    superuser.execute("select runtime.drop_vault('Odd-Name')")
    superuser.execute("select runtime.drop_ledger('Odd-Name')")
    superuser.execute('drop schema "Odd-Name"')  # would fail if anything were left


def test_what_makes_tables_leaves_the_search_path_alone(superuser):
    before = superuser.execute("show search_path").fetchone()
    superuser.execute("create schema third")
    for call in [
        "create_ledger('third')",
        "create_vault('third')",
        "create_links('third', 'onboarding_otp')",
        "create_reviews('third', 'onboarding_otp', 'APPROVAL')",  # and effects
    ]:
        superuser.execute(f"select runtime.{call}")
        assert superuser.execute("show search_path").fetchone() == before, call
