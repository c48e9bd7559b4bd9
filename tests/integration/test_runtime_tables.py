"""The tables that runtime.create_ledger() and its like make: what they hold, and what is forgotten."""

import datetime
import uuid

import pytest
from psycopg import errors

from database import SERVICES


@pytest.fixture
def ledger(superuser):
    """A ledger in a schema of its own that is nobody's service; its name leads the search path."""
    superuser.execute("create schema third authorization onboarding_owner")
    superuser.execute("select runtime.create_ledger('third')")
    superuser.execute("set local search_path = third")
    superuser.execute("insert into consumer_group (name) values ('onboarding-third')")
    superuser.execute("insert into topic (name) values ('onboarding.third.requested.v1')")
    return superuser


def add_partition(connection, next_offset, published_offset, generation=0, partition=0):
    connection.execute(
        """insert into partition (group_id, topic_id, partition, generation, cluster_id,
                                  next_offset, published_offset, owner_epoch, last_stamp)
           values (1, 1, %s, %s, 'cluster', %s, %s, 1, now())""",
        (partition, generation, next_offset, published_offset),
    )


def add_batch(connection, first_offset, last_offset, age, generation=0):
    connection.execute(
        """insert into batch (group_id, topic_id, generation, partition, first_offset, last_offset,
                              recorded_at, results, results_count)
           values (1, 1, %s, 0, %s, %s, now() - %s, 'x', 1)""",
        (generation, first_offset, last_offset, age),
    )


def add_event(connection, offset, age=datetime.timedelta(0), event_id=None, source_id=0):
    connection.execute(
        """insert into ledger (recorded_at, group_id, source_id, event_id, topic_id, partition,
                               "offset", generation, outcome, digest_key, digest)
           values (now() - %s, 1, %s, %s, 1, 0, %s, 0, 1, 0, 'digest')""",
        (age, source_id, event_id or uuid.uuid4(), offset),
    )


def days(number):
    return datetime.timedelta(days=number)


def test_source_0_is_for_events_known_by_coordinates(ledger):
    assert ledger.execute("select source_id, name from source").fetchall() == [(0, "")]
    row = ledger.execute("insert into source (name) values ('urn:first') returning source_id")
    assert row.fetchone() == (1,)


def test_an_event_leaves_one_row(ledger):
    event_id = uuid.uuid4()
    add_event(ledger, 1, event_id=event_id)
    add_event(ledger, 2, event_id=event_id, source_id=1)
    with pytest.raises(errors.UniqueViolation):
        add_event(ledger, 3, event_id=event_id)


def test_nothing_is_published_before_it_is_consumed(ledger):
    add_partition(ledger, next_offset=7, published_offset=7)
    with pytest.raises(errors.CheckViolation):
        ledger.execute("update partition set published_offset = 8")


def test_a_partition_can_be_moved_on_without_touching_its_index(ledger):
    add_partition(ledger, next_offset=0, published_offset=0)
    for _ in range(20):
        ledger.execute("update partition set next_offset = next_offset + 500, last_stamp = now()")
    row = ledger.execute(
        """select n_tup_upd, n_tup_hot_upd from pg_stat_xact_user_tables
            where schemaname = 'third' and relname = 'partition'"""
    )
    assert row.fetchone() == (20, 20)


@pytest.mark.parametrize("service", SERVICES)
def test_storage_is_as_measured(migrated, service):
    options = dict(
        migrated.rows(
            """select relname, reloptions from pg_class
                where relnamespace = %s::regnamespace and relkind = 'r'""",
            service,
        )
    )
    assert "fillfactor=50" in options["partition"]
    for table in ["ledger", "batch"]:  # only ever added to: rows are frozen when first vacuumed
        assert "autovacuum_vacuum_insert_scale_factor=0" in options[table]
        assert "autovacuum_freeze_min_age=0" in options[table]
    assert migrated.rows(
        """select attstorage::text, attcompression::text from pg_attribute
            where attrelid = (%s || '.batch')::regclass and attname = 'results'""",
        service,
    ) == [("e", "")]
    assert migrated.rows(
        """select tablename, array_agg(split_part(indexdef, ' USING ', 2) order by indexname)
             from pg_indexes
            where schemaname = %s and tablename in ('ledger', 'batch')
            group by 1 order by 1""",
        service,
    ) == [
        (
            "batch",
            [
                "btree (group_id, topic_id, generation, partition, first_offset)",
                "brin (recorded_at)",
            ],
        ),
        ("ledger", ["btree (group_id, source_id, event_id)", "brin (recorded_at)"]),
    ]


def test_rows_of_the_ledger_waste_no_padding(ledger):
    """Wide columns first: a row is its header, its columns' own bytes and the end's alignment."""
    add_event(ledger, 1)
    row = ledger.execute(
        "select pg_column_size(l), pg_column_size(digest) from ledger l"
    ).fetchone()
    header = 32  # 23 bytes and the bitmap of nulls, aligned
    fixed = 2 * 8 + 3 * 4 + 4 * 2 + 16
    assert row[0] == header + fixed + row[1]


# --- Forgetting


def forget(connection, results_days, ids_days, chunk=10000):
    query = "select runtime.forget('third', %s, %s, %s)"
    return connection.execute(query, (days(results_days), days(ids_days), chunk)).fetchone()[0]


def test_forget_takes_what_is_old(ledger):
    add_partition(ledger, next_offset=400, published_offset=400)
    for number, age in enumerate([10, 8, 6, 0]):
        add_batch(ledger, number * 100, number * 100 + 99, days(age))
        add_event(ledger, number * 100, days(age))
    ledger.execute(
        """insert into dead_letter (group_id, topic_id, generation, partition, "offset", reason,
                                    recorded_at)
           values (1, 1, 0, 0, 1, 'UNDECODABLE', now() - interval '10 days'),
                  (1, 1, 0, 0, 2, 'UNDECODABLE', now() - interval '8 days')"""
    )
    assert forget(ledger, results_days=7, ids_days=9) == 4
    assert forget(ledger, results_days=7, ids_days=9) == 0
    batches = ledger.execute("select first_offset from batch order by 1").fetchall()
    assert batches == [(200,), (300,)]
    events = ledger.execute('select "offset" from ledger order by 1').fetchall()
    assert events == [(100,), (200,), (300,)]
    assert ledger.execute('select "offset" from dead_letter').fetchall() == [(2,)]


def test_forget_keeps_results_that_are_not_published(ledger):
    add_partition(ledger, next_offset=300, published_offset=150, generation=1)
    add_batch(ledger, 0, 99, days(30), generation=1)
    add_batch(ledger, 100, 199, days(30), generation=1)
    add_batch(ledger, 200, 299, days(30), generation=1)
    add_batch(ledger, 500, 599, days(30), generation=0)  # before the topic was created anew
    assert forget(ledger, results_days=7, ids_days=9) == 2
    kept = ledger.execute("select generation, first_offset from batch order by 2").fetchall()
    assert kept == [(1, 100), (1, 200)]


def test_forget_works_in_chunks(ledger):
    for offset in range(25):
        add_event(ledger, offset, days(30))
    assert [forget(ledger, 7, 9, chunk=10) for _ in range(4)] == [10, 10, 5, 0]


def test_forget_refuses_to_keep_results_longer_than_ids(ledger):
    with pytest.raises(errors.InvalidParameterValue):
        forget(ledger, results_days=10, ids_days=9)
