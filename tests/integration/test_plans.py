"""Statements keep to the keys of the tables, however small these were when it was planned.

A worker prepares its statements once, maybe on tables that are all but empty, and PostgreSQL keeps
the plans while a table grows by a million rows an hour.
"""

import re

import pytest

from database import ROOT, SERVICES, Database

RUNTIME = sorted((ROOT / "common").glob("*/sql/*.sql"))

# As a worker's sessions plan; see common/postgres/db.c.
SESSION = """
    set jit = off; set plan_cache_mode = force_generic_plan;
    set enable_hashjoin = off; set enable_mergejoin = off; set enable_seqscan = off
"""

# Of services/NAME, in the schemas of the services that are linked with it.
LIBRARIES = {"evaluation": ["links", "review"], "approval": ["links", "review"], "otp": ["links"]}

# These stay small, and are read whole without harm.
SMALL = {"consumer_group", "partition", "schema_version", "source", "suspect", "topic"}


def statements():
    found = []
    for service in SERVICES:
        own = [path for name in [service, *LIBRARIES.get(service, [])]
               for path in sorted((ROOT / "services" / name / "sql").glob("*.sql"))]
        for path in [*RUNTIME, *own]:
            text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8")).strip().rstrip(";")
            if re.match(r"(select|with|insert|update|delete)\b", text):
                found.append(pytest.param(service, text, id=f"{service}-{path.stem}"))
    return found


@pytest.fixture(scope="module", params=["empty", "some rows"])
def planned_on(stack, request):
    """A database whose runtime's tables are empty, or hold the first few batches of one group."""
    with Database(stack, "test_plans") as database:
        database.sqitch("deploy", "--verify")
        with database.connect(autocommit=True) as connection:
            for service in SERVICES if request.param == "some rows" else []:
                connection.execute(f"set search_path = {service}")
                for table in ["ledger", "batch"]:  # no statistics yet, as in the first minute
                    connection.execute(f"alter table {table} set (autovacuum_enabled = false)")
                connection.execute(
                    """insert into ledger (group_id, source_id, event_id, topic_id, partition,
                                           "offset", generation, outcome, digest_key, digest)
                       select 1, 1, gen_random_uuid(), 1, 0, n, 0, 1, 0, '0123456789abcdef'
                         from generate_series(0, 2999) as n"""
                )
                connection.execute(
                    """insert into batch (group_id, topic_id, generation, partition, first_offset,
                                          last_offset, results_count, results)
                       select 1, 1, 0, 0, n, n + 9, 10, 'x' from generate_series(0, 2999, 10) as n"""
                )
        yield database


def has_effects(connection):
    return connection.execute("select to_regclass('effect')").fetchone()[0] is not None


def nodes(plan):
    """The nodes of a plan, from the top."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.mark.parametrize("service, text", statements())
def test_a_plan_keeps_to_the_keys(planned_on, service, text):
    count = max((int(number) for number in re.findall(r"\$(\d+)", text)), default=0)
    arguments = f"({', '.join(['null'] * count)})" if count else ""
    with planned_on.connect(f"onboarding_{service}") as connection:
        if re.search(r"\beffect\b", text) and not has_effects(connection):
            pytest.skip("asks nobody for anything")
        connection.execute(SESSION)
        connection.execute(f"prepare it as {text}".encode())
        (plans,) = connection.execute(f"explain (format json) execute it{arguments}").fetchone()
        connection.rollback()
    limited = {id(child) for node in nodes(plans[0]["Plan"]) if node["Node Type"] == "Limit"
               for child in node["Plans"]}
    for node in nodes(plans[0]["Plan"]):
        if "Seq Scan" in node["Node Type"]:
            assert node["Relation Name"] in SMALL, f"reads all of {node['Relation Name']}"
        if node.get("Index Name") == "ledger_pkey":
            assert "event_id = " in node["Index Cond"], "reads all events of a group"
        if node.get("Index Name") == "batch_pkey" and id(node) not in limited:
            assert "first_offset >= " in node["Index Cond"] or "Index Only" in node["Node Type"], (
                "reads a partition from its first batch on"
            )
