-- Takes effects of a kind that are due, where the partition is still ours, until $3 ms are over: of
-- each order key the oldest, and none that we have in hand ($10). A row found `trying` is a try whose
-- answer is lost. Taken for a try, or only to be ended (see effect_rules.h: of $5 lost answers, $6
-- tries): the latter is no try, and whoever dies before the end is recorded loses no answer.
with mine as (
    select p.group_id, p.topic_id, p.partition, p.owner_epoch
    from unnest($7::integer[], $8::integer[], $9::bigint[]) as v (topic_id, partition, owner_epoch)
    join partition p
      on p.group_id = $1::smallint and p.topic_id = v.topic_id and p.partition = v.partition
     and p.owner_epoch = v.owner_epoch
), due as (
    select e.effect_id, e.sealed_by, e.attempts, e.unknowns, e.trying as lost, m.owner_epoch,
           (extract(epoch from e.expires_at - clock_timestamp()) * 1000)::bigint as left_ms
    from mine m
    join effect e
      on e.group_id = m.group_id and e.topic_id = m.topic_id and e.partition = m.partition
    where e.state = 'PENDING' and e.kind = $2::text and e.due_at <= clock_timestamp()
      and (e.leased_until is null or e.leased_until < clock_timestamp())
      and coalesce(e.effect_id <> all ($10::uuid[]), true) -- it may hold nulls
      and not exists (
          select from effect o
          where o.group_id = e.group_id and o.topic_id = e.topic_id and o.partition = e.partition
            and o.order_key = e.order_key and o.state = 'PENDING' and o.effect_id < e.effect_id)
    order by e.due_at, e.effect_id
    limit $4::bigint
    for update of e skip locked
), judged as (
    select d.*, s.wrapped, s.key_id,
           d.left_ms > 0 and d.unknowns + d.lost::integer <= $5::integer
           and d.attempts < $6::integer and s.wrapped is not null as to_try
    from due d
    left join subject_key s on s.subject = d.sealed_by
), leased as (
    update effect e
    set leased_epoch = j.owner_epoch,
        leased_until = clock_timestamp() + $3::bigint * interval '1 millisecond',
        trying = j.to_try, attempts = e.attempts + j.to_try::integer,
        unknowns = e.unknowns + j.lost::integer
    from judged j
    where e.effect_id = j.effect_id
    returning e.*, j.attempts as attempts_before, j.lost, j.left_ms, j.wrapped, j.key_id
)
select l.effect_id, l.topic_id, l.partition, l.leased_epoch, l.attempts_before, l.unknowns, l.lost,
       l.left_ms, l.last_status, l.order_key, l.reference, l.subject, l.cause, l.content,
       l.sealed_by, l.wrapped, l.key_id
from leased l
order by l.due_at, l.effect_id;
