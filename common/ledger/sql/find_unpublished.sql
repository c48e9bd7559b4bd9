-- The stored results of a partition that are not known to be published, oldest first. Batches do
-- not overlap: none that begins before the one around the published offset can reach it, so the
-- scan need not begin at the partition's first batch of all. $7 at most: an operator may go far back.
select first_offset, last_offset, recorded_at, results
from batch
where group_id = $1::smallint and topic_id = $2::integer and generation = $3::smallint
  and partition = $4::integer
  and first_offset >= coalesce((
          select max(first_offset) from batch
          where group_id = $1::smallint and topic_id = $2::integer and generation = $3::smallint
            and partition = $4::integer and first_offset <= $5::bigint), 0)
  and last_offset >= $5::bigint and first_offset < $6::bigint and results is not null
order by first_offset
limit $7::bigint;
