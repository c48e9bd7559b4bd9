-- Takes effects of a kind that are due, for a try of at most $3 ms, where the partition is still
-- ours: of each order key the oldest. A lease that ran out was a try whose answer is lost.
with mine as (
    select p.group_id, p.topic_id, p.partition, p.owner_epoch
    from unnest($5::integer[], $6::integer[], $7::bigint[]) as v (topic_id, partition, owner_epoch)
    join partition p
      on p.group_id = $1::smallint and p.topic_id = v.topic_id and p.partition = v.partition
     and p.owner_epoch = v.owner_epoch
), due as (
    select e.effect_id, m.owner_epoch, e.leased_until is not null as lost
    from mine m
    join effect e
      on e.group_id = m.group_id and e.topic_id = m.topic_id and e.partition = m.partition
    where e.state = 'PENDING' and e.kind = $2::text and e.due_at <= clock_timestamp()
      and (e.leased_until is null or e.leased_until < clock_timestamp())
      and not exists (
          select from effect o
          where o.group_id = e.group_id and o.topic_id = e.topic_id and o.partition = e.partition
            and o.order_key = e.order_key and o.state = 'PENDING' and o.effect_id < e.effect_id)
    order by e.due_at, e.effect_id
    limit $4::bigint
    for update of e skip locked
), leased as (
    update effect e
    set leased_epoch = due.owner_epoch,
        leased_until = clock_timestamp() + $3::bigint * interval '1 millisecond',
        attempts = e.attempts + 1, unknowns = e.unknowns + due.lost::integer
    from due
    where e.effect_id = due.effect_id
    returning e.*, due.lost
)
select l.effect_id, l.topic_id, l.partition, l.leased_epoch, l.attempts, l.unknowns, l.lost,
       (extract(epoch from l.expires_at - clock_timestamp()) * 1000)::bigint as left_ms,
       l.last_status, l.order_key, l.reference, l.subject, l.cause, l.content, l.sealed_by,
       s.wrapped, s.key_id
from leased l
left join subject_key s on s.subject = l.sealed_by
order by l.due_at, l.effect_id;
