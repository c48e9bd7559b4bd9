-- A case from its opening on.
select identity_verification_id, version, state, process_id, process_type, user_id, code, reason,
       opened_at, facts_until, expires_at, result, closed_code, closed_at,
       floor(extract(epoch from now() - opened_at) / 60)::bigint
from review_case
where identity_verification_id = $1::text
order by version;
