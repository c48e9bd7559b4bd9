"""What PostgreSQL says: the runtime's tables of one consumer group, as plain tuples."""

import uuid
from collections import namedtuple
from dataclasses import dataclass

import psycopg
from psycopg import sql

DONE, DUPLICATE, CONFLICT, DEAD_LETTER, IGNORED, GAP = 1, 2, 3, 4, 5, 6

Row = namedtuple("Row", "topic partition offset source event_id event_text outcome digest time_ms")
Batch = namedtuple("Batch", "topic partition first last count results time_ms group_id generation")
Place = namedtuple("Place", "next published epoch last_stamp_ms stopped deaths clean")
Parked = namedtuple("Parked", "reason detail event_text")


@dataclass
class Books:
    rows: list
    batches: list
    places: dict  # (topic, partition) -> Place
    parked: dict  # (topic, partition, offset) -> Parked
    suspects: list
    data_keys: list  # (subject, wrapped key, number of the key around it)


LEDGER = """
select t.name, l.partition, l."offset", s.name, l.event_id, l.event_id_text, l.outcome, l.digest,
       floor(extract(epoch from l.recorded_at) * 1000)::bigint
  from ledger l
  join consumer_group g using (group_id)
  left join topic t using (topic_id)
  left join source s using (source_id)
 where g.name = %s
"""
BATCHES = """
select t.name, b.partition, b.first_offset, b.last_offset, b.results_count, b.results,
       floor(extract(epoch from b.recorded_at) * 1000)::bigint, b.group_id, b.generation
  from batch b join consumer_group g using (group_id) join topic t using (topic_id)
 where g.name = %s
 order by 1, 2, 3
"""
PLACES = """
select t.name, p.partition, p.next_offset, p.published_offset, p.owner_epoch,
       ceil(extract(epoch from p.last_stamp) * 1000)::bigint, p.stopped, p.deaths, p.clean
  from partition p join consumer_group g using (group_id) join topic t using (topic_id)
 where g.name = %s
"""
PARKED = """
select t.name, d.partition, d."offset", d.reason, d.detail, d.event_id_text
  from dead_letter d join consumer_group g using (group_id) join topic t using (topic_id)
 where g.name = %s
"""
SUSPECTS = """
select t.name, s.partition, s."offset"
  from suspect s join consumer_group g using (group_id) join topic t using (topic_id)
 where g.name = %s
"""


def connect(url, schema):
    """A connection that sees the service's schema only."""
    connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
    connection.execute(sql.SQL("set search_path = {}").format(sql.Identifier(schema)))
    return connection


def read_books(connection, group):
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        rows = [Row(*r) for r in connection.execute(LEDGER, (group,))]
        batches = [Batch(*r) for r in connection.execute(BATCHES, (group,))]
        places = read_places(connection, group)
        parked = {r[:3]: Parked(*r[3:]) for r in connection.execute(PARKED, (group,))}
        suspects = connection.execute(SUSPECTS, (group,)).fetchall()
        data_keys = connection.execute("select subject, wrapped, key_id from subject_key").fetchall()
    return Books(rows, batches, places, parked, suspects, data_keys)


def read_places(connection, group):
    return {(r[0], r[1]): Place(*r[2:]) for r in connection.execute(PLACES, (group,))}


def uuid_or_none(text):
    """The UUID that a text is in the one form we write, else None."""
    try:
        value = uuid.UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None
    return value if str(value) == text else None
