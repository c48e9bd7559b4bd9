-- An operator has looked at what stopped the partition, and wants it to go on as it is.
update partition p
set stopped = null, owner_epoch = owner_epoch + 1
from topic t
where p.group_id = $1::smallint and t.topic_id = p.topic_id and t.name = $2::text
  and p.partition = $3::integer and p.stopped is not null;
