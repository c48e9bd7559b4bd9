-- The answers of users that hold.
select user_id, consent_type, version, state, recorded_at
  from holding
 where user_id = any ($1::text[])
 order by user_id, consent_type;
