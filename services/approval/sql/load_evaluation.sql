-- The latest decisions on documents.
select identity_verification_id, user_id, result, decided_at
  from evaluation
 where identity_verification_id = any ($1::text[])
 order by identity_verification_id;
