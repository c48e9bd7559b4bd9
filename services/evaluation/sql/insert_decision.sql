-- A decision of the rules (version 1) or of a reviewer. A version that is there already means
-- that another batch decided meanwhile: the error makes this one look again.
insert into decision (identity_verification_id, version, process_id, process_type, user_id,
                      result, code, reason, rule, policy_version, score, event_date, evidence,
                      identities, reviewed_by, words, decided_at)
select *
  from unnest($1::text[], $2::int4[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::text[], $9::int2[], $10::text[], $11::float8[], $12::date[], $13::jsonb[],
              $14::bytea[], $15::bytea[], $16::bytea[],
              $17::timestamptz[])
 order by 1, 2;
