-- Puts a partition aside until an operator decides.
update partition set stopped = $5::text
where group_id = $1::smallint and topic_id = $2::integer and partition = $3::integer
  and owner_epoch = $4::bigint
returning partition;
