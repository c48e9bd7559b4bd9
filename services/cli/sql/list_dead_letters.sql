-- Parked events, oldest first; $2 null: for any reason.
select t.name, d.partition, d."offset", d.generation, d.reason, d.detail, d.event_id_text,
       d.recorded_at, d.replayed_at
from dead_letter d
join topic t on t.topic_id = d.topic_id
where d.group_id = $1::smallint and ($2::text is null or d.reason = $2::text)
  and (not $3::boolean or d.replayed_at is null)
order by d.recorded_at, t.name, d.partition, d."offset"
limit $4::bigint;
