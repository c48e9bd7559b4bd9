-- What came of telling the onboarding server how a case was closed.
select state, status, attempts, reason, recorded_at, effect_id::text
from review_callback
where identity_verification_id = $1::text
order by recorded_at;
