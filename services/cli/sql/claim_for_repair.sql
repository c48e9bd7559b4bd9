-- Takes a partition from its worker, so that nobody else publishes its results meanwhile.
update partition
set owner_epoch = owner_epoch + 1
where group_id = $1::smallint and topic_id = $2::integer and partition = $3::integer
returning owner_epoch, last_stamp, clock_timestamp();
