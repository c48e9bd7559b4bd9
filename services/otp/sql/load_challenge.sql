-- The challenges of processes, the first opened first.
select distinct on (process_id, challenge_id)
       process_id, challenge_id, version, otp_type, state, code_hmac, resends, opened_at, asked_at,
       expires_at
  from challenge
 where process_id = any ($1::text[])
 order by process_id, challenge_id, version desc;
