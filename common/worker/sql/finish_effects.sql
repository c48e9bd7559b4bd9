-- The ends of effects, in the batch that records their outcomes. What they said is forgotten. Whoever
-- took a row in between, while its try was done with but not recorded, may have tried as well.
update effect e
set state = v.state, failure = v.failure,
    attempts = case when e.leased_epoch = v.leased_epoch then v.attempts
                    else greatest(v.attempts, e.attempts) end,
    unknowns = case when e.leased_epoch = v.leased_epoch then v.unknowns
                    else greatest(v.unknowns, e.unknowns + e.trying::integer) end,
    last_status = v.last_status, provider_id = v.provider_id, content = null, leased_until = null,
    trying = false, finished_at = now()
from unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::smallint[], $6::integer[],
            $7::text[], $8::bigint[])
     as v (effect_id, state, failure, attempts, unknowns, last_status, provider_id, leased_epoch)
where e.effect_id = v.effect_id and e.state = 'PENDING';
