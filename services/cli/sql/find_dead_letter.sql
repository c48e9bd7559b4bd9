-- A parked event by its coordinates, of any generation of the topic.
select t.name, d.partition, d."offset", d.generation, d.reason, d.detail, d.event_id_text,
       d.recorded_at, d.replayed_at
from dead_letter d
join topic t on t.topic_id = d.topic_id
where d.group_id = $1::smallint and t.name = $2::text and d.partition = $3::integer
  and d."offset" = $4::bigint
order by d.generation desc
limit 1;
