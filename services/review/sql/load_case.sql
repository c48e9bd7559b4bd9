-- The cases as they stand.
select distinct on (identity_verification_id)
       identity_verification_id, version, state, process_id, process_type, user_id, code,
       reason, opened_at, facts_until, expires_at, result, closed_code, closed_at
  from review_case
 where identity_verification_id = any ($1::text[])
 order by identity_verification_id, version desc;
