-- The input's log no longer has the next records: go on at its start, and leave a row that says so.
-- No row is the answer when the partition is no longer ours.
with moved as (
    update partition
    set next_offset = $6::bigint, published_offset = $6::bigint
    where group_id = $1::smallint and topic_id = $2::integer and partition = $3::integer
      and owner_epoch = $4::bigint and next_offset = $5::bigint
    returning group_id, topic_id, generation, partition
), noted as (
    insert into ledger (group_id, source_id, event_id, topic_id, generation, partition, "offset",
                        outcome, digest_key, digest)
    select group_id, 0, $7::uuid, topic_id, generation, partition, $5::bigint, 6, 0, ''
    from moved
    on conflict do nothing
)
select topic_id from moved;
