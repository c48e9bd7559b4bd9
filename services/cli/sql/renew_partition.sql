-- An operator says that the topic was made anew: its offsets begin again, in a new generation.
update partition p
set stopped = null, owner_epoch = owner_epoch + 1, generation = generation + 1,
    next_offset = 0, published_offset = 0, cluster_id = $4::text
from topic t
where p.group_id = $1::smallint and t.topic_id = p.topic_id and t.name = $2::text
  and p.partition = $3::integer and p.stopped is not null;
