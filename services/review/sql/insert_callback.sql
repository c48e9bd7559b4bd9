-- What came of a call-back.
insert into review_callback (effect_id, identity_verification_id, state, status, attempts, reason,
                             recorded_at)
select *
  from unnest($1::uuid[], $2::text[], $3::text[], $4::int2[], $5::int4[], $6::bytea[],
              $7::timestamptz[])
 order by 1;
