-- A message that a provider is asked to send.
insert into message (message_id, challenge_id, process_id, process_type, user_id, otp_type, resend,
                     channel, language, destination_index, policy_version, requested_at, asked_at)
select *
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[],
              $8::text[], $9::text[], $10::bytea[], $11::text[], $12::timestamptz[],
              $13::timestamptz[])
 order by 1;
