-- next_offset stands before records already done: past them again, published before them, so that
-- recovery accounts for their results. Nothing is computed anew.
update partition
set next_offset = greatest(next_offset, $6::bigint),
    published_offset = least(published_offset, $5::bigint)
where group_id = $1::smallint and topic_id = $2::integer and partition = $3::integer
  and owner_epoch = $4::bigint;
