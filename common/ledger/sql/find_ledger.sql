-- Which of these events were met before, where, with which content and what came of it. A row by
-- row look-up, as `limit` makes it: planned on a young table, a join would read all of the group.
select v.position, l.digest, l.digest_key, l.topic_id, l.generation, l.partition, l."offset",
       l.outcome
from unnest($2::integer[], $3::integer[], $4::uuid[]) as v (position, source_id, event_id)
cross join lateral (
    select * from ledger l
    where l.group_id = $1::smallint and l.source_id = v.source_id and l.event_id = v.event_id
    limit 1) as l;
