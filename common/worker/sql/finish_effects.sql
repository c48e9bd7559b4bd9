-- The ends of effects, in the batch that records their outcomes. What they said is forgotten.
update effect e
set state = v.state, failure = v.failure, attempts = v.attempts, unknowns = v.unknowns,
    last_status = v.last_status, provider_id = v.provider_id, content = null, leased_until = null,
    trying = false, finished_at = now()
from unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::smallint[], $6::integer[],
            $7::text[])
     as v (effect_id, state, failure, attempts, unknowns, last_status, provider_id)
where e.effect_id = v.effect_id and e.state = 'PENDING';
