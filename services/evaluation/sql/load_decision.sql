-- The decisions that hold.
select distinct on (identity_verification_id)
       identity_verification_id, version, process_id, process_type, user_id, result, code, reason,
       policy_version, event_date, identities, decided_at, words
  from decision
 where identity_verification_id = any ($1::text[])
 order by identity_verification_id, version desc;
