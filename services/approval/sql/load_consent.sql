-- The latest answers of users to consents.
select user_id, consent_type, approved, recorded_at
  from consent
 where user_id = any ($1::text[])
 order by user_id, consent_type;
