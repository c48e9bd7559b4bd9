-- Rows that repeats and dead letters left under an id: they are known by coordinates, so the whole
-- ledger is looked through.
select '', t.name, l.generation, l.partition, l."offset", l.outcome, l.recorded_at,
       l.event_id_text,
       p.generation = l.generation and p.published_offset > l."offset", b.results
from ledger l
join topic t on t.topic_id = l.topic_id
left join partition p on p.group_id = l.group_id and p.topic_id = l.topic_id
                     and p.partition = l.partition
left join lateral (
    select b.results, b.last_offset from batch b
    where b.group_id = l.group_id and b.topic_id = l.topic_id and b.generation = l.generation
      and b.partition = l.partition and b.first_offset <= l."offset"
    order by b.first_offset desc limit 1) as b on b.last_offset >= l."offset"
where l.group_id = $1::smallint and l.source_id = 0 and l.event_id_text = $2::text
order by l.recorded_at, t.name, l.partition, l."offset";
