-- The batches that hold the stored results of earlier events, for answering their repeats.
select v.position, l."offset", b.results, t.name, l.generation, l.partition
from unnest($2::integer[], $3::integer[], $4::uuid[]) as v (position, source_id, event_id)
cross join lateral (
    select * from ledger l
    where l.group_id = $1::smallint and l.source_id = v.source_id and l.event_id = v.event_id
    limit 1) as l
cross join lateral (
    select b.results, b.last_offset from batch b
    where b.group_id = l.group_id and b.topic_id = l.topic_id and b.generation = l.generation
      and b.partition = l.partition and b.first_offset <= l."offset"
    order by b.first_offset desc limit 1) as b
join topic t on t.topic_id = l.topic_id
where b.last_offset >= l."offset" and b.results is not null;
