-- An answer of a user to a consent. A version that is there already means that another batch took
-- an answer of the user meanwhile: the error makes this one look again.
insert into submission (user_id, consent_type, version, process_id, process_type, state,
                        text_version, language, text_digest, required, channel, source, event_id,
                        policy_version, submitted_at, recorded_at)
select *
  from unnest($1::text[], $2::text[], $3::int4[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::text[], $9::bytea[], $10::bool[], $11::text[], $12::text[], $13::text[],
              $14::text[], $15::timestamptz[], $16::timestamptz[])
 order by 1, 2, 3;
