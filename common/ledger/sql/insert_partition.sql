-- The first sight of a partition: everything before next_offset is somebody else's.
insert into partition (group_id, topic_id, partition, cluster_id, next_offset, published_offset,
                       owner_epoch, last_stamp, clean)
values ($1::smallint, $2::integer, $3::integer, $4::text, $5::bigint, $5::bigint,
        0, clock_timestamp(), true)
on conflict do nothing;
