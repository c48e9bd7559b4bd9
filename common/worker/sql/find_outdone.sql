-- Which of our pseudo partitions were claimed by somebody else since.
select v.topic_id, v.partition, v.owner_epoch
from unnest($2::integer[], $3::integer[], $4::bigint[]) as v (topic_id, partition, owner_epoch)
join partition p
  on p.group_id = $1::smallint and p.topic_id = v.topic_id and p.partition = v.partition
where p.owner_epoch <> v.owner_epoch;
