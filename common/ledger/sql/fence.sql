-- Opens a batch: whoever lost a partition, or expects another offset, gets fewer rows back.
update partition p
set next_offset = v.next_offset,
    published_offset = greatest(p.published_offset, v.published_offset),
    last_stamp = greatest(p.last_stamp, clock_timestamp()),
    deaths = v.deaths
from unnest($2::integer[], $3::integer[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
            $8::integer[])
     as v (topic_id, partition, owner_epoch, expected_offset, next_offset, published_offset,
           deaths)
where p.group_id = $1::smallint and p.topic_id = v.topic_id and p.partition = v.partition
  and p.owner_epoch = v.owner_epoch and p.next_offset = v.expected_offset
returning p.topic_id, p.partition, p.last_stamp, clock_timestamp();
