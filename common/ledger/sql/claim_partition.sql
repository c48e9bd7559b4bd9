-- Takes a partition over: from here on only updates that name the new epoch succeed. A claim
-- counts as a death unless the owner before left a clean mark or was this worker itself ($4).
-- next_offset never stands before what a batch already covered (an operator may have moved it).
update partition p
set owner_epoch = owner_epoch + 1,
    deaths = deaths + case when clean or owner_epoch = $4::bigint then 0 else 1 end,
    clean = false,
    next_offset = greatest(next_offset, (
        select b.last_offset + 1 from batch b
        where b.group_id = p.group_id and b.topic_id = p.topic_id
          and b.generation = p.generation and b.partition = p.partition
        order by b.first_offset desc limit 1))
where group_id = $1::smallint and topic_id = $2::integer and partition = $3::integer
returning owner_epoch, generation, cluster_id, next_offset, published_offset, last_stamp,
          clock_timestamp(), deaths, stopped;
