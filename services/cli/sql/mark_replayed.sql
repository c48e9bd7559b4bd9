-- Parked events that were put back on their topic.
update dead_letter d
set replayed_at = clock_timestamp()
from unnest($2::text[], $3::integer[], $4::bigint[], $5::smallint[])
     as v (topic, partition, "offset", generation)
join topic t on t.name = v.topic
where d.group_id = $1::smallint and d.topic_id = t.topic_id and d.partition = v.partition
  and d."offset" = v."offset" and d.generation = v.generation;
