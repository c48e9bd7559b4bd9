-- A decision: of the rules, again of the rules once a fact came, or of a reviewer. A version that
-- is there already means that another batch decided meanwhile: the error makes this one look again.
insert into decision (identity_verification_id, version, process_id, process_type, user_id,
                      result, code, reason, rule, policy_version, failed, score, frame,
                      frame_in_use, process_attempt, day_attempt, awaits_facts, event_date,
                      requested_at, reviewed_by, words, decided_at)
select *
  from unnest($1::text[], $2::int4[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::text[], $9::int2[], $10::text[], $11::bool[], $12::float8[], $13::bool[],
              $14::bool[], $15::int4[], $16::int4[], $17::bool[], $18::date[], $19::timestamptz[],
              $20::bytea[], $21::bytea[], $22::timestamptz[])
 order by 1, 2;
