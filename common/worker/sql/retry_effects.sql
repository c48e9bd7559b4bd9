-- Tries that came to nothing: again later, if they are still ours to say so.
update effect e
set due_at = clock_timestamp() + v.delay_ms * interval '1 millisecond', leased_until = null,
    trying = false, attempts = v.attempts, unknowns = v.unknowns, last_status = v.last_status
from unnest($2::uuid[], $3::bigint[], $4::integer[], $5::integer[], $6::bigint[], $7::bigint[],
            $8::integer[], $9::smallint[], $10::integer[])
     as v (effect_id, leased_epoch, topic_id, partition, owner_epoch, delay_ms, attempts, unknowns,
           last_status)
join partition p
  on p.group_id = $1::smallint and p.topic_id = v.topic_id and p.partition = v.partition
 and p.owner_epoch = v.owner_epoch
where e.effect_id = v.effect_id and e.state = 'PENDING' and e.leased_epoch = v.leased_epoch;
