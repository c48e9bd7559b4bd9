-- How far each input partition of a group is.
select t.name, p.partition, p.generation, p.next_offset, p.published_offset, p.owner_epoch,
       p.last_stamp, p.deaths, p.clean, p.cluster_id, p.stopped, p.topic_id
from partition p
join topic t on t.topic_id = p.topic_id
where p.group_id = $1::smallint
order by t.name, p.partition;
