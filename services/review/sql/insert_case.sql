-- A case as opened or closed. A version that is there already means that another batch changed
-- it meanwhile: the error makes this one look again.
insert into review_case (identity_verification_id, version, state, process_id, process_type,
                         user_id, code, reason, opened_at, facts_until, expires_at, result, closed_code,
                         closed_at)
select *
  from unnest($1::text[], $2::int4[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::text[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::text[],
              $13::text[], $14::timestamptz[])
 order by 1, 2;
