-- Some of the stored results of a partition, from an offset on.
select first_offset, last_offset, recorded_at, results
from batch
where group_id = $1::smallint and topic_id = $2::integer and generation = $3::smallint
  and partition = $4::integer and first_offset >= $5::bigint and results is not null
  and recorded_at >= $6::timestamptz
order by first_offset
limit $7::bigint;
