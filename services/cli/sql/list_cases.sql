-- Open cases that were opened so many hours ago or earlier, those that expire first in front.
select identity_verification_id, version, state, process_id, process_type, user_id, code, reason,
       opened_at, facts_until, expires_at, result, closed_code, closed_at,
       floor(extract(epoch from now() - opened_at) / 60)::bigint
from review_case c
where state = 'OPEN' and opened_at <= now() - $1::bigint * interval '1 hour'
  and not exists (select
                  from review_case later
                  where later.identity_verification_id = c.identity_verification_id
                    and later.version > c.version)
order by expires_at, identity_verification_id
limit $2::bigint;
