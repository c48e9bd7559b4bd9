-- What became of a request.
insert into answer (answer_id, process_id, process_type, user_id, otp_type, resend, channel,
                    result, attempts, policy_version, requested_at, decided_at)
select *
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::text[],
              $8::text[], $9::int4[], $10::text[], $11::timestamptz[], $12::timestamptz[])
 order by 1;
