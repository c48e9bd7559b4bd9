-- The ledger's row of an event, by its key, whatever its source; with the batch that holds its results.
select s.name, t.name, l.generation, l.partition, l."offset", l.outcome, l.recorded_at,
       coalesce(l.event_id_text, l.event_id::text),
       p.generation = l.generation and p.published_offset > l."offset", b.results
from source s
join ledger l on l.group_id = $1::smallint and l.source_id = s.source_id
             and l.event_id = $2::uuid
join topic t on t.topic_id = l.topic_id
left join partition p on p.group_id = l.group_id and p.topic_id = l.topic_id
                     and p.partition = l.partition
left join lateral (
    select b.results, b.last_offset from batch b
    where b.group_id = l.group_id and b.topic_id = l.topic_id and b.generation = l.generation
      and b.partition = l.partition and b.first_offset <= l."offset"
    order by b.first_offset desc limit 1) as b on b.last_offset >= l."offset"
where s.source_id <> 0 and ($3::text is null or s.name = $3::text)
order by s.name;
