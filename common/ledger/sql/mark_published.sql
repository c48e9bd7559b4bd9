-- How far results are known to be in their topics; only while the partition is ours. A mark on
-- leaving says that this owner ends in order.
update partition p
set published_offset = greatest(p.published_offset, v.published_offset),
    clean = p.clean or v.clean
from unnest($2::integer[], $3::integer[], $4::bigint[], $5::bigint[], $6::boolean[])
     as v (topic_id, partition, owner_epoch, published_offset, clean)
where p.group_id = $1::smallint and p.topic_id = v.topic_id and p.partition = v.partition
  and p.owner_epoch = v.owner_epoch
returning 1;
