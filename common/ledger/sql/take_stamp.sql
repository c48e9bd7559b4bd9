-- A new time-stamp for results, under the row's lock, so that a next owner sees it.
update partition
set last_stamp = greatest(last_stamp, clock_timestamp())
where group_id = $1::smallint and topic_id = $2::integer and partition = $3::integer
  and owner_epoch = $4::bigint
returning last_stamp;
