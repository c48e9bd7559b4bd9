-- A challenge opened, resent or closed. A version that is there already means that another batch
-- changed it meanwhile: the error makes this one look again.
insert into challenge (process_id, challenge_id, version, otp_type, state, code_hmac, resends,
                       opened_at, asked_at, expires_at, recorded_at)
select *
  from unnest($1::text[], $2::uuid[], $3::int4[], $4::text[], $5::text[], $6::bytea[], $7::int4[],
              $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[])
 order by 1, 2, 3;
