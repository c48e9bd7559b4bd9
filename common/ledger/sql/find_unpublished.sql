-- The stored results of a partition that are not known to be published, oldest first.
select first_offset, last_offset, recorded_at, results
from batch
where group_id = $1::smallint and topic_id = $2::integer and generation = $3::smallint
  and partition = $4::integer
  and last_offset >= $5::bigint and first_offset < $6::bigint and results is not null
order by first_offset;
